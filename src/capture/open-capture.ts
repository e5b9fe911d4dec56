// How does a source become a reader of records?

import type { CaptureClock } from "../core/clock.ts";
import { Packet } from "../core/packet.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { CaptureSummary } from "./capture-summary.ts";
import { ENOUGH_TO_TELL, type FileKind, HEAD_BYTES, identify } from "./magic.ts";
import { PcapReader } from "./pcap.ts";
import { PcapngReader } from "./pcapng.ts";
import type { ReaderContext, RecordReader } from "./record-reader.ts";
import { type ByteStream, CaptureError, type CaptureSource } from "./source.ts";
import { StreamBuffer } from "./stream-buffer.ts";

/** A compressed file may itself have been compressed by a log rotation; deeper is a mistake or an attack. */
const MAX_COMPRESSIONS = 2;

export interface OpenOptions {
  source: CaptureSource;
  file: number;
  clock: CaptureClock;
  summary: CaptureSummary;
  newTap: () => number;
  chunk: number;
  /** Reads under way at once, at most, from its start on; 0: nothing that is not asked for. */
  ahead: number;
  pool: BufferPool;
  /** Told the bytes of the source that each read took. */
  onRead: (count: number) => void;
}

/** A capture being read. */
export class OpenCapture {
  readonly file: number;
  readonly reader: RecordReader;
  readonly summary: CaptureSummary;
  /** The next record, where captures are merged. */
  readonly slot = new Packet();
  readonly #buffer: StreamBuffer;

  constructor(file: number, reader: RecordReader, summary: CaptureSummary, buffer: StreamBuffer) {
    this.file = file;
    this.reader = reader;
    this.summary = summary;
    this.#buffer = buffer;
  }

  /** After `reader.next` said false: reads on. False: there are no more records, and what was wrong is in the summary. */
  async refill(): Promise<boolean> {
    if (this.reader.ended) return false;
    if (await this.#buffer.fill(this.reader.need)) return true;
    const failure = this.#buffer.failure;
    if (failure === null) this.reader.finish();
    else {
      const { offset, pos, end } = this.#buffer;
      const at = offset + end - pos;
      const kept = "what is before was read";
      this.summary.problem(failure.code, at, `${failure.message}, at byte ${at} of the capture; ${kept}`);
    }
    return false;
  }

  close(): Promise<void> {
    return this.#buffer.close();
  }
}

/** A source whose format is known, with its first bytes in the buffer. */
export interface FoundCapture {
  kind: Extract<FileKind, { kind: "pcap" | "pcapng" }>;
  /** As `summary.format` names it. */
  format: string;
  buffer: StreamBuffer;
}

/** Opens a source and finds out what it is. Null: it cannot be read at all, and the summary has a fatal problem. */
export async function findCapture(options: OpenOptions): Promise<FoundCapture | null> {
  const { source, summary } = options;
  let open: { close(): void | Promise<void> } | null = null;
  try {
    let stream = counted(await source.open(), options.onRead);
    open = stream;
    let suffix = "";
    for (let depth = 0; ; depth++) {
      // Only the first chunk, until its turn has come: a file may be growing.
      const buffer = new StreamBuffer(stream, { chunk: options.chunk, pool: options.pool });
      open = buffer;
      await buffer.fill(ENOUGH_TO_TELL);
      // A broken compression: what it gave before tells best what is wrong with it, unless it gave nothing.
      if (buffer.failure !== null && buffer.pos === buffer.end) throw buffer.failure;
      let kind = identify(headOf(buffer));
      // What is no capture is named by all of its head; from a pipe, by what has come.
      const isNone = kind.kind === "unknown" || kind.kind === "foreign";
      if (isNone && source.once !== true && (await buffer.fill(HEAD_BYTES))) kind = identify(headOf(buffer));
      if (kind.kind === "compressed" && depth < MAX_COMPRESSIONS && source.decompress !== undefined) {
        buffer.ahead = options.ahead;
        stream = await source.decompress(kind.compression, streamOfBuffer(buffer));
        open = stream;
        suffix = `.${kind.compression}${suffix}`;
      } else if (kind.kind === "pcap" || kind.kind === "pcapng") {
        return { kind, format: kind.kind + suffix, buffer };
      } else throw unreadable(kind, source.path, depth > 0);
    }
  } catch (error) {
    await closeQuietly(open);
    const known = error instanceof CaptureError;
    const text = error instanceof Error ? error.message : String(error);
    summary.problem(known ? error.code : "read-failed", known ? (error.offset ?? 0) : 0, text, true);
    return null;
  }
}

const headOf = ({ bytes, pos, end }: StreamBuffer): Uint8Array => bytes.subarray(pos, Math.min(end, pos + HEAD_BYTES));

/** Begins with the records of a source. From here on its interfaces have their numbers. */
export function startCapture({ kind, format, buffer }: FoundCapture, options: OpenOptions): OpenCapture {
  const { file, clock, summary, newTap } = options;
  summary.format = format;
  buffer.ahead = options.ahead;
  const context: ReaderContext = { file, buffer, clock, summary, newTap };
  const reader = kind.kind === "pcapng" ? new PcapngReader(context) : new PcapReader(context, kind.magic);
  return new OpenCapture(file, reader, summary, buffer);
}

function counted(stream: ByteStream, onRead: (count: number) => void): ByteStream {
  return {
    read(into, offset, length) {
      const tell = (count: number): number => {
        onRead(count);
        return count;
      };
      const count = stream.read(into, offset, length);
      return typeof count === "number" ? tell(count) : count.then(tell);
    },
    ahead: () => stream.ahead?.() ?? 1,
    close: () => stream.close(),
  };
}

/** The unparsed bytes of the buffer, then what it reads. */
function streamOfBuffer(buffer: StreamBuffer): ByteStream {
  const take = (into: Uint8Array, offset: number, length: number): number => {
    const { bytes, pos, end } = buffer;
    const count = Math.min(length, end - pos);
    into.set(bytes.subarray(pos, pos + count), offset);
    buffer.pos += count;
    return count;
  };
  return {
    async read(into, offset, length) {
      if (buffer.pos === buffer.end && !(await buffer.fill(1)) && buffer.failure !== null) throw buffer.failure;
      return take(into, offset, length);
    },
    close: () => buffer.close(),
  };
}

function unreadable(kind: FileKind, path: string, inside: boolean): CaptureError {
  const fail = (code: string, message: string) => new CaptureError(message, { code, path, offset: 0 });
  const within = inside ? "what is compressed in it is" : "it is";
  switch (kind.kind) {
    case "empty":
      return fail(
        "empty",
        `${within} empty (0 bytes): nothing was captured, or tcpdump is still buffering (tcpdump -U)`,
      );
    case "cut-short":
      return fail("header-cut-short", `its ${kind.name} header at byte 0 is cut short: the copy is not complete`);
    case "foreign":
      return fail("unsupported-format", `${within} ${kind.name}, not a capture in pcap or pcapng; ${kind.advice}`);
    case "compressed":
      return inside
        ? fail("unsupported-format", `it is compressed more than ${MAX_COMPRESSIONS} times; decompress it first`)
        : fail("unsupported-format", `it is compressed (${kind.compression}); decompress it first`);
    default:
      return fail("unknown-format", `${within} not a capture: the first bytes are neither pcap's nor pcapng's`);
  }
}

async function closeQuietly(open: { close(): void | Promise<void> } | null): Promise<void> {
  try {
    await open?.close();
  } catch {
    // The reason why it was closed is the one to report.
  }
}
