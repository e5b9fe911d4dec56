// Where does the result go? To standard output at the pace of its reader, or to a file that is whole or not there at all.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Io, Out } from "./io.ts";

/** Pieces are joined to about this many characters before they are written: a line a write would be slow. */
const BATCH = 64 * 1024;

/** The reader of the pipe has left (`| head`): nothing went wrong, and nobody wants the rest. */
export class PipeClosed extends Error {}

/** The output cannot be written: one line for a person. */
export class OutputError extends Error {}

export interface Output {
  /** Text is written as UTF-8. May be awaited only when it returns a promise; then the reader is behind. */
  write(piece: string | Uint8Array): void | Promise<void>;
  /** All is written, and a file is in its place. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): void;
}

/** `path`: undefined or "-" for standard output. */
export function openOutput(path: string | undefined, io: Io): Output {
  if (path === undefined || path === "-") return new StreamOutput(io.stdout);
  return new FileOutput(path, io);
}

/** Writes every piece, and finishes or leaves nothing. */
export async function writeAll(pieces: Iterable<string | Uint8Array>, output: Output): Promise<void> {
  try {
    for (const piece of pieces) {
      const behind = output.write(piece);
      if (behind !== undefined) await behind;
    }
    await output.finish();
  } catch (error) {
    output.abandon();
    throw error;
  }
}

class StreamOutput implements Output {
  private batch = "";
  private failure: Error | null = null;
  private stream: Out;

  constructor(stream: Out) {
    this.stream = stream;
    stream.once("error", this.onError);
  }

  private onError = (error: Error): void => {
    this.failure = asOutputError(error, "standard output");
  };

  write(piece: string | Uint8Array): void | Promise<void> {
    if (typeof piece !== "string") return this.flush(piece);
    this.batch += piece;
    if (this.batch.length >= BATCH) return this.flush();
  }

  /** What was batched, and then `bytes`. */
  private async flush(bytes?: Uint8Array): Promise<void> {
    const text = this.batch;
    this.batch = "";
    if (text !== "") await this.send(text);
    if (bytes !== undefined) await this.send(bytes);
    if (this.failure !== null) throw this.failure;
  }

  private async send(piece: string | Uint8Array): Promise<void> {
    if (this.failure === null) {
      // The callback tells of failure before the event does, and of success when the system has taken the bytes.
      await new Promise<void>((resolve) => {
        this.stream.write(piece, (error) => {
          if (error) this.failure ??= asOutputError(error, "standard output");
          resolve();
        });
      });
      if (this.stream.writableNeedDrain && this.failure === null) {
        await Promise.race([once(this.stream, "drain"), once(this.stream, "close")]).catch(() => {});
      }
    }
  }

  async finish(): Promise<void> {
    if (this.batch !== "" || this.failure !== null) await this.flush();
    this.stream.off("error", this.onError);
  }

  abandon(): void {
    this.batch = "";
  }
}

/** A temporary file beside the target, renamed when it is whole (rename is atomic within a file system). */
class FileOutput implements Output {
  private fd: number;
  private batch = "";
  private shown: string;
  private target: string;
  /** Null when the target is a device or a pipe, which is written to as it is. */
  private temporary: string | null = null;
  private forget: () => void = () => {};

  constructor(path: string, io: Io) {
    this.shown = path;
    this.target = path;
    try {
      const stats = statOf(path);
      if (stats?.isDirectory()) throw new OutputError(`${path}: is a directory; name a file in it`);
      if (stats !== undefined && !stats.isFile()) {
        this.fd = openSync(path, "w");
        return;
      }
      // A link stays a link: the file that it leads to is replaced.
      if (stats !== undefined) this.target = realpathSync(path);
      this.temporary = join(dirname(this.target), `.${basename(this.target).slice(0, 100)}.${randomUUID()}.tmp`);
      this.fd = openSync(this.temporary, "wx", stats === undefined ? 0o666 : stats.mode & 0o777);
      this.forget = io.interrupts.add(() => this.removeTemporary());
    } catch (error) {
      throw asOutputError(error, path);
    }
  }

  write(piece: string | Uint8Array): void {
    if (typeof piece !== "string") {
      this.flush();
      this.put(piece);
      return;
    }
    this.batch += piece;
    if (this.batch.length >= BATCH) this.flush();
  }

  private flush(): void {
    const bytes = Buffer.from(this.batch);
    this.batch = "";
    this.put(bytes);
  }

  private put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      throw asOutputError(error, this.shown);
    }
  }

  async finish(): Promise<void> {
    this.flush();
    try {
      if (this.temporary !== null) fsyncSync(this.fd);
      const fd = this.fd;
      this.fd = -1;
      closeSync(fd);
      if (this.temporary !== null) renameSync(this.temporary, this.target);
      this.temporary = null;
      this.forget();
    } catch (error) {
      throw asOutputError(error, this.shown);
    }
  }

  abandon(): void {
    if (this.fd >= 0) {
      const fd = this.fd;
      this.fd = -1;
      try {
        closeSync(fd);
      } catch {
        // It is being thrown away; why, has been said.
      }
    }
    this.removeTemporary();
    this.forget();
  }

  private removeTemporary(): void {
    if (this.temporary === null) return;
    try {
      unlinkSync(this.temporary);
    } catch {
      // Gone already.
    }
    this.temporary = null;
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

const REASONS: Record<string, string> = {
  ENOSPC: "no space left to write the result; free some, or name another place with -o",
  EDQUOT: "the disk quota is used up; free some space, or name another place with -o",
  EFBIG: "the result is larger than a file may be there; name another place with -o",
  EACCES: "no permission to write there; name another place with -o",
  EPERM: "no permission to write there; name another place with -o",
  EROFS: "cannot be written: its file system is read-only; name another place with -o",
  ENOENT: "cannot be written: its directory does not exist; create it first",
  ENOTDIR: "cannot be written: a part of its path is not a directory",
  EISDIR: "is a directory; name a file in it",
  ENAMETOOLONG: "cannot be written: its name is too long",
};

export function asOutputError(error: unknown, where: string): Error {
  if (error instanceof OutputError || error instanceof PipeClosed) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return new PipeClosed("the reader has left");
  return new OutputError(`${where}: ${REASONS[code ?? ""] ?? `cannot be written (${code ?? message})`}`);
}
