// How is a compressed capture read as it is decompressed? (node:zlib; where it has no Zstandard, zstd-unpacker.ts)
//
// Always streamed: input goes in by the slice, and the next slice only when the output of the last was taken, so that a
// bomb costs time and never memory. What was put out before a cut or damage is delivered before the error is.

import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { release } from "../core/release.ts";
import { type ByteStream, CaptureError, type Compression } from "./source.ts";
import { ZstdFrames, type ZstdPiece } from "./zstd-frames.ts";
import { ZstdUnpacker } from "./zstd-unpacker.ts";

/** Deflate expands at most 1,032 times, so that a slice yields at most 17 MB. */
const SLICE = 1 << 14;
/**
 * What damage costs: zlib gives nothing of the slice in which it finds it. A damaged beginning is taken once more by small slices,
 * for a small capture would be lost as a whole; each slice is a turn of another thread, too slow where nothing is damaged.
 */
const SMALL_SLICE = 256;
const BEGINNING = 1 << 15;
/** What is kept of the beginning is slices of this size: what a bomb yields before anybody looks is 4 MB. */
const BEGINNING_SLICE = 1 << 12;
/**
 * Output per call of zlib, each of which is a turn of another thread: a slice of what compresses well needs few (2.2 GB that
 * compress 60 times: 32 KiB 3.6 s of processor time, 256 KiB 1.9 s, 1 MiB no less).
 */
const OUTPUT_CHUNK = 1 << 18;

/** Produces output for a slice of input, and puts it at the end of `out`. False: there is no more. */
type Step = (out: Uint8Array[]) => Promise<boolean>;

export function decompress(compression: Compression, input: ByteStream): ByteStream {
  const decoder = compression === "gz" ? gunzip(input) : unzstd(input);
  return streamOf(decoder, input);
}

interface Decoder {
  step: Step;
  /** All of a piece was taken. */
  taken?(piece: Uint8Array): void;
  close(): void;
}

function streamOf(decoder: Decoder, input: ByteStream): ByteStream {
  const out: Uint8Array[] = [];
  let position = 0;
  let ended = false;
  let failure: unknown = null;
  return {
    async read(into, offset, length) {
      while (out.length === 0 && !ended) {
        try {
          ended = !(await decoder.step(out));
        } catch (error) {
          ended = true;
          failure = error;
        }
      }
      let count = 0;
      while (out.length > 0 && count < length) {
        const piece = out[0];
        const step = Math.min(length - count, piece.length - position);
        into.set(piece.subarray(position, position + step), offset + count);
        count += step;
        position += step;
        if (position === piece.length) {
          out.shift();
          position = 0;
          decoder.taken?.(piece);
        }
      }
      if (count === 0 && failure !== null) throw failure;
      return count;
    },
    close() {
      ended = true;
      decoder.close();
      return input.close();
    },
  };
}

function gunzip(input: ByteStream): Decoder {
  const slice = new Uint8Array(SLICE);
  const inflater = new Inflater(newGunzip());
  let taken = 0;
  /** The beginning, and how much came out of it: where it is damaged, it is taken once more, more carefully. */
  const beginning: Uint8Array[] = [];
  let given = 0;
  return {
    async step(out) {
      const count = await input.read(slice, 0, taken < BEGINNING ? BEGINNING_SLICE : SLICE);
      const inBeginning = count > 0 && taken < BEGINNING;
      if (inBeginning) beginning.push(slice.slice(0, count));
      try {
        if (count === 0) await inflater.finish(out);
        else await inflater.push(slice.subarray(0, count), out);
      } catch (error) {
        if (inBeginning) await bySmallSlices(beginning, given, out);
        throw gzipError(error, taken, taken + count, count === 0);
      }
      if (inBeginning) given += lengthOf(out);
      taken += count;
      return count > 0 && !inflater.ended;
    },
    taken: giveBack,
    close: () => inflater.close(),
  };
}

const newGunzip = (): Transform => zlib.createGunzip({ chunkSize: OUTPUT_CHUNK });

/** zlib fills one buffer after the other, each with a few pieces. With the last piece of it, it has another one already. */
function giveBack({ buffer, byteOffset, length }: Uint8Array): void {
  if (buffer.byteLength === OUTPUT_CHUNK && byteOffset + length === OUTPUT_CHUNK) release(buffer);
}

/** A damaged beginning: gives what comes out of it before the damage and was not `given` yet, and says where the damage is. */
async function bySmallSlices(beginning: readonly Uint8Array[], given: number, out: Uint8Array[]): Promise<void> {
  const bytes = Buffer.concat(beginning);
  const inflater = new Inflater(newGunzip());
  const pieces: Uint8Array[] = [];
  try {
    for (let at = 0; at < bytes.length; at += SMALL_SLICE) {
      const slice = bytes.subarray(at, at + SMALL_SLICE);
      await inflater.push(slice, pieces).catch((error) => {
        throw gzipError(error, at, at + slice.length, false);
      });
    }
  } finally {
    inflater.close();
    const rest = Buffer.concat(pieces).subarray(given);
    out.length = 0;
    if (rest.length > 0) out.push(rest);
  }
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

function gzipError(error: unknown, from: number, to: number, atEnd: boolean): CaptureError {
  const text = error instanceof Error ? error.message : String(error);
  return atEnd
    ? new CaptureError(`the gzip stream is cut short at compressed byte ${to}`, { code: "gzip-cut-short", path: "" })
    : new CaptureError(`the gzip stream is damaged between compressed bytes ${from} and ${to} (${text})`, {
        code: "gzip-damaged",
        path: "",
      });
}

/** One of node:zlib's streams, pushed by the slice. */
class Inflater {
  /** It takes no more: behind its data was something else, which is ignored as gzip does. */
  ended = false;
  readonly #transform: Transform;
  #out: Uint8Array[] = [];
  #fail: ((error: Error) => void) | null = null;
  #done: (() => void) | null = null;

  constructor(transform: Transform) {
    this.#transform = transform;
    transform.on("data", (piece: Uint8Array) => this.#out.push(piece));
    transform.on("error", (error) => this.#fail?.(error));
    transform.on("end", () => {
      this.ended = true;
      this.#done?.();
    });
  }

  push(slice: Uint8Array, out: Uint8Array[]): Promise<void> {
    return this.#run(out, (done) => this.#transform.write(slice, (error) => error ?? done()));
  }

  finish(out: Uint8Array[]): Promise<void> {
    // Done at "end".
    return this.ended ? Promise.resolve() : this.#run(out, () => this.#transform.end());
  }

  close(): void {
    this.#transform.destroy();
  }

  #run(out: Uint8Array[], start: (done: () => void) => void): Promise<void> {
    this.#out = out;
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
      start(resolve);
    });
  }
}

type ZstdModule = { createZstdDecompress?: () => Transform };

/** Takes the pieces of one frame after the other. */
interface FrameDecoder {
  push(piece: ZstdPiece, window: number, out: Uint8Array[]): Promise<void> | void;
  close(): void;
}

function unzstd(input: ByteStream): Decoder {
  const frames = new ZstdFrames(input);
  const native = (zlib as ZstdModule).createZstdDecompress;
  const decoder = native === undefined ? ownDecoder() : nativeDecoder(native);
  return {
    async step(out) {
      const piece = await frames.next();
      if (piece === null) return false;
      try {
        await decoder.push(piece, frames.window, out);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        throw new CaptureError(`the zstd stream is damaged (${text})`, { code: "zstd-damaged", path: "" });
      }
      return true;
    },
    close: () => decoder.close(),
  };
}

/** node:zlib's, from Node 22.15 on; one for each frame, for it stops at the end of the first one. */
function nativeDecoder(create: () => Transform): FrameDecoder {
  let inflater: Inflater | null = null;
  return {
    async push({ bytes, first, last }, _, out) {
      if (first) inflater = new Inflater(create());
      await inflater!.push(bytes, out);
      if (last) await inflater!.finish(out);
    },
    close: () => inflater?.close(),
  };
}

function ownDecoder(): FrameDecoder {
  const unpacker = new ZstdUnpacker();
  return {
    push({ bytes, first }, window, out) {
      if (first) unpacker.begin(window);
      else {
        const unpacked = unpacker.unpack(bytes);
        if (unpacked.length > 0) out.push(unpacked);
      }
    },
    close() {},
  };
}
