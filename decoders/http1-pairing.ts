// Which request does this response answer? (RFC 9112 §9.3: in order)
//
// First in, first out, unless the capture has holes. When responses may be missing, the order alone would slip by one and
// never recover. Then: a client that does not pipeline sends a request only after the answer to the one before, so the
// next response belongs to the last request. Pipelining is believed only when it was seen (see `pipelined`); then the
// order is all there is, and what it pairs is in doubt.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { Exchange, ExchangeSink } from "../src/core/stream-decoder.ts";

/** Answered entries at the front of the queue are let go when they are this many and half of it. */
const COMPACT_AT = 64;

export class Pairing {
  private queue: Exchange[] = [];
  private head = 0;
  /** Entries before this index are in doubt already. */
  private doubted = 0;
  /** Two requests in one segment, or a response while a later request was already waiting. */
  private pipelined = false;
  private lastFrame: FrameRef = -1;
  /** A request between those in the queue may be missing. */
  private requestsMissing = false;
  /** A response to those in the queue may be missing. */
  private responsesMissing = false;

  get waiting(): number {
    return this.queue.length - this.head;
  }

  oldest(): Exchange | null {
    return this.waiting > 0 ? this.queue[this.head]! : null;
  }

  // hot: per request.
  asked(exchange: Exchange, frame: FrameRef, sink: ExchangeSink): void {
    if (frame === this.lastFrame) this.pipelined = true;
    this.lastFrame = frame;
    // The answer to a lost request would be taken for this one's.
    if (this.requestsMissing && this.pipelined && this.waiting > 0) doubt(exchange, "gap", sink);
    this.queue.push(exchange);
  }

  /** Takes the exchange that a final response of this time answers; null when its request was not captured. */
  // hot: per response.
  answered(time: Nanos, sink: ExchangeSink): Exchange | null {
    const waiting = this.waiting;
    if (waiting === 0) return null;
    let index = this.head;
    if (this.responsesMissing && waiting > 1 && !this.pipelined) {
      index = this.queue.length - 1;
      while (index > this.head && this.queue[index]!.request!.time > time) index--;
    }
    const exchange = this.queue[index]!;
    // An answer cannot be older than its question: it belongs to a request that is missing.
    if (this.requestsMissing && exchange.request !== null && exchange.request.time > time) return null;
    if (!this.responsesMissing && waiting > 1 && this.queue[index + 1]!.request!.time < time) this.pipelined = true;
    for (let i = Math.max(this.doubted, this.head); i < index; i++) doubt(this.queue[i]!, "gap", sink);
    this.head = index + 1;
    this.compact();
    return exchange;
  }

  requestGap(): void {
    this.requestsMissing = true;
  }

  /** Responses may be missing: every request that waits is in doubt. Each is told once. */
  responseGap(why: "gap" | "snap", sink: ExchangeSink): void {
    this.responsesMissing = true;
    for (let i = Math.max(this.doubted, this.head); i < this.queue.length; i++) doubt(this.queue[i]!, why, sink);
    this.doubted = this.queue.length;
  }

  private compact(): void {
    if (this.head === this.queue.length) {
      this.queue.length = 0;
      this.head = 0;
      this.doubted = 0;
      this.responsesMissing = false;
      this.requestsMissing = false;
    } else if (this.head >= COMPACT_AT && this.head * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.doubted = Math.max(0, this.doubted - this.head);
      this.head = 0;
    }
  }
}

/** An exchange is doubted once; the first reason stays. */
function doubt(exchange: Exchange, why: "gap" | "snap", sink: ExchangeSink): void {
  if (exchange.doubt === null) sink.doubt(exchange, why);
}
