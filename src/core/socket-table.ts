// What does a socket dump say? One row a socket, as netstat, ss, lsof or Get-NetTCPConnection listed it.
//
// A busy host lists a million rows: they are kept in columns, texts once each. A `SocketRow` is a view onto one row; it is
// reused by `rows()`: read what you need.

import type { StateName } from "./flow-view.ts";
import type { HostSystem } from "./host-settings.ts";
import { SOCKET_STATES } from "./state-option.ts";

/**
 * The states of TCP (RFC 9293 §3.3.2), and what only a socket table knows: LISTEN; BOUND, a port taken and neither connected
 * nor listening; UNIDENTIFIED, a descriptor of a socket that the kernel no longer counts as a connection. UNKNOWN: the dump does
 * not say (`ss state close-wait` leaves the column out).
 */
export type SocketState = StateName | "LISTEN" | "BOUND" | "UNIDENTIFIED" | "UNKNOWN";

/** All of them, the states of connections in the order in which one takes them. */
export const LISTED_STATES: readonly SocketState[] = [
  "CLOSED",
  "LISTEN",
  ...SOCKET_STATES,
  "BOUND",
  "UNIDENTIFIED",
  "UNKNOWN",
];

export const DUMP_FORMATS = [
  "ss",
  "ss-summary",
  "netstat-linux",
  "netstat-bsd",
  "netstat-windows",
  "proc-net-tcp",
  "powershell-table",
  "powershell-list",
  "powershell-csv",
  "powershell-json",
  "lsof",
] as const;
export type DumpFormat = (typeof DUMP_FORMATS)[number];

/** One end of a socket as it was listed. */
export interface ListedEnd {
  /** Canonical where it is an address (RFC 5952, IPv4-mapped as IPv4); a host name as printed; "*" for every address; "" for none. */
  readonly address: string;
  /** Null: none ("*", 0), or a service name that no list knows. */
  readonly port: number | null;
}

export interface SocketRow {
  /** 1-based, in the source. */
  readonly line: number;
  readonly local: ListedEnd;
  readonly remote: ListedEnd;
  readonly state: SocketState;
  /** Bytes; null where the format has no queues. For LISTEN of ss: connections that wait to be accepted, and their limit. */
  readonly recvQ: number | null;
  readonly sendQ: number | null;
  /** Null: not listed, or owned by no process. */
  readonly pid: number | null;
  readonly process: string | null;
  /** The columns were too narrow: the address is a beginning only. */
  readonly isCut: boolean;
  /** Seconds until the kernel's timer (`ss -o`, `netstat -o`) ends this socket; null where no such timer is listed. */
  readonly expiresIn: number | null;
}

export interface UnreadLine {
  line: number;
  /** Cut at {@link MAX_UNREAD_TEXT}. */
  text: string;
}

/** What `ss -s` counts, which lists no socket. */
export interface SocketSummary {
  /** ESTABLISHED and CLOSE_WAIT together: the kernel counts them so. */
  established: number | null;
  closed: number | null;
  orphaned: number | null;
  timeWait: number | null;
}

/** One dump: one run of one command. */
export interface SocketDump {
  /** The path, and with several dumps in it, its number: `incident.txt#2`. */
  readonly source: string;
  readonly format: DumpFormat;
  /** What the format implies; null when it does not. */
  readonly system: HostSystem | null;
  /** Milliseconds since 1970; null when neither the text nor the file's name says it. */
  readonly takenAt: number | null;
  /** The time was written without a zone, and was read as UTC. */
  readonly zoneAssumed: boolean;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly rowCount: number;
  /** Rows beyond the limit: counted by state, not kept. */
  readonly notKept: number;
  /** By state, the rows that were not kept included. */
  readonly counts: ReadonlyMap<SocketState, number>;
  /** Rows of other protocols (UDP, UNIX), which are no business of ours. */
  readonly otherRows: number;
  /** Lines inside the dump that could not be read: their number, and the first of them. */
  readonly unreadCount: number;
  readonly unread: readonly UnreadLine[];
  /** The format has a column for the process, and somebody who may see it filled it in. */
  readonly hasOwners: boolean;
  readonly summary: SocketSummary | null;
  rows(): Iterable<SocketRow>;
}

/** Unread lines that are shown; all are counted. */
export const MAX_UNREAD = 20;
export const MAX_UNREAD_TEXT = 200;
