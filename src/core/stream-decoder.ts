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
  /**
   * Asked once, at a flow's first payload, before any probing: is this flow yours by its ports, because the person on call said
   * so? Its session, or null.
   */
  claim?(sink: ExchangeSink, opening: FlowOpening): StreamSession | null;
  open(sink: ExchangeSink): StreamSession;
}

/** What is known of a flow when its first payload comes. */
export interface FlowOpening {
  /** By side. */
  readonly ports: readonly [number, number];
  /** The capture shows the flow from its SYN, without a hole so far: what comes is the first that was said. */
  readonly fromStart: boolean;
}

/** One flow's decoder at work. `bytes` are valid only during the call. */
export interface StreamSession {
  /**
   * The next bytes of a direction: bytes[start, end), all from one captured segment. `behind`: how many bytes of that segment lie
   * behind them and were captured, 0 unless told; nothing that a decoder needs, but it tells where in the packet these were.
   */
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos, behind?: number): void;
  /**
   * Are the next `length` bytes of this direction, a whole segment, of no interest, whatever they are and whenever they came? True: they
   * count as read. Optional: it spares the session the inside of long bodies.
   */
  passes?(side: Side, length: number): boolean;
  /** `length` bytes of this direction are not in the capture: lost, or cut by the snap length. More may follow. */
  gap(side: Side, length: number, reason: "missing" | "snap"): void;
  /** Nothing more comes in this direction. */
  end(side: Side, how: "fin" | "reset" | "capture"): void;
  /**
   * It takes over where an exchange asked for it (h2c, RFC 7540 §3.2): that exchange, null when the capture lacks it, is answered by
   * the first thing that this session says. Only of protocols that are upgraded to in this way.
   */
  adopt?(exchange: Exchange | null, requester: Side): void;
}

/** The head of a request: its first frame, and the words that identify it. */
export interface RequestHead {
  frame: FrameRef;
  time: Nanos;
  /** HTTP: the method. Databases and caches: the command in capitals (`QUERY`, `EXECUTE`, `GET`). */
  method: string;
  /** HTTP: the request target as sent. Databases: the statement, also where it was prepared before. Caches: the first key. Cut at {@link MAX_TEXT} characters. */
  target: string;
  /** HTTP: the Host header. Databases: the database in use. Null when it is not known. */
  host: string | null;
  /** x-request-id, else traceparent (in SQL: in a comment); null when there was none. */
  id: string | null;
  /** Whoever asks this means to wait (BLPOP, a replication stream, a subscription): its waiting is no fault. */
  waits?: boolean;
}

export interface ResponseHead {
  frame: FrameRef;
  time: Nanos;
  /** HTTP: the status code. Null where the protocol has none. */
  status: number | null;
  /** Databases, caches, gRPC: what failed. HTTP says it by its status. */
  error: Failure | null;
  /** Bytes of the body, where the head says it. */
  length?: number;
}

export interface Failure {
  /** As the protocol has it: "1146", "53300", "WRONGTYPE", "UNAVAILABLE". */
  code: string;
  /** The server's words, cut at {@link MAX_TEXT}. */
  text: string;
}

/** What is said beside requests and responses, and changes how the connection's end is to be read. */
export interface Remark {
  side: Side;
  frame: FrameRef;
  time: Nanos;
  /**
   * farewell: this side says that it is about to close (COM_QUIT, Terminate, QUIT, close_notify, GOAWAY without an error).
   * refusal: the server will not serve this connection, or ends it (ERR 1040, FATAL 53300 and 57P01, GOAWAY with an error, a fatal alert).
   */
  kind: "farewell" | "refusal";
  /** Of a refusal: the protocol's code. */
  code: string | null;
  text: string;
}

/** A message whose bytes cannot be what they claim to be. */
export interface BrokenMessage {
  side: Side;
  frame: FrameRef;
  time: Nanos;
  /** Bytes of this direction before the message, as far as the session was shown them (gaps included). */
  offset: number;
  /** What is wrong, in words: "length 4,294,967,041 is above the limit of 16,777,216". */
  what: string;
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
  /** Payload bytes of the response, headers excluded, as far as they were seen or announced. */
  responseBytes: number;
  /** Databases: the server said that a transaction is open after this. Null when it does not say. */
  inTransaction: boolean | null;
  /** Why the capture forbids a judgement, if it does. */
  doubt: null | Doubt;
  outcome: Outcome;
  waited: Nanos;
  gaveUp: Side | null;
  /** In which frame the requester or responder gave up; 0 when nobody did. */
  gaveUpFrame: FrameRef;
  /** How long it had waited then. The answer may come later still. */
  gaveUpAfter?: Nanos;
  /**
   * What was being served on the requester's host when this was asked, and carried the same request id, or the same words unlike any
   * other: the innermost. Null where neither tells; that two overlap in time tells nothing. Never more than {@link MAX_BEHALF} deep.
   */
  onBehalfOf: Exchange | null;
  /** Of those of its service that wait for an answer (flow/waiting-requests.ts): which it waits behind, and before which. */
  waitsBehind: Exchange | null;
  waitsBefore: Exchange | null;
  /** Where several threads or machines share the flows: its place among those that may change yet. 0 otherwise, and once nothing changes. */
  slot: number;
}

/** A request handed on by more hosts than so many is crafted, or goes in circles: the chain begins anew. */
export const MAX_BEHALF = 16;

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
  /**
   * `side` takes this exchange back, and the connection goes on (RST_STREAM, a cancelled statement without an answer). It is judged
   * at once, as the end of a connection would.
   */
  cancel(exchange: Exchange, side: Side, frame: FrameRef, time: Nanos): void;
  /**
   * The head of a response to an exchange that its requester had cancelled, once: it was on its way, and nobody reads it. For how
   * many cancelled exchanges that is looked for is the session's to bound; the others stay unanswered.
   */
  answeredLate(exchange: Exchange, side: Side, head: ResponseHead): void;
  remark(remark: Remark): void;
  /** A fact about the connection. The last word counts. */
  label(name: Label, value: string): void;
  /** A message of this side ended where its length said. Only protocols whose framing is in question count them (`framed`). */
  intact(side: Side): void;
  broken(message: BrokenMessage): void;
  /**
   * The flow turns into something else (101, CONNECT, STARTTLS): nothing after this is of this session. With a protocol, its
   * session takes over and is returned: hand it what is left of the segment. "unknown" is a tunnel: if TLS follows, which its bytes
   * tell, it is read for what it says of itself; nothing else is, for exchanges in a tunnel are with somebody beyond. Null: nobody
   * reads on.
   */
  upgraded(to?: Protocol): StreamSession | null;
}

/** encrypted and compressed say by what ("tls", "gssapi"; "zlib", "zstd"), and that the rest of the connection is not read for it. */
export type Label =
  | "sni"
  | "alpn"
  | "version"
  | "user"
  | "database"
  | "application"
  | "server"
  | "encrypted"
  | "compressed";
