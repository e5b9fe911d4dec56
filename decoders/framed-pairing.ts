// Which frame answers which? By the id in both, or by order.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { type Exchange, type ExchangeSink, otherSide, type Side } from "../src/core/stream-decoder.ts";

/** Ids that wait on one connection. Beyond it the one that waits longest is let go, with a doubt. */
const MAX_WAITING = 65_536;
/** By order, all have one id. */
const BY_ORDER = "";

/** A queue drops what was answered once that is this much, and half of it. */
const COMPACT_FROM = 1024;

/** Several with one id are answered in order. */
interface Queue {
  list: Exchange[];
  from: number;
}

export class FramePairing {
  /** Order was lost: what follows is counted, not paired. */
  isOver = false;
  private client: Side | null;
  private byOrder: boolean;
  private sink: ExchangeSink;
  private waiting = new Map<string, Queue>();
  private count = 0;
  /** Those of whom no doubt was said. */
  private certain = new Set<Exchange>();
  /** Requests of the client may have gone by unseen. */
  private mayHaveMissed: boolean;

  /** `client` is null when both ports are the service's: then who sends the first frame asks. */
  constructor(sink: ExchangeSink, client: Side | null, byOrder: boolean, fromStart: boolean) {
    this.sink = sink;
    this.client = client;
    this.byOrder = byOrder;
    this.mayHaveMissed = !fromStart;
    // Joined midway, the first answer may be to any of the questions before.
    this.isOver = byOrder && !fromStart;
  }

  /** A frame's head is known. Returns its exchange, if it has one. */
  frame(side: Side, id: string | null, method: string, frame: FrameRef, time: Nanos): Exchange | null {
    const key = this.byOrder ? BY_ORDER : id;
    if (this.isOver || key === null) return null;
    this.client ??= side;
    if (side === this.client) return this.ask(side, key, method, frame, time);
    const asked = this.take(key);
    if (asked === null && !this.mayHaveMissed) return null;
    return this.sink.response(asked, side, { frame, time, status: null, error: null });
  }

  /** Frames of `side` may have gone by unseen. */
  missed(side: Side, why: "gap" | "snap"): void {
    if (this.client === null || side === this.client) this.mayHaveMissed = true;
    if (this.client !== null && side === otherSide(this.client)) {
      for (const e of this.certain) this.sink.doubt(e, why);
      this.certain.clear();
    }
    if (!this.byOrder) return;
    // Without ids the answers can no longer be told apart.
    const queue = this.waiting.get(BY_ORDER);
    for (const e of queue?.list.slice(queue.from) ?? []) this.sink.doubt(e, why);
    this.waiting.clear();
    this.certain.clear();
    this.isOver = true;
  }

  private ask(side: Side, key: string, method: string, frame: FrameRef, time: Nanos): Exchange {
    const target = this.byOrder ? "" : `#${key}`;
    const e = this.sink.request(side, { frame, time, method, target, host: null, id: null });
    const queue = this.waiting.get(key);
    if (queue === undefined) this.waiting.set(key, { list: [e], from: 0 });
    else queue.list.push(e);
    this.certain.add(e);
    if (++this.count > MAX_WAITING) this.forgetOldest();
    return e;
  }

  private take(key: string): Exchange | null {
    const queue = this.waiting.get(key);
    if (queue === undefined) return null;
    const e = queue.list[queue.from++]!;
    this.count--;
    this.certain.delete(e);
    if (queue.from === queue.list.length) this.waiting.delete(key);
    else if (queue.from > COMPACT_FROM && queue.from * 2 > queue.list.length) {
      queue.list = queue.list.slice(queue.from);
      queue.from = 0;
    }
    return e;
  }

  private forgetOldest(): void {
    const [key] = this.waiting.keys();
    const e = this.take(key!);
    if (e !== null) this.sink.doubt(e, "gap");
  }
}
