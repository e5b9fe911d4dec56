// Which bytes of the capture are in memory?
//
// A few buffers: records are parsed in one while the next chunks are read into the others, each behind a headroom. When
// the first is used up, its unparsed tail is copied into the headroom before the next chunk, which takes its place, so
// that every record lies in one piece and nothing else is ever copied. Memory is (1 + reads under way) * (headroom +
// chunk); the headroom grows with the largest record only, and readers bound that (MAX_RECORD, MAX_BLOCK).

import type { BufferPool } from "./buffer-pool.ts";
import { type ByteStream, CaptureError } from "./source.ts";

/**
 * A read is handed to another thread, and waking it costs as much as some hundred packets; beyond this, what was read no longer stays in the
 * cache until it is parsed (measured, 2.2 GB: waiting for reads 0.19 s with three of 1 MiB, 0.15 s with two of 2 MiB).
 */
export const CHUNK_BYTES = 1 << 21;

/**
 * Copies go slower where a page of the file comes to lie at the start of a page of memory, for loads and stores then look
 * alike to the processor (measured: 300 MiB 73 ms, 59 ms with this).
 */
const OFF_THE_PAGE = 512;

/** Holds the cut record at a chunk's end in nearly every capture: a 64 KiB offload segment with its headers. */
const FIRST_HEADROOM = (1 << 17) + OFF_THE_PAGE;

/** A read under way, and the buffer behind whose headroom it puts its bytes. */
interface Reading {
  buffer: Uint8Array;
  count: number | Promise<number>;
}

export interface StreamBufferOptions {
  /** Bytes of one read. */
  chunk: number;
  ahead?: number;
  pool: BufferPool;
}

export class StreamBuffer {
  /** Unparsed bytes are bytes[pos, end). */
  bytes: Uint8Array = new Uint8Array(0);
  pos = 0;
  end = 0;
  /** Why reading stopped before the end, if it did. */
  failure: CaptureError | null = null;
  /** Reads under way at once, at most, when `fill` returns; 0: nothing is read that was not asked for. */
  ahead: number;

  readonly #stream: ByteStream;
  readonly #chunk: number;
  readonly #pool: BufferPool;
  #headroom: number;
  /** In the order of their bytes. */
  #readings: Reading[] = [];
  #ended = false;
  /** Offset in the stream of bytes[0]. */
  #origin = 0;

  constructor(stream: ByteStream, { chunk, ahead = 0, pool }: StreamBufferOptions) {
    this.#stream = stream;
    this.#chunk = chunk;
    this.ahead = ahead;
    this.#pool = pool;
    this.#headroom = Math.min(FIRST_HEADROOM, chunk);
  }

  /** Offset in the stream of the next unparsed byte. */
  get offset(): number {
    return this.#origin + this.pos;
  }

  /** Reads on until `need` unparsed bytes are there. False: the stream ended (or failed) and nothing was added. */
  async fill(need: number): Promise<boolean> {
    const before = this.end - this.pos;
    while (this.end - this.pos < need && !this.#ended) {
      this.#readAhead(1);
      const { buffer, count } = this.#readings[0];
      let added = 0;
      try {
        added = typeof count === "number" ? count : await count;
      } catch (error) {
        this.failure = asCaptureError(error);
      }
      if (added <= 0) {
        // Ask no more: a pipe that has ended may block.
        this.#ended = true;
        break;
      }
      this.#readings.shift();
      this.#take(buffer, added);
      this.#readAhead(0);
    }
    return this.end - this.pos > before;
  }

  /** The bytes are no longer valid then. */
  async close(): Promise<void> {
    this.#ended = true;
    const readings = this.#readings;
    this.#readings = [];
    await this.#stream.close();
    this.#giveBack(this.bytes);
    this.bytes = new Uint8Array(0);
    this.pos = 0;
    this.end = 0;
    // A pipe may still be read after it was closed: its buffer comes back when that is over.
    for (const { buffer, count } of readings) {
      const back = () => this.#giveBack(buffer);
      if (typeof count === "number") back();
      else void count.then(back, back);
    }
  }

  #readAhead(least: number): void {
    for (;;) {
      const wanted = Math.max(least, Math.min(this.ahead, this.#stream.ahead?.() ?? 1));
      if (this.#readings.length >= wanted) return;
      this.#read();
    }
  }

  /** Begins a read into a free buffer. */
  #read(): void {
    const buffer = this.#pool.take(this.#headroom + this.#chunk);
    let count: number | Promise<number>;
    try {
      count = this.#stream.read(buffer, this.#headroom, this.#chunk);
    } catch (error) {
      count = Promise.reject(error);
    }
    // The rejection is met in fill(); until then it must not count as unhandled.
    if (typeof count === "object") count.catch(() => {});
    this.#readings.push({ buffer, count });
  }

  /** Joins the `count` bytes that were read behind the headroom of this buffer to the unparsed tail. */
  #take(buffer: Uint8Array, count: number): void {
    const tail = this.end - this.pos;
    const headroom = buffer.length - this.#chunk;
    const chunk = buffer.subarray(headroom, headroom + count);
    if (count <= tail && count <= this.bytes.length - this.end) {
      // A trickle: moving the new bytes is cheaper than moving the tail.
      this.bytes.set(chunk, this.end);
      this.end += count;
      this.#giveBack(buffer);
      return;
    }
    const offset = this.offset;
    let target = buffer;
    if (tail > headroom) {
      this.#headroom = Math.max(this.#headroom, 2 ** Math.ceil(Math.log2(tail + 1)) + OFF_THE_PAGE);
      target = this.#pool.take(this.#headroom + this.#chunk);
      target.set(chunk, this.#headroom);
      this.#giveBack(buffer);
    }
    const first = target.length - this.#chunk;
    const start = first - tail;
    target.set(this.bytes.subarray(this.pos, this.end), start);
    this.#giveBack(this.bytes);
    this.bytes = target;
    this.pos = start;
    this.end = first + count;
    this.#origin = offset - start;
  }

  #giveBack(buffer: Uint8Array): void {
    if (buffer.length === this.#headroom + this.#chunk) this.#pool.giveBack(buffer);
  }
}

function asCaptureError(error: unknown): CaptureError {
  if (error instanceof CaptureError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new CaptureError(`reading failed: ${text}`, { code: "read-failed", path: "" });
}
