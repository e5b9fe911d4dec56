// What may an analysis know? Flows, endpoints and exchanges as plain facts: no bytes, no files, no packets.
//
// The flow room keeps typed columns; a `FlowRow` is a view onto one row of them. Rows and ends handed out by `flows()` are
// reused: read what you need, and keep `id` (or call `row(id)`) rather than the object.

import type { Endpoint } from "./address.ts";
import type { CaptureClock, Nanos } from "./clock.ts";
import type { FrameRef } from "./frame.ts";
import type { Hosts } from "./host-settings.ts";
import type { BrokenMessage, Exchange, Label, Outcome, Protocol, Remark, Side } from "./stream-decoder.ts";
import type { Summarised } from "./summarised.ts";

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

/** Segments that carried each flag. */
export interface FlagCounts {
  syns: number;
  synAcks: number;
  fins: number;
  rsts: number;
}

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

/**
 * What is to be seen on a flow: `flows(having)` hands out those that have any of these, and passes over the others for the price of
 * two bytes each. Most questions are about few of the flows.
 */
export const Sign = {
  /** Payload, by either end. */
  data: 1,
  /** A RST, by either end. */
  rst: 2,
  refused: 4,
  unanswered: 512,
  /** It has notes. */
  notes: 8,
  /** It began before the capture, or one of its directions is not in it. */
  partial: 16,
  /** FIN and its ACK in both directions within a second (`HELD_NS`), and no RST. */
  smoothClose: 32,
  /** A smooth close in which one end acknowledged the other's FIN before it sent its own. */
  closedInTurn: 1024,
  /** A FIN, and not a smooth close. */
  roughClose: 64,
  /** FIN or RST of one end came when no payload had moved for {@link IDLE_NS}. */
  idleEnd: 128,
  /** Something was sent again, held back for want of room, missing, or written after the close. */
  hindered: 256,
} as const;

/** Of what family is the address that has this number ({@link EndRow.host})? */
export const isIpv4 = (host: number): boolean => host < 2 ** 32;

/** Programs set idle time-outs in seconds. Shorter pauses come from the work itself. */
export const IDLE_NS = 1e9;

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
  /** What its decoder said beside exchanges; null when nothing. */
  readonly notes: FlowNotes | null;
  end(side: Side): EndRow;
}

export interface FlowNotes {
  readonly labels: ReadonlyMap<Label, string>;
  /** The first ones and the last. */
  readonly remarks: readonly Remark[];
  /** Messages that ended where they said, by side; counted by `framed` only. */
  readonly intact: readonly [number, number];
  /** The first of `brokenCount`. */
  readonly broken: readonly BrokenMessage[];
  readonly brokenCount: number;
  /** The last request on this connection, of the protocols other than HTTP, and how many there were. */
  readonly last: Exchange | null;
  readonly asked: number;
  /** What the client's host was serving when `last` was sent, the newest first: one of them asked for it. */
  readonly candidates: readonly Exchange[];
}

export interface EndRow {
  readonly side: Side;
  readonly address: string;
  /** The address as a number, the same for the same address: a key that costs no text. Of IPv4 its 32 bits; of IPv6 a number beyond. */
  readonly host: number;
  readonly port: number;
  /** Address and port as one number, likewise. */
  readonly place: number;
  readonly packets: number;
  /** TCP payload on the wire, retransmissions and copies included. */
  readonly bytes: number;
  /** Sum of the original lengths of its frames. */
  readonly wireBytes: number;
  /** Frames among `packets` that are copies of a packet seen on another interface. */
  readonly copies: number;
  /** Of those that are copies. */
  readonly copiedFlags: Readonly<FlagCounts>;
  readonly syns: number;
  readonly synAcks: number;
  readonly fins: number;
  readonly rsts: number;
  readonly retransmissions: number;
  /** What its own and the peer's packets have made of it, timers aside. */
  readonly state: StateName;
  /** The other end as its own socket table shows it: a redirected client (NAT REDIRECT) sees the address that it called. */
  readonly remote: Endpoint;
  /** `remote` as one number, as `place` is. */
  readonly remotePlace: number;
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
  /** When it said that it had no room (a window of zero, SYN and RST aside); null when never. */
  readonly stalls: Stalls | null;
  /** What it sent again once the connection stood, so far as that speaks of the path; null when nothing. */
  readonly repetitions: Repetitions | null;
}

/** The spells in which the window of one end was zero: from the segment that said so to its next one with room. */
export interface Stalls {
  readonly count: number;
  readonly total: Nanos;
  readonly longest: Nanos;
  /** Spells in which the peer had more to say: it probed or sent meanwhile, or went on as soon as there was room. */
  readonly pressed: number;
  /** The share of `total` and the longest of those. */
  readonly waited: Nanos;
  readonly longestWait: Nanos;
  readonly since: Moment;
  /** Where the last one began, and where it ended: with room, or with the connection. */
  readonly last: Moment;
  readonly until: Moment | null;
  /** It lasted still when the capture ended. */
  readonly open: boolean;
  /** How long the peer had waited in the last one when the connection or the capture ended without room; 0 when there was room again. */
  readonly stuck: Nanos;
}

/** Payload and FINs sent again, without probes, the repetition of what had met silence, and what nobody ever answered. */
export interface Repetitions {
  readonly count: number;
  /** Moments in which that happened, 200 ms or more apart: what is lost together counts once. */
  readonly events: number;
  /** Beside them: the last segment again within a millisecond. No sender does that; the packet was captured twice. */
  readonly echoes: number;
  /** Beside them: what may have arrived. The peer had acknowledged it, or may yet have held back its word (the last segment again within 200 ms). */
  readonly doubtful: number;
  readonly first: Moment;
  readonly last: Moment;
}

export interface LatencyPoint {
  readonly flow: number;
  readonly frame: FrameRef;
  readonly asked: Nanos;
  readonly waited: Nanos;
  readonly kind: string;
  readonly status: number | null;
  /** Bytes of the response's body, where its head said it. */
  readonly length: number | null;
}

/** How long things took. */
export interface Durations {
  readonly count: number;
  readonly sum: Nanos;
  readonly longest: Nanos;
  /** Within a tenth. */
  percentile(q: number): Nanos;
}

/** How long a service's answers took. */
export interface Latencies extends Durations {
  /** Over time, thinned out evenly where there are many. `kind`: what was asked; "" beyond the first 64 kinds. */
  points(): Iterable<LatencyPoint>;
}

/** A time in which a service had requests and answered none of them, 200 ms or longer. */
export interface Silence {
  /** From the last answer, or from the first request when nothing waited then. */
  readonly from: Nanos;
  /** To the next answer, or to the end of the capture (`isOpen`). */
  readonly until: Nanos;
  readonly isOpen: boolean;
  /** It ended with the answer to a request that had come late in it, while older ones went on waiting. */
  readonly isSelective: boolean;
  /** The request that had waited longest when it began. */
  readonly first: Exchange;
  /** Requests that waited or came meanwhile; those of them that were given up. */
  readonly requests: number;
  readonly gaveUp: number;
  /** How many connections they were on, and what they asked: the first ones. */
  readonly connections: number;
  readonly kinds: readonly string[];
}

/** A time without any request, one second or longer. */
export interface Rest {
  readonly from: Nanos;
  readonly until: Nanos;
}

/** Of [from, until): how many requests came, how many were answered, late, or given up then, and how many waited at its end. */
export interface RequestBucket {
  readonly from: Nanos;
  readonly until: Nanos;
  readonly asked: number;
  readonly answered: number;
  /** By the moment of the response. */
  readonly late: number;
  /** By the moment of giving up. */
  readonly unanswered: number;
  /** Whoever asked waits still. Without those who mean to (BLPOP), and those of whom the capture cannot tell. */
  readonly waiting: number;
}

/** The requests of a service over time: up to a fixed number of equal buckets without gaps, from the first event to the last. */
export interface RequestsOverTime {
  buckets(): readonly RequestBucket[];
}

export interface ServiceActivity {
  readonly overTime: RequestsOverTime;
  readonly latencies: Latencies;
  /** The longest ones; the last one lasts to the end of the capture. */
  readonly rests: readonly Rest[];
  /** The longest ones. */
  readonly silences: readonly Silence[];
  /** Answers that took 100 ms or longer: the first of `slowCount`. */
  readonly slow: readonly Exchange[];
  readonly slowCount: number;
}

/** Who asks which service, and on whose behalf: votes of the requests for the services on the client's host that they may serve. */
export interface Edge {
  readonly client: string;
  readonly service: ServiceTally;
  readonly requests: number;
  /** Of the answers to them. */
  readonly waited: Durations;
  readonly withId: number;
  /** The same request id was being served there. */
  readonly byId: ReadonlyMap<ServiceTally, number>;
  /** The same method, target and host, unlike any other. */
  readonly byWords: ReadonlyMap<ServiceTally, number>;
  /** It was the last to have taken a request that it had not answered yet. */
  readonly byTime: ReadonlyMap<ServiceTally, number>;
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
  readonly activity: ServiceActivity;
}

/** All that the analyses see. */
export interface CaptureView {
  readonly clock: CaptureClock;
  /** Timers and port ranges of the hosts. */
  readonly hosts: Hosts;
  /** First and last time stamp of the packets analysed. */
  readonly firstTime: Nanos;
  readonly lastTime: Nanos;
  /** Those summarised included. */
  readonly flowCount: number;
  /** In order of first packet; those that are kept. `having`: only those with one of these signs ({@link Sign}, added up). */
  flows(having?: number): Iterable<FlowRow>;
  /** The protocols that were recognised, "unknown" aside. */
  readonly protocols: ReadonlySet<Protocol>;
  /** One row, moved from flow to flow. */
  rows(ids: Iterable<number>): Iterable<FlowRow>;
  /** A row of its own, safe to keep. */
  row(id: number): FlowRow;
  /** Every exchange that was not plainly answered, in order of request. */
  readonly exchanges: readonly Exchange[];
  /** Responses whose body was cut by a reset. */
  readonly cutResponses: readonly Exchange[];
  readonly services: readonly ServiceTally[];
  /** All exchanges by outcome, those of summarised services included. */
  readonly totals: Readonly<Record<Outcome, number>>;
  readonly edges: readonly Edge[];
  /** What a memory budget left of connections and exchanges that are in no list here; absent when everything was kept. */
  readonly summarised?: Summarised;
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
