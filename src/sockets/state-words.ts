// Which state does a word of a dump mean? Every system writes the states of RFC 9293 §3.3.2 in its own way.
//
// Sources: ss, `sstate_name` of iproute2's misc/ss.c; netstat of Linux, `tcp_state` of net-tools' netstat.c; macOS and BSD,
// `tcpstates` of sys/netinet/tcp_fsm.h; Windows, `MIB_TCP_STATE` of tcpmib.h, which PowerShell writes as one word; lsof prints
// what the system's headers say.

import type { SocketState } from "../core/socket-table.ts";

/** Upper case, without hyphens, underscores and blanks: `FIN-WAIT-1`, `FIN_WAIT1` and `FinWait1` are one word. */
const STATES: ReadonlyMap<string, SocketState> = new Map([
  ["ESTABLISHED", "ESTABLISHED"],
  ["ESTAB", "ESTABLISHED"],
  ["SYNSENT", "SYN_SENT"],
  ["SYNRECEIVED", "SYN_RECEIVED"],
  ["SYNRECV", "SYN_RECEIVED"],
  ["SYNRCVD", "SYN_RECEIVED"],
  // A request that waits for the last segment of its handshake, by the kernel's own name since 4.4.
  ["NEWSYNRECV", "SYN_RECEIVED"],
  ["FINWAIT1", "FIN_WAIT_1"],
  ["FINWAIT2", "FIN_WAIT_2"],
  ["CLOSEWAIT", "CLOSE_WAIT"],
  ["CLOSING", "CLOSING"],
  ["LASTACK", "LAST_ACK"],
  ["TIMEWAIT", "TIME_WAIT"],
  ["LISTEN", "LISTEN"],
  ["LISTENING", "LISTEN"],
  ["CLOSED", "CLOSED"],
  ["CLOSE", "CLOSED"],
  // ss: not connected. With a port of its own such a socket is bound; ss.ts sees that.
  ["UNCONN", "CLOSED"],
  // Windows: closed, and its control block is about to go.
  ["DELETETCB", "CLOSED"],
  ["BOUND", "BOUND"],
  ["BOUNDINACTIVE", "BOUND"],
  ["UNKNOWN", "UNKNOWN"],
]);

/** Longer than the longest word there is. */
const MAX_WORD = 24;

/** Null: not a state. Case does not count. */
export function stateOf(word: string): SocketState | null {
  const exact = remembered.get(word);
  if (exact !== undefined) return exact;
  if (word.length > MAX_WORD) return null;
  const state = STATES.get(word.replaceAll(/[-_ ]/g, "").toUpperCase()) ?? null;
  if (state !== null && remembered.size < MAX_REMEMBERED) remembered.set(word, state);
  return state;
}

/** A million rows say the same dozen words. */
const MAX_REMEMBERED = 256;
const remembered = new Map<string, SocketState>();
