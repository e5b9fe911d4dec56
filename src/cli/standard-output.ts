// What is standard output when the shell sends it into a file? Node's own stream takes a write that the disk had only partly room for as
// done, and the end of a report would be missing without a word. Here what is left is written again, and fails with its reason.

import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import type { Out } from "./io.ts";

const STDOUT = 1;

export function standardOutput(): Out {
  return fstatSync(STDOUT).isFile() ? new FileStream(STDOUT) : process.stdout;
}

class FileStream extends Writable {
  readonly fd: number;

  constructor(fd: number) {
    super({ decodeStrings: true });
    this.fd = fd;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}
