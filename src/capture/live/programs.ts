// Where is a program, and which version is it?

import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Not in every user's PATH, and where the programs are: Debian's tcpdump; Wireshark on macOS. */
const FURTHER_FOLDERS = [
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
  "/usr/local/bin",
  "/usr/bin",
  "/opt/homebrew/bin",
  "/Applications/Wireshark.app/Contents/MacOS",
];
const VERSION_TIMEOUT_MS = 5000;
const MAX_VERSION_BYTES = 1 << 16;

export interface Program {
  readonly path: string;
  /** False: it is there and this user may not run it, as Debian's dumpcap outside the group wireshark. */
  readonly allowed: boolean;
}

/** Looks through PATH and where administrators' programs are. Null: it is not installed. */
export async function findProgram(name: string, path: string | undefined = process.env.PATH): Promise<Program | null> {
  const folders = [...(path ?? "").split(delimiter).filter((folder) => folder !== ""), ...FURTHER_FOLDERS];
  let forbidden: string | null = null;
  for (const folder of folders) {
    const file = join(folder, name);
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (!isFile) continue;
    const allowed = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (allowed) return { path: file, allowed };
    forbidden ??= file;
  }
  return forbidden === null ? null : { path: forbidden, allowed: false };
}

/** What `--version` prints, or "" when it does not tell in time. */
export function versionText(path: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: VERSION_TIMEOUT_MS, maxBuffer: MAX_VERSION_BYTES, env: { ...process.env, LC_ALL: "C" } };
    execFile(path, ["--version"], options, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
  });
}

const NUMBER = String.raw`(\d{1,4}(?:\.\d{1,4}){1,3}(?:-PRE-GIT)?)`;

/** "tcpdump 4.99.3, libpcap 1.10.3" of the output of `--version`; numbers that it does not tell are left out. */
export function versionOf(name: string, text: string): string {
  const own = new RegExp(String.raw`^${name}\b[^\n\d]*${NUMBER}`, "im").exec(text)?.[1];
  const libpcap = new RegExp(`libpcap (?:version )?${NUMBER}`, "i").exec(text)?.[1];
  return `${name}${own === undefined ? "" : ` ${own}`}${libpcap === undefined ? "" : `, libpcap ${libpcap}`}`;
}
