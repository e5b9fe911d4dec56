// What does a ladder show? The packets of one connection, or of several that belong to one request, between lifelines in order of
// time; and beside them the state that each end's socket was in. Plain data: src/pictures/ladder.ts makes it, diagram/ladder draws it.
//
// Times are nanoseconds since `start`; spans may begin before it (−Infinity) or outlast the capture.

import type { Nanos } from "../../core/clock.ts";
import type { StateName } from "../../core/flow-view.ts";
import type { Outcome } from "../../core/stream-decoder.ts";

/** One socket address: on loopback two ends of a connection differ in nothing but the port. */
export interface Lifeline {
  /** `127.0.0.1:8280`. */
  name: string;
  /** What it is to the others: "client", "service", "service, as client". */
  role: string;
}

/** One connection of the ladder. Indices are those of `lifelines`. */
export interface Leg {
  flow: number;
  client: number;
  server: number;
  /** As in the outputs: "http", "mysql", "unknown". */
  protocol: string;
}

export interface SegmentRow {
  kind: "segment";
  time: Nanos;
  leg: number;
  from: number;
  to: number;
  /** Wireshark's number within its file; `file` where there are several. */
  frame: number;
  file?: string;
  /** "SYN", "SYN, ACK", "ACK", "PSH, ACK", "FIN, ACK", "RST". */
  flags: string;
  /** Relative to each end's first sequence number; null where the flag does not carry it. */
  seq: number;
  ack: number | null;
  /** Payload bytes on the wire. */
  length: number;
  marks: readonly ("retransmission" | "copy" | "out of order" | "window 0" | "after close" | "keep-alive")[];
  /** The messages that begin in it: `GET /orders/7`, `200`, `QUERY SELECT …`. Redacted as the report is. */
  messages: readonly string[];
  /** Why it is cited, when it is. */
  note: string | null;
}

/** Packets that are not shown one by one. */
export interface OmittedRow {
  kind: "omitted";
  time: Nanos;
  until: Nanos;
  leg: number;
  packets: number;
  bytes: number;
  /** Requests among them that were answered. */
  answered: number;
}

export type LadderRow = SegmentRow | OmittedRow;

export interface StateSpan {
  leg: number;
  lifeline: number;
  state: StateName;
  /** −Infinity: older than the capture. */
  from: Nanos;
  /** +Infinity: nothing that was seen ends it. */
  until: Nanos;
  certain: boolean;
}

/** A request from its head to its answer, or to the moment when somebody gave up. */
export interface Wait {
  leg: number;
  /** `GET /orders/7`. */
  name: string;
  from: Nanos;
  /** When the answer began, or when it was given up; the end of the capture where it is pending. */
  until: Nanos;
  outcome: Outcome;
  /** Who gave up, as an index of `lifelines`. */
  gaveUp: number | null;
}

export interface LadderPicture {
  /** ISO 8601 UTC with nine decimals: the time of offset 0, that of the first row. */
  start: string;
  /** Of the capture. */
  end: Nanos;
  lifelines: readonly Lifeline[];
  legs: readonly Leg[];
  /** In order of time. */
  rows: readonly LadderRow[];
  spans: readonly StateSpan[];
  waits: readonly Wait[];
  /** What is to be seen, in one sentence: the finding's title, or "connection 17". */
  subject: string;
}
