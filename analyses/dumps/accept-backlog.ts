// Which service does not take the connections that the kernel has ready for it?

import type { DumpFinding, Party, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis } from "../../src/core/dump-view.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { CITED, name, plural } from "../grouping.ts";
import { ownedServices } from "./accepted.ts";
import { citeLines, MOST_FINDINGS, type Owner, ownerMetrics, ownerName } from "./holders.ts";
import { hostSettings } from "./host.ts";
import { whatIsMissing } from "./quality.ts";
import { partyOf } from "./tallies.ts";

/** A few wait for the blink of an eye in every busy service. */
const FEW = 10;
const MANY = 100;
/** Handshakes that wait for their last segment: a round trip each; so many of one service are a queue or a flood. */
const MANY_HANDSHAKES = 100;
/** Services that are told apart; a host has 65,535 ports. */
const MAX_SERVICES = 65_536;

/** What waits at one port of this host. */
interface Backlog {
  service: Party;
  owner: Omit<Owner, "count"> | null;
  /** Connections in the accept queue, by the listening socket; null where the format does not say. */
  queued: number | null;
  limit: number | null;
  /** Done by the kernel and owned by nobody; of those, the ones that the peer has closed again. */
  unowned: number;
  gaveUp: number;
  bytes: number;
  handshakes: number;
  lines: number[];
}

export const acceptBacklog: DumpAnalysis = {
  id: "accept-backlog",
  title: "Accept backlog",
  question: "Which service does not take the connections that the kernel has ready for it?",
  why:
    "The kernel finishes handshakes and takes requests while the process sleeps; when its accept queue is full, further connections meet silence (listen(2)). " +
    "Such connections have data in Recv-Q and belong to no process.",
  run(view) {
    const dump = view.latest;
    const backlogs = backlogsOf(dump).filter((b) => severityOf(b) !== null);
    const findings = backlogs
      .sort((a, b) => sizeOf(b) - sizeOf(a))
      .slice(0, MOST_FINDINGS)
      .map((b) => describe(b, dump));
    if (findings.length > 0) return { kind: "found", findings };
    const missing = whatIsMissing(dump, view, "to see the queues");
    if (missing.length > 0) return { kind: "unsure", needs: missing.join("; ") };
    if (dump.format === "lsof") {
      return {
        kind: "unsure",
        needs: "lsof lists no connection that no process has accepted: run ss -ltn and ss -tanp (as root)",
      };
    }
    const isLinux = hostSettings(dump, view.hosts).os === "linux";
    if (isLinux && !dump.hasOwners && (dump.counts.get("LISTEN") ?? 0) === 0) {
      return {
        kind: "unsure",
        needs: "neither the listening sockets nor the owners are listed: run ss -ltn and ss -tanp (as root)",
      };
    }
    if (!isLinux) {
      return {
        kind: "unsure",
        needs: "dumps of this system do not tell accepted connections from waiting ones (macOS: netstat -L)",
      };
    }
    return {
      kind: "clear",
      because: dump.hasOwners
        ? "no service has more than a few connections that it has not accepted"
        : "no listening socket has a full queue; who has accepted which connection, ss -tanp (as root) tells",
    };
  },
};

/** The largest number that waits, whichever way it is counted. */
const sizeOf = (b: Backlog): number => Math.max(b.queued ?? 0, b.unowned, b.handshakes);

const isFull = ({ queued, limit }: Backlog): boolean =>
  queued !== null && limit !== null && limit > 0 && queued >= limit && queued > 1;

function backlogsOf(dump: SocketDump): Backlog[] {
  const owned = ownedServices(dump);
  const byPort = new Map<number, Backlog>();
  for (const row of dump.rows()) {
    const { port } = row.local;
    if (row.state !== "LISTEN" || port === null || byPort.size >= MAX_SERVICES) continue;
    const before = byPort.get(port);
    if (before === undefined) byPort.set(port, listening(row, port, dump));
    // The same port on a second address: the fuller queue counts.
    else if ((row.recvQ ?? 0) > (before.queued ?? 0)) byPort.set(port, listening(row, port, dump));
  }
  for (const row of dump.rows()) {
    const b = row.local.port === null ? undefined : byPort.get(row.local.port);
    if (b === undefined) continue;
    if (row.state === "SYN_RECEIVED") b.handshakes++;
    if (!isUnowned(row) || !owned.has(row.local.port)) continue;
    b.unowned++;
    if (row.state === "CLOSE_WAIT") b.gaveUp++;
    // The peer's FIN counts as one byte.
    b.bytes += Math.max(0, row.recvQ! - (row.state === "CLOSE_WAIT" ? 1 : 0));
    if (b.lines.length < CITED) b.lines.push(row.line);
    // It listens on every address: the one that is called.
    if (b.service.address === "*") b.service = partyOf(row.local.address, row.local.port);
  }
  return [...byPort.values()];
}

/** No process has it, and what the peer sent lies there. */
const isUnowned = ({ state, pid, process, recvQ }: SocketRow): boolean =>
  (state === "ESTABLISHED" || state === "CLOSE_WAIT") &&
  pid === null &&
  process === null &&
  recvQ !== null &&
  recvQ > 0;

function listening(
  { local, recvQ, sendQ, pid, process, line }: SocketRow,
  port: number,
  { format }: SocketDump,
): Backlog {
  // /proc/net/tcp and netstat show how many wait (Linux tcp_ipv4.c, get_tcp4_sock), ss their limit as well (tcp_diag.c).
  const isLinux = format === "ss" || format === "netstat-linux" || format === "proc-net-tcp";
  return {
    service: partyOf(local.address, port),
    owner: pid === null && process === null ? null : { pid, process },
    queued: isLinux ? recvQ : null,
    limit: format === "ss" ? sendQ : null,
    unowned: 0,
    gaveUp: 0,
    bytes: 0,
    handshakes: 0,
    lines: [line],
  };
}

function severityOf(b: Backlog): Severity | null {
  const waiting = Math.max(b.unowned, b.queued ?? 0);
  if (isFull(b)) return b.unowned >= MANY || b.gaveUp >= FEW ? "critical" : waiting >= FEW ? "high" : "medium";
  if (waiting >= MANY) return "high";
  if (b.handshakes >= MANY_HANDSHAKES) return "medium";
  return waiting >= FEW ? "medium" : null;
}

function describe(b: Backlog, dump: SocketDump): DumpFinding {
  const service = name(b.service);
  const who = b.owner === null ? service : `${service}, ${ownerName(b.owner)},`;
  const waiting = Math.max(b.unowned, b.queued ?? 0);
  const sentences: string[] = [];
  if (b.queued !== null && b.queued > 0) {
    const limit = b.limit === null ? "" : ` of ${formatWhole(b.limit)}`;
    sentences.push(
      `${who} has ${formatWhole(b.queued)}${limit} connections in its accept queue${isFull(b) ? ": it is full, and further connections meet silence" : ""}.`,
    );
  }
  if (b.unowned > 0) {
    sentences.push(
      `${plural(b.unowned, "connection")} to ${service} ${b.unowned === 1 ? "belongs" : "belong"} to no process though ${plural(b.bytes, "byte")} wait to be read: the process has not accepted them${b.gaveUp > 0 ? `, and on ${formatWhole(b.gaveUp)} the caller has given up (CLOSE_WAIT)` : ""}.`,
    );
  }
  if (b.handshakes >= MANY_HANDSHAKES) {
    sentences.push(
      `${plural(b.handshakes, "handshake")} wait for their last segment (SYN_RECEIVED): a full accept queue, a lossy path, or a SYN flood.`,
    );
  }
  return {
    severity: severityOf(b)!,
    title:
      waiting > 0
        ? `${service} has not accepted ${plural(waiting, "connection")}${isFull(b) ? ": its accept queue is full" : ""}`
        : `${service} has ${plural(b.handshakes, "handshake")} unfinished`,
    summary: sentences.join(" "),
    subject: { holder: b.service, peer: null },
    count: sizeOf(b),
    onset: null,
    metrics: {
      never_accepted: dump.hasOwners ? b.unowned : null,
      accept_queue: b.queued,
      accept_queue_limit: b.limit,
      syn_received: b.handshakes,
      given_up: b.gaveUp,
      ...ownerMetrics(b.owner),
    },
    evidence: [citeLines(dump, b.lines)],
    advice: advise(b, dump),
  };
}

function advise(b: Backlog, { hasOwners }: SocketDump): string[] {
  const port = b.service.port!;
  const who = b.owner === null ? name(b.service) : ownerName(b.owner);
  const advice = [
    `Take a stack dump of ${who}: find out why it does not accept (blocked, too few threads, paused) before you raise the backlog of listen() and net.core.somaxconn.`,
    `Is it one moment only? ss -ltn 'sport = :${port}' again (Recv-Q is the queue, Send-Q its limit); nstat -az TcpExtListenOverflows TcpExtListenDrops counts what was turned away.`,
  ];
  if (!hasOwners) advice.push("ss -tanp (as root) tells which connections no process has accepted.");
  return advice;
}
