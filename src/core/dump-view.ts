// What may an analysis of socket dumps know? The dumps of one host, in order of time; no bytes, no files.

import type { DumpResult } from "./analysis.ts";
import type { Nanos } from "./clock.ts";
import type { Hosts } from "./host-settings.ts";
import type { SocketDump, SocketState } from "./socket-table.ts";

/** Dumps of one host, taken by one command: one dump, or a series. */
export interface DumpView {
  /** In order of time; those without a time in the order in which they were given. Never empty. */
  readonly dumps: readonly SocketDump[];
  /** The one that is judged; what lies before it tells growth. */
  readonly latest: SocketDump;
  /** Port ranges and timers; the dump's format may say the system where the user did not. */
  readonly hosts: Hosts;
}

export interface DumpAnalysis {
  /** An id of DESIGN.md §4 where the question is the same; the file's name. */
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Why it matters, in two sentences, with a reference. */
  readonly why: string;
  run(view: DumpView): DumpResult;
}

export interface DifferingRow {
  readonly line: number;
  readonly flow: number;
  readonly listed: SocketState;
  /** CLOSED: no socket then. */
  readonly workedOut: SocketState;
}

export interface DumpMatch {
  readonly dump: SocketDump;
  /** Nanoseconds on the capture's clock; null where the dump does not say its time. */
  readonly at: Nanos | null;
  /** Rows of connections. */
  readonly connections: number;
  /** Of these, rows that are an end of a flow; whose address is a name or cut, so that they cannot be looked up; beyond the limit. */
  readonly found: number;
  readonly unnamed: number;
  readonly leftOut: number;
  /** Of `found`: in the state that was worked out; in another, though the capture does not prove its own; in another. */
  readonly agreed: number;
  readonly unsure: number;
  readonly differing: number;
  readonly cited: readonly DifferingRow[];
  /** A row of a connection that has no packet in the capture; rows by their number in `rows()`. */
  isMissing(row: number): boolean;
}
