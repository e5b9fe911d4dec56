// Who closes first, and so collects TIME_WAIT: how many at most, when, in which rhythm, and what of a client's ports do they take?

import type { DumpFinding, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis, DumpView } from "../../src/core/dump-view.ts";
import type { HostSettings } from "../../src/core/host-settings.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { clockTime, name, plural } from "../grouping.ts";
import { usable } from "../port-sweep.ts";
import { isTimeWaitReused } from "../port-use.ts";
import { rangeText, showPorts } from "../socket-commands.ts";
import { citeLines, countsByHolder, type Holding, holdingsOf, MOST_FINDINGS } from "./holders.ts";
import { settingsFor } from "./host.ts";
import { whatIsMissing } from "./quality.ts";
import { periodOf } from "./rhythm.ts";
import { isoOf, type Point, pointsOf } from "./series.ts";

/** Fewer at once are the trace of ordinary work. */
const WORTH_A_LINE = 100;
/** At a service they use no port: below so many (tcp_max_tw_buckets is often 65,536 or more) nobody notices. */
const MANY_AT_SERVICE = 10_000;
/** Of a client's ports: where a burst twice as large would not fit; and where hardly any is left. */
const HALF = 0.5;
const MOST = 0.8;

/** One holder's dump with the most. */
interface Peak {
  key: string;
  count: number;
  dump: SocketDump;
}

const isTimeWait = ({ state }: SocketRow): boolean => state === "TIME_WAIT";

export const timeWaitBuildup: DumpAnalysis = {
  id: "time-wait-buildup",
  title: "TIME_WAIT build-up",
  question: "Who closes first, and so collects TIME_WAIT; and does that use up its ports?",
  why:
    "Who closes first keeps the socket for a minute (Linux) or four (Windows), so that late segments cannot reach a new connection (RFC 9293 §3.6.1). " +
    "That is healthy; but at a client each one keeps a port, and the ports are counted.",
  run(view) {
    const dump = view.latest;
    const byDump = new Map(view.dumps.map((d) => [d, countsByHolder(d, view.hosts, isTimeWait)]));
    const findings: DumpFinding[] = [];
    for (const peak of peaksOf(byDump)) {
      const [holding] = holdingsOf(peak.dump, view.hosts, isTimeWait, [peak.key], Number.POSITIVE_INFINITY);
      const points = pointsOf(view, (d) => byDump.get(d)!.get(peak.key) ?? 0);
      if (holding !== undefined) findings.push(describe(holding, peak, points, view));
    }
    const unsure = whatIsMissing(dump, view, "to see whose TIME_WAIT it is");
    if (dump.format === "lsof") {
      unsure.push(
        "lsof lists the sockets of processes, and a socket in TIME_WAIT belongs to none: run netstat -an, or ss -tan",
      );
    }
    if (dump.summary?.timeWait != null && unsure.length > 0) {
      unsure[0] = `${plural(dump.summary.timeWait, "socket")} in TIME_WAIT in all; ${unsure[0]}`;
    }
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure.join("; ") };
    const most = Math.max(0, ...view.dumps.map((d) => d.counts.get("TIME_WAIT") ?? 0));
    return {
      kind: "clear",
      because:
        most === 0
          ? "no socket is in TIME_WAIT"
          : `${plural(most, "socket")} in TIME_WAIT at most, and nobody has ${formatWhole(WORTH_A_LINE)} towards one destination`,
    };
  },
};

/** The holders that are worth a line, most first. */
function peaksOf(byDump: ReadonlyMap<SocketDump, ReadonlyMap<string, number>>): Peak[] {
  const peaks = new Map<string, Peak>();
  for (const [dump, counts] of byDump) {
    for (const [key, count] of counts) {
      if (count < WORTH_A_LINE) continue;
      const peak = peaks.get(key);
      if (peak === undefined || count > peak.count) peaks.set(key, { key, count, dump });
    }
  }
  return [...peaks.values()].sort((a, b) => b.count - a.count).slice(0, MOST_FINDINGS);
}

function describe(holding: Holding, peak: Peak, points: readonly Point[], view: DumpView): DumpFinding {
  const { holder, peer, atService } = holding;
  const { dump } = peak;
  const settings = settingsFor(dump, view.hosts, holder.address);
  const ports = usable(settings.ports, settings.os);
  const reused = !atService && isTimeWaitReused(holder.address, settings);
  const share = atService ? null : holding.ports.size / ports;
  const period = periodOf(points);
  const toward = peer === null ? "its callers" : name(peer);
  const at = dump.takenAt === null ? "" : ` at ${clockTime(isoOf(dump.takenAt))}`;
  const sentences = [
    `${name(holder)} closes first and keeps its closed connections with ${toward} in TIME_WAIT for ${Math.round(settings.timeWait / 1e9)} s: ${formatWhole(peak.count)}${view.dumps.length > 1 ? " at most" : ""}${at}.`,
  ];
  if (period !== null) sentences.push(`They come and go every ${period} s.`);
  if (atService) {
    sentences.push(
      peak.count >= MANY_AT_SERVICE
        ? "At a service they use no port, but some memory, and the kernel has a limit (tcp_max_tw_buckets)."
        : "At a service they use no port: this is harmless.",
    );
  } else if (reused) {
    sentences.push("On loopback Linux gives such a port out again after a second (tcp_tw_reuse = 2).");
  } else {
    sentences.push(
      `They keep ${plural(holding.ports.size, "port")} of ${formatWhole(ports)} (${rangeText(settings.ports)}).`,
    );
  }
  return {
    severity: severityOf(share, reused),
    title: `${name(holder)} keeps ${view.dumps.length > 1 ? "up to " : ""}${plural(peak.count, "socket")} in TIME_WAIT towards ${toward}`,
    summary: sentences.join(" "),
    subject: { holder, peer },
    count: peak.count,
    onset: null,
    metrics: {
      peak: peak.count,
      peak_at: dump.takenAt === null ? null : isoOf(dump.takenAt),
      period_s: period,
      distinct_ports: holding.ports.size,
      ...(atService ? {} : { range: rangeText(settings.ports), ports }),
      lifetime_s: settings.timeWait / 1e9,
      held_by: atService ? "service" : "client",
      process: null,
      pid: null,
    },
    evidence: [citeLines(dump, holding.lines)],
    advice: advise(holding, settings, share),
  };
}

function severityOf(share: number | null, reused: boolean): Severity {
  if (share === null || reused || share < HALF) return "info";
  return share >= MOST ? "high" : "medium";
}

function advise({ atService, holder, peer }: Holding, settings: HostSettings, share: number | null): string[] {
  const show = `See them on that host: ${showPorts(settings.os, "TIME_WAIT", atService ? null : peer)}. They belong to no process any more; a capture shows who closes first.`;
  if (atService || share === null || peer === null) return [show];
  return [
    `Let ${name(holder)} reuse its connections to ${name(peer)} (a pool, keep-alive) instead of one per call.`,
    show,
  ];
}
