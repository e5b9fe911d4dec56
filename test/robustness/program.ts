// Builds the program, to end it at any moment: what a process leaves behind, only a process shows.

import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FAULTS = fileURLToPath(new URL("./faults.mjs", import.meta.url));
/** The build takes seconds on a machine that has nothing else to do. */
export const BUILD_MS = 120_000;

export interface Program {
  /** A folder of the tests' own, in which the program is too. */
  readonly folder: string;
  readonly main: string;
  remove(): void;
}

export function build(): Program {
  const folder = mkdtempSync(join(tmpdir(), "halfclose-robust-"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
  const built = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  if (built.stdout !== "") throw new Error(built.stdout);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const main = join(folder, "dist/src/cli/main.js");
  return { folder, main, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program; with a `fault`, at its `at`-th call that changes the file system (faults.mjs). */
export function run(
  { main }: Program,
  argv: readonly string[],
  options: SpawnSyncOptions = {},
  fault?: { kind: string; at: number; fired: string },
): Ended {
  const faulty = fault === undefined ? [] : ["--import", FAULTS];
  const env = {
    ...process.env,
    LANG: "C.UTF-8",
    ...(fault && { FAULT_KIND: fault.kind, FAULT_AT: `${fault.at}`, FAULT_FIRED: fault.fired }),
    ...options.env,
  };
  const ended = spawnSync(process.execPath, [...faulty, main, ...argv], { ...options, env, maxBuffer: 1 << 30 });
  return { code: ended.status, signal: ended.signal, stdout: String(ended.stdout), stderr: String(ended.stderr) };
}

/** A line of bash, in which `$HALFCLOSE` is the program. */
export function shell({ main, folder }: Program, line: string, variables: Record<string, string> = {}): Ended {
  const env = { ...process.env, LANG: "C.UTF-8", HALFCLOSE: `${process.execPath} ${main}`, ...variables };
  const ended = spawnSync("bash", ["-c", `set -o pipefail; ${line}`], { cwd: folder, env, encoding: "utf8" });
  return { code: ended.status, signal: ended.signal, stdout: ended.stdout, stderr: ended.stderr };
}
