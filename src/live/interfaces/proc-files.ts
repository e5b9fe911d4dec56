// What do the files of /proc say? Read whole or line by line; "" or nothing where a file is not there or may not be read.

import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";

/** One reading: the kernel fills a page or more of rows at a time. */
const CHUNK = 1 << 18;
/** A million connections. Beyond it nothing is read, and it is said. */
const MAX_BYTES = 200 << 20;

export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** "" where it is no link, or may not be read. */
export function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Without links: the file that is meant. As it was given where that cannot be told. */
export function pathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Null: it is not there, or may not be looked at. */
export function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}

/** Hands over each line. False: the file was longer than what is read of it. */
export function eachLine(path: string, line: (text: string) => void): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return true;
  }
  try {
    const bytes = Buffer.allocUnsafe(CHUNK);
    let rest = "";
    for (let read = 0; ; ) {
      const n = readSync(fd, bytes, 0, CHUNK, null);
      if (n === 0) break;
      const lines = (rest + bytes.toString("latin1", 0, n)).split("\n");
      rest = lines.pop()!;
      for (const text of lines) line(text);
      read += n;
      if (read > MAX_BYTES) return false;
    }
    if (rest !== "") line(rest);
    return true;
  } catch {
    // The process has gone meanwhile.
    return true;
  } finally {
    closeSync(fd);
  }
}
