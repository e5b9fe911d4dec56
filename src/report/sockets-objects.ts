// How does a socket dump look to other programs? The objects of `halfclose sockets --json`, and what a series of them tells.

import { isoFromEpoch } from "../core/clock.ts";
import type { ReportRedaction } from "../core/redaction.ts";
import type { ReportFinding } from "../core/report.ts";
import type { SocketDump } from "../core/socket-table.ts";
import {
  type PeerSockets,
  type ProcessSockets,
  SOCKETS_SCHEMA,
  type SocketCounts,
  type SocketsObject,
} from "../core/sockets-report.ts";

/** Processes and peers in the object; `processes` and `peers` say how many there are. */
const TOLD = 100;

/** What `socketsObject` needs of the tallies of a dump (analyses/dumps/tallies.ts). */
export interface TallyFacts {
  readonly byProcess: readonly ProcessSockets[];
  readonly processes: number;
  readonly byPeer: readonly PeerSockets[];
  readonly peers: number;
  readonly mirrored: number;
}

/** What the analyses said of one dump. */
export interface Verdict {
  /** Worst first. */
  readonly findings: ReportFinding[];
  readonly clear: { analysis: string; because: string }[];
  readonly unsure: { analysis: string; needs: string }[];
  readonly failed: { analysis: string; error: string }[];
}

/** A dump of a series, as much as tells what changed. */
export interface SocketsPoint {
  source: string;
  taken_at: string | null;
  sockets: number;
  counts: SocketCounts;
  findings: readonly ReportFinding[];
}

/** Dumps of one host, taken by one command, in order of time. */
export interface SocketsSeries {
  /** The last of `points`, in full. */
  latest: SocketsObject;
  points: readonly SocketsPoint[];
}

/** The result of a run, for people. */
export interface SocketsReport {
  version: string;
  series: readonly SocketsSeries[];
  /** What was left out, or broke, one sentence each. */
  remarks: readonly string[];
  redaction?: ReportRedaction;
}

/** Of milliseconds since 1970. */
export const isoTime = (ms: number | null): string | null =>
  ms === null || !Number.isFinite(ms) ? null : isoFromEpoch(BigInt(Math.round(ms)) * 1_000_000n);

export const countsObject = (dump: SocketDump): SocketCounts =>
  Object.fromEntries([...dump.counts].filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]));

export function socketsObject(
  dump: SocketDump,
  tallies: TallyFacts,
  verdict: Verdict,
  redaction?: ReportRedaction,
): SocketsObject {
  const { summary } = dump;
  return {
    schema: SOCKETS_SCHEMA,
    source: dump.source,
    format: dump.format,
    taken_at: isoTime(dump.takenAt),
    ...(dump.zoneAssumed ? { zone_assumed: true as const } : {}),
    sockets: dump.rowCount + dump.notKept,
    counts: countsObject(dump),
    mirrored: tallies.mirrored,
    has_owners: dump.hasOwners,
    by_process: tallies.byProcess.slice(0, TOLD),
    processes: tallies.processes,
    by_peer: tallies.byPeer.slice(0, TOLD),
    peers: tallies.peers,
    ...(summary === null
      ? {}
      : {
          summary: {
            established_and_close_wait: summary.established,
            closed: summary.closed,
            orphaned: summary.orphaned,
            time_wait: summary.timeWait,
          },
        }),
    other_rows: dump.otherRows,
    unread_lines: dump.unreadCount,
    unread: dump.unread.map(({ line, text }) => ({ line, text })),
    not_kept: dump.notKept,
    findings: verdict.findings,
    clear: verdict.clear,
    unsure: verdict.unsure,
    failed: verdict.failed,
    ...(redaction === undefined ? {} : { redaction }),
  };
}

export const pointOf = (dump: SocketDump, { findings }: Verdict): SocketsPoint => ({
  source: dump.source,
  taken_at: isoTime(dump.takenAt),
  sockets: dump.rowCount + dump.notKept,
  counts: countsObject(dump),
  findings,
});
