// What do the recordings linux-* hold? All of them show the same sockets at one quiet moment (record-linux.sh with one pair).

import type { SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { ofRows } from "./read-with.ts";

/** Counted by hand in record-linux.py, and by awk over `ss -Htan` (linux-counts.txt). */
export const COUNTS = {
  CLOSE_WAIT: 2,
  ESTABLISHED: 14,
  FIN_WAIT_1: 1,
  FIN_WAIT_2: 3,
  LAST_ACK: 1,
  LISTEN: 6,
  SYN_RECEIVED: 1,
  SYN_SENT: 2,
  TIME_WAIT: 1,
};
export const ROWS = 31;

export const countsOf = (dump: SocketDump): Record<string, number> =>
  Object.fromEntries([...dump.counts].sort(([a], [b]) => (a < b ? -1 : 1)));

/** State, both ends, bytes to read; and to send, which netstat and ss say differently of a listener. */
const text = ({ state, local, remote, recvQ, sendQ }: SocketRow): string =>
  `${state} ${local.address}:${local.port} ${remote.address}:${remote.port} ${recvQ} ${state === "LISTEN" ? "" : sendQ}`;

export const socketsOf = (dump: SocketDump): string[] => ofRows(dump, text).sort();
