// What is true of a capture at one moment? The figures of a summary line, and what triggers judge.

import type { Nanos } from "../../core/clock.ts";
import type { StateCounts } from "../../core/report.ts";

export interface LiveTotals {
  /** Requests that came, and what became of them so far. */
  requests: number;
  answered: number;
  late: number;
  /** Given up, or their connection ended. What is answered after all is late then, and no longer among these. */
  unanswered: number;
  /** Connections that met a reset after they were open. */
  resets: number;
}

export interface LiveCounts {
  readonly at: Nanos;
  /** Packets since the start, of every kind. */
  readonly packets: number;
  /** Sockets of this machine by state, as `ss` would count them; where no end is of this machine, of all. */
  readonly sockets: StateCounts;
  readonly whose: "this machine" | "all";
  /** Connections of which an end holds a socket that is not in TIME_WAIT. */
  readonly connections: number;
  /** A FIN of one end alone, and nothing moved since for a second or more. */
  readonly halfClosed: number;
  /** Requests without an answer so far. */
  readonly waiting: number;
  /** How long the oldest of them has waited; null without one. */
  readonly oldestWait: Nanos | null;
  /** Since the start. */
  readonly totals: LiveTotals;
  /** Packets that the kernel dropped; null where the engine does not say. */
  readonly dropped: number | null;
}
