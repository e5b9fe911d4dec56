// How are the bytes of a file, a pipe or standard input read?

import { close, fstat, open, read, type Stats } from "node:fs";
import { promisify } from "node:util";
import { type ByteStream, CaptureError } from "./source.ts";

const STANDARD_INPUT = 0;
export const STANDARD_INPUT_PATH = "-";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile: (fd: number) => Promise<Stats> = promisify(fstat);

export async function openFileStream(path: string): Promise<ByteStream> {
  let fd = -1;
  try {
    fd = await openFile(path, "r");
    const stats = await statFile(fd);
    if (stats.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    return streamOfDescriptor(fd, path, stats.isFile());
  } catch (error) {
    if (fd >= 0) await closeFile(fd);
    throw fileError(error, path);
  }
}

/** Standard input: a file given by `<` is read as one, anything else as it comes. */
export async function openStandardInput(): Promise<ByteStream> {
  try {
    const stats = await statFile(STANDARD_INPUT);
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

function streamOfDescriptor(fd: number, path: string, regular: boolean): ByteStream {
  let pending: Promise<unknown> | null = null;
  const closeIt = () => (fd === STANDARD_INPUT ? undefined : closeFile(fd));
  return {
    read(into, offset, length) {
      const reading = new Promise<number>((resolve, reject) => {
        read(fd, into, offset, length, null, (error, count) => {
          pending = null;
          if (error) reject(fileError(error, path));
          else resolve(count);
        });
      });
      pending = reading;
      return reading;
    },
    async close() {
      // The descriptor must not be closed, and perhaps used again, under a read. A pipe's may take for ever.
      const settled = pending?.then(
        () => {},
        () => {},
      );
      if (settled !== undefined && !regular) void settled.then(closeIt);
      else {
        await settled;
        await closeIt();
      }
    },
  };
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
