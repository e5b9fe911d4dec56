// Which process holds ports that are bound and connected to nothing? netstat does not show them, and no capture can.

import type { DumpFinding, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis, DumpView } from "../../src/core/dump-view.ts";
import { type HostSystem, portCount } from "../../src/core/host-settings.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump } from "../../src/core/socket-table.ts";
import { CITED, clockTime, plural } from "../grouping.ts";
import { rangeText, showRange } from "../socket-commands.ts";
import { citeLines, MOST_FINDINGS, ownerMetrics, ownerName, PortSet } from "./holders.ts";
import { hostSettings } from "./host.ts";
import { growthOf, isoOf, type Point, rounded } from "./series.ts";

/** A socket is bound for a moment before it is connected; so many at once are no moment. */
const ORDINARY = 50;
const MANY = 100;
const VERY_MANY = 1000;
const FLOOD = 5000;
/** Of the range. */
const HALF = 0.5;
const TENTH = 0.1;
/** So many (a share) beyond the default range, and it is not the range. */
const STRAYS = 0.01;
/** Processes that are counted, and those with the most rows, which are looked at (16 kB of ports each). */
const MAX_COUNTED = 1 << 18;
const MAX_OWNERS = 100;

interface Leak {
  pid: number | null;
  process: string | null;
  /** Distinct: a port that is listed on 0.0.0.0 and on :: is one. */
  ports: PortSet;
  /** Of those, the ones without a connection of their own. Windows lists a Bound row beside every connection, too. */
  idle: PortSet;
  inRange: number;
  rows: number;
  lines: number[];
}

export const boundPorts: DumpAnalysis = {
  id: "bound-ports",
  title: "Bound ports",
  question: "Which process holds ports that are bound and connected to nothing?",
  why:
    "A socket that is bound and never connected keeps its port and sends no packet: a capture cannot show it, and netstat -ano leaves it out. " +
    "On Windows each one is a port less for every client of the host, until nothing connects any more (WSAENOBUFS, 10055).",
  run(view) {
    const dump = lastThatShows(view);
    if (dump === null)
      return { kind: "unsure", needs: whatShows(view.latest, hostSettings(view.latest, view.hosts).os) };
    const leaks = leaksOf(dump, view).sort((a, b) => b.idle.size - a.idle.size);
    const course = courseOf(view);
    const findings: DumpFinding[] = [];
    for (const leak of leaks) {
      if (leak.idle.size >= ORDINARY && findings.length < MOST_FINDINGS)
        findings.push(describe(leak, dump, course.get(keyOf(leak)) ?? [], view));
    }
    if (findings.length > 0) return { kind: "found", findings };
    const most = leaks[0]?.idle.size ?? 0;
    return {
      kind: "clear",
      because:
        most === 0
          ? "no port is bound without a connection"
          : `no process has more than ${plural(most, "port")} bound without a connection`,
    };
  },
};

/** Formats that list bound sockets, whoever asks; `netstat -anoq` and `ss -B` do so on request. */
const showsBound = (dump: SocketDump): boolean =>
  dump.format.startsWith("powershell-") || (dump.counts.get("BOUND") ?? 0) > 0;

function lastThatShows(view: DumpView): SocketDump | null {
  for (let i = view.dumps.length - 1; i >= 0; i--) if (showsBound(view.dumps[i]!)) return view.dumps[i]!;
  return null;
}

function whatShows({ format }: SocketDump, os: HostSystem): string {
  if (os === "windows") {
    return "netstat -ano lists no bound socket, and neither does a capture: run Get-NetTCPConnection -State Bound, or netstat -anoq";
  }
  return os === "linux"
    ? `${format === "lsof" ? "lsof" : "this dump"} lists no socket that is bound and not connected: run ss -tanpB (as root), where ss knows it`
    : "this dump lists no socket that is bound and not connected: lsof -nP -p PID lists them as TCP without a state";
}

const keyOf = ({ pid, process }: { pid: number | null; process: string | null }): string => `${pid} ${process}`;

/** The owners with the most bound sockets. */
function ownersOf(dump: SocketDump): Set<string> {
  const rows = new Map<string, number>();
  for (const row of dump.rows()) {
    if (row.state !== "BOUND") continue;
    const key = keyOf(row);
    const before = rows.get(key);
    if (before !== undefined) rows.set(key, before + 1);
    else if (rows.size < MAX_COUNTED) rows.set(key, 1);
  }
  return new Set(
    [...rows]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_OWNERS)
      .map(([key]) => key),
  );
}

function leaksOf(dump: SocketDump, view: DumpView): Leak[] {
  const { ports: range } = hostSettings(dump, view.hosts);
  const owners = ownersOf(dump);
  const connected = new PortSet();
  for (const { state, local } of dump.rows()) if (state !== "BOUND" && local.port !== null) connected.add(local.port);
  const leaks = new Map<string, Leak>();
  for (const row of dump.rows()) {
    const { state, local, pid, process, line } = row;
    if (state !== "BOUND" || local.port === null) continue;
    const key = keyOf(row);
    if (!owners.has(key)) continue;
    let leak = leaks.get(key);
    if (leak === undefined) {
      leak = { pid, process, ports: new PortSet(), idle: new PortSet(), inRange: 0, rows: 0, lines: [] };
      leaks.set(key, leak);
    }
    leak.rows++;
    if (leak.lines.length < CITED) leak.lines.push(line);
    if (!leak.ports.has(local.port) && local.port >= range.first && local.port <= range.last) leak.inRange++;
    leak.ports.add(local.port);
    if (!connected.has(local.port)) leak.idle.add(local.port);
  }
  return [...leaks.values()];
}

/** How many ports each owner had bound, in every dump that shows them. */
function courseOf(view: DumpView): Map<string, Point[]> {
  const course = new Map<string, Point[]>();
  const dumps = view.dumps.filter((d) => d.takenAt !== null && showsBound(d));
  const counts = dumps.map((d) => new Map(leaksOf(d, view).map((leak) => [keyOf(leak), leak.ports.size])));
  for (const key of counts.at(-1)?.keys() ?? []) {
    course.set(
      key,
      dumps.map((d, i) => ({ at: d.takenAt!, count: counts[i]!.get(key) ?? 0 })),
    );
  }
  return course;
}

function describe(leak: Leak, dump: SocketDump, points: readonly Point[], view: DumpView): DumpFinding {
  const settings = hostSettings(dump, view.hosts);
  const count = leak.ports.size;
  const idle = leak.idle.size;
  const isRange = settings.portsStated || count - leak.inRange <= count * STRAYS;
  const ports = portCount(settings.ports);
  const share = isRange ? leak.inRange / ports : null;
  const who = leak.pid === null && leak.process === null ? "A process that the dump does not name" : ownerName(leak);
  const growth = growthOf(points);
  const usedUp =
    share === null || growth?.isSteady !== true
      ? null
      : growth.last.at + (Math.max(0, ports - leak.inRange) / growth.perSecond) * 1000;
  // Nothing but bound sockets is listed: which of them have a connection, the dump does not say.
  const isAlone = (dump.counts.get("BOUND") ?? 0) === dump.rowCount + dump.notKept;
  const sentences = [
    `${who} holds ${plural(count, "distinct port")} bound (${plural(leak.rows, "row")})${isAlone ? "" : `, ${idle === count ? "none of them" : `${formatWhole(count - idle)} of them`} with a connection`}.`,
    share === null
      ? `They are not all of the default range (${rangeText(settings.ports)}): the range was changed.`
      : `That is ${Math.floor(share * 100)} % of the ${formatWhole(ports)} that this host gives to clients (${rangeText(settings.ports)}).`,
    settings.os === "windows"
      ? "netstat -ano does not list them, and a capture cannot: they never sent a packet. Get-NetTCPConnection -State Bound and netstat -anoq do."
      : "A capture cannot show them: they never sent a packet.",
  ];
  if (isAlone) {
    sentences.push(
      "The dump lists bound sockets only: how many of them have a connection, which is in order on Windows, a full list tells.",
    );
  }
  if (growth !== null && growth.first.count !== growth.last.count) {
    sentences.push(
      `From ${clockTime(isoOf(growth.first.at))} to ${clockTime(isoOf(growth.last.at))} they went from ${formatWhole(growth.first.count)} to ${formatWhole(growth.last.count)}${usedUp === null ? "" : `: at that rate none is left at ${clockTime(isoOf(usedUp))}`}.`,
    );
  }
  return {
    severity: severityOf(idle, share, isAlone),
    title: `${who} holds ${plural(count, "bound port")}${share === null ? "" : `, ${Math.floor(share * 100)} % of the range`}`,
    summary: sentences.join(" "),
    subject: { holder: { address: "*" }, peer: null },
    count,
    onset: null,
    metrics: {
      count,
      without_connection: isAlone ? null : idle,
      rows: leak.rows,
      range: isRange ? rangeText(settings.ports) : null,
      ports: isRange ? ports : null,
      range_used_percent: share === null ? null : rounded(share * 100),
      ...ownerMetrics(leak),
      growth_per_s: growth === null ? null : rounded(growth.perSecond),
      range_used_up_at: usedUp === null ? null : isoOf(usedUp),
    },
    evidence: [citeLines(dump, leak.lines)],
    advice: advise(leak, who, view, settings.os),
  };
}

function severityOf(idle: number, share: number | null, isAlone: boolean): Severity {
  const part = share ?? 0;
  if (part >= HALF || idle >= FLOOD) return isAlone && part < HALF ? "high" : "critical";
  if (isAlone) return idle >= VERY_MANY ? "low" : "info";
  if (part >= TENTH || idle >= VERY_MANY) return "high";
  return idle >= MANY ? "medium" : "info";
}

function advise(leak: Leak, who: string, view: DumpView, os: HostSystem): string[] {
  const advice = [
    `Find where ${who} makes sockets, binds them and neither connects nor closes them (a failed connect on an error path, a client made for each call); until then only its restart frees the ports.`,
  ];
  if (os === "windows") {
    const own = leak.pid === null ? "" : ` -OwningProcess ${leak.pid}`;
    if (view.dumps.length === 1) {
      advice.push(
        `Its growth: (Get-NetTCPConnection -State Bound${own}).LocalPort | Sort-Object -Unique | Measure-Object, again in ten minutes.`,
      );
    }
    advice.push(`The range: ${showRange(os)}.`);
  }
  return advice;
}
