// How does a protocol decoder meet the streams of a flow?
//
// The flow room delivers the bytes of each direction in order, once each, and says where bytes are missing. A decoder
// recognises its protocol by content, on any port, and turns the two directions into exchanges. Loss and joining late are
// events, not exceptions; a decoder never throws. It must bound what it keeps: a message's head, never its body.

import type { Nanos } from "./clock.ts";
import type { FrameRef } from "./frame.ts";

/** Which end of a flow: 0 sent the first packet that was captured. Roles (client, server) are decided later. */
export type Side = 0 | 1;
export const otherSide = (side: Side): Side => (side ^ 1) as Side;

export type Protocol = "http" | "http2" | "mysql" | "postgresql" | "redis" | "memcached" | "tls" | "framed" | "unknown";

export interface StreamDecoder {
  readonly protocol: Protocol;
  /**
   * Are these bytes, the first of a direction that were captured, the start of a message of this protocol?
   * "more": they may be, but they are too few to tell. Reads only bytes[start, end).
   */
  probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more";
  open(sink: ExchangeSink): StreamSession;
}

/** One flow's decoder at work. `bytes` are valid only during the call. */
export interface StreamSession {
  /** The next bytes of a direction: bytes[start, end), all from one captured segment. */
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void;
  /** `length` bytes of this direction are not in the capture: lost, or cut by the snap length. More may follow. */
  gap(side: Side, length: number, reason: "missing" | "snap"): void;
  /** Nothing more comes in this direction. */
  end(side: Side, how: "fin" | "reset" | "capture"): void;
}

/** The head of a request: its first frame, and the words that identify it. */
export interface RequestHead {
  frame: FrameRef;
  time: Nanos;
  /** HTTP: the method. */
  method: string;
  /** HTTP: the request target as sent, cut at {@link MAX_TEXT} characters. */
  target: string;
  /** HTTP: the Host header; null when there was none. */
  host: string | null;
  /** HTTP: x-request-id, else traceparent; null when there was none. */
  id: string | null;
}

export interface ResponseHead {
  frame: FrameRef;
  time: Nanos;
  status: number;
}

/** Texts of a message kept in memory are cut here, so that a crafted head cannot fill it. */
export const MAX_TEXT = 2048;

/** What a capture can lack to judge an exchange: bytes, the other direction, the request, or what came after. */
export type Doubt = "gap" | "snap" | "one-direction" | "no-request" | "capture-ended";

export type Outcome = "answered" | "late" | "unanswered" | "pending" | "unknown";

/** One request and its final response. Made by the sink, updated by the session through the sink, judged by src/flow. */
export interface Exchange {
  readonly flow: number;
  readonly protocol: Protocol;
  /** The side that asked (or would have: for a response without a request, the other side of the responder). */
  readonly requester: Side;
  request: RequestHead | null;
  /** Time of the last byte of the request seen so far. */
  requestEnd: Nanos;
  requestComplete: boolean;
  response: ResponseHead | null;
  responseComplete: boolean;
  /** 1xx responses that came before the final one. */
  interim: number;
  /** Why the capture forbids a judgement, if it does. */
  doubt: null | Doubt;
  outcome: Outcome;
  waited: Nanos;
  gaveUp: Side | null;
  /** When and in which frame the requester or responder gave up; frame 0 when nobody did. */
  gaveUpFrame: FrameRef;
}

/** Where a session reports messages. The session pairs them: in order for HTTP/1, by stream for HTTP/2. */
export interface ExchangeSink {
  /** A request's head is complete. `side` is the requester. */
  request(side: Side, head: RequestHead): Exchange;
  /** More bytes of the request came; `complete` when they were the last. */
  requestBytes(exchange: Exchange, time: Nanos, complete: boolean): void;
  /** The head of the final response is complete. `exchange` is null when no request for it was captured. `side` is the responder. */
  response(exchange: Exchange | null, side: Side, head: ResponseHead): Exchange;
  responseComplete(exchange: Exchange): void;
  interim(exchange: Exchange): void;
  /** A gap may have swallowed the response to this exchange. */
  doubt(exchange: Exchange, why: "gap" | "snap"): void;
  /** The flow turns into something else (101, CONNECT): nothing after this is an exchange. */
  upgraded(): void;
}
