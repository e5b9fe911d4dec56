// What does one line of Linux's netstat say? Headings in every language that net-tools speaks, and the columns of a row.
//
// Sources: net-tools' netstat.c and its translations (po/), Red Hat's net-tools with wider columns, busybox's netstat.c.

import type { SocketState } from "../core/socket-table.ts";
import { stateOf } from "./state-words.ts";

/** The title of the section, as far as the options that follow it. */
const TITLES = [
  "Active Internet connections (servers and established)",
  "Active Internet connections (w/o servers)",
  "Active Internet connections (only servers)",
  // toybox, of Android
  "Active Internet connections (established and servers)",
  "Aktivní Internetová spojení",
  "Aktive Internetverbindungen",
  "Aktiivsed internetiühendused",
  "Conexiones activas de Internet",
  "Connexions Internet actives",
  "Connessioni Internet attive",
  "Conexões Internet Ativas",
  "稼働中のインターネット接続",
  "激活Internet连接",
];
/** The two queues in the heading; others of them end with "-Q" as well. */
const QUEUES = new Set(["Přích-F", "Odch-F", "VvJrk", "SaatJrk"]);
/** The states that some translations translate; the others say them in English. */
const LOCAL_STATES: ReadonlyMap<string, SocketState> = new Map([
  ["SPOJENO", "ESTABLISHED"],
  ["ZAVŘEN", "CLOSED"],
  ["POSLEDNÍ ACK", "LAST_ACK"],
  ["NASLOUCHÁ", "LISTEN"],
  ["ZAVÍRÁ", "CLOSING"],
  ["NEZNÁM", "UNKNOWN"],
  ["VERBUNDEN", "ESTABLISHED"],
  ["UNBEKANNT", "UNKNOWN"],
  ["TUNDMATU", "UNKNOWN"],
  ["INCONNU", "UNKNOWN"],
  ["不明", "UNKNOWN"],
  ["ESTABELECIDA", "ESTABLISHED"],
  ["SYN_ENVIADO", "SYN_SENT"],
  ["SYN_RECEBIDO", "SYN_RECEIVED"],
  ["ESPERA_FIN1", "FIN_WAIT_1"],
  ["ESPERA_FIN2", "FIN_WAIT_2"],
  ["FECHAR", "CLOSED"],
  ["ESPERANDO_FECHAR", "CLOSE_WAIT"],
  ["ÚLTIMO_ACK", "LAST_ACK"],
  ["OUÇA", "LISTEN"],
  ["FECHANDO", "CLOSING"],
  ["DESCONHECIDA", "UNKNOWN"],
]);
const QUEUE = /^\d{1,15}$/;
/** Other protocols of `netstat -a`; the rows of sections that follow begin with the name of theirs. */
const OTHERS = new Set([
  "udp",
  "udp6",
  "udpl",
  "udplite",
  "udpl6",
  "raw",
  "raw6",
  "sctp",
  "sctp6",
  "dccp",
  "icmp",
  "icmp6",
  "unix",
  "l2cap",
  "rfcomm",
]);
/** Behind the address of `tcp`: a dot and a port end the addresses of BSD and macOS, `10.0.0.5.8280`, `::1.631`, `*.*`. */
const BSD_PORT = /\.(?:\d{1,5}|\*|[A-Za-z][A-Za-z0-9-]*)$/;

export interface NetstatRow {
  readonly recvQ: number;
  readonly sendQ: number;
  readonly local: string;
  readonly remote: string;
  /** Null: no word for a state that is known. */
  readonly state: SocketState | null;
  /** Words behind the state. */
  readonly rest: readonly string[];
}

const wordsOf = (line: string): string[] => {
  const text = line.trim();
  return text === "" ? [] : text.split(/\s+/);
};

/** The title, or the heading of the columns. */
export const isHeading = (line: string): boolean =>
  TITLES.some((title) => line.startsWith(title)) || isColumnHeading(line);

/** `Proto Recv-Q Send-Q Local Address …`; BSD's has more blanks, and "(state)". */
function isColumnHeading(line: string): boolean {
  if (!line.startsWith("Proto ") || line.includes("(state)") || line.includes("TCP-State")) return false;
  const words = wordsOf(line);
  const isQueue = (word: string | undefined): boolean =>
    word !== undefined && (word.endsWith("-Q") || QUEUES.has(word));
  return words.length > 3 && isQueue(words[1]) && isQueue(words[2]) && !/Send-Q {2,}Local/.test(line);
}

/** The heading of the UNIX section and the like: its rows are of no interest. */
export const isOtherHeading = (line: string): boolean =>
  line.startsWith("Proto ") || (line.length < 200 && /UNIX|Bluetooth|IPX|AX\.25/.test(line));

export const isOtherRow = (line: string): boolean => {
  const end = line.search(/\s/);
  return end > 0 && OTHERS.has(line.slice(0, end));
};

/** A row of TCP, as `netstat` of Linux writes them; null: not one. */
export function rowOf(line: string): NetstatRow | null {
  const text = line.trimStart();
  if (!text.startsWith("tcp")) return null;
  const words = wordsOf(text);
  if ((words[0] !== "tcp" && words[0] !== "tcp6") || words.length < 5) return null;
  const recv = words[1]!;
  const send = words[2]!;
  const local = words[3]!;
  const remote = words[4]!;
  if (!QUEUE.test(recv) || !QUEUE.test(send) || (isBsd(local) && isBsd(remote))) return null;
  const word = words[5] ?? "";
  let state = stateOf(word) ?? LOCAL_STATES.get(word) ?? null;
  let at = 6;
  if (state === null && words.length > 6) {
    // "POSLEDNÍ ACK"
    state = LOCAL_STATES.get(`${word} ${words[6]}`) ?? null;
    at = 7;
  }
  return { recvQ: Number(recv), sendQ: Number(send), local, remote, state, rest: words.slice(at) };
}

/** BSD's way to write an address: no colon at all, or behind the last one a dot with a port. */
function isBsd(end: string): boolean {
  return BSD_PORT.test(end.slice(end.lastIndexOf(":") + 1));
}

export interface NetstatExtras {
  readonly pid: number | null;
  readonly process: string | null;
  /** What the timer does, in the language of the dump; null: none listed. */
  readonly timer: string | null;
  readonly seconds: number | null;
}

/** `User Inode PID/Program Timer`, each if it was asked for; a program's name may hold blanks, and is cut at 20 characters. */
export function extrasOf(rest: readonly string[]): NetstatExtras {
  let end = rest.length;
  let timer: string | null = null;
  let seconds: number | null = null;
  // `timewait (32.10/0/0)`: seconds, retransmissions, probes. One translation opens two parentheses.
  const values = end >= 2 ? /^\(+(\d{1,9}[.,]\d{1,2})\/\d+\/-?\d+\)$/.exec(rest[end - 1]!) : null;
  if (values !== null) {
    timer = rest[end - 2]!;
    seconds = Number(values[1]!.replace(",", "."));
    end -= 2;
  }
  // User and inode stand before the program: digits without a slash.
  let at = 0;
  while (at < Math.min(end, 2) && !/^(?:\d{1,10}\/|-$)/.test(rest[at]!)) at++;
  const first = at < end ? rest[at]! : "";
  const slash = first.indexOf("/");
  if (slash < 1 || !/^\d{1,10}$/.test(first.slice(0, slash))) return { pid: null, process: null, timer, seconds };
  const name =
    end - at === 1
      ? first.slice(slash + 1)
      : rest
          .slice(at, end)
          .join(" ")
          .slice(slash + 1);
  return { pid: Number(first.slice(0, slash)), process: name === "" ? null : name, timer, seconds };
}
