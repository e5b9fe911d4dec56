// Which temporary files and folders did a run leave behind that was killed (kill -9, a power failure)? Their names say whose they
// are: `halfclose-HOST-PROCESS-RANDOM`. The next run in the same folder removes those whose process is gone.
//
// Anything that ends by itself, or by a signal that can be caught, removes its own; this is for the rest. What was moved out of the way
// of its successor (".old") goes back to its place where that is empty.

import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readlinkSync, renameSync, rmSync, type Stats } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** Of a name (255 at most), so much stands in a temporary one: the rest takes 48. */
const NAME_BYTES = 200;
/** Of another machine, or another container, whether its process lives cannot be known: untouched for so long, it is given up. */
const FORGOTTEN_MS = 24 * 3600 * 1000;

/** Hidden, of the file that they stand for (`.report.json.halfclose-….tmp`) or of none, or a folder of `mkdtemp`. */
const NAME =
  /^(?:\.(?:(.*)\.)?halfclose|halfclose-(?:watch|pipe))-([0-9a-f]{8})-([1-9]\d{0,9})-(?:[0-9A-Za-z]{6}|[0-9a-f]{12}\.(tmp|old|new|probe|spool))$/s;

/** For mkdtemp, which adds six characters. */
export const folderPrefix = (kind: "watch" | "pipe"): string => `halfclose-${kind}-${ownerMark()}`;

/** A hidden name; with `name`, of what will have that name. */
export function temporaryName(ending: "tmp" | "old" | "new" | "probe" | "spool", name = ""): string {
  // Cut between characters.
  const cut = Buffer.from(name)
    .subarray(0, NAME_BYTES)
    .toString()
    .replace(/\ufffd+$/, "");
  return `.${cut === "" ? "" : `${cut}.`}halfclose-${ownerMark()}${randomBytes(6).toString("hex")}.${ending}`;
}

const ownerMark = (): string => `${hostMark()}-${process.pid}-`;

/** Removes what runs that are gone left in a folder. What cannot be removed stays: nothing depends on it. */
export function removeLeftovers(folder: string): void {
  for (const name of namesIn(folder)) {
    const parts = NAME.exec(name);
    if (parts === null) continue;
    const [, of = "", host, pid, ending] = parts;
    const path = join(folder, name);
    try {
      if (!isLeft(path, host === hostMark(), Number(pid))) continue;
      if (ending === "old" && of !== "" && !existsSync(join(folder, of))) renameSync(path, join(folder, of));
      else rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody else's, or removed by another run just now.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isLeft(path: string, isOfHere: boolean, pid: number): boolean {
  const stats = lstatSync(path);
  // In a folder that others may write to, only what is ours is touched: it cannot be changed under our hands.
  if (process.geteuid !== undefined && stats.uid !== process.geteuid()) return false;
  return isOfHere ? !lives(pid) : Date.now() - touched(path, stats) > FORGOTTEN_MS;
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Milliseconds since 1970; of a folder, with what is in it. */
function touched(path: string, stats: Stats): number {
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...namesIn(path).map((name) => lstatSync(join(path, name)).mtimeMs));
}

let ofHere: string | null = null;

/** Process ids mean something within one machine, and on Linux within one namespace of process ids. */
function hostMark(): string {
  if (ofHere !== null) return ofHere;
  let namespace = "";
  try {
    namespace = readlinkSync("/proc/self/ns/pid");
  } catch {
    // Not Linux.
  }
  ofHere = createHash("sha256").update(`${hostname()} ${namespace}`).digest("hex").slice(0, 8);
  return ofHere;
}
