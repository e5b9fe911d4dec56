// What became of the requests on one flow? Follows them from what the decoder says and what the two ends do until each is judged.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import { newExchange } from "../core/new-exchange.ts";
import { seqDiff } from "../core/seq.ts";
import { SmallSet } from "../core/small-set.ts";
import {
  type Exchange,
  otherSide,
  type Protocol,
  type RequestHead,
  type ResponseHead,
  type Side,
} from "../core/stream-decoder.ts";
import type { ServiceHandle } from "./exchange-book.ts";
import { giveUp, judgeUnanswered, MAX_OPEN_PER_FLOW, responderOf } from "./exchange-ledger.ts";
import type { StreamRoom } from "./stream-room.ts";

/** Shared by all flows of which no answer awaits its reader: nothing is put into it. */
const NONE: { exchange: Exchange; from: number }[] = [];

export class FlowExchanges {
  protected readonly flow: number;
  protected readonly room: StreamRoom;
  /** What is spoken now. */
  private protocol: Protocol = "unknown";
  /** Exchanges not judged yet, in order. On most flows there is one at a time. */
  private readonly open = new SmallSet<Exchange>();
  /** A response went to a requester that had sent FIN: was it read? Told by the requester's next segment. */
  private unread: { exchange: Exchange; from: number }[] = NONE;
  /** Those before this index are judged. */
  private unreadFrom = 0;
  /** The response that each side is in the middle of. */
  private responding: [Exchange | null, Exchange | null] = [null, null];
  private services: [ServiceHandle | null, ServiceHandle | null] = [null, null];
  /** Of what the flow was before it turned into something else. */
  private former: [ServiceHandle | null, ServiceHandle | null] | null = null;
  /** Address of the side that asks, and that side. */
  private client: string | null = null;
  private asker: Side = 0;
  /** The side of which bytes are missing at this moment, and since when a request cannot be one that they answered. */
  private missingOf: Side = 0;
  private askedBefore: Nanos = Number.POSITIVE_INFINITY;

  constructor(flow: number, room: StreamRoom) {
    this.flow = flow;
    this.room = room;
  }

  /** From now on this is spoken. */
  protected speaks(protocol: Protocol): void {
    if (protocol === this.protocol) return;
    if (this.protocol !== "unknown") {
      this.former = this.services;
      this.services = [null, null];
    }
    this.protocol = protocol;
  }

  /** From now on doubts are about bytes of `side` that its peer had before this moment. */
  protected doubtOnly(side: Side, askedBefore: Nanos): void {
    this.missingOf = side;
    this.askedBefore = askedBefore;
  }

  // ── what the ends did ──

  /** The direction is over. With a reset, both are. */
  protected ended(side: Side, how: "fin" | "reset" | "capture"): void {
    const response = this.responding[side];
    if (how === "reset" && response !== null && !response.responseComplete) this.room.book.cut(response);
    this.responding[side] = null;
    if (how === "fin" && this.open.size > 0) this.settleOpen((e) => responderOf(e) === side, true);
  }

  /** `side` sent its first FIN, or a RST, at this moment. */
  gaveUp(side: Side, frame: FrameRef, time: Nanos, byReset: boolean): void {
    this.open.each((e) => giveUp(e, side, frame, time, byReset));
  }

  /** `side` reset the connection while it waited; the response may be on its way, and then it is late. */
  mayBeAnsweredLate(side: Side): boolean {
    if (this.responding[otherSide(side)] !== null || this.open.size === 0) return false;
    return this.open.every((e) => e.requester === side);
  }

  get awaitsReaction(): boolean {
    return this.unread.length > 0;
  }

  /** A side that had sent FIN met a response with this segment: RST says that nobody read it, an ACK that it was taken. */
  reaction(side: Side, isRst: boolean, ack: number): void {
    while (this.unreadFrom < this.unread.length) {
      const { exchange, from } = this.unread[this.unreadFrom]!;
      // Responses went out in order: what an ACK does not cover, it does not cover of the later ones.
      if (exchange.requester !== side || !(isRst || seqDiff(ack, from) >= 0)) return;
      this.unreadFrom++;
      this.judgeRead(exchange, isRst);
    }
    this.unread = NONE;
    this.unreadFrom = 0;
  }

  private judgeRead(e: Exchange, reset: boolean): void {
    e.outcome = reset ? "late" : "answered";
    if (reset) e.gaveUp = e.requester;
    else {
      e.gaveUp = null;
      e.gaveUpFrame = 0;
    }
    e.waited = waitedFor(e);
    this.settle(e);
  }

  /** The flow is over: by RST (`over`), by both FINs (`over`), or because the capture ended. */
  finish(over: boolean): void {
    for (const { exchange } of this.unread.slice(this.unreadFrom)) {
      // It had said FIN before the answer came, and nothing of it was seen since.
      if (exchange.gaveUp === null) this.judgeRead(exchange, false);
      else {
        exchange.outcome = "unknown";
        exchange.doubt = "capture-ended";
        exchange.gaveUp = null; // it may have read the answer: no judgement
        this.settle(exchange);
      }
    }
    this.unread = NONE;
    this.unreadFrom = 0;
    this.settleOpen(() => true, over);
  }

  private settleOpen(which: (e: Exchange) => boolean, over: boolean): void {
    this.open.each((e) => {
      if (!which(e)) return;
      this.open.delete(e);
      judgeUnanswered(e, { responderSeen: this.room.packetsFrom(this.flow, responderOf(e)) > 0, over });
      this.settle(e);
    });
  }

  // ── what the decoder says ──

  request(side: Side, head: RequestHead): Exchange {
    const e = newExchange(this.flow, this.protocol, side, head);
    if (this.open.size >= MAX_OPEN_PER_FLOW) {
      const oldest = this.open.oldest!;
      this.open.delete(oldest);
      oldest.doubt ??= "gap";
      oldest.outcome = "unknown";
      this.settle(oldest);
    }
    this.open.add(e);
    this.room.noteRequest(this.flow, side);
    this.room.book.asked(e, this.clientOf(e), this.serviceOf(e));
    return e;
  }

  requestBytes(e: Exchange, time: Nanos, complete: boolean): void {
    e.requestEnd = time;
    if (complete) e.requestComplete = true;
  }

  response(exchange: Exchange | null, side: Side, head: ResponseHead): Exchange {
    if (exchange === null) {
      this.room.noteResponse(this.flow);
      const e: Exchange = {
        ...newExchange(this.flow, this.protocol, otherSide(side), null),
        requestEnd: head.time,
        response: head,
        doubt: "no-request",
        outcome: "unknown",
      };
      this.settle(e);
      return e;
    }
    // Let go before, because there were too many: that verdict stands.
    if (!this.open.delete(exchange)) return exchange;
    this.room.noteResponse(this.flow);
    this.responding[side] = exchange;
    exchange.response = head;
    if (head.length !== undefined) exchange.responseBytes = head.length;
    exchange.doubt = null;
    const finFrame = this.room.finFrame(this.flow, exchange.requester);
    if (side !== exchange.requester && this.room.hasReset(this.flow, exchange.requester)) {
      this.judgeRead(exchange, true);
    } else if (finFrame !== 0 && side !== exchange.requester) {
      if (this.unread === NONE) this.unread = [];
      this.unread.push({ exchange, from: this.room.deliveredTo(this.flow, side) });
    } else {
      exchange.outcome = "answered";
      exchange.waited = waitedFor(exchange);
      this.settle(exchange);
    }
    return exchange;
  }

  responseComplete(e: Exchange): void {
    e.responseComplete = true;
    const side = responderOf(e);
    if (this.responding[side] === e) this.responding[side] = null;
    this.room.book.complete(e);
  }

  /** Said of one that is judged, as when a server goes on after its FIN, this changes nothing: the verdict stands. */
  interim(e: Exchange): void {
    if (this.open.has(e)) e.interim++;
  }

  /** As with {@link interim}: a verdict stands. */
  doubt(e: Exchange, why: "gap" | "snap"): void {
    if (!this.open.has(e)) return;
    const isLater = responderOf(e) === this.missingOf && e.request !== null && e.request.time >= this.askedBefore;
    if (!isLater) e.doubt ??= why;
  }

  cancel(e: Exchange, side: Side, frame: FrameRef, time: Nanos): void {
    if (!this.open.delete(e)) return;
    giveUp(e, side, frame, time, true);
    judgeUnanswered(e, { responderSeen: this.room.packetsFrom(this.flow, responderOf(e)) > 0, over: true });
    this.settle(e);
  }

  answeredLate(e: Exchange, _side: Side, head: ResponseHead): void {
    this.room.noteResponse(this.flow);
    const before = e.outcome;
    e.response = head;
    e.doubt = null;
    e.outcome = "late";
    e.gaveUp = e.requester;
    e.waited = waitedFor(e);
    this.room.book.amended(e, before, this.serviceOf(e));
  }

  private settle(e: Exchange): void {
    this.room.book.settled(e, this.clientOf(e), this.serviceOf(e));
  }

  private clientOf(e: Exchange): string {
    if (this.client === null || this.asker !== e.requester) {
      this.client = this.room.address(this.flow, e.requester);
      this.asker = e.requester;
    }
    return this.client;
  }

  private serviceOf(e: Exchange): ServiceHandle {
    const responder = responderOf(e);
    const former = this.former?.[responder];
    if (former != null && former.protocol === e.protocol) return former;
    return (this.services[responder] ??= this.room.service(this.flow, responder, e.protocol));
  }
}

/** From the last byte of the request to the first of the response; from its first, when the answer came before the end. */
function waitedFor(e: Exchange): Nanos {
  const answered = e.response!.time;
  const asked = e.requestEnd <= answered ? e.requestEnd : e.request!.time;
  return Math.max(0, answered - asked);
}
