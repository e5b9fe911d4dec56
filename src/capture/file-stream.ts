// How are the bytes of a file, a pipe or standard input read?

import { closeSync, fstatSync, open, read } from "node:fs";
import { promisify } from "node:util";
import { type ByteStream, CaptureError } from "./source.ts";

const STANDARD_INPUT = 0;
export const STANDARD_INPUT_PATH = "-";

// What waits for a disk or a network is asked for and waited for. What only concerns an open descriptor is done at once: a
// turn of another thread takes longer than that, and a thousand files have thousands.
const openFile = promisify(open);

export async function openFileStream(path: string): Promise<ByteStream> {
  let fd = -1;
  try {
    fd = await openFile(path, "r");
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    return stats.isFile() ? streamOfFile(fd, path, stats.size) : streamOfDescriptor(fd, path, false);
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    throw fileError(error, path);
  }
}

/** Standard input: a file given by `<` is read as one, anything else as it comes. */
export async function openStandardInput(): Promise<ByteStream> {
  try {
    const stats = fstatSync(STANDARD_INPUT);
    if (stats.isFile()) return streamOfDescriptor(STANDARD_INPUT, STANDARD_INPUT_PATH, true);
    if (stats.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
  } catch (error) {
    throw fileError(error, STANDARD_INPUT_PATH);
  }
  if (process.stdin.isTTY) {
    const message = "standard input is a terminal; pipe a capture into it: tcpdump -w - … | halfclose analyze -";
    throw new CaptureError(message, { code: "terminal", path: STANDARD_INPUT_PATH });
  }
  return streamOfReadable(process.stdin, STANDARD_INPUT_PATH);
}

/** A pipe or a device: as it comes, one read after the other. So is a file on standard input, whose position others may have moved. */
function streamOfDescriptor(fd: number, path: string, regular: boolean): ByteStream {
  let pending: Promise<unknown> | null = null;
  const closeIt = () => (fd === STANDARD_INPUT ? undefined : closeSync(fd));
  return {
    read(into, offset, length) {
      const over = () => {
        pending = null;
      };
      const reading = readAt(fd, path, { into, offset, length, position: null });
      pending = reading.then(over, over);
      return reading;
    },
    async close() {
      // The descriptor must not be closed, and perhaps used again, under a read. A pipe's may take for ever.
      if (pending !== null && !regular) void pending.then(closeIt);
      else {
        await pending;
        closeIt();
      }
    },
  };
}

/** A file: several reads at once, each at its own position, answered in order. */
function streamOfFile(fd: number, path: string, size: number): ByteStream {
  /** Where the next read begins, if all before it are full. */
  let asked = 0;
  /** Bytes that were answered for. */
  let answered = 0;
  let last: Promise<number> = Promise.resolve(0);
  return {
    // The file may have grown: what is behind its size is found one read at a time.
    ahead: () => (asked < size ? Number.POSITIVE_INFINITY : 1),
    read(into, offset, length) {
      const position = asked;
      asked += length;
      const reading = readAt(fd, path, { into, offset, length, position });
      const take = (count: number): number => {
        answered += count;
        if (count < length || position + count !== answered) asked = answered;
        return count;
      };
      last = Promise.allSettled([last, reading]).then(([before, own]) => {
        if (before.status === "rejected") throw before.reason;
        if (own.status === "rejected") throw own.reason;
        if (position === answered) return take(own.value);
        // A read before it was short: what follows that one is elsewhere, and perhaps was written since.
        return readAt(fd, path, { into, offset, length, position: answered }).then(take);
      });
      return last;
    },
    async close() {
      await Promise.allSettled([last]);
      closeSync(fd);
    },
  };
}

interface ReadPlace {
  into: Uint8Array;
  offset: number;
  length: number;
  /** Null: where the descriptor stands. */
  position: number | null;
}

function readAt(fd: number, path: string, { into, offset, length, position }: ReadPlace): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, offset, length, position, (error, count) => {
      if (error) reject(fileError(error, path));
      else resolve(count);
    });
  });
}

export function streamOfReadable(readable: NodeJS.ReadableStream, path: string): ByteStream {
  const pieces = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let piece = new Uint8Array(0);
  let position = 0;
  return {
    async read(into, offset, length) {
      while (position === piece.length) {
        try {
          const result = await pieces.next();
          if (result.done) return 0;
          piece = result.value as Uint8Array<ArrayBuffer>;
        } catch (error) {
          throw fileError(error, path);
        }
        position = 0;
      }
      const count = Math.min(length, piece.length - position);
      into.set(piece.subarray(position, position + count), offset);
      position += count;
      return count;
    },
    close() {
      const { destroy } = readable as { destroy?: () => void };
      destroy?.call(readable);
    },
  };
}

const REASONS: Record<string, readonly [code: string, text: string]> = {
  ENOENT: ["no-such-file", "no such file"],
  ENOTDIR: ["no-such-file", "no such file: a part of its path is not a directory"],
  EISDIR: ["directory", "is a directory; give the captures in it: DIRECTORY/*.pcap"],
  EACCES: ["no-permission", "no permission to read it (captures often belong to root: sudo, or chmod)"],
  EPERM: ["no-permission", "no permission to read it (captures often belong to root: sudo, or chmod)"],
  EMFILE: ["too-many-files", "too many files are open at once; raise the limit: ulimit -n 4096"],
  ENFILE: ["too-many-files", "too many files are open at once on this machine"],
  ENAMETOOLONG: ["no-such-file", "no such file: its name is too long"],
  ELOOP: ["no-such-file", "no such file: its symbolic links go in a circle"],
  ENXIO: ["not-a-file", "is a socket or a device that cannot be read"],
};

/** In words of its own, without the path, which goes before it. */
export function fileError(error: unknown, path: string): CaptureError {
  if (error instanceof CaptureError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const [kind, text] = REASONS[code ?? ""] ?? ["read-failed", `reading failed (${code ?? message})`];
  return new CaptureError(text, { code: kind, path });
}
