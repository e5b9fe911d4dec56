// Who holds connections that the peer has closed (CLOSE_WAIT), why, is it getting worse, and when are its ports used up?

import type { DumpFinding, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis, DumpView } from "../../src/core/dump-view.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { limitIsPerDestination } from "../busy-flows.ts";
import { clockTime, name, plural } from "../grouping.ts";
import { ownedServices } from "./accepted.ts";
import { closeWaitAdvice } from "./close-wait-advice.ts";
import {
  citeLines,
  countsByHolder,
  type Holding,
  holdingsOf,
  largest,
  type Owner,
  ownerMetrics,
  ownerName,
} from "./holders.ts";
import { settingsFor } from "./host.ts";
import { peersThatDoNotClose } from "./peers-that-do-not-close.ts";
import { portKey, portUses } from "./ports-in-use.ts";
import { whatIsMissing } from "./quality.ts";
import { type Growth, growthOf, isoOf, pointsOf, rounded } from "./series.ts";
import { countConnections, type Earlier, heldSince } from "./still-held.ts";

/** On a busy host a few dozen connections are being closed at any moment (20 to 30 is nothing). */
const ORDINARY = 50;
/** Unless they are most of what the holder has, and not only one or two. */
const FEW = 10;
const MANY = 100;
const VERY_MANY = 1000;
/** Whatever else the holder does, so many are no moment's work. */
const FLOOD = 5000;
/** Of a holder's connections: more than passing through. */
const HALF = 0.5;
/** What is further away is a guess (7 days). */
const HORIZON_MS = 7 * 86_400_000;

/** What the receive queues say of one holder's sockets. */
interface Queues {
  /** The process has not read the end of file, nor perhaps what came before it. */
  unread: number;
  /** It read the end of file, and did not close. */
  read: number;
  neverAccepted: number;
  /** Rows whose format has no queues. */
  unknown: number;
}

/** A dump of CLOSE_WAIT alone (`ss state close-wait`, grep) says nothing of other states. */
const listsOthers = ({ counts }: SocketDump): boolean =>
  [...counts.keys()].some((state) => state !== "CLOSE_WAIT" && state !== "LISTEN" && state !== "UNKNOWN");

const isHeld = ({ state }: SocketRow): boolean => state === "CLOSE_WAIT";

export const halfClosedConnections: DumpAnalysis = {
  id: "half-closed-connections",
  title: "Half-closed connections",
  question: "Who holds connections that the peer has closed, and is it getting worse?",
  why:
    "CLOSE_WAIT has no time-out: it lasts until the process closes, and each one keeps a descriptor, at a client a port as well (RFC 9293 §3.6). " +
    "A few dozen pass through a busy host at any moment; hundreds that stay are a leak or a blocked process.",
  run(view) {
    const dump = view.latest;
    const findings = [...heldHere(view), ...peersThatDoNotClose(view)];
    const missing = whatIsMissing(dump, view, "to tell CLOSE_WAIT from ESTABLISHED");
    if (findings.length > 0) return { kind: "found", findings, unsure: missing };
    if (missing.length > 0) return { kind: "unsure", needs: missing.join("; ") };
    const held = dump.counts.get("CLOSE_WAIT") ?? 0;
    return {
      kind: "clear",
      because:
        held === 0
          ? "no socket is in CLOSE_WAIT"
          : `${plural(held, "socket")} in CLOSE_WAIT, no more than is being closed at any moment; if a dump a minute later lists the same ones, they are held`,
    };
  },
};

function heldHere(view: DumpView): DumpFinding[] {
  const dump = view.latest;
  const counts = countsByHolder(dump, view.hosts, isHeld);
  const keys = largest(counts, FEW);
  if (keys.length === 0 && (dump.counts.get("CLOSE_WAIT") ?? 0) < MANY) return [];
  const owned = ownedServices(dump);
  const queues = new Map<Holding, Queues>();
  const holdings = holdingsOf(dump, view.hosts, isHeld, keys, MANY, (holding, row) => {
    let q = queues.get(holding);
    if (q === undefined) queues.set(holding, (q = { unread: 0, read: 0, neverAccepted: 0, unknown: 0 }));
    // Nobody owns it, though the dump names the owner of its service: the process has not accepted it.
    if (row.pid === null && row.process === null && holding.atService && owned.has(row.local.port)) q.neverAccepted++;
    else if (row.recvQ === null) q.unknown++;
    else if (row.recvQ > 0) q.unread++;
    else q.read++;
  });
  const open = countConnections(dump, view.hosts);
  const byDump = new Map(view.dumps.map((d) => [d, countsByHolder(d, view.hosts, isHeld)]));
  const since = heldSince(view, isHeld, new Set(keys));
  const findings: DumpFinding[] = [];
  for (const holding of holdings) {
    const points = holding.isRest ? [] : pointsOf(view, (d) => byDump.get(d)!.get(holding.key) ?? 0);
    const growth = growthOf(points);
    const still = since.get(holding.key) ?? null;
    const share =
      holding.isRest || !dump.counts.has("ESTABLISHED") ? 0 : holding.count / (open.get(holding.key) ?? holding.count);
    const severity = severityOf(holding, growth, still?.count ?? null, share);
    if (severity === null) continue;
    const listener = holding.atService ? owned.listener(holding.holder.port ?? null) : null;
    findings.push(describe(holding, severity, queues.get(holding)!, growth, still, listener, view));
  }
  return findings;
}

/** Null: not worth a line. `still`: how many an earlier dump listed as well; null without one. */
function severityOf(
  { count, isRest }: Holding,
  growth: Growth | null,
  still: number | null,
  share: number,
): Severity | null {
  const isGrowing =
    growth?.isSteady === true && growth.last.count - growth.first.count >= Math.max(FEW, growth.first.count * 0.1);
  const isHeldOn = still !== null && still >= Math.max(FEW, count * HALF);
  // An earlier dump lists hardly any of them: they come and go.
  const passes = still !== null && still < Math.max(FEW, count * 0.1) && !isGrowing;
  if (count >= VERY_MANY) {
    if (passes) return "info";
    return isGrowing || isHeldOn || share >= HALF || count >= FLOOD ? "critical" : "high";
  }
  if (count >= MANY) {
    if (passes) return "info";
    return isGrowing || isHeldOn || share >= HALF ? "high" : isRest ? "low" : "medium";
  }
  if (isGrowing || isHeldOn) return count >= ORDINARY ? "medium" : "low";
  return count >= ORDINARY || share >= HALF ? "info" : null;
}

function describe(
  holding: Holding,
  severity: Severity,
  queues: Queues,
  growth: Growth | null,
  still: Earlier | null,
  listener: Omit<Owner, "count"> | null,
  view: DumpView,
): DumpFinding {
  const dump = view.latest;
  const { holder, peer, count } = holding;
  const owner = holding.owner === null && listener !== null ? ownerName(listener) : holding.ownerText();
  const usedUp = usedUpAt(holding, growth, view);
  const settings = settingsFor(dump, view.hosts, holder.address);
  const who = holding.isRest ? `This host` : name(holder);
  const toward = peer === null ? (holding.isRest ? "many peers" : "its callers") : name(peer);
  const timeWait = listsOthers(dump) ? (dump.counts.get("TIME_WAIT") ?? 0) : null;
  const total = dump.counts.get("CLOSE_WAIT") ?? count;
  const of = total > count ? `, of ${formatWhole(total)} on this host,` : "";
  const sentences = [
    `${who}${owner === "" ? "" : `, ${owner},`} holds ${plural(count, "connection")} in CLOSE_WAIT${of} that ${toward} closed, on ${plural(holding.ports.size, "local port")}.`,
    queueText(queues, count, holding.atService),
  ];
  if (still !== null && still.count > 0) {
    sentences.push(
      `${formatWhole(still.count)} of them ${still.at === null ? `are in ${still.source} as well` : `were there at ${clockTime(isoOf(still.at))} already`}: they are held, not passing through.`,
    );
  }
  if (growth !== null && growth.first.count !== growth.last.count) {
    sentences.push(
      `From ${clockTime(isoOf(growth.first.at))} to ${clockTime(isoOf(growth.last.at))} they went from ${formatWhole(growth.first.count)} to ${formatWhole(growth.last.count)} (${rounded(growth.perSecond)} per second)${usedUp === null ? "" : `: at that rate its ports${limitIsPerDestination(settings) ? " for that destination" : ""} are used up at ${clockTime(isoOf(usedUp))}`}.`,
    );
  }
  if (count >= VERY_MANY && timeWait === 0) {
    sentences.push(
      "No socket is in TIME_WAIT: late closes meet a peer whose own socket has long expired, and leave none behind.",
    );
  }
  return {
    severity,
    title: `${holding.isRest ? "Other sockets of this host hold" : `${name(holder)} holds`} ${plural(count, "connection")} half-closed that ${toward} had closed`,
    summary: sentences.filter((s) => s !== "").join(" "),
    subject: { holder, peer },
    count,
    onset: null,
    metrics: {
      count,
      unread_eof: queues.unknown === count ? null : queues.unread,
      read_eof: queues.unknown === count ? null : queues.read,
      never_accepted: dump.hasOwners ? queues.neverAccepted : null,
      distinct_ports: holding.ports.size,
      ...ownerMetrics(holding.owner ?? listener),
      growth_per_s: growth === null ? null : rounded(growth.perSecond),
      range_used_up_at: usedUp === null ? null : isoOf(usedUp),
      still_held: still?.count ?? null,
      held_by: holding.atService ? "service" : "client",
      time_wait: timeWait,
    },
    evidence: [citeLines(dump, holding.lines)],
    advice: closeWaitAdvice(holding, queues, view.dumps.length > 1, settings.os),
  };
}

function queueText({ unread, read, neverAccepted, unknown }: Queues, count: number, atService: boolean): string {
  // A service reads until its handler is stuck; a client that has its answer may never look at the connection again.
  const because = atService ? "it is blocked" : "it has forgotten them, or is blocked";
  const all = (n: number): string => (n === count ? "all" : formatWhole(n));
  const parts: string[] = [];
  if (unread > 0) parts.push(`on ${all(unread)} the process has not read the end of file (Recv-Q above 0): ${because}`);
  if (read > 0)
    parts.push(`on ${all(read)} it read the end of file and did not close (Recv-Q 0): a leak, or a handler that hangs`);
  if (neverAccepted > 0) parts.push(`${all(neverAccepted)} belong to no process: they were never accepted`);
  if (parts.length === 0)
    return unknown > 0 ? "The dump has no receive queues, which would tell blocked from leaked." : "";
  const text = parts.join("; ");
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** When a client has no port left for that destination, in milliseconds since 1970. */
function usedUpAt(holding: Holding, growth: Growth | null, view: DumpView): number | null {
  const dump: SocketDump = view.latest;
  if (holding.atService || holding.isRest || growth?.isSteady !== true) return null;
  const uses = portUses(dump, view.hosts);
  const use = uses.find((u) => u.key === portKey(holding.holder.address, holding.peer, u.settings));
  if (use === undefined || use.range === null) return null;
  const left = (Math.max(0, use.ports - use.inUse) / growth.perSecond) * 1000;
  return left > HORIZON_MS ? null : growth.last.at + left;
}
