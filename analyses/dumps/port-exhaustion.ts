// Which client has hardly a port left, for which destination, since when, and what keeps its ports?

import type { DumpFinding, Party, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis, DumpView } from "../../src/core/dump-view.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump } from "../../src/core/socket-table.ts";
import { clockTime, name, plural } from "../grouping.ts";
import { FULL_SHARE } from "../port-range.ts";
import { rangeText, showRange } from "../socket-commands.ts";
import { citeLines, MOST_FINDINGS } from "./holders.ts";
import { type PortUse, portUses } from "./ports-in-use.ts";
import { whatIsMissing } from "./quality.ts";
import { isoOf } from "./series.ts";

/** From this share of the range on a burst, or a slow peer, is enough. */
const NEAR_SHARE = 0.8;
/** From this one on it is a matter of seconds. */
const EDGE_SHARE = 0.95;
/** Half of it is worth knowing. */
const HALF = 0.5;

/** The dump in which one client had the most ports in use, and when it had none left. */
interface Fullest {
  use: PortUse;
  dump: SocketDump;
  /** The first dump without a free port, and the first one after the last of these that had some again. */
  exhausted: SocketDump | null;
  healed: SocketDump | null;
  isLatest: boolean;
}

export const portExhaustion: DumpAnalysis = {
  id: "port-exhaustion",
  title: "Ports used up",
  question: "Which client has hardly a port left, for which destination, and what keeps its ports?",
  why:
    "A client without a free port fails before it sends anything (EADDRNOTAVAIL, WSAENOBUFS), so that neither the server nor a capture sees it. " +
    "On Linux the range (ip_local_port_range) counts per source address, destination address and port: other destinations still work (RFC 6056 §2).",
  run(view) {
    const findings: DumpFinding[] = [];
    const unsure = whatIsMissing(view.latest, view, "to count the ports in use");
    if (view.latest.format === "lsof") {
      unsure.push("lsof lists no socket in TIME_WAIT, which keeps a port as well: run netstat -an, or ss -tan");
    }
    for (const fullest of fullestOf(view)) {
      const { use } = fullest;
      if (use.range === null) {
        if (fullest.isLatest) unsure.push(unknownRange(use));
        continue;
      }
      const share = use.inUse / use.ports;
      if (share >= HALF && findings.length < MOST_FINDINGS) findings.push(describe(fullest, share));
    }
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure.join("; ") };
    const most = portUses(view.latest, view.hosts)[0];
    return {
      kind: "clear",
      because:
        most === undefined
          ? "no client has more than a few connections to one destination"
          : `no client uses more than ${plural(most.inUse, "port")} of ${formatWhole(most.ports)} (${rangeText(most.range!)}, ${most.rangeFrom})${most.destination === null ? "" : " for one destination"}`,
    };
  },
};

const isFull = (use: PortUse): boolean => use.range !== null && use.inUse >= use.ports * FULL_SHARE;

/** By client and destination, the fullest first. */
function fullestOf(view: DumpView): Fullest[] {
  const byKey = new Map<string, Fullest>();
  for (const dump of view.dumps) {
    const uses = new Map(portUses(dump, view.hosts).map((use) => [use.key, use]));
    for (const [key, so] of byKey) {
      const now = uses.get(key);
      if (so.exhausted !== null && so.healed === null && (now === undefined || !isFull(now))) so.healed = dump;
    }
    for (const [key, use] of uses) {
      let so = byKey.get(key);
      if (so === undefined) byKey.set(key, (so = { use, dump, exhausted: null, healed: null, isLatest: false }));
      if (use.inUse > so.use.inUse) {
        so.use = use;
        so.dump = dump;
      }
      if (!isFull(use)) continue;
      so.exhausted ??= dump;
      so.healed = null;
    }
  }
  for (const so of byKey.values()) so.isLatest = so.dump === view.latest;
  return [...byKey.values()].sort((a, b) => b.use.inUse - a.use.inUse);
}

const unknownRange = (use: PortUse): string =>
  `${use.local} uses ${plural(use.inUse, "port")}${toward(use)} that are not of the default range (${rangeText(use.settings.ports)}): give --port-range (${showRange(use.settings.os)})`;

const toward = ({ destination }: PortUse): string => (destination === null ? "" : ` for ${name(destination)}`);

function severityOf({ exhausted, healed, isLatest }: Fullest, share: number): Severity {
  if (exhausted !== null) return healed === null ? "critical" : "high";
  if (share >= EDGE_SHARE && isLatest) return "high";
  if (share >= NEAR_SHARE) return "medium";
  return "info";
}

function describe(so: Fullest, share: number): DumpFinding {
  const { use, dump, exhausted, healed } = so;
  const holder: Party = { address: use.local };
  const at = dump.takenAt === null ? "" : ` at ${clockTime(isoOf(dump.takenAt))}`;
  const all =
    use.inUse >= use.ports ? `all ${formatWhole(use.ports)}` : `${formatWhole(use.inUse)} of ${formatWhole(use.ports)}`;
  const kept = use.states.map(([state, count]) => `${formatWhole(count)} in ${state}`);
  if (use.bound > 0) kept.push(`${plural(use.bound, "port")} bound or listening`);
  const sentences = [
    `${use.local === "*" ? "This host" : use.local} has ${all} ports (${rangeText(use.range!)}, ${use.rangeFrom}) in use${toward(use)}${at}, ${Math.floor(share * 100)} %: ${kept.join(", ")}.`,
  ];
  if (exhausted !== null) {
    sentences.push(
      healed === null
        ? "A further connection fails before it sends a packet (EADDRNOTAVAIL, on Windows WSAENOBUFS)."
        : `Ports were free again ${healed.takenAt === null ? `in ${healed.source}` : `at ${clockTime(isoOf(healed.takenAt))}`}.`,
    );
  }
  return {
    severity: severityOf(so, share),
    title: `${use.local === "*" ? "This host" : use.local} ${exhausted === null ? "uses" : "ran out of ports:"} ${all}${exhausted === null ? " ports" : " in use"}${toward(use)}`,
    summary: sentences.join(" "),
    subject: { holder, peer: use.destination },
    count: use.inUse,
    onset: exhausted?.takenAt ?? null,
    metrics: {
      ports_in_use: use.inUse,
      range: rangeText(use.range!),
      range_from: use.rangeFrom,
      ports: use.ports,
      limit_per: use.destination === null ? "source address" : "destination",
      peak_at: dump.takenAt === null ? null : isoOf(dump.takenAt),
      exhausted_at: exhausted?.takenAt == null ? null : isoOf(exhausted.takenAt),
      healed_at: healed?.takenAt == null ? null : isoOf(healed.takenAt),
      bound: use.bound,
      ...Object.fromEntries(use.states.map(([state, count]) => [state.toLowerCase(), count])),
    },
    evidence: [citeLines(dump, use.lines)],
    advice: advise(use),
  };
}

function advise(use: PortUse): string[] {
  const to = use.destination === null ? "" : ` to ${name(use.destination)}`;
  const advice: string[] = [];
  const most = use.states[0]?.[0];
  if (use.bound * 2 >= use.inUse)
    advice.push("Most of these ports are bound without a connection: see bound-ports for the process that holds them.");
  else if (most === "CLOSE_WAIT")
    advice.push(
      `The peer has closed most of them: close the connections${to} when the answer is read; see half-closed-connections.`,
    );
  else if (most === "TIME_WAIT")
    advice.push(
      `Reuse connections${to} (a pool, keep-alive) instead of one per call: closed ones keep their port for ${Math.round(use.settings.timeWait / 1e9)} s.`,
    );
  else advice.push(`Limit the connections${to} (a pool with a maximum), or spread them over more source addresses.`);
  if (!use.settings.portsStated) {
    advice.push(
      `The range is the default of the system: if ${showRange(use.settings.os)} says otherwise, give --port-range.`,
    );
  }
  return advice;
}
