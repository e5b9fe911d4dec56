// What does a topology show? Services and who calls them, how that went, and where it broke. Plain data: src/pictures/topology.ts
// makes it, topology.ts draws it.

import type { Severity } from "../../core/analysis.ts";
import type { Nanos } from "../../core/clock.ts";

/** A finding about a node. */
export interface TopologyFault {
  /** Its id: "unanswered-requests#1". */
  finding: string;
  severity: Severity;
  /** What the node did, without its name: "did not answer 130 requests from 127.0.0.1". */
  text: string;
  /** The diagnosis says that the rest follows from it. */
  isCause: boolean;
}

export interface Outcomes {
  answered: number;
  late: number;
  unanswered: number;
  pending: number;
  unknown: number;
}

export interface TopologyNode {
  /** `127.0.0.1:8280`; of clients an address, or "12 clients". */
  name: string;
  kind: "client" | "service";
  /** The addresses behind "12 clients": the first ones. */
  members: readonly string[];
  /** What it speaks: "http", "mysql". */
  protocols: readonly string[];
  /** How the requests to it went; null for clients, and where no request is known. */
  outcomes: Outcomes | null;
  /** The worst first. */
  faults: readonly TopologyFault[];
}

export interface TopologyEdge {
  /** Indices of `nodes`. */
  from: number;
  to: number;
  requests: number;
  /** Where no request could be read. */
  connections: number;
  /** Of the requests; null where the capture does not tell which of several callers asked. */
  late: number | null;
  unanswered: number | null;
  /** Of the answers: median and 99th percentile; null without an answer, and for clients that are told together but not counted so. */
  waited: Nanos | null;
  waitedP99: Nanos | null;
  /** On what it rests that `from` is the caller; null for clients. */
  basis: string | null;
}

export interface TopologyPicture {
  nodes: readonly TopologyNode[];
  edges: readonly TopologyEdge[];
  /** What is to be seen, in one sentence. */
  subject: string;
  /** What is not shown, and findings that belong to no node. */
  notes: readonly string[];
}
