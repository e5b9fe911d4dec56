// What does one line of `ss` say? A heading, a row, what stands behind a row; or the command that was typed.
//
// Sources: iproute2's misc/ss.c and ss(8). A column that is the same for all rows is left out: Netid when one kind of socket
// was asked for, State when one state was.

import type { SocketState } from "../core/socket-table.ts";
import { stateOf } from "./state-words.ts";

export interface SsHeading {
  readonly hasNetid: boolean;
  readonly hasState: boolean;
}

export interface SsRow {
  /** Null: no such column. */
  readonly netid: string | null;
  /** As ss writes it; null: no such column. */
  readonly state: string | null;
  readonly recvQ: number;
  readonly sendQ: number;
  readonly local: string;
  /** Null: the line ended before it; the next one goes on. */
  readonly peer: string | null;
}

/** `sstate_name` of ss.c. */
const WORDS = new Set([
  "UNKNOWN",
  "ESTAB",
  "SYN-SENT",
  "SYN-RECV",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "TIME-WAIT",
  "UNCONN",
  "CLOSE-WAIT",
  "LAST-ACK",
  "LISTEN",
  "CLOSING",
  "NEW-SYN-RECV",
  "BOUND-INACTIVE",
  "UNDEF",
]);
/** More than any kernel counts; and exact. */
const QUEUE = /^\d{1,15}$/;
/** `tcp`, `u_str`, `p_raw`, `???` of newer kinds. */
const NETID = /^[a-z0-9_?]{2,8}$/;
/** Where the process column begins; some versions let it touch the column before. */
const USERS = "users:((";

export const wordsOf = (line: string): string[] => {
  const text = line.trim();
  return text === "" ? [] : text.split(/\s+/);
};

/** `State Recv-Q Send-Q Local Address:Port Peer Address:Port Process`; null: not a heading. */
export function headingOf(line: string): SsHeading | null {
  if (!line.includes("Recv-Q") || !line.includes("Address:Port")) return null;
  const words = wordsOf(line);
  const queue = words.indexOf("Recv-Q");
  if (queue < 0 || queue > 2 || words[queue + 1] !== "Send-Q" || words[queue + 2] !== "Local") return null;
  return { hasNetid: words[0] === "Netid", hasState: words[queue - 1] === "State" };
}

/** The columns of a row; null: not a row. `heading` tells of columns that were left out. */
export function rowOf(line: string, heading: SsHeading | null): SsRow | null {
  const users = line.indexOf(USERS);
  const words = wordsOf(users < 0 ? line : line.slice(0, users));
  let netid: string | null = null;
  let state: string | null = null;
  let at = 0;
  if (WORDS.has(words[0]!)) {
    state = words[0]!;
    at = 1;
  } else if (words.length > 3 && NETID.test(words[0]!) && WORDS.has(words[1]!)) {
    netid = words[0]!;
    state = words[1]!;
    at = 2;
  } else if (heading === null || heading.hasState) {
    return null;
  } else if (heading.hasNetid && NETID.test(words[0] ?? "")) {
    netid = words[0]!;
    at = 1;
  }
  const recv = words[at];
  const send = words[at + 1];
  const local = words[at + 2];
  if (recv === undefined || send === undefined || local === undefined) return null;
  if (!QUEUE.test(recv) || !QUEUE.test(send)) return null;
  return { netid, state, recvQ: Number(recv), sendQ: Number(send), local, peer: words[at + 3] ?? null };
}

export interface SsOwner {
  readonly pid: number;
  readonly process: string;
}

/** The kernel's names of processes have 15 bytes, of threads too. */
const MAX_NAME = 32;

/** The first owner in `users:(("nginx",pid=5,fd=6),…)`, or of old versions `users:(("nginx",5,6))`. Nothing in a name is escaped. */
export function ownerOf(line: string): SsOwner | null {
  const users = line.indexOf(`${USERS}"`);
  if (users < 0) return null;
  const text = line.slice(users + USERS.length + 1, users + USERS.length + 1 + MAX_NAME + 32);
  for (let quote = text.indexOf('",'); quote >= 0 && quote <= MAX_NAME; quote = text.indexOf('",', quote + 1)) {
    const pid = /^(?:pid=)?(\d{1,10}),/.exec(text.slice(quote + 2));
    if (pid !== null) return { pid: Number(pid[1]), process: text.slice(0, quote) };
  }
  return null;
}

export interface SsTimer {
  readonly name: string;
  /** Null: not a time. */
  readonly seconds: number | null;
}

/** `timer:(timewait,32sec,0)`; null where there is none. */
export function timerOf(line: string): SsTimer | null {
  if (!line.includes("timer:(")) return null;
  for (const word of wordsOf(line)) {
    const m = /^timer:\(([a-z_]+),([0-9a-z.]*),\d+\)/.exec(word);
    if (m !== null) return { name: m[1]!, seconds: secondsOf(m[2]!) };
  }
  return null;
}

/**
 * Seconds. `print_ms_timer` of ss.c writes `1min23sec`, `32sec`, `340ms`, and below ten seconds `2.340ms` for 2.34 seconds;
 * nothing when the time is over.
 */
export function secondsOf(text: string): number | null {
  if (text === "") return 0;
  const m = /^(?:(\d{1,9})min)?(?:(\d{1,9})sec)?(?:(?:(\d{1,2})\.)?(\d{3})ms)?$/.exec(text);
  if (m === null) return null;
  const [minutes, whole, seconds, ms] = m.slice(1).map((n) => Number(n ?? 0)) as [number, number, number, number];
  return minutes * 60 + whole + seconds + ms / 1000;
}

/** What the command said that its output does not. */
export interface SsCommand {
  /** The one state that was asked for, so that the column is left out; null: several, or all. */
  readonly state: SocketState | null;
  /** UDP, raw or UNIX sockets only. */
  readonly isOther: boolean;
}

/** Longer lines are no commands. */
const MAX_COMMAND = 400;
/** `ss state` names that are not the states' own words (ss(8), STATE-FILTER). */
const STATE_SETS = new Set(["all", "connected", "synchronized", "bucket", "big"]);

/**
 * The command in a line of a terminal: `[root@shop ~]# ss -tn state close-wait`. Null: no ss command, or one that says no more
 * than its output.
 */
export function commandOf(line: string): SsCommand | null {
  if (line.length > MAX_COMMAND || !line.includes("ss ")) return null;
  const words = wordsOf(line);
  const at = words.findIndex((word) => word === "ss" || word.endsWith("/ss") || /[$#>]ss$/.test(word));
  // In front of it: a prompt, sudo, watch; prose has more words.
  if (at < 0 || at > 6) return null;
  let kinds = "";
  const states: string[] = [];
  for (let i = at + 1; i < words.length && !/^[|>;&]/.test(words[i]!); i++) {
    const word = words[i]!;
    if (word === "state" && words[i + 1] !== undefined) states.push(words[++i]!.toLowerCase());
    else if (word === "exclude") return null;
    else if (word === "--bound-inactive") kinds += "B";
    else if (word === "--tcp") kinds += "t";
    else if (word === "--udp") kinds += "u";
    else if (/^-[A-Za-z0-9]+$/.test(word)) kinds += word.slice(1);
  }
  // `-s` counts and lists nothing.
  if (kinds.includes("s")) return null;
  const isOther = /[uwxdS0]/.test(kinds) && !kinds.includes("t");
  const isBound = kinds.includes("B") && !/[al]/.test(kinds) && states.length === 0;
  const state = isBound ? "BOUND" : states.length === 1 && !STATE_SETS.has(states[0]!) ? stateOf(states[0]!) : null;
  return state === null && !isOther ? null : { state, isOther };
}
