// Which files of socket dumps does a command line mean?
//
// As with captures: paths, patterns that the shell left alone, and "-" for standard input; and beside these folders, of which
// every file is meant. A path that cannot be read becomes a source that fails when it is opened.

import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { openCaptures } from "./files.ts";
import { expandPattern, isPattern } from "./glob.ts";
import type { CaptureSource } from "./source.ts";

export interface DumpFileSource {
  /** The same for a file that is named twice, by whatever way. */
  readonly identity: string;
  readonly source: CaptureSource;
  /** It was not named itself: it is in this folder. */
  readonly folder: string | null;
}

/** What is in a folder: files, which are read, and what is left out. */
export interface FolderNote {
  readonly folder: string;
  readonly files: number;
  readonly hidden: number;
  readonly folders: number;
  /** Sockets, pipes and devices. */
  readonly special: number;
}

export interface DumpFiles {
  readonly sources: readonly DumpFileSource[];
  readonly folders: readonly FolderNote[];
}

/** Files of a pattern in order of name as a shell has it; of a folder so that `dump-9` comes before `dump-10`. */
export async function openDumpFiles(arg: string): Promise<DumpFiles> {
  if (arg !== "-" && (await isFolder(arg))) {
    const { paths, note } = await filesIn(arg);
    const folder = note === null ? null : arg;
    return { sources: await open(paths, folder), folders: note === null ? [] : [note] };
  }
  const matches = isPattern(arg) && !(await isThere(arg)) ? await expandPattern(arg) : [];
  const paths: string[] = [];
  // A folder that a pattern matches was not asked for.
  for (const path of matches) if (!(await isFolder(path))) paths.push(path);
  return { sources: await open(paths.length > 0 ? paths : [arg], null), folders: [] };
}

async function open(paths: readonly string[], folder: string | null): Promise<DumpFileSource[]> {
  const sources: DumpFileSource[] = [];
  for (const path of paths) {
    const identity = path === "-" ? path : await realpath(path).catch(() => path);
    for (const source of await openCaptures([path])) sources.push({ identity, source, folder });
  }
  return sources;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}

async function filesIn(folder: string): Promise<{ paths: string[]; note: FolderNote | null }> {
  let hidden = 0;
  let folders = 0;
  let special = 0;
  const names: string[] = [];
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".")) hidden++;
      else if (entry.isDirectory()) folders++;
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(folder, entry.name)))))
        names.push(entry.name);
      else special++;
    }
  } catch {
    // Not readable: opening it as a file says why.
    return { paths: [folder], note: null };
  }
  names.sort(byName);
  return {
    paths: names.map((name) => join(folder, name)),
    note: { folder, files: names.length, hidden, folders, special },
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
}

/** Runs of digits by their value. Not by Intl: loading its data costs more than most dumps. */
export function byName(a: string, b: string): number {
  const [left, right] = [a.match(RUNS) ?? [], b.match(RUNS) ?? []];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [l, r] = [left[i]!, right[i]!];
    if (l === r) continue;
    if (isDigits(l) && isDigits(r)) {
      const [x, y] = [l.replace(/^0+/, ""), r.replace(/^0+/, "")];
      if (x !== y) return x.length - y.length || (x < y ? -1 : 1);
      continue;
    }
    return l < r ? -1 : 1;
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

const RUNS = /\d+|\D+/g;
const isDigits = (text: string): boolean => text >= "0" && text < ":";
