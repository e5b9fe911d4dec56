// Which client has no port left for a destination, since when, and what keeps its ports?

import type { Analysis, Evidence, FoundFinding, Metrics, Party, Severity } from "../src/core/analysis.ts";
import { toSeconds } from "../src/core/clock.ts";
import type { CaptureView, StateName } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, duration, name, plural } from "./grouping.ts";
import { type Forecast, forecast } from "./port-forecast.ts";
import type { PortLimit } from "./port-limit.ts";
import { PortSupply, type Supply } from "./port-supply.ts";
import { isTimeWaitReused, type PortUse } from "./port-use.ts";
import { rangeText, showPorts, showRange } from "./socket-commands.ts";

/** From this share of the range on a client lives on the edge: a burst, or a slow peer, is enough. */
const NEAR_SHARE = 0.8;
/** Fewer are not worth a word as long as some are free. */
const NEAR_LEAST = 50;
/** A range that will be used up within the hour is tonight's trouble. */
const SOON = 3600e9;

export const portExhaustion: Analysis = {
  id: "port-exhaustion",
  title: "Ports used up",
  question: "Which client has no port left for a destination, since when, and what keeps its ports?",
  why:
    "A client without a free port fails before it sends anything (EADDRNOTAVAIL, WSAENOBUFS), so that the server sees nothing but silence. " +
    "On Linux the range (ip_local_port_range) counts per source address, destination address and port: other destinations still work (RFC 6056 §2).",
  run(view) {
    const findings: FoundFinding[] = [];
    const unsure: string[] = [];
    let most: Supply | null = null;
    for (const supply of PortSupply.in(view).all) {
      const { use, limit } = supply;
      if (most === null || limit.peak.count > most.limit.peak.count) most = supply;
      if (limit.doubt !== null) unsure.push(doubtText(use, limit.doubt));
      if (limit.exhaustion !== null) {
        findings.push(describe(use, limit, null, view));
        continue;
      }
      const future = forecast(use, limit, view.lastTime, () => statesAt(use, view.lastTime, view));
      const isNear =
        limit.peak.count >= NEAR_LEAST &&
        limit.ports > 0 &&
        limit.peak.count >= limit.ports * NEAR_SHARE &&
        !isReplaceable(use, limit.peak.at, view);
      if (future !== null || isNear) findings.push(describe(use, limit, future, view));
    }
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure };
    if (view.flowCount === 0) return { kind: "unsure", needs: "there is no TCP connection in the capture" };
    return { kind: "clear", because: clearText(most) };
  },
};

function clearText(most: Supply | null): string {
  if (most === null) return "no client had more than a few connections to one destination";
  const { use, limit } = most;
  const peak = plural(limit.peak.count, "port");
  const of = limit.range === null ? "" : ` of ${formatWhole(limit.ports)} (${rangeText(limit.range)})`;
  return `no client used more than ${peak}${of} at once${use.perDestination ? " for one destination" : ""}`;
}

function doubtText(use: PortUse, doubt: NonNullable<PortLimit["doubt"]>): string {
  const to = use.perDestination ? ` towards ${name(use.destinations[0]!)}` : "";
  const range = rangeText(doubt.range);
  return doubt.why === "counter"
    ? `${use.client} took the ports ${range} one by one${to} and then stopped: whether it had no more, or had nothing more to do, the capture cannot tell; give --port-range (${showRange(use.settings.os)})`
    : `${use.client} had all ports of ${range} in use${to} when the capture ended: capture for longer, or give --port-range (${showRange(use.settings.os)})`;
}

// ─────────────────────────── one client ───────────────────────────

function describe(use: PortUse, limit: PortLimit, future: Forecast | null, view: CaptureView): FoundFinding {
  const { exhaustion } = limit;
  const at = exhaustion?.at ?? limit.peak.at;
  const inUse = exhaustion?.inUse ?? limit.peak.count;
  const states = statesAt(use, at, view);
  const peer = busiestDestination(use, at);
  const holder: Party = { address: use.client };
  const range = limit.range === null ? null : rangeText(limit.range);
  const before = attemptRate(use, at);
  const iso = (t: number | null | undefined): string | null => (t == null ? null : view.clock.iso(t));
  const metrics: Metrics = {
    ports_in_use: inUse,
    peak_at: iso(at),
    range,
    range_from: limit.rangeFrom,
    ports: limit.ports,
    limit_per: use.perDestination ? "destination" : "source address",
    ...(use.perDestination ? {} : { destinations: use.destinations.length }),
    exhausted_at: iso(exhaustion?.at),
    healed_at: iso(exhaustion?.healed),
    ports_free_at: iso(exhaustion?.freed),
    silence_s: exhaustion === null ? null : toSeconds(exhaustion.silence),
    exhaustions: exhaustion?.times ?? 0,
    last_exhausted_at: exhaustion !== null && exhaustion.times > 1 ? iso(exhaustion.lastAt) : null,
    attempts_per_s: before === null ? null : Number(before.toPrecision(4)),
    would_be_exhausted_at: iso(future?.at),
    growth_per_s: future === null ? null : Number(future.growthPerSecond.toPrecision(4)),
  };
  for (const [state, count] of states) metrics[state.toLowerCase()] = count;
  return {
    severity: severityOf(limit, future, view),
    title: titleOf(use, limit, future, peer, view),
    summary: summaryOf(use, limit, future, peer, states, view),
    subject: { holder, peer },
    count: inUse,
    onset: exhaustion?.at ?? (future === null ? limit.peak.at : use.from[0]!),
    metrics,
    evidence: evidenceOf(use, at, exhaustion?.healer ?? null, view),
    advice: advise(use, states, peer),
    timeline: timelineOf(use.from, view.firstTime, view.lastTime),
  };
}

/** Attempts per second up to `t`, since the first. */
function attemptRate(use: PortUse, t: number): number | null {
  let attempts = 0;
  let first = t;
  for (let i = 0; i < use.from.length && use.from[i]! <= t; i++) {
    if (use.attempt[i] === 1 && attempts++ === 0) first = use.from[i]!;
  }
  return attempts > 1 && t > first ? (attempts - 1) / ((t - first) / 1e9) : null;
}

function severityOf(limit: PortLimit, future: Forecast | null, view: CaptureView): Severity {
  const { exhaustion } = limit;
  if (exhaustion !== null) return exhaustion.healed === null ? "critical" : "high";
  const share = limit.peak.count / limit.ports;
  if (share >= NEAR_SHARE) return "medium";
  return future !== null && (share >= 0.5 || future.at - view.lastTime <= SOON) ? "medium" : "low";
}

function titleOf(
  use: PortUse,
  limit: PortLimit,
  future: Forecast | null,
  peer: Party | null,
  view: CaptureView,
): string {
  const to = peer === null ? "" : ` for ${name(peer)}`;
  if (limit.exhaustion !== null) {
    const { inUse } = limit.exhaustion;
    const how =
      inUse >= limit.ports ? `all ${formatWhole(inUse)}` : `${formatWhole(inUse)} of ${formatWhole(limit.ports)}`;
    return `${use.client} ran out of ports${to}: ${how} in use`;
  }
  const inUse = `${formatWhole(limit.peak.count)} of its ${formatWhole(limit.ports)} ports${to}`;
  return future === null
    ? `${use.client} uses ${inUse}`
    : `${use.client} will run out of ports${to} at ${clockTime(view.clock.iso(future.at))}, at the rate seen`;
}

function summaryOf(
  use: PortUse,
  limit: PortLimit,
  future: Forecast | null,
  peer: Party | null,
  states: ReadonlyMap<StateName, number>,
  view: CaptureView,
): string {
  const { exhaustion } = limit;
  const at = (t: number): string => clockTime(view.clock.iso(t));
  const to = peer === null ? "" : ` for ${name(peer)}`;
  const range = limit.range === null ? "" : ` (${rangeText(limit.range)}, ${limit.rangeFrom})`;
  const kept = [...states].map(([state, count]) => `${formatWhole(count)} in ${state}`).join(", ");
  if (exhaustion === null) {
    const sentences = [
      `${use.client} had ${plural(limit.peak.count, "port")} of ${formatWhole(limit.ports)}${range} in use${to} at ${at(limit.peak.at)}: ${kept}.`,
    ];
    if (future !== null) {
      sentences.push(
        `They grow by ${Number(future.growthPerSecond.toPrecision(3))} per second, most of them in ${future.kept}: at this rate none is left at ${at(future.at)}.`,
      );
    }
    return sentences.join(" ");
  }
  const free = exhaustion.freed === null ? "" : `, ports being free again from ${at(exhaustion.freed)} on`;
  const isAgain = exhaustion.times > 1;
  const sentences = [
    `At ${at(exhaustion.at)} ${use.client} took the last of its ${plural(limit.ports, "port")}${range}${to}: ${kept}.`,
    isAgain
      ? `That happened ${formatWhole(exhaustion.times)} times, the last at ${at(exhaustion.lastAt)}, and no attempt to connect was seen for up to ${duration(exhaustion.silence)}.`
      : `No attempt to connect was seen after that for ${duration(exhaustion.silence)}${exhaustion.healed === null ? ", until the capture ended" : ""}.`,
  ];
  if (exhaustion.healed !== null) sentences.push(`At ${at(exhaustion.healed)} attempts went on${free}.`);
  else if (isAgain) sentences.push("After the last time they did not go on.");
  return sentences.join(" ");
}

/** Sockets that hold a port at `t`, by state, the most frequent first. */
function statesAt(use: PortUse, t: number, view: CaptureView): Map<StateName, number> {
  const counts = new Map<StateName, number>();
  for (let i = 0; i < use.from.length && use.from[i]! <= t; i++) {
    if (!(use.until[i]! > t)) continue;
    const { history } = view.row(use.flow[i]!).client;
    let n = history.count - 1;
    while (n > 0 && history.from(n) > t) n--;
    const state = history.state(n);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return new Map([...counts].sort((a, b) => b[1] - a[1]));
}

/** What fills the range makes room by itself when it must. */
const isReplaceable = (use: PortUse, t: number, view: CaptureView): boolean =>
  isTimeWaitReused(use.client, use.settings) && [...statesAt(use, t, view).keys()][0] === "TIME_WAIT";

function busiestDestination(use: PortUse, t: number): (Party & { port: number }) | null {
  const counts = new Uint32Array(use.destinations.length);
  let busiest = 0;
  for (let i = 0; i < use.from.length && use.from[i]! <= t; i++) {
    if (use.until[i]! > t) counts[use.destination[i]!]!++;
  }
  counts.forEach((count, d) => {
    if (count > counts[busiest]!) busiest = d;
  });
  return use.destinations[busiest] ?? null;
}

/** The last connections that found a port, and the first one after it had healed. */
function evidenceOf(use: PortUse, at: number, healer: number | null, view: CaptureView): Evidence[] {
  const takers: number[] = [];
  for (let i = use.from.length - 1; i >= 0 && takers.length < CITED; i--) if (use.from[i]! <= at) takers.unshift(i);
  if (healer !== null) takers.push(healer);
  return takers.map((i) => {
    const row = view.row(use.flow[i]!);
    return cite(row.id, row.first.frame);
  });
}

function advise(use: PortUse, states: ReadonlyMap<StateName, number>, peer: Party | null): string[] {
  const main = [...states.keys()][0] ?? "ESTABLISHED";
  const { client, settings } = use;
  const cure =
    main === "CLOSE_WAIT"
      ? `Find the code path of ${client} that does not close what ${peer === null ? "its peer" : name(peer)} has closed; use one client with a pool instead of a new one per call.`
      : main === "TIME_WAIT"
        ? `Let ${client} reuse its connections (a pool, keep-alive) instead of one per call: TIME_WAIT keeps each port for ${duration(settings.timeWait)} after the close.`
        : `Bound the connections of ${client} (a pool with a maximum), and reuse them.`;
  return [
    cure,
    `See on that host what holds the ports: ${showPorts(settings.os, main, peer)}. Its range: ${showRange(settings.os)}.`,
    use.perDestination
      ? "Until that is mended: a wider range, or a second address of the destination, gives more ports; a restart frees those that a process holds, not those in TIME_WAIT."
      : "Until that is mended: a wider range gives more ports; a restart frees those that a process holds, not those in TIME_WAIT.",
  ];
}
