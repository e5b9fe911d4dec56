// What are the records of all captures together, in time order?
//
// One capture is read in file order, whatever its time stamps do. Several are one capture, merged by time: each file is
// first opened for its first record alone, then again when the merge reaches that time, and closed as soon as it ends,
// so that a rotated set of a thousand files holds one or two at once. Pipes cannot be opened twice and stay open.

import { CaptureClock, type Nanos } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import { CaptureSummary } from "./capture-summary.ts";
import { MergeOrder } from "./merge-order.ts";
import { type OpenCapture, openCapture } from "./open-capture.ts";
import { CaptureError, type CaptureSource } from "./source.ts";
import { CHUNK_BYTES } from "./stream-buffer.ts";

export interface CaptureSetOptions {
  /** Bytes per read. By default 1 MiB, less when many captures overlap in time. */
  chunkBytes?: number;
}

/** A look at the first record needs no more. */
const PEEK_CHUNK = 1 << 16;
/** So many captures open at once read in full chunks, so many in quarters, the rest in sixteenths: 300 MB for 1,000. */
const FULL_CHUNKS = 4;
const QUARTER_CHUNKS = 64;

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
  /** The first capture's record has been handed out; its slot wants the next one. */
  #advance = false;

  constructor(sources: readonly CaptureSource[], clock: CaptureClock, options: CaptureSetOptions = {}) {
    this.#sources = sources;
    this.#clock = clock;
    this.#chunkBytes = options.chunkBytes;
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
    await Promise.all(open.map((capture) => capture.close()));
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
      if (!first.reader.next(first.slot)) return false;
      this.#advance = false;
      order.sinkFirst();
    }
    const capture = order.first as OpenCapture;
    const slot = capture.slot;
    if (this.#waitingTime <= slot.time) return false;
    this.#advance = true;
    p.buf = slot.buf;
    p.start = slot.start;
    p.end = slot.end;
    p.origLen = slot.origLen;
    p.time = slot.time;
    p.file = slot.file;
    p.frame = slot.frame;
    p.linkType = slot.linkType;
    p.tap = slot.tap;
    return true;
  }

  async #fillMerged(): Promise<boolean> {
    const first = this.#order.first;
    if (this.#advance && first !== undefined) {
      if (await first.refill()) return true;
      this.#advance = false;
      this.#order.removeFirst();
      await first.close();
    }
    // What is due is opened: everything up to the earliest record at hand, or the next file when there is none.
    while (this.#waiting.length > 0) {
      const earliest = this.#order.first;
      if (earliest !== undefined && this.#waitingTime > earliest.slot.time) break;
      const { file } = this.#waiting.pop() as Waiting;
      this.#setWaitingTime();
      const capture = await this.#open(file, this.#clock, this.#chunkFor(this.#order.size + 1));
      if (capture === null) continue;
      if (await toFirstRecord(capture)) this.#order.add(capture);
      else await capture.close();
    }
    return this.#order.size > 0 || this.#end();
  }

  async #prepare(): Promise<boolean> {
    this.#prepared = true;
    if (this.#sources.length === 1) this.#single = await this.#open(0, this.#clock, this.#chunkFor(1));
    else {
      // Pipes first: what they give cannot be read again, so that the clock must be theirs from the start.
      for (const [file, source] of this.#sources.entries()) if (source.once) await this.#keepOpen(file);
      for (const [file, source] of this.#sources.entries()) if (!source.once) await this.#peek(file);
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

  async #keepOpen(file: number): Promise<void> {
    const capture = await this.#open(file, this.#clock, this.#chunkFor(this.#order.size + 1));
    if (capture === null) return;
    if (await toFirstRecord(capture)) this.#order.add(capture);
    else await capture.close();
  }

  /** Finds the time of a file's first record and closes it again. What has no record is finished with that. */
  async #peek(file: number): Promise<void> {
    const clock = new CaptureClock();
    const capture = await this.#open(file, clock, PEEK_CHUNK, () => 0);
    if (capture === null) return;
    const found = await toFirstRecord(capture);
    await capture.close();
    if (!found) return;
    this.#waiting.push({ file, epoch: clock.started ? clock.base : null });
    this.captures[file] = new CaptureSummary(this.#sources[file].path);
    this.#bytesRead[file] = 0;
  }

  #open(
    file: number,
    clock: CaptureClock,
    chunk: number,
    newTap: () => number = () => this.#nextTap++,
  ): Promise<OpenCapture | null> {
    return openCapture({
      source: this.#sources[file],
      file,
      clock,
      summary: this.captures[file],
      newTap,
      chunk: this.#chunkBytes ?? chunk,
      onRead: (count) => {
        this.#bytesRead[file] += count;
      },
    });
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

  #chunkFor(open: number): number {
    return open <= FULL_CHUNKS ? CHUNK_BYTES : open <= QUARTER_CHUNKS ? CHUNK_BYTES / 2 : CHUNK_BYTES / 32;
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

/** True when the first record is in the capture's slot. */
async function toFirstRecord(capture: OpenCapture): Promise<boolean> {
  while (!capture.reader.next(capture.slot)) if (!(await capture.refill())) return false;
  return true;
}
