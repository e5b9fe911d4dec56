// Where do the bytes of a capture come from?
//
// A source is opened when its turn comes and may be opened more than once (unless it says `once`), so that a thousand
// rotated files do not hold a thousand buffers. Nothing here knows of files: see files.ts for those.

/** Bytes in order. Only one read is under way at a time, unless it says otherwise. */
export interface ByteStream {
  /**
   * Reads up to `length` bytes into `into` at `offset`; 0 at the end. May answer at once or with a promise.
   * Throws (or rejects with) a {@link CaptureError} when the rest cannot be had; what was read before stays good.
   */
  read(into: Uint8Array, offset: number, length: number): number | Promise<number>;
  /** How many reads may be under way now; they are answered in the order in which they were asked for. Absent: one. */
  ahead?(): number;
  /** May be called while a read is under way, whose result is not wanted any more. */
  close(): void | Promise<void>;
}

/** Compressions that are looked through, by the ending they add to the name of the format: "pcap.gz". */
export type Compression = "gz" | "zst";

export interface CaptureSource {
  readonly path: string;
  /** Bytes on disk, if known, for progress. */
  readonly size: number | undefined;
  /** True for a pipe or standard input: it can be opened only once, and stays open until it has ended. */
  readonly once?: boolean;
  open(): ByteStream | Promise<ByteStream>;
  /** Looks through a compression. Absent where none is available (a browser); closing the result closes `input`. */
  readonly decompress?: (compression: Compression, input: ByteStream) => ByteStream | Promise<ByteStream>;
}

export interface CaptureErrorFacts {
  /** Kebab-case, stable: "no-such-file", "unknown-format" … */
  code: string;
  path: string;
  /** Byte in the (decompressed) capture at which reading stopped. */
  offset?: number | undefined;
}

/** A capture that cannot be read at all. The message is one line: which file, what, and what to do. */
export class CaptureError extends Error {
  readonly code: string;
  readonly path: string;
  readonly offset: number | undefined;
  /** The exit code that a command line tool should end with. */
  readonly exit = 3;

  constructor(message: string, facts: CaptureErrorFacts) {
    super(message);
    this.name = "CaptureError";
    this.code = facts.code;
    this.path = facts.path;
    this.offset = facts.offset;
  }
}

/** Bytes that are in memory already, as a source. */
export function sourceFromBytes(path: string, bytes: Uint8Array): CaptureSource {
  return { path, size: bytes.length, open: () => streamFromBytes(bytes) };
}

export function streamFromBytes(bytes: Uint8Array): ByteStream {
  let position = 0;
  return {
    read(into, offset, length) {
      const count = Math.min(length, bytes.length - position);
      into.set(bytes.subarray(position, position + count), offset);
      position += count;
      return count;
    },
    close() {},
  };
}

/** The bytes of `head` (read already, to see what they are), then the rest of `stream`. */
export function streamAfterHead(head: Uint8Array, stream: ByteStream): ByteStream {
  let position = 0;
  return {
    read(into, offset, length) {
      if (position === head.length) return stream.read(into, offset, length);
      const count = Math.min(length, head.length - position);
      into.set(head.subarray(position, position + count), offset);
      position += count;
      return count;
    },
    close: () => stream.close(),
  };
}
