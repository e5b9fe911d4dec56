// What do the numbers of a socket dump say in a sentence? The words that every format for people shares; not yet escaped.

import { count, dayOf, formatNumber, formatTime } from "../core/format.ts";
import type { DumpFormat, SocketState } from "../core/socket-table.ts";
import type { SocketCounts, SocketsObject } from "../core/sockets-report.ts";
import { analysisName } from "./sentences.ts";

const COMMANDS: Record<DumpFormat, string> = {
  ss: "ss",
  "ss-summary": "ss -s",
  "netstat-linux": "netstat of Linux",
  "netstat-bsd": "netstat of macOS or BSD",
  "netstat-windows": "netstat of Windows",
  "proc-net-tcp": "/proc/net/tcp",
  "powershell-table": "Get-NetTCPConnection, a table",
  "powershell-list": "Get-NetTCPConnection, a list",
  "powershell-csv": "Get-NetTCPConnection, CSV",
  "powershell-json": "Get-NetTCPConnection, JSON",
  lsof: "lsof",
};

/** What each state means for the process that holds the socket (RFC 9293 §3.3.2). */
export const MEANINGS: Record<SocketState, string> = {
  LISTEN: "waits for connections",
  SYN_SENT: "asked for a connection; no answer yet",
  SYN_RECEIVED: "was asked for a connection; the last step of the handshake is missing",
  ESTABLISHED: "open",
  FIN_WAIT_1: "closed here; the peer has not acknowledged that",
  FIN_WAIT_2: "closed here; the peer has not closed yet",
  CLOSE_WAIT: "closed by the peer; the process here has not closed it",
  CLOSING: "both closed at the same time",
  LAST_ACK: "both have closed; the last acknowledgement is missing",
  TIME_WAIT: "closed here first; the system keeps the port for a while",
  CLOSED: "no connection",
  BOUND: "holds a port, neither connected nor listening",
  UNIDENTIFIED: "a descriptor of a socket without a connection",
  UNKNOWN: "the dump does not say",
};

export const sizeOf = (counts: SocketCounts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);

/** The most frequent first. */
export const statesOf = (counts: SocketCounts): [SocketState, number][] =>
  (Object.entries(counts) as [SocketState, number][]).sort((a, b) => b[1] - a[1]);

/** "300 CLOSE_WAIT, 12 LISTEN". */
export const countsSentence = (counts: SocketCounts): string =>
  statesOf(counts)
    .map(([state, n]) => `${formatNumber(n)} ${state}`)
    .join(", ");

/** A path; of standard input, `-` alone would tell little. */
export const nameOf = (source: string): string => source.replace(/^-(?=$|#\d+$)/, "standard input");

/** "netstat.txt: netstat of Linux, 2026-03-01 18:34:05.000 UTC". */
export function dumpSentence({ source, format, taken_at, zone_assumed }: SocketsObject): string {
  return `${nameOf(source)}: ${COMMANDS[format]}, ${whenSentence(taken_at)}${zone_assumed === true ? " (assumed)" : ""}`;
}

const whenSentence = (at: string | null): string =>
  at === null ? "taken at an unknown time" : `${dayOf(at)} ${formatTime(at)} UTC`;

/** "12,719 sockets: 11,641 CLOSE_WAIT, 1,078 ESTABLISHED". */
export function socketsSentence({ sockets, counts }: SocketsObject): string {
  return sockets === 0 ? "no TCP socket" : `${count(sockets, "socket")}: ${countsSentence(counts)}`;
}

/** What the answer is where no finding is serious. */
export function nothingSentence(o: SocketsObject): string {
  if (o.summary !== undefined && o.sockets === 0) return summarySentence(o);
  if (o.sockets === 0) return "Nothing stands out: no TCP socket is listed.";
  const all = count(o.sockets, "socket");
  const among = isRead(o) ? all : `the ${all} that could be read`;
  return `Nothing stands out among ${among}: ${countsSentence(o.counts)}.`;
}

/** `ss -s`. */
export function summarySentence({ summary }: SocketsObject): string {
  if (summary === undefined) return "";
  const parts = [
    [summary.established_and_close_wait, "established or in CLOSE_WAIT (the kernel counts these together)"],
    [summary.closed, "closed"],
    [summary.orphaned, "orphaned"],
    [summary.time_wait, "in TIME_WAIT"],
  ] as const;
  const known = parts.filter(([n]) => n !== null).map(([n, what]) => `${formatNumber(n!)} ${what}`);
  return `A summary, which lists no socket: ${known.join(", ")}.`;
}

/** Everything that is in it was read, kept and looked at. */
const isRead = (o: SocketsObject): boolean => o.unread_lines === 0 && o.not_kept === 0 && o.failed.length === 0;

/** And what was read answers every question, so that all is well. */
export const isWhole = (o: SocketsObject): boolean =>
  isRead(o) && o.sockets > 0 && o.counts.UNKNOWN === undefined && o.unsure.length === 0;

/** "It cannot tell: bound ports, accept backlog (see the end)." Never a clean bill where nobody could look. */
export function untoldSentence(o: SocketsObject): string {
  const names = [...new Set(o.unsure.map((u) => analysisName(u.analysis)))];
  return names.length === 0 ? "" : `This dump cannot tell: ${names.join(", ")} (see the end).`;
}

/** What one command would tell several analyses is said once, without what it is for: "…: run ss -tanp (as root) to …". */
function needs(o: SocketsObject): string[] {
  const byCommand = new Map<string, SocketsObject["unsure"]>();
  for (const u of o.unsure) {
    const command = u.needs.replace(/(: run [^;]*?) to [^;]*$/, "$1");
    byCommand.set(command, [...(byCommand.get(command) ?? []), u]);
  }
  return [...byCommand].map(([command, of]) =>
    of.length === 1
      ? `${analysisName(of[0]!.analysis)}: ${of[0]!.needs}`
      : `${of.map((u) => analysisName(u.analysis)).join(", ")}: ${command}`,
  );
}

/** What the dump cannot tell, and how far it can be trusted. */
export function limitSentences(o: SocketsObject): string[] {
  const lines = needs(o);
  if (o.sockets > 0 && !o.has_owners)
    lines.push(`Which process holds a socket: ${OWNERS[o.format] ?? "not in this format"}.`);
  const stateless = o.counts.UNKNOWN ?? 0;
  if (stateless > 0)
    lines.push(
      `In which state ${count(stateless, "socket")} ${stateless === 1 ? "is" : "are"}: that column is not there (ss leaves it out behind "state"); run it for all states.`,
    );
  if (o.taken_at === null)
    lines.push("When it was taken: no time stands in it or in its name; date before each dump tells.");
  if (o.zone_assumed === true)
    lines.push("Its zone: the time is written without one and was taken as UTC; say it with --zone +02:00.");
  if (o.mirrored > 0)
    lines.push(
      `${count(o.mirrored, "connection")} within this host ${o.mirrored === 1 ? "is" : "are"} listed twice, once for each end.`,
    );
  if (o.not_kept > 0)
    lines.push(
      `${count(o.not_kept, "socket")} beyond what is kept in memory: counted by state only, not by process or peer.`,
    );
  if (o.other_rows > 0) lines.push(`${count(o.other_rows, "row")} of other protocols (UDP, UNIX) left aside.`);
  for (const f of o.failed) {
    lines.push(
      `The analysis ${f.analysis} failed by a fault of halfclose (${f.error}); please report it. The others are not affected.`,
    );
  }
  return lines;
}

/** How to see the owners. */
const OWNERS: Partial<Record<DumpFormat, string>> = {
  ss: "not shown; ss -tanp shows it, as root",
  "netstat-linux": "not shown; netstat -tanp shows it, as root",
  "netstat-bsd": "not shown; netstat -anv or lsof -nP -iTCP shows it, as root",
  "netstat-windows": "not shown; netstat -ano shows it, and -anob with the name, as administrator",
  "proc-net-tcp": "only an inode is there; ss -tanp or lsof -nP -iTCP shows it, as root",
  "powershell-table": "not shown; Get-NetTCPConnection | Select-Object *, OwningProcess shows it",
};

export const unreadHeading = ({ unread_lines }: SocketsObject): string =>
  `${count(unread_lines, "line")} could not be read`;

export const clearSentence = (o: SocketsObject): string =>
  `${o.clear.map((c) => `${analysisName(c.analysis)}: ${c.because}`).join("; ")}.`;
