// How is a capture read twice that can be read only once? What comes through the pipe is written to a temporary file on its way.
//
// The bytes are kept as they came, so that a compression is found again. The file has no name while it is written (on Windows, until
// it is closed), so that nothing of it stays behind whatever ends the program. When it cannot be written, the first reading goes on,
// and the second one says why there is none.

import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ByteStream, CaptureError, type CaptureSource } from "./source.ts";

/** Only its owner may read what a capture holds. */
const OWNER_ONLY = 0o600;

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
  create: (name: string) => Promise<FileHandle> = (name) => open(name, "wx+", OWNER_ONLY),
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
  #file: FileHandle | null = null;
  #failure: unknown = null;
  /** Removed when the file is closed; null when it has no name any more. */
  #name: string | null = null;
  #length = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(path: string, folder: string, create: (name: string) => Promise<FileHandle>): Promise<Spool> {
    const spool = new Spool(path);
    const name = join(folder, `halfclose-${randomUUID()}.capture`);
    try {
      spool.#file = await create(name);
      await unlink(name).catch(() => {
        spool.#name = name;
      });
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
    if (this.#name !== null) await unlink(this.#name).catch(() => {});
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

const REASONS: Record<string, string> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EROFS: "the disk is read-only",
  EACCES: "no permission",
  ENOENT: "no such folder",
};
