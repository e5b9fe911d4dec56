// What is said of socket dumps? The objects of `halfclose sockets --json`, one a dump (DESIGN.md §4).
// Field names are snake_case, units come last, times are ISO 8601 UTC with nine decimals.

import type { Party } from "./analysis.ts";
import type { ReportRedaction } from "./redaction.ts";
import type { ReportFinding } from "./report.ts";
import type { DumpFormat, SocketState } from "./socket-table.ts";

export const SOCKETS_SCHEMA = "halfclose.sockets/1";

export type SocketCounts = Partial<Record<SocketState, number>>;

export interface ProcessSockets {
  /** Null where the dump does not name it. */
  process: string | null;
  pid: number | null;
  sockets: number;
  /** Distinct local ports, LISTEN aside. */
  ports: number;
  counts: SocketCounts;
}

export interface PeerSockets {
  /** Where a service is on this host: the service, with its port, and who calls it; else this host, and the service that it calls. */
  local: Party;
  remote: Party;
  sockets: number;
  ports: number;
  counts: SocketCounts;
}

export interface SocketsObject {
  schema: typeof SOCKETS_SCHEMA;
  source: string;
  format: DumpFormat;
  taken_at: string | null;
  /** The time was written without a zone, and was read as UTC. */
  zone_assumed?: true;
  sockets: number;
  /** As the dump lists them. */
  counts: SocketCounts;
  /** Connections between two sockets that are both listed (loopback): they have two rows. */
  mirrored: number;
  /** Whoever took the dump could see processes, and asked for them. */
  has_owners: boolean;
  /** Most sockets first. The first hundred of `processes` and `peers`. */
  by_process: ProcessSockets[];
  processes: number;
  by_peer: PeerSockets[];
  peers: number;
  /** What `ss -s` counts; absent otherwise. */
  summary?: {
    established_and_close_wait: number | null;
    closed: number | null;
    orphaned: number | null;
    time_wait: number | null;
  };
  /** Rows of other protocols. */
  other_rows: number;
  unread_lines: number;
  /** The first of them. */
  unread: { line: number; text: string }[];
  /** Rows that were counted by state only: beyond the limit of what is kept. */
  not_kept: number;
  findings: ReportFinding[];
  clear: { analysis: string; because: string }[];
  unsure: { analysis: string; needs: string }[];
  /** Analyses that failed by a fault of the program; the rest went on. */
  failed: { analysis: string; error: string }[];
  /** Of all dumps of the run; absent from versions that did not say. */
  redaction?: ReportRedaction;
}
