// Which request does an answer belong to, where the order is all there is (Redis, memcached)?
//
// First in, first out, unless the capture has holes: when answers may be missing, the order alone would slip and never
// recover. Then a client's habit tells. One that waits for all answers before it asks again (a single request, a batch) has
// got what it will get when it asks again. One that was seen to ask while answers were coming leaves only the order, and what
// waits is in doubt until nothing does.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { Exchange, ExchangeSink } from "../src/core/stream-decoder.ts";

/** A request that waits. */
export interface Waiting {
  /** Null for one whose answer is of no interest, or that may have none. */
  readonly exchange: Exchange | null;
  /** The decoder's own word for it. */
  readonly kind: number;
  /** Its command; how many answers it expects; what to go back to when it fails: the decoder's own. */
  readonly expects: number;
}

/** Entries taken from the front are let go when they are this many and half of the queue. */
const COMPACT_AT = 64;
/**
 * A bulk load has some hundred thousand commands in the socket buffers at most. Beyond this the oldest are forgotten but counted,
 * so that the order stays: their answers are let pass.
 */
const MAX_WAITING = 1 << 18;
const FORGOTTEN: Waiting = { exchange: null, kind: -1, expects: 1 };

export class OrderedPairing {
  private queue: Waiting[] = [];
  private head = 0;
  private forgotten = 0;
  /** Entries before this index are in doubt already. */
  private doubted = 0;
  private lastAsked: FrameRef = -1;
  /** A request was sent while only some of those before it had been answered. */
  private overlaps = false;
  /** Two requests in one segment: with a hole, the last of them is not the one that is answered. */
  private batches = false;
  /** Something came (or is missing) from the server since the last request. */
  private answeredSince = false;
  private requestsMissing = false;
  private responsesMissing = false;
  /** Something was missing at some time, and what was held back for it comes late. */
  private holed = false;

  get waiting(): number {
    return this.queue.length - this.head + this.forgotten;
  }

  // hot: per request.
  asked(waiting: Waiting, frame: FrameRef, sink: ExchangeSink): void {
    const inOneSegment = frame === this.lastAsked;
    this.lastAsked = frame;
    if (inOneSegment) this.batches = true;
    if (this.waiting > 0) {
      if (!inOneSegment) {
        if (!this.requestsMissing && !this.responsesMissing) this.overlaps ||= this.answeredSince;
        else if (!this.overlaps && (this.answeredSince || !this.batches)) this.letGo(sink);
      }
      const unsure =
        (this.responsesMissing && this.overlaps) || (this.requestsMissing && (this.overlaps || this.batches));
      if (unsure && this.waiting > 0) doubt(waiting.exchange, "gap", sink);
    }
    this.answeredSince = false;
    this.queue.push(waiting);
    if (this.queue.length - this.head > MAX_WAITING) {
      this.head++;
      this.forgotten++;
      this.compact();
    }
  }

  /** The request that an answer of this time would belong to; null when none waits. It stays until `take`. */
  // hot: per answer.
  next(time: Nanos, sink: ExchangeSink): Waiting | null {
    if (this.forgotten > 0) return FORGOTTEN;
    if (this.queue.length === this.head) return null;
    // A client that asks one by one: the last request is the one that is answered now.
    if ((this.responsesMissing || this.requestsMissing) && !this.overlaps && !this.batches) {
      let index = this.queue.length - 1;
      while (index > this.head && timeOf(this.queue[index]!) > time) index--;
      for (; this.head < index; this.head++)
        if (this.head >= this.doubted) doubt(this.queue[this.head]!.exchange, "gap", sink);
    }
    const waiting = this.queue[this.head]!;
    // An answer cannot be older than its question: it belongs to a request that is missing.
    return this.holed && timeOf(waiting) > time ? null : waiting;
  }

  /** What `next` gave has its answer. */
  take(): void {
    this.answeredSince = true;
    if (this.forgotten > 0) this.forgotten--;
    else if (this.head < this.queue.length) this.head++;
    this.compact();
  }

  requestGap(): void {
    this.requestsMissing = true;
    this.holed = true;
  }

  /** Answers may be missing: every request that waits is in doubt. Each is told once. */
  responseGap(why: "gap" | "snap", sink: ExchangeSink): void {
    this.answeredSince = true;
    this.holed = true;
    if (this.waiting === 0) return;
    this.responsesMissing = true;
    this.unsure(why, sink);
  }

  /** The order of what waits cannot be trusted. */
  unsure(why: "gap" | "snap", sink: ExchangeSink): void {
    for (let i = Math.max(this.doubted, this.head); i < this.queue.length; i++)
      doubt(this.queue[i]!.exchange, why, sink);
    this.doubted = this.queue.length;
  }

  /** Those that wait will get no answer any more, but their exchanges stay as they are. */
  private letGo(sink: ExchangeSink): void {
    this.responseGap("gap", sink);
    this.head = this.queue.length;
    this.forgotten = 0;
    this.compact();
  }

  private compact(): void {
    if (this.head === this.queue.length) {
      this.queue.length = 0;
      this.head = 0;
      this.doubted = 0;
      if (this.forgotten > 0) return;
      this.responsesMissing = false;
      this.requestsMissing = false;
    } else if (this.head >= COMPACT_AT && this.head * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.doubted = Math.max(0, this.doubted - this.head);
      this.head = 0;
    }
  }
}

const timeOf = (waiting: Waiting): Nanos => waiting.exchange?.request?.time ?? Number.NEGATIVE_INFINITY;

/** An exchange is doubted once; the first reason stays. */
function doubt(exchange: Exchange | null, why: "gap" | "snap", sink: ExchangeSink): void {
  if (exchange !== null && exchange.doubt === null && exchange.response === null) sink.doubt(exchange, why);
}
