// Who closes first, and so collects TIME_WAIT? How many at once, in which rhythm, and what it costs: one port each at a
// client, nothing but a little memory at a service.

import type { Analysis, FoundFinding, Metrics, Severity } from "../src/core/analysis.ts";
import { toSeconds } from "../src/core/clock.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { type Bursts, burstsOf } from "./bursts.ts";
import { CITED, cite, clockTime, duration, name, plural } from "./grouping.ts";
import { type Peak, peakOf } from "./occupancy.ts";
import type { PortLimit } from "./port-limit.ts";
import { PortSupply } from "./port-supply.ts";
import { isTimeWaitReused } from "./port-use.ts";
import { rangeText, showPorts, showRange } from "./socket-commands.ts";
import { type TimeWaitSockets, timeWaitSockets } from "./time-wait-sockets.ts";

/** Fewer at once are the trace of ordinary work, and not worth a line. */
const WORTH_A_LINE = 50;
/** Unless they are much of a narrow range. */
const LEAST = 10;
/** Of the client's ports: where a burst twice as large would not fit any more; and where hardly any is left. */
const HALF = 0.5;
const MOST = 0.8;
/** A rate over a shorter time says nothing about the next minute. */
const LEAST_SPAN = 5e9;
/** A rate foretells trouble when it has held for this share of the lifetime, up to the end of the capture. */
const SUSTAINED = 0.25;
const STILL_GOING = 0.1;
/** Each costs a service about 300 bytes of kernel memory; below so many (tcp_max_tw_buckets is often 65,536 or more) nobody notices. */
const MANY_AT_SERVICE = 10_000;

/** What of a client's ports. */
interface Threat {
  limit: PortLimit;
  /** TIME_WAIT at the peak as a share of the range. */
  share: number;
}

export const timeWaitBuildup: Analysis = {
  id: "time-wait-buildup",
  title: "TIME_WAIT build-up",
  question: "Who closes first, and so collects TIME_WAIT; and does that use up its ports?",
  why:
    "Who closes first keeps the socket for a minute (Linux) or four (Windows), so that late segments cannot reach a new connection (RFC 9293 §3.6.1). " +
    "That is healthy; but at a client each one keeps a port, and 470 connections per second to one destination (28,232 ports in 60 s) is all that Linux can do.",
  run(view) {
    const groups = timeWaitSockets(view);
    const findings: FoundFinding[] = [];
    let most = 0;
    for (const g of groups) {
      if (g.from.length < LEAST) continue;
      const peak = peakOf(Float64Array.from(g.from), Float64Array.from(g.until));
      most = Math.max(most, peak.count);
      if (peak.count < LEAST) continue;
      let threat: Threat | null = null;
      if (g.atClient) {
        const limit = PortSupply.in(view).of(g.holder.address, g.peer)?.limit;
        if (limit !== undefined && limit.range !== null) threat = { limit, share: peak.count / limit.ports };
      }
      if (peak.count >= WORTH_A_LINE || (threat !== null && threat.share >= HALF)) {
        findings.push(describe(g, peak, threat, view));
      }
    }
    if (findings.length > 0) return { kind: "found", findings };
    if (view.flowCount === 0) return { kind: "unsure", needs: "there is no TCP connection in the capture" };
    return {
      kind: "clear",
      because:
        most === 0
          ? "nobody collects TIME_WAIT"
          : `nobody had more than ${plural(most, "socket")} in TIME_WAIT towards one destination at once`,
    };
  },
};

// ─────────────────────────── one owner and destination ───────────────────────────

/** Connections per second, when there are enough, over long enough. */
function rateOf(times: Float64Array): number | null {
  const span = times.at(-1)! - times[0]!;
  return span < LEAST_SPAN ? null : (times.length - 1) / (span / 1e9);
}

function describe(g: TimeWaitSockets, peak: Peak, threat: Threat | null, view: CaptureView): FoundFinding {
  const starts = Float64Array.from(g.start).sort();
  const bursts = burstsOf(starts);
  const from = Float64Array.from(g.from).sort();
  const rate = rateOf(from);
  const lifetime = g.settings.timeWait;
  const steady = rate === null ? null : Math.round((rate * lifetime) / 1e9);
  const order = g.flow.map((_, i) => i).sort((a, b) => g.from[a]! - g.from[b]!);
  const span = from.at(-1)! - from[0]!;
  const isSustained = span >= lifetime * SUSTAINED && view.lastTime - from.at(-1)! <= Math.max(1e9, span * STILL_GOING);
  const reusable = g.atClient && isTimeWaitReused(g.holder.address, g.settings);
  const isTooFast = threat !== null && !reusable && steady !== null && isSustained && steady > threat.limit.ports;
  const metrics: Metrics = {
    peak: peak.count,
    peak_at: view.clock.iso(peak.at),
    period_s: bursts === null || bursts.period === null ? null : toSeconds(bursts.period),
    burst_size: bursts?.size ?? null,
    bursts: bursts?.starts.length ?? null,
    connections: g.flow.length,
    requests_per_connection: g.isRead ? Number((g.requests / g.flow.length).toPrecision(3)) : null,
    rate_per_s: rate === null ? null : Number(rate.toPrecision(4)),
    lifetime_s: toSeconds(lifetime),
    steady_state: steady,
    simultaneous_closes: g.crossed,
    held_by: g.atClient ? "client" : "service",
  };
  if (threat !== null) {
    metrics.range = rangeText(threat.limit.range!);
    metrics.range_from = threat.limit.rangeFrom;
    metrics.ports = threat.limit.ports;
    metrics.ceiling_per_s = Number((threat.limit.ports / (lifetime / 1e9)).toPrecision(4));
  }
  return {
    severity: severityOf(threat, isTooFast, reusable),
    title: `${name(g.holder)} keeps up to ${plural(peak.count, "socket")} in TIME_WAIT towards ${name(g.peer)}`,
    summary: summaryOf(g, peak, bursts, rate, steady, threat, isTooFast, reusable, view),
    subject: { holder: g.holder, peer: g.peer },
    count: peak.count,
    onset: from[0]!,
    metrics,
    evidence: order.slice(0, CITED).map((i) => {
      const row = view.row(g.flow[i]!);
      return cite(row.id, ...[row.client.fin?.frame, row.server.fin?.frame].sort((a, b) => (a ?? 0) - (b ?? 0)));
    }),
    advice: advise(g, threat),
    timeline: timelineOf(from, view.firstTime, view.lastTime),
  };
}

function severityOf(threat: Threat | null, isTooFast: boolean, reusable: boolean): Severity {
  if (threat === null) return "info";
  if (threat.limit.exhaustion !== null && threat.share >= HALF) return "high";
  if (reusable) return "info";
  if (threat.share >= MOST) return "high";
  return threat.share >= HALF || isTooFast ? "medium" : "info";
}

function summaryOf(
  g: TimeWaitSockets,
  peak: Peak,
  bursts: Bursts | null,
  rate: number | null,
  steady: number | null,
  threat: Threat | null,
  isTooFast: boolean,
  reusable: boolean,
  view: CaptureView,
): string {
  const lifetime = duration(g.settings.timeWait);
  const who = g.crossed * 2 > g.flow.length ? "closes at the same moment as its peer" : "closes first";
  const sentences = [
    `${name(g.holder)} ${who} and keeps each closed connection with ${name(g.peer)} in TIME_WAIT for ${lifetime}: up to ${formatWhole(peak.count)} at once (${clockTime(view.clock.iso(peak.at))}), of ${plural(g.flow.length, "connection")}.`,
  ];
  if (bursts !== null && bursts.period !== null) {
    sentences.push(
      `They come in bursts of ${formatWhole(bursts.size)} (median) every ${duration(bursts.period)}, ${formatWhole(bursts.starts.length)} bursts in all.`,
    );
  }
  if (threat !== null && threat.share >= 0.01) {
    const { limit } = threat;
    sentences.push(
      `That is ${Math.round(threat.share * 100)} % of its ${plural(limit.ports, "port")} (${rangeText(limit.range!)}, ${limit.rangeFrom})${limit.exhaustion === null ? "." : ", and for a time none was left."}`,
    );
  }
  if (isTooFast) {
    sentences.push(
      `At ${Number(rate!.toPrecision(3))} per second ${formatWhole(steady!)} would be held at once: more than it has ports.`,
    );
  } else if (threat === null) {
    sentences.push(
      peak.count >= MANY_AT_SERVICE
        ? "At a service they use no port, but some memory, and the kernel has a limit (tcp_max_tw_buckets)."
        : "At a service they use no port: this is harmless.",
    );
  } else if (reusable) {
    sentences.push("On loopback Linux gives such a port out again after a second (tcp_tw_reuse = 2).");
  }
  return sentences.join(" ");
}

function advise(g: TimeWaitSockets, threat: Threat | null): string[] {
  const show = `See them on that host: ${showPorts(g.settings.os, "TIME_WAIT", g.atClient ? g.peer : null)}.`;
  if (!g.atClient || threat === null) return [show];
  const advice = [
    `Let ${name(g.holder)} reuse its connections to ${name(g.peer)} (a pool, keep-alive) instead of one per call.`,
    `${show} Its ports: ${showRange(g.settings.os)}.`,
  ];
  if (g.settings.os === "linux") {
    advice.push(
      "Where reuse is not possible: a wider net.ipv4.ip_local_port_range, or net.ipv4.tcp_tw_reuse = 1 at the client (needs TCP timestamps at both ends).",
    );
  } else if (g.settings.os === "windows") {
    advice.push(
      "Where reuse is not possible: netsh int ipv4 set dynamicport tcp start=10000 num=55535, or a shorter TcpTimedWaitDelay (30 s at least).",
    );
  }
  return advice;
}
