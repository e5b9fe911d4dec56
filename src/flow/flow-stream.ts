// What is being said on one flow? Finds the protocol by content, hands the decoder both directions in order, and follows
// its exchanges until they are judged. One object per flow that carries payload, dropped when its streams have ended.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import { seqDiff } from "../core/seq.ts";
import {
  type BrokenMessage,
  type Exchange,
  type ExchangeSink,
  type Label,
  otherSide,
  type Protocol,
  type Remark,
  type RequestHead,
  type ResponseHead,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../core/stream-decoder.ts";
import { giveUp, judgeUnanswered, MAX_OPEN_PER_FLOW, responderOf, type ServiceTallyOf } from "./exchange-ledger.ts";
import type { FlowNotes } from "./flow-notes.ts";
import type { HeldSegments } from "./held-segments.ts";

/** Segments a direction may begin with that no decoder knows, before a flow seen from its SYN is left alone. */
const MAX_PROBES = 64;
/** Bytes kept of a direction while every decoder still wants more to tell. */
const MAX_PROBE_BYTES = 512;

/** A beginning cut by the snap length is taken at its word from this many bytes on ("GET /ab"). */
const CONVINCING_BYTES = 7;

/** What a stream asks of the flow table. */
export interface StreamRoom {
  readonly decoders: readonly StreamDecoder[];
  /** The first request of a flow tells who is the client, if no SYN did. */
  noteRequest(flow: number, side: Side): void;
  noteResponse(flow: number): void;
  noteProtocol(flow: number, decoder: StreamDecoder): void;
  port(flow: number, side: Side): number;
  /** Bytes of the flow are missing. */
  hasGap(flow: number): boolean;
  /** Sequence number behind the last byte of a side that was delivered or is being delivered; a side's bytes were delivered. */
  deliveredTo(flow: number, side: Side): number;
  packetsFrom(flow: number, side: Side): number;
  /** The side ended the connection by RST. */
  hasReset(flow: number, side: Side): boolean;
  /** Frame and time of the FIN of a side; frame 0 when there was none. */
  finFrame(flow: number, side: Side): FrameRef;
  tally(flow: number, responder: Side, protocol: StreamDecoder["protocol"]): ServiceTallyOf;
  settle(e: Exchange, client: string, tally: ServiceTallyOf): void;
  /** A reset cut the body of this response. */
  noteCut(e: Exchange): void;
  /** A request was made: what comes into a service, and what it sends out meanwhile. */
  asked(e: Exchange, client: string, tally: ServiceTallyOf): void;
  address(flow: number, side: Side): string;
  notes(flow: number): FlowNotes;
}

interface ProbePart {
  bytes: Uint8Array;
  frame: FrameRef;
  time: Nanos;
}

export class FlowStream implements ExchangeSink {
  readonly held: [HeldSegments | null, HeldSegments | null] = [null, null];
  /** Exchanges not judged yet, in order of request. A set: whichever is answered leaves it in constant time. */
  private open = new Set<Exchange>();
  /** A response went to a requester that had sent FIN: was it read? Told by the requester's next segment. */
  private unread: { exchange: Exchange; from: number }[] = [];
  /** Those before this index are judged. */
  private unreadFrom = 0;
  private session: StreamSession | null = null;
  private decoder: StreamDecoder | null = null;
  private parts: [ProbePart[], ProbePart[]] = [[], []];
  /** The decoder that wanted more of the beginning kept in `parts`. */
  private candidate: StreamDecoder | null = null;
  private probes = 0;
  private claimed = false;
  /** Bytes were cut off or missing before the first that could be read. */
  private startMissed = false;
  /** The response that each side is in the middle of. */
  private responding: [Exchange | null, Exchange | null] = [null, null];
  private tallies: [ServiceTallyOf | null, ServiceTallyOf | null] = [null, null];
  /** Of what the flow was before it turned into something else. */
  private former: [ServiceTallyOf | null, ServiceTallyOf | null] | null = null;
  /** Address of the side that asks, and that side. */
  private client: string | null = null;
  private asker: Side = 0;
  private flow: number;
  private room: StreamRoom;
  private patient: boolean;
  /** No protocol was recognised, or the flow became something else: payload is of no use. */
  deaf = false;

  /** `patient`: the flow was joined midway, so a message may begin at any later segment. */
  constructor(flow: number, room: StreamRoom, patient: boolean) {
    this.flow = flow;
    this.room = room;
    this.patient = patient;
  }

  // ── bytes in ──

  /** hot: the next bytes of a side, in order. */
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    if (this.session !== null) this.session.data(side, bytes, start, end, frame, time);
    else if (!this.deaf && end > start) this.probe(side, bytes, start, end, frame, time);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    // A beginning that the snap length cut will not get longer: the decoder that wanted more takes what there is.
    const parts = this.parts[side];
    if (reason === "snap" && this.candidate !== null && lengthOf(parts) >= CONVINCING_BYTES) this.begin(this.candidate);
    else parts.length = 0;
    this.session?.gap(side, length, reason);
    if (!this.claimed) this.startMissed = true;
  }

  /** The direction is over. With a reset, both are. */
  end(side: Side, how: "fin" | "reset" | "capture"): void {
    this.session?.end(side, how);
    const response = this.responding[side];
    if (how === "reset" && response !== null && !response.responseComplete) this.room.noteCut(response);
    this.responding[side] = null;
    if (how === "fin" && this.open.size > 0) this.settleOpen((e) => responderOf(e) === side, true);
  }

  private probe(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    if (!this.claimed && this.claim()) {
      this.session?.data(side, bytes, start, end, frame, time);
      return;
    }
    const parts = this.parts[side];
    let all = bytes;
    let from = start;
    let to = end;
    if (parts.length > 0) {
      all = join([...parts.map((p) => p.bytes), bytes.subarray(start, Math.min(end, start + MAX_PROBE_BYTES))]);
      from = 0;
      to = all.length;
    }
    let candidate: StreamDecoder | null = null;
    for (const decoder of this.room.decoders) {
      const answer = decoder.probe(all, from, to);
      if (answer === "yes") {
        this.begin(decoder);
        this.data(side, bytes, start, end, frame, time);
        return;
      }
      if (answer === "more") candidate ??= decoder;
    }
    this.candidate = candidate;
    if (candidate !== null && to - from < MAX_PROBE_BYTES) {
      parts.push({ bytes: bytes.slice(start, end), frame, time });
      return;
    }
    parts.length = 0;
    if (++this.probes >= MAX_PROBES && !this.patient) this.deaf = true;
  }

  /** Do the ports tell, by what was said on the command line? */
  private claim(): boolean {
    const { room, flow } = this;
    this.claimed = true;
    for (const decoder of room.decoders) {
      if (decoder.claim === undefined) continue;
      const ports = [room.port(flow, 0), room.port(flow, 1)] as const;
      this.session = decoder.claim(this, {
        ports,
        fromStart: !this.patient && !this.startMissed && !room.hasGap(flow),
      });
      if (this.session === null) continue;
      this.decoder = decoder;
      room.noteProtocol(flow, decoder);
      return true;
    }
    return false;
  }

  private begin(decoder: StreamDecoder): void {
    this.decoder = decoder;
    this.session = decoder.open(this);
    this.room.noteProtocol(this.flow, decoder);
    for (const side of [0, 1] as const) {
      for (const p of this.parts[side]) this.session?.data(side, p.bytes, 0, p.bytes.length, p.frame, p.time);
      this.parts[side] = [];
    }
  }

  // ── what the ends did ──

  /** `side` sent its first FIN, or a RST, at this moment. */
  gaveUp(side: Side, frame: FrameRef, time: Nanos, byReset: boolean): void {
    for (const e of this.open) giveUp(e, side, frame, time, byReset);
  }

  /** `side` reset the connection while it waited; the response may be on its way, and then it is late. */
  mayBeAnsweredLate(side: Side): boolean {
    if (this.responding[otherSide(side)] !== null || this.open.size === 0) return false;
    for (const e of this.open) if (e.requester !== side) return false;
    return true;
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
    this.unread = [];
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
    this.unread = [];
    this.unreadFrom = 0;
    this.settleOpen(() => true, over);
  }

  private settleOpen(which: (e: Exchange) => boolean, over: boolean): void {
    for (const e of this.open) {
      if (!which(e)) continue;
      this.open.delete(e);
      judgeUnanswered(e, { responderSeen: this.room.packetsFrom(this.flow, responderOf(e)) > 0, over });
      this.settle(e);
    }
  }

  // ── what the decoder says ──

  request(side: Side, head: RequestHead): Exchange {
    const e: Exchange = {
      flow: this.flow,
      protocol: this.decoder!.protocol,
      requester: side,
      request: head,
      requestEnd: head.time,
      requestComplete: false,
      response: null,
      responseComplete: false,
      interim: 0,
      responseBytes: 0,
      inTransaction: null,
      doubt: null,
      outcome: "pending",
      waited: 0,
      gaveUp: null,
      gaveUpFrame: 0,
    };
    if (this.open.size >= MAX_OPEN_PER_FLOW) {
      const oldest = this.open.values().next().value!;
      this.open.delete(oldest);
      oldest.doubt ??= "gap";
      oldest.outcome = "unknown";
      this.settle(oldest);
    }
    this.open.add(e);
    this.room.noteRequest(this.flow, side);
    this.room.asked(e, this.clientOf(e), this.tallyOf(e));
    return e;
  }

  requestBytes(e: Exchange, time: Nanos, complete: boolean): void {
    e.requestEnd = time;
    if (complete) e.requestComplete = true;
  }

  response(exchange: Exchange | null, side: Side, head: ResponseHead): Exchange {
    this.room.noteResponse(this.flow);
    if (exchange === null) {
      const e: Exchange = {
        flow: this.flow,
        protocol: this.decoder!.protocol,
        requester: otherSide(side),
        request: null,
        requestEnd: head.time,
        requestComplete: false,
        response: head,
        responseComplete: false,
        interim: 0,
        responseBytes: 0,
        inTransaction: null,
        doubt: "no-request",
        outcome: "unknown",
        waited: 0,
        gaveUp: null,
        gaveUpFrame: 0,
      };
      this.settle(e);
      return e;
    }
    this.open.delete(exchange);
    this.responding[side] = exchange;
    exchange.response = head;
    if (head.length !== undefined) exchange.responseBytes = head.length;
    exchange.doubt = null;
    const finFrame = this.room.finFrame(this.flow, exchange.requester);
    if (side !== exchange.requester && this.room.hasReset(this.flow, exchange.requester)) {
      this.judgeRead(exchange, true);
    } else if (finFrame !== 0 && side !== exchange.requester) {
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
  }

  interim(e: Exchange): void {
    e.interim++;
  }

  doubt(e: Exchange, why: "gap" | "snap"): void {
    if (e.response === null) e.doubt ??= why;
  }

  cancel(e: Exchange, side: Side, frame: FrameRef, time: Nanos): void {
    if (!this.open.delete(e)) return;
    giveUp(e, side, frame, time, true);
    judgeUnanswered(e, { responderSeen: this.room.packetsFrom(this.flow, responderOf(e)) > 0, over: true });
    this.settle(e);
  }

  remark(remark: Remark): void {
    this.room.notes(this.flow).remark(remark);
  }

  label(name: Label, value: string): void {
    this.room.notes(this.flow).label(name, value);
  }

  intact(side: Side): void {
    this.room.notes(this.flow).intact[side]++;
  }

  broken(message: BrokenMessage): void {
    this.room.notes(this.flow).broke(message);
  }

  upgraded(to?: Protocol): StreamSession | null {
    const decoder = this.room.decoders.find((d) => d.protocol === to);
    this.session = decoder?.open(this) ?? null;
    this.deaf = this.session === null;
    // What came before keeps its name: a database behind TLS is still that database.
    if (decoder !== undefined && to !== "tls") {
      this.decoder = decoder;
      this.former = this.tallies;
      this.tallies = [null, null];
      this.room.noteProtocol(this.flow, decoder);
    }
    return this.session;
  }

  private settle(e: Exchange): void {
    this.room.settle(e, this.clientOf(e), this.tallyOf(e));
  }

  private clientOf(e: Exchange): string {
    if (this.client === null || this.asker !== e.requester) {
      this.client = this.room.address(this.flow, e.requester);
      this.asker = e.requester;
    }
    return this.client;
  }

  private tallyOf(e: Exchange): ServiceTallyOf {
    const responder = responderOf(e);
    const former = this.former?.[responder];
    if (former != null && former.protocol === e.protocol) return former;
    return (this.tallies[responder] ??= this.room.tally(this.flow, responder, e.protocol));
  }
}

/** From the last byte of the request to the first of the response; from its first, when the answer came before the end. */
function waitedFor(e: Exchange): Nanos {
  const answered = e.response!.time;
  const asked = e.requestEnd <= answered ? e.requestEnd : e.request!.time;
  return Math.max(0, answered - asked);
}

const lengthOf = (parts: readonly ProbePart[]): number => parts.reduce((n, p) => n + p.bytes.length, 0);

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
