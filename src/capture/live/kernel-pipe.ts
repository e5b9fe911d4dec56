// Through what does an engine hand over its bytes? A pipe of the kernel's, where one can be made.
//
// Node's own "pipes" to its children are pairs of sockets, in which each write is a buffer of its own. tcpdump writes every packet by itself
// (`-U`): 330,000 packets/s go through a socket, 750,000 and more through a pipe (measured, 120 bytes each, two busy cores), which
// puts them one behind the other. Node cannot make one; mkfifo(1) can.

import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { folderPrefix } from "../leftovers.ts";

/** AppArmor's profile of tcpdump, on Ubuntu, lets it write to files of this ending. */
const NAME = "packets.pcap";
const SHELL = "/bin/sh";
const TIMEOUT_MS = 2000;

export interface KernelPipe {
  /** The command line by which a program writes its standard output into the pipe; it becomes that program. */
  readonly command: (path: string, args: readonly string[]) => readonly [string, string[]];
  readonly output: Readable;
  /** Its name, which is not needed once the program runs. */
  unlink(): void;
}

/** Null where there is no mkfifo, or no place for it. */
export function kernelPipe(): KernelPipe | null {
  if (process.platform === "win32") return null;
  let folder = "";
  let fd = -1;
  const unlink = (): void => {
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
    folder = "";
  };
  try {
    folder = mkdtempSync(join(tmpdir(), folderPrefix("pipe")));
    const path = join(folder, NAME);
    const options = { stdio: "ignore", timeout: TIMEOUT_MS } as const;
    if (spawnSync("mkfifo", ["-m", "600", path], options).status !== 0) throw new Error("no mkfifo");
    // Opened for reading first, without waiting for a writer: then the writer need not wait either.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const output = new Socket({ fd, readable: true, writable: false });
    const command: KernelPipe["command"] = (program, args) => [
      SHELL,
      ["-c", 'exec "$@" >"$0"', path, program, ...args],
    ];
    return { command, output, unlink };
  } catch {
    if (fd >= 0) closeSync(fd);
    unlink();
    return null;
  }
}
