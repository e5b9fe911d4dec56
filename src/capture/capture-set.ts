// What are the records of all captures together, in time order?
//
// One capture is read in file order, whatever its time stamps do. Several are one capture, merged by time: each file is
// first opened for its first record alone, then again when its turn is near, and closed as soon as it ends, so that a
// rotated set of a thousand files holds two at once, in the same few buffers. Pipes cannot be opened twice and stay open.

import type { CaptureClock, Nanos } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import { BufferPool } from "./buffer-pool.ts";
import { CaptureSummary } from "./capture-summary.ts";
import { firstTime, toFirstRecord } from "./first-time.ts";
import { MergeOrder } from "./merge-order.ts";
import { type FoundCapture, findCapture, type OpenCapture, type OpenOptions, startCapture } from "./open-capture.ts";
import { CaptureError, type CaptureSource } from "./source.ts";
import { CHUNK_BYTES } from "./stream-buffer.ts";

export interface CaptureSetOptions {
  /** Bytes per read. By default 2 MiB, less when many captures overlap in time. */
  chunkBytes?: number;
  /** Where the memory comes from that is read into; one of its own unless told. */
  pool?: BufferPool;
}

/** Looks at so many at once: most of the time of a look goes by waiting. */
const PEEKS_AT_ONCE = 4;
/** So many captures open at once read in full chunks, so many in quarters, the rest in 64 KiB: 300 MB for 1,000. */
const FULL_CHUNKS = 4;
const QUARTER_CHUNKS = 64;
/** Reads under way for each of those that read in full chunks: the system copies into the one while the other is waited for. */
const READS_AHEAD = 2;

/** A capture that waits for the merge to reach its first record. */
interface Waiting {
  file: number;
  /** Nanoseconds since 1970. Null: its first record has no time stamp; such a capture is opened first and begins at the clock's base. */
  epoch: bigint | null;
}

export class CaptureSet {
  /** One for each source, in the order given; complete when its capture has ended. */
  readonly captures: CaptureSummary[];
  readonly #sources: readonly CaptureSource[];
  readonly #clock: CaptureClock;
  readonly #chunkBytes: number | undefined;
  readonly #bytesRead: number[];
  #nextTap = 0;
  #prepared = false;
  #closed = false;
  /** The only capture, read without look-ahead. */
  #single: OpenCapture | null = null;
  readonly #order = new MergeOrder();
  /** Not yet open, the earliest last. */
  #waiting: Waiting[] = [];
  #waitingTime: Nanos = Number.POSITIVE_INFINITY;
  /** The one that waits to be next, as soon as it is being opened. */
  #coming: { file: number; options: OpenOptions; found: Promise<FoundCapture | null> } | null = null;
  /** The last one that has ended, until it is closed. */
  #closing: Promise<void> = Promise.resolve();
  /** The first capture's record has been handed out; its slot wants the next one. */
  #advance = false;
  readonly #pool: BufferPool;

  constructor(sources: readonly CaptureSource[], clock: CaptureClock, options: CaptureSetOptions = {}) {
    this.#sources = sources;
    this.#clock = clock;
    this.#chunkBytes = options.chunkBytes;
    this.#pool = options.pool ?? new BufferPool();
    this.captures = sources.map((source) => new CaptureSummary(source.path));
    this.#bytesRead = sources.map(() => 0);
  }

  /** // hot: Moves to the next record in time order and fills the slot. False: call {@link fill}. */
  next(p: Packet): boolean {
    if (this.#single !== null) return this.#single.reader.next(p);
    return this.#nextMerged(p);
  }

  /**
   * Reads more bytes; the slot's bytes are no longer valid then. False: all captures have ended.
   * Throws a {@link CaptureError} when no capture can be read at all; if only some cannot, that is in their summaries.
   */
  async fill(): Promise<boolean> {
    if (this.#closed) return false;
    if (!this.#prepared) return this.#prepare();
    if (this.#single !== null) {
      return (await this.#single.refill()) || this.#end();
    }
    return this.#fillMerged();
  }

  /** Closes what is open. Calling it again, or after the end, does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const open = this.#single === null ? [...this.#order.all()] : [this.#single];
    const coming = (await this.#coming?.found)?.buffer;
    await Promise.all([this.#closing, coming?.close(), ...open.map((capture) => capture.close())]);
  }

  /** Bytes taken from the sources so far, compressed where they are. */
  get bytesRead(): number {
    return this.#bytesRead.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Undefined when a source, a pipe, does not know its size. */
  get bytesTotal(): number | undefined {
    let total = 0;
    for (const source of this.#sources) {
      if (source.size === undefined) return undefined;
      total += source.size;
    }
    return total;
  }

  // hot:
  #nextMerged(p: Packet): boolean {
    const order = this.#order;
    const first = order.first;
    if (first === undefined) return false;
    if (this.#advance) {
      if (order.size === 1) return this.#nextOfOne(first, p);
      if (!first.reader.next(first.slot)) return false;
      this.#advance = false;
      order.sinkFirst();
    }
    const capture = order.first as OpenCapture;
    const slot = capture.slot;
    if (this.#waitingTime <= slot.time) return false;
    this.#advance = true;
    copyRecord(slot, p);
    return true;
  }

  /** // hot: No other is open: its records go straight into the slot, until another is due. */
  #nextOfOne(capture: OpenCapture, p: Packet): boolean {
    if (!capture.reader.next(p)) return false;
    if (p.time < this.#waitingTime) return true;
    copyRecord(p, capture.slot);
    this.#advance = false;
    return false;
  }

  async #fillMerged(): Promise<boolean> {
    const first = this.#order.first;
    if (this.#advance && first !== undefined) {
      if (await first.refill()) return true;
      this.#advance = false;
      this.#order.removeFirst();
      await this.#close(first);
    }
    // What is due is opened: everything up to the earliest record at hand, or the next file when there is none.
    while (this.#waiting.length > 0) {
      const earliest = this.#order.first;
      if (earliest !== undefined && this.#waitingTime > earliest.slot.time) break;
      const { file } = this.#waiting.pop() as Waiting;
      this.#setWaitingTime();
      await this.#join(file);
    }
    this.#comeNear();
    return this.#order.size > 0 || this.#end();
  }

  async #prepare(): Promise<boolean> {
    this.#prepared = true;
    if (this.#sources.length === 1) this.#single = await this.#open(0);
    else {
      // Pipes first: what they give cannot be read again, so that the clock must be theirs from the start.
      for (const [file, source] of this.#sources.entries()) if (source.once) await this.#join(file);
      await this.#peekAll();
      this.#sortWaiting();
    }
    return this.#single !== null || this.#order.size > 0 || this.#waiting.length > 0 || this.#end();
  }

  /** All captures have ended. */
  async #end(): Promise<false> {
    await this.close();
    if (this.captures.every((capture) => capture.failed)) throw this.#nothingReadable();
    return false;
  }

  /** Opens a capture and puts it where its first record belongs. What has none is finished with that. */
  async #join(file: number): Promise<void> {
    const capture = await this.#open(file);
    if (capture === null) return;
    if (await toFirstRecord(capture)) this.#order.add(capture);
    else await this.#close(capture);
  }

  /** The one before is closed when this returns; this one soon. */
  async #close(capture: OpenCapture): Promise<void> {
    await this.#closing;
    this.#closing = capture.close();
    // Whoever waits for it next meets the rejection; until then it must not count as unhandled.
    this.#closing.catch(() => {});
  }

  /** Looks for the time of each file's first record. What has no record is finished with that. */
  async #peekAll(): Promise<void> {
    const files = [...this.#sources.keys()].filter((file) => !this.#sources[file].once);
    const peekSome = async (): Promise<void> => {
      for (let file = files.shift(); file !== undefined; file = files.shift()) {
        const epoch = await firstTime(this.#options(file), this.#chunkBytes);
        if (epoch === undefined) continue;
        this.#waiting.push({ file, epoch });
        this.captures[file] = new CaptureSummary(this.#sources[file].path);
        this.#bytesRead[file] = 0;
      }
    };
    await Promise.all(Array.from({ length: PEEKS_AT_ONCE }, peekSome));
  }

  /** Begins to open the capture that is next in time, so that nobody waits for it when it is due. */
  #comeNear(): void {
    const next = this.#waiting.at(-1);
    if (next === undefined || this.#coming !== null) return;
    const options = this.#options(next.file);
    this.#coming = { file: next.file, options, found: findCapture(options) };
  }

  async #open(file: number): Promise<OpenCapture | null> {
    const coming = this.#coming?.file === file ? this.#coming : null;
    const options = coming?.options ?? this.#options(file);
    const found = await (coming?.found ?? findCapture(options));
    if (coming !== null) this.#coming = null;
    return found === null ? null : startCapture(found, options);
  }

  #options(file: number): OpenOptions {
    const open = this.#order.size + 1;
    const parts = open <= FULL_CHUNKS ? 1 : open <= QUARTER_CHUNKS ? 4 : 32;
    return {
      source: this.#sources[file],
      file,
      clock: this.#clock,
      summary: this.captures[file],
      newTap: () => this.#nextTap++,
      chunk: this.#chunkBytes ?? CHUNK_BYTES / parts,
      ahead: parts === 1 ? READS_AHEAD : 1,
      pool: this.#pool,
      onRead: (count) => {
        this.#bytesRead[file] += count;
      },
    };
  }

  /** The earliest last; at the same time, the first given last. Starts the clock with the earliest time stamp. */
  #sortWaiting(): void {
    this.#waiting.sort((a, b) => {
      if (a.epoch === b.epoch) return b.file - a.file;
      return b.epoch === null || (a.epoch !== null && a.epoch > b.epoch) ? -1 : 1;
    });
    const earliest = this.#waiting.findLast(({ epoch }) => epoch !== null)?.epoch;
    if (typeof earliest === "bigint") this.#clock.start(earliest);
    this.#setWaitingTime();
  }

  #setWaitingTime(): void {
    const next = this.#waiting.at(-1);
    if (next === undefined) this.#waitingTime = Number.POSITIVE_INFINITY;
    else this.#waitingTime = next.epoch === null ? Number.NEGATIVE_INFINITY : this.#clock.fromEpoch(next.epoch);
  }

  #nothingReadable(): CaptureError {
    const first = this.captures[0];
    if (first === undefined) return new CaptureError("no capture was given", { code: "no-capture", path: "" });
    const problem = first.problems.find((candidate) => candidate.fatal)!;
    const others = this.captures.length - 1;
    const rest = others === 0 ? "" : ` (and ${others} more cannot be read either)`;
    const { code, offset } = problem;
    return new CaptureError(`${first.path}: ${problem.message}${rest}`, { code, path: first.path, offset });
  }
}

// hot:
function copyRecord(from: Packet, to: Packet): void {
  to.buf = from.buf;
  to.start = from.start;
  to.end = from.end;
  to.origLen = from.origLen;
  to.time = from.time;
  to.file = from.file;
  to.frame = from.frame;
  to.linkType = from.linkType;
  to.tap = from.tap;
}
