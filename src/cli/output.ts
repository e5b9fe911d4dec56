// Where does the result go? To standard output at the pace of its reader, or to a file that is whole or not there at all.

import { statSync } from "node:fs";
import { FileOutput } from "./file-output.ts";
import type { Io } from "./io.ts";
import { PipeClosed } from "./output-error.ts";
import { pathOutput, StreamOutput } from "./stream-output.ts";

export { asOutputError, OutputError } from "./output-error.ts";

export interface Output {
  /** Text is written as UTF-8. May be awaited only when it returns a promise; then the reader is behind. */
  write(piece: string | Uint8Array): void | Promise<void>;
  /** All is written, and a file is in its place. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): void;
}

/** Other names of standard output; opened anew, a file behind it would be written over from its beginning. */
const STDOUT = /^\/(?:dev\/stdout|dev\/fd\/1|proc\/self\/fd\/1)$/;
/** Files that the shell has opened for us (`3>>log`): what is in them stays. */
const OPENED = /^\/(?:dev\/stderr|dev\/fd\/\d+|proc\/self\/fd\/\d+)$/;

export const isStdout = (path: string | undefined): boolean => path === undefined || path === "-" || STDOUT.test(path);

/** `path`: undefined or "-" for standard output. */
export function openOutput(path: string | undefined, io: Io): Output {
  if (path === undefined || isStdout(path)) return new StreamOutput(io.stdout, "standard output");
  if (OPENED.test(path)) return pathOutput(path, "a");
  return isDevice(path) ? pathOutput(path, "w") : new FileOutput(path, io);
}

/** Or a pipe: it is written to as it is. */
function isDevice(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isFile() && !stats.isDirectory();
  } catch {
    // What is wrong with it is said when it is opened.
    return false;
  }
}

/**
 * Writes every piece, and finishes or leaves nothing. A reader who has left does not want the rest; all else that the command does
 * is done nevertheless, and its exit code is the same.
 */
export async function writeAll(pieces: Iterable<string | Uint8Array>, output: Output): Promise<void> {
  try {
    for (const piece of pieces) {
      const behind = output.write(piece);
      if (behind !== undefined) await behind;
    }
    await output.finish();
  } catch (error) {
    output.abandon();
    if (!(error instanceof PipeClosed)) throw error;
  }
}
