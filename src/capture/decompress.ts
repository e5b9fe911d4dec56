// How is a compressed capture read as it is decompressed? (node:zlib, and fzstd where node:zlib has no Zstandard)
//
// Always streamed: input goes in by the slice, and the next slice only when the output of the last was taken, so that a
// bomb costs time and never memory. What was put out before a cut or damage is delivered before the error is.

import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { type ByteStream, CaptureError, type Compression } from "./source.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Deflate expands at most 1,032 times, so that a slice yields at most 17 MB. */
const SLICE = 1 << 14;
/**
 * What damage costs: zlib gives nothing of the slice in which it finds it. The first slices are small, for a small
 * capture would be lost as a whole.
 */
const SMALL_SLICE = 256;
const SMALL_SLICES_UNTIL = 1 << 15;
/** Output per call of zlib: the same consideration. */
const OUTPUT_CHUNK = 1 << 15;

/** Produces output for a slice of input, and puts it at the end of `out`. False: there is no more. */
type Step = (out: Uint8Array[]) => Promise<boolean>;

export function decompress(compression: Compression, input: ByteStream): ByteStream {
  const decoder = compression === "gz" ? gunzip(input) : unzstd(input);
  return streamOf(decoder, input);
}

interface Decoder {
  step: Step;
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
  const inflater = new Inflater(zlib.createGunzip({ chunkSize: OUTPUT_CHUNK }));
  let taken = 0;
  return {
    async step(out) {
      const count = await input.read(slice, 0, taken < SMALL_SLICES_UNTIL ? SMALL_SLICE : SLICE);
      try {
        if (count === 0) await inflater.finish(out);
        else await inflater.push(slice.subarray(0, count), out);
      } catch (error) {
        throw gzipError(error, taken, taken + count, count === 0);
      }
      taken += count;
      return count > 0 && !inflater.ended;
    },
    close: () => inflater.close(),
  };
}

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

/** Decompresses the pieces of one frame. */
interface FrameDecoder {
  push(bytes: Uint8Array, last: boolean, out: Uint8Array[]): Promise<void>;
  close(): void;
}

function unzstd(input: ByteStream): Decoder {
  const frames = new ZstdFrames(input);
  let frame: FrameDecoder | null = null;
  return {
    async step(out) {
      const piece = await frames.next();
      if (piece === null) return false;
      if (piece.first) frame = await newFrameDecoder();
      try {
        await frame!.push(piece.bytes, piece.last, out);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        throw new CaptureError(`the zstd stream is damaged (${text})`, { code: "zstd-damaged", path: "" });
      }
      return true;
    },
    close: () => frame?.close(),
  };
}

/** A decompressor for each frame: node:zlib's stops at the end of the first one. */
async function newFrameDecoder(): Promise<FrameDecoder> {
  const native = (zlib as ZstdModule).createZstdDecompress;
  if (native !== undefined) {
    const inflater = new Inflater(native());
    return {
      async push(bytes, last, out) {
        await inflater.push(bytes, out);
        if (last) await inflater.finish(out);
      },
      close: () => inflater.close(),
    };
  }
  // It does not check the checksum, and moves its whole window for every block: right for what zstd writes by default
  // (8 MiB at most), slow beyond that.
  const { Decompress } = await import("fzstd");
  let target: Uint8Array[] = [];
  const decoder = new Decompress((bytes) => {
    // It uses its output again as the window of what follows.
    if (bytes.length > 0) target.push(bytes.slice());
  });
  return {
    async push(bytes, last, out) {
      target = out;
      // It keeps what is too short to begin with.
      decoder.push(bytes.slice(), last);
    },
    close() {},
  };
}
