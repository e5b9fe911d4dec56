// How does a source become a reader of records?

import type { CaptureClock } from "../core/clock.ts";
import { Packet } from "../core/packet.ts";
import type { CaptureSummary } from "./capture-summary.ts";
import { ENOUGH_TO_TELL, type FileKind, identify, readHead } from "./magic.ts";
import { PCAP_HEADER, PcapReader } from "./pcap.ts";
import { PcapngReader } from "./pcapng.ts";
import type { ReaderContext, RecordReader } from "./record-reader.ts";
import { type ByteStream, CaptureError, type CaptureSource, streamAfterHead } from "./source.ts";
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

/**
 * Opens a source and finds out what it is. Null: it cannot be read at all, and the summary has a fatal problem.
 * `summary.format` is set as soon as it is known.
 */
export async function openCapture(options: OpenOptions): Promise<OpenCapture | null> {
  const { source, summary } = options;
  let stream: ByteStream | null = null;
  try {
    stream = counted(await source.open(), options.onRead);
    let suffix = "";
    for (let depth = 0; ; depth++) {
      const head = await readHead(stream, ENOUGH_TO_TELL);
      const kind = identify(head);
      stream = streamAfterHead(head, stream);
      if (kind.kind === "compressed" && depth < MAX_COMPRESSIONS && source.decompress !== undefined) {
        stream = await source.decompress(kind.compression, stream);
        suffix = `.${kind.compression}${suffix}`;
      } else if (kind.kind === "pcap" || kind.kind === "pcapng") {
        summary.format = kind.kind + suffix;
        return await start(kind, stream, options);
      } else throw unreadable(kind, source.path, depth > 0);
    }
  } catch (error) {
    await closeQuietly(stream);
    const known = error instanceof CaptureError;
    const text = error instanceof Error ? error.message : String(error);
    summary.problem(known ? error.code : "read-failed", known ? (error.offset ?? 0) : 0, text, true);
    return null;
  }
}

async function start(
  kind: Extract<FileKind, { kind: "pcap" | "pcapng" }>,
  stream: ByteStream,
  options: OpenOptions,
): Promise<OpenCapture> {
  const { file, clock, summary, newTap } = options;
  const buffer = new StreamBuffer(stream, options.chunk);
  const context: ReaderContext = { file, buffer, clock, summary, newTap };
  if (kind.kind === "pcapng") return new OpenCapture(file, new PcapngReader(context), summary, buffer);
  await buffer.fill(PCAP_HEADER);
  return new OpenCapture(file, new PcapReader(context, kind.magic), summary, buffer);
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
    close: () => stream.close(),
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

async function closeQuietly(stream: ByteStream | null): Promise<void> {
  try {
    await stream?.close();
  } catch {
    // The reason why it was closed is the one to report.
  }
}
