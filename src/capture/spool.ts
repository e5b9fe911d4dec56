// How is a capture read twice that can be read only once? What comes through the pipe is written to a temporary file on its way.
//
// The bytes are kept as they came, so that a compression is found again. The file has no name while it is written (on Windows, until
// it is closed), so that nothing of it stays behind whatever ends the program. When it cannot be written, the first reading goes on,
// and the second one says why there is none.

import { close, openSync, read, unlinkSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { removeLeftovers, temporaryName } from "./leftovers.ts";
import { type ByteStream, CaptureError, type CaptureSource } from "./source.ts";

/** Only its owner may read what a capture holds. */
const OWNER_ONLY = 0o600;

/** What is needed of a file handle of Node. */
interface SpoolFile {
  write(bytes: Uint8Array, from: number, count: number, position: number): Promise<{ bytesWritten: number }>;
  read(into: Uint8Array, at: number, count: number, position: number): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

const [writeTo, readFrom, closeFile] = [promisify(write), promisify(read), promisify(close)];

/** Opened at once: no signal is heard before its name is gone again. */
function opened(name: string): SpoolFile {
  const fd = openSync(name, "wx+", OWNER_ONLY);
  return {
    write: (bytes, from, count, position) => writeTo(fd, bytes, from, count, position),
    read: (into, at, count, position) => readFrom(fd, into, at, count, position),
    close: () => closeFile(fd),
  };
}

/** A source that can be opened again, until it is closed. */
export interface SpooledSource extends CaptureSource {
  /** Gives the temporary file back. Calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * A source that `once` can be opened; the result can be opened any number of times, one after the other. It still says `once`, so
 * that a merge takes its captures in the same order every time. Opening it again throws a {@link CaptureError} when what came first
 * could not be kept. `create` opens a new file of this name, to be written and read.
 */
export function spooled(
  source: CaptureSource,
  folder: string = tmpdir(),
  create: (name: string) => SpoolFile | Promise<SpoolFile> = opened,
): SpooledSource {
  let spool: Spool | null = null;
  return {
    ...source,
    async open() {
      if (spool !== null) return spool.read();
      const stream = await source.open();
      spool = await Spool.create(source.path, folder, create);
      return spool.whileReading(stream);
    },
    close: async () => spool?.close(),
  };
}

class Spool {
  readonly #path: string;
  /** Null when there is no such file, and `#failure` says why. */
  #file: SpoolFile | null = null;
  #failure: unknown = null;
  /** Removed when the file is closed; null when it has no name any more. */
  #name: string | null = null;
  #length = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(path: string, folder: string, create: (name: string) => SpoolFile | Promise<SpoolFile>) {
    const spool = new Spool(path);
    const name = join(folder, temporaryName("spool"));
    removeLeftovers(folder);
    try {
      const file = create(name);
      spool.#file = file instanceof Promise ? await file : file;
      if (!isRemoved(name)) spool.#name = name;
    } catch (error) {
      spool.#failure = error;
    }
    return spool;
  }

  /** The bytes of `stream`, each written down before it is handed on. */
  whileReading(stream: ByteStream): ByteStream {
    return {
      read: async (into, offset, length) => {
        const count = await stream.read(into, offset, length);
        await this.#write(into, offset, count);
        return count;
      },
      close: () => stream.close(),
    };
  }

  read(): ByteStream {
    const file = this.#file;
    if (file === null) throw this.#notKept();
    let position = 0;
    return {
      read: async (into, offset, length) => {
        const wanted = Math.min(length, this.#length - position);
        if (wanted <= 0) return 0;
        const { bytesRead } = await file.read(into, offset, wanted, position);
        position += bytesRead;
        return bytesRead;
      },
      close() {},
    };
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
    if (this.#name !== null) isRemoved(this.#name);
    this.#name = null;
  }

  async #write(bytes: Uint8Array, from: number, count: number): Promise<void> {
    let written = 0;
    while (written < count && this.#file !== null) {
      try {
        const { bytesWritten } = await this.#file.write(bytes, from + written, count - written, this.#length);
        written += bytesWritten;
        this.#length += bytesWritten;
      } catch (error) {
        await this.close();
        this.#failure = error;
      }
    }
  }

  #notKept(): CaptureError {
    const { code, message } = (this.#failure ?? {}) as NodeJS.ErrnoException;
    const why = REASONS[code ?? ""] ?? (message === undefined ? "it was closed" : `${code ?? message}`);
    return new CaptureError(
      `what comes through a pipe cannot be read a second time, for it could not be kept in a temporary file (${why}); save it to a file first, or set TMPDIR to a folder with room`,
      { code: "not-spooled", path: this.#path },
    );
  }
}

function isRemoved(name: string): boolean {
  try {
    unlinkSync(name);
    return true;
  } catch {
    return false;
  }
}

const REASONS: Record<string, string> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EROFS: "the disk is read-only",
  EACCES: "no permission",
  ENOENT: "no such folder",
};
