// What does a report hold? The object behind every format: `--format json` is this, as it stands (DESIGN.md §4).
// Field names are snake_case, units come last, times are ISO 8601 UTC with nine decimals.

import type { Endpoint } from "./address.ts";
import type { Metrics, Party, Severity } from "./analysis.ts";
import type { Ending, StateName } from "./flow-view.ts";
import type { ReportRedaction } from "./redaction.ts";
import type { DumpFormat, SocketState } from "./socket-table.ts";
import type { Doubt, Failure, Outcome, Protocol } from "./stream-decoder.ts";
import type { SummarisedKind } from "./summarised.ts";

export const REPORT_SCHEMA = "halfclose.report/1";

export interface Problem {
  code: string;
  /** Byte offset in the (decompressed) file; null when the problem has no place. */
  offset: number | null;
  message: string;
}

export interface ReportCapture {
  path: string;
  format: string;
  link_types: string[];
  packets: number;
  first_time: string | null;
  last_time: string | null;
  /** Copies of packets that another interface or file also saw. */
  duplicates: number;
  /** Packets cut by the snap length. */
  truncated_packets: number;
  /** Packets dropped while capturing, by the file's own statistics; null when it has none. */
  dropped_packets: number | null;
  problems: Problem[];
  /** Problems beyond those listed. */
  more_problems: number;
  comments: string[];
}

export interface ReportTotals {
  packets: number;
  tcp_segments: number;
  flows: number;
  requests: number;
  answered: number;
  late: number;
  unanswered: number;
  pending: number;
  unknown: number;
  /** Packets that are not TCP, by name. */
  other_packets: Record<string, number>;
  malformed_packets: number;
}

/** Packets of a capture. */
export interface ReportPacketEvidence {
  flow: number;
  file?: string;
  frames: number[];
  wireshark: string;
  /** The same case as the piece before this one, in another file. */
  continues?: true;
  /** What is to be seen there. */
  note?: string;
}

/** Lines of a socket dump. */
export interface ReportLineEvidence {
  /** The dump's `source`. */
  dump: string;
  /** 1-based, ascending. */
  lines: number[];
  /** What is to be seen there. */
  note?: string;
}

export type ReportEvidence = ReportPacketEvidence | ReportLineEvidence;

export interface ReportFinding {
  id: string;
  analysis: string;
  severity: Severity;
  title: string;
  summary: string;
  subject: { holder: Party; peer: Party | null };
  count: number;
  onset: string | null;
  metrics: Metrics;
  evidence: ReportEvidence[];
  advice: string[];
  timeline?: number[];
}

export type Role = "cause" | "mechanism" | "symptom";

export interface Diagnosis {
  summary: string;
  confidence: "high" | "medium" | "low";
  confidence_because: string;
  chain: { finding: string; role: Role; at: string | null; text: string }[];
  ruled_out: { what: string; because: string }[];
  /** What to look at next, where the capture cannot tell. */
  next?: string[];
}

export interface PerSide<T> {
  client: T;
  server: T;
}

export interface ReportFlow {
  flow: number;
  client: Endpoint;
  server: Endpoint;
  role_certain?: false;
  file?: string;
  first_frame: number;
  last_frame: number;
  first_time: string;
  last_time: string;
  packets: PerSide<number>;
  bytes: PerSide<number>;
  wire_bytes: PerSide<number>;
  duplicates: PerSide<number>;
  flags: PerSide<{ syn: number; syn_ack: number; fin: number; rst: number }>;
  handshake: "full" | "partial" | "none";
  closed_first: "client" | "server" | "both" | null;
  ending: Ending;
  state: PerSide<StateName>;
  protocol: Protocol;
  retransmissions: PerSide<number>;
  missing_bytes: PerSide<number>;
}

/** A socket that one end of a flow held at a moment. */
export interface ReportSocket {
  at: string;
  flow: number;
  local: Endpoint;
  /** As its own socket table shows it. */
  remote: Endpoint;
  state: StateName;
  /** Null when the connection is older than the capture. */
  since: string | null;
  /** False where the capture does not prove it: assumed from a timer, from one direction, or later than its last packet. */
  certain: boolean;
}

/** Sockets by state; none is zero. */
export type StateCounts = Partial<Record<StateName, number>>;

/** The sockets of all ends at a moment. */
export interface ReportStateCounts {
  time: string;
  counts: StateCounts;
  /** By service and its clients' address, seen from either side: a service has its port, a client none. Most sockets first. */
  by_endpoint: { local: Party; remote: Party; counts: StateCounts }[];
}

export interface ReportExchange {
  flow: number;
  /**
   * That of its flow; one stream of HTTP/2 goes by the name that ALPN has for it (RFC 9113 §3.1), for the connection carries many at
   * a time: whoever selects "http" has exchanges whose order is that of their bytes.
   */
  protocol: Exclude<Protocol, "http2"> | "h2";
  file?: string;
  request: {
    frame: number;
    time: string;
    method: string;
    target: string;
    host: string | null;
    id: string | null;
  } | null;
  /** `error` is what a database, a cache or gRPC says that failed. */
  response: { frame: number; time: string; status: number | null; error?: Failure } | null;
  outcome: Outcome;
  waited_s: number | null;
  gave_up: "client" | "server" | null;
  interim: number;
  /** A database said that a transaction is open after this, or that none is. */
  in_transaction?: boolean;
  /** Why the outcome is unknown. */
  doubt?: Doubt;
}

/** Requests of one client to one service, on behalf of one caller. */
export interface ReportLink {
  client: string;
  /** The service on the client's host that they are made for; null where none is known. */
  caller: Endpoint | null;
  service: Endpoint;
  protocol: Protocol;
  requests: number;
  /** On what the caller rests, and the share of the client's requests that speak for it. */
  basis: "request ids" | "the same requests" | "time" | null;
  share: number;
  /** Of the answers to that client: median, 99th percentile, longest; null without an answer. */
  waited_s: number | null;
  waited_p99_s: number | null;
  longest_s: number | null;
}

/** A socket dump that was given beside the capture; or an input that could not be read, with its problem. */
export interface ReportDump {
  source: string;
  format: DumpFormat | null;
  taken_at: string | null;
  /** The time was written without a zone, and was read as UTC. */
  zone_assumed?: true;
  /** Rows of connections; of these, rows that have packets in the capture, and none. Names that are no addresses cannot be looked up. */
  connections: number;
  in_capture: number;
  not_in_capture: number;
  not_looked_up: number;
  /** Of `in_capture`, by the state at that time; null where the dump says no time. */
  states: { agree: number; unsure: number; differ: number } | null;
  /** The first of those that differ. */
  differing: { line: number; flow: number; listed: SocketState; worked_out: SocketState }[];
  unread_lines: number;
  problems: Problem[];
}

/** Connections of which only counts are left. */
export interface ReportServiceSummary {
  flows: number;
  closed: number;
  half_closed: number;
  reset: number;
  refused: number;
  unanswered: number;
  open: number;
  closed_first: { client: number; server: number; both: number };
  packets: number;
  /** TCP payload. */
  bytes: number;
  first_time: string;
  last_time: string;
}

/** What `--memory` did not keep. */
export interface ReportSummarised {
  /** In words: why, and what of the report it touches. */
  because: string;
  budget_bytes: number;
  /** False when more was needed all the same, by the program's own estimate. */
  within_budget: boolean;
  /** Connections in `totals.flows` of which only these counts are left. */
  flows: number;
  /** Of those, by kind, in the order of letting go; with the first and the last time of their packets. */
  kinds: { kind: SummarisedKind; flows: number; first_time: string; last_time: string }[];
  /** By service, the busiest first; services beyond the first thousand are one sum. */
  services: ({ service: Endpoint } & ReportServiceSummary)[];
  other_services?: ReportServiceSummary;
  /** Services of which it is not known any more how they answered over time; one that was asked again later counts twice. Absent when none. */
  forgotten_services?: {
    services: number;
    /** What was asked of them, by outcome; part of `totals`. */
    exchanges: { answered: number; late: number; unanswered: number; pending: number; unknown: number };
  };
  /** Exchanges in `totals` that nothing else in the report tells of. */
  exchanges: { answered: number; late: number; unanswered: number; pending: number; unknown: number };
  cut_responses: number;
  /** Samples of how long answers took, over time, that went with their connections; the distributions have every answer. */
  latency_samples: number;
  /** Segments of summarised connections that came when they were over, and connections that went on, told as others from there on. */
  late_segments: number;
  resumed: number;
}

export interface Report {
  schema: typeof REPORT_SCHEMA;
  version: string;
  captures: ReportCapture[];
  /** Dumps that were given beside it; absent without. */
  sockets?: ReportDump[];
  totals: ReportTotals;
  /** What was replaced before anybody reads it; absent from reports of versions that did not say. */
  redaction?: ReportRedaction;
  /** First and last time stamp of what was analysed (`--from`, `--to`): timelines run from the one to the other. Absent without a packet. */
  analysed?: { first_time: string; last_time: string };
  /** What a memory budget (`--memory`) left of what could not be kept; absent when everything was. */
  summarised?: ReportSummarised;
  findings: ReportFinding[];
  clear: { analysis: string; because: string }[];
  unsure: { analysis: string; needs: string }[];
  /** Analyses that failed by a fault of the program; the rest went on. */
  failed: { analysis: string; error: string }[];
  diagnosis: Diagnosis;
  /** Who calls whom, the busiest first: the first hundred of `links`. */
  topology: { links: number; calls: ReportLink[] };
  flows?: ReportFlow[];
  exchanges?: ReportExchange[];
}
