// Which text is in this source? Through gzip and zstd, and not if it is a capture or something else that is known to be no text.

import { HEAD_BYTES, identify, readHead } from "./magic.ts";
import { type ByteStream, CaptureError, type CaptureSource, streamAfterHead } from "./source.ts";

/** A compressed file may itself have been compressed by a log rotation; deeper is a mistake or an attack. */
const MAX_COMPRESSIONS = 2;
const CHUNK = 1 << 16;

/** What `identify` calls text of some kind: to be read. */
const TEXTS: ReadonlySet<string> = new Set(["text", "JSON text", "an HTML page"]);

export const IS_CAPTURE = "is-a-capture";
export const IS_EMPTY = "empty";

/**
 * Hands the bytes to `feed`, in order. Throws a {@link CaptureError} for a source that cannot be opened, that is empty, or is no
 * text. Returns what broke later: what came before was handed over.
 */
export async function readTextOf(
  source: CaptureSource,
  feed: (bytes: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<CaptureError | null> {
  let stream: ByteStream | null = null;
  try {
    stream = await source.open();
    for (let depth = 0; ; depth++) {
      // A dump may be shorter, and a pipe that sends it by the line is waited for.
      const head = await readHead(stream, HEAD_BYTES);
      const kind = identify(head);
      stream = streamAfterHead(head, stream);
      if (kind.kind === "compressed") {
        if (depth === MAX_COMPRESSIONS || source.decompress === undefined)
          throw wrong(source, "unsupported-format", `it is compressed (${kind.compression}); decompress it first`);
        stream = await source.decompress(kind.compression, stream);
      } else if (kind.kind === "pcap" || kind.kind === "pcapng") {
        throw wrong(source, IS_CAPTURE, "this is a capture, not a socket dump: halfclose analyze reads it");
      } else if (kind.kind === "empty") {
        throw wrong(source, IS_EMPTY, "it is empty (0 bytes): the command that was to fill it printed nothing");
      } else if (kind.kind === "foreign" && !TEXTS.has(kind.name)) {
        throw wrong(source, "unsupported-format", `it is ${kind.name}, not text; ${adviceOf(kind.advice)}`);
      } else break;
    }
    return await readRest(stream, feed, source, signal);
  } finally {
    await closeQuietly(stream);
  }
}

const wrong = (source: CaptureSource, code: string, message: string): CaptureError =>
  new CaptureError(message, { code, path: source.path, offset: 0 });

/** Advice of archives holds for dumps too; advice for captures does not. */
const adviceOf = (advice: string): string =>
  advice.startsWith("decompress") ? advice : advice.startsWith("extract") ? "extract the dump first" : "give the dump";

async function readRest(
  stream: ByteStream,
  feed: (bytes: Uint8Array) => void,
  source: CaptureSource,
  signal: AbortSignal | undefined,
): Promise<CaptureError | null> {
  const chunk = new Uint8Array(CHUNK);
  for (;;) {
    signal?.throwIfAborted();
    let count = 0;
    try {
      count = await stream.read(chunk, 0, CHUNK);
    } catch (error) {
      if (error instanceof CaptureError) return error;
      const text = error instanceof Error ? error.message : String(error);
      return new CaptureError(text, { code: "read-failed", path: source.path });
    }
    if (count === 0) return null;
    feed(chunk.subarray(0, count));
  }
}

async function closeQuietly(stream: ByteStream | null): Promise<void> {
  try {
    await stream?.close();
  } catch {
    // Why it was closed is what matters.
  }
}
