// What may an analysis know? Flows, endpoints and exchanges as plain facts: no bytes, no files, no packets.
//
// The flow room keeps typed columns; a `FlowRow` is a view onto one row of them. Rows and ends handed out by `flows()` are
// reused: read what you need, and keep `id` (or call `row(id)`) rather than the object.

import type { Endpoint } from "./address.ts";
import type { CaptureClock, Nanos } from "./clock.ts";
import type { FrameRef } from "./frame.ts";
import type { Hosts } from "./host-settings.ts";
import type { Exchange, Protocol, Side } from "./stream-decoder.ts";

export type StateName =
  | "CLOSED"
  | "SYN_SENT"
  | "SYN_RECEIVED"
  | "ESTABLISHED"
  | "FIN_WAIT_1"
  | "FIN_WAIT_2"
  | "CLOSE_WAIT"
  | "CLOSING"
  | "LAST_ACK"
  | "TIME_WAIT";

export type Ending = "closed" | "half-closed" | "reset" | "refused" | "unanswered" | "open";

/** A moment in the capture. */
export interface Moment {
  frame: FrameRef;
  time: Nanos;
}

/**
 * The socket of one end over time, timers of its host included: spans in order, without gaps, each with one state. No span:
 * no socket. The object is reused; read it before you ask for another.
 */
export interface StateHistory {
  readonly count: number;
  state(n: number): StateName;
  /** −Infinity when the connection is older than the capture. */
  from(n: number): Nanos;
  /** +Infinity when nothing that was seen ends it. */
  until(n: number): Nanos;
  /** False where the capture does not prove it: assumed from a timer, from one direction, from a connection joined midway. */
  certain(n: number): boolean;
}

export interface FlowRow {
  readonly id: number;
  readonly client: EndRow;
  readonly server: EndRow;
  /** False when the client is a guess: no SYN, no SYN-ACK was captured. */
  readonly roleCertain: boolean;
  readonly handshake: "full" | "partial" | "none";
  readonly ending: Ending;
  /** Whose FIN came first; "both" when they crossed. */
  readonly closedFirst: "client" | "server" | "both" | null;
  readonly protocol: Protocol;
  readonly first: Moment;
  readonly last: Moment;
  readonly synAck: Moment | null;
  readonly requests: number;
  readonly responses: number;
  /** Payload bytes that the receiver acknowledged or that were given up on are not in the capture. */
  readonly hasGaps: boolean;
  readonly hasSnappedPayload: boolean;
  /** Its answers came from another address (NAT REDIRECT to a local proxy), and were joined to it. */
  readonly redirected: boolean;
  /** This is only the other half of a redirected connection: the flow that has the rest, and all the states. */
  readonly answersOf: number | null;
  /** Only one of the two directions is in the capture, and the other one must have existed. */
  readonly oneDirection: boolean;
  end(side: Side): EndRow;
}

export interface EndRow {
  readonly side: Side;
  readonly address: string;
  readonly port: number;
  readonly packets: number;
  /** TCP payload on the wire, retransmissions and copies included. */
  readonly bytes: number;
  /** Sum of the original lengths of its frames. */
  readonly wireBytes: number;
  /** Frames among `packets` that are copies of a packet seen on another interface. */
  readonly copies: number;
  readonly syns: number;
  readonly synAcks: number;
  readonly fins: number;
  readonly rsts: number;
  readonly retransmissions: number;
  /** What its own and the peer's packets have made of it, timers aside. */
  readonly state: StateName;
  /** The other end as its own socket table shows it: a redirected client (NAT REDIRECT) sees the address that it called. */
  readonly remote: Endpoint;
  /** What `ss` would have shown of its socket, at any moment. */
  readonly history: StateHistory;
  /** Its first FIN. */
  readonly fin: Moment | null;
  /** Where the peer acknowledged that FIN. */
  readonly finAcked: Moment | null;
  /** Its first RST. */
  readonly rst: Moment | null;
  /** The RST carried ACK: a live socket was aborted. Without ACK, no socket was found (RFC 9293 §3.10.7.1). */
  readonly rstWithAck: boolean;
  readonly firstData: FrameRef;
  readonly lastData: Moment | null;
  /** How long no payload had moved, in either direction, when it sent its first FIN; when it sent its first RST. What it said with it (a TLS alert, an error) is left aside. Null without one, and for what came second. */
  readonly idleBeforeFin: Nanos | null;
  readonly idleBeforeRst: Nanos | null;
  /** Segments of new payload that it sent after it had acknowledged the peer's FIN, or after the peer's RST. */
  readonly writesAfterClose: number;
  /** The first of them. */
  readonly firstWriteAfterClose: Moment | null;
  /** Those of `writesAfterClose` that are nothing but a protocol's farewell (a TLS alert, COM_QUIT): no request. */
  readonly farewellsAfterClose: number;
  /** Payload bytes of this side that the capture lacks. */
  readonly missing: number;
}

/** How the exchanges with one service went. */
export interface ServiceTally {
  readonly service: Endpoint;
  readonly protocol: Protocol;
  flows: number;
  answered: number;
  late: number;
  unanswered: number;
  pending: number;
  unknown: number;
  lastAnswer: Moment | null;
  /** The longest that an answered request waited. */
  longestAnswer: Nanos;
}

/** All that the analyses see. */
export interface CaptureView {
  readonly clock: CaptureClock;
  /** Timers and port ranges of the hosts. */
  readonly hosts: Hosts;
  /** First and last time stamp of the packets analysed. */
  readonly firstTime: Nanos;
  readonly lastTime: Nanos;
  readonly flowCount: number;
  flows(): Iterable<FlowRow>;
  /** A row of its own, safe to keep. */
  row(id: number): FlowRow;
  /** Every exchange that was not plainly answered, in order of request. */
  readonly exchanges: readonly Exchange[];
  /** Responses whose body was cut by a reset. */
  readonly cutResponses: readonly Exchange[];
  readonly services: readonly ServiceTally[];
  readonly quality: CaptureQuality;
}

/** How far the capture can be trusted. */
export interface CaptureQuality {
  packets: number;
  tcpSegments: number;
  /** Packets that the kernel or the interface dropped, by the capture file's own statistics; null when it has none. */
  dropped: number | null;
  snapped: number;
  truncated: number;
  malformed: number;
  /** Segments left out for a wrong checksum, when that was asked for. */
  badChecksums: number;
  copies: number;
  /** Files that ended in damage. */
  damagedFiles: number;
  /** What is in the capture beside TCP: name → packets. */
  others: ReadonlyMap<string, number>;
}
