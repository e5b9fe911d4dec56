// Which ends closed connections that had been idle, and do their idle times agree on one time-out?
//
// A timer keeps the idle time constant while the moments of closing differ; a shutdown keeps the moment constant while the
// idle times differ. Only what agrees, at different moments, is a time-out.

import type { Nanos } from "../src/core/clock.ts";
import { type CaptureView, type EndRow, type FlowRow, IDLE_NS, Sign } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { median, percentile, sorted } from "../src/core/statistics.ts";

/** A pause is far longer than the path: what ends after a few round trips answers something. */
const ROUND_TRIPS = 10;
/** What a protocol says of itself behind an answer (a window update, a ticket taken) follows at once; a request does not. */
const TAIL_NS = 20e6;
/** Fewer agree by accident. */
const FEWEST = 3;
/** An event-driven timer is late by milliseconds: the widest idle time is within this share of the shortest. */
const AGREE = 0.05;
/** The time-out explains at least this share of all idle ends of that side. */
const MOST = 0.5;
/** A program that looks once a second is late by up to one. Taken for that only when nearly all of many ends fit. */
const SWEEP_NS = 1e9;
const SWEPT_FEWEST = 10;
const NEARLY_ALL = 0.9;
/** The moments of closing differ by so many times the spread of the idle times, or one event closed them all. */
const MOMENTS = 5;

export type Closer = "server" | "client";

export interface IdleEnd {
  flow: number;
  client: string;
  idle: Nanos;
  by: "FIN" | "RST";
  frame: FrameRef;
  time: Nanos;
}

export interface IdleTimeout {
  service: { address: string; port: number };
  closer: Closer;
  /** Those that agree, in order of time. */
  ends: IdleEnd[];
  idle: Nanos;
  /** From the shortest to the longest of them. */
  spread: Nanos;
}

/** Every idle time-out that shows, by service and by who closes. */
export function idleTimeoutsIn(view: CaptureView): IdleTimeout[] {
  const asked = new Map<number, Nanos>();
  for (const e of view.exchanges) {
    if (e.outcome !== "late" && !asked.has(e.flow)) asked.set(e.flow, e.request!.time);
  }
  const groups = new Map<string, { service: IdleTimeout["service"]; closer: Closer; ends: IdleEnd[] }>();
  for (const flow of view.flows(Sign.idleEnd)) {
    for (const closer of ["server", "client"] as const) {
      const end = idleEnd(flow, closer, asked.get(flow.id));
      if (end === null) continue;
      const { address, port } = flow.server;
      const key = `${closer} ${address} ${port}`;
      const group = groups.get(key) ?? { service: { address, port }, closer, ends: [] };
      groups.set(key, group);
      group.ends.push(end);
    }
  }
  const found: IdleTimeout[] = [];
  for (const { service, closer, ends } of groups.values()) {
    const agreed = agreeing(ends);
    if (agreed !== null) found.push({ service, closer, ...agreed });
  }
  return found;
}

/** The end of a connection that `who` closed first, after a pause in which nobody waited for anything. */
function idleEnd(flow: FlowRow, who: Closer, askedAt: Nanos | undefined): IdleEnd | null {
  const [closer, other] = who === "server" ? [flow.server, flow.client] : [flow.client, flow.server];
  const byFin = closer.idleBeforeFin;
  const idle = byFin ?? closer.idleBeforeRst;
  if (idle === null || idle < IDLE_NS) return null;
  const end = (byFin !== null ? closer.fin : closer.rst)!;
  if (endedBefore(other, end.time)) return null;
  // Never used is not idle; and in a capture of SYN, FIN and RST alone every connection looks so.
  if (closer.lastData === null && other.lastData === null) return null;
  // What is not in the capture may have moved in between.
  if (flow.hasGaps || closer.missing > 0 || other.missing > 0) return null;
  // A request that waits is not idleness: its end is a request time-out.
  if (askedAt !== undefined && askedAt < end.time) return null;
  const [asked, said] = [other.lastData, closer.lastData];
  if (who === "server") {
    const after = asked === null ? 0 : asked.time - (said?.time ?? Number.NEGATIVE_INFINITY);
    if (after > TAIL_NS && asked!.time < end.time) return null;
  } else if (asked === null || (said !== null && said.time - asked.time > TAIL_NS)) {
    return null;
  }
  const roundTrip = flow.synAck === null ? 0 : flow.synAck.time - flow.first.time;
  if (flow.client.retransmissions === 0 && idle < ROUND_TRIPS * roundTrip) return null;
  return {
    flow: flow.id,
    client: flow.client.address,
    idle,
    by: byFin !== null ? "FIN" : "RST",
    frame: end.frame,
    time: end.time,
  };
}

const endedBefore = (end: EndRow, time: Nanos): boolean =>
  (end.fin !== null && end.fin.time < time) || (end.rst !== null && end.rst.time < time);

/** The densest agreement among the idle times, if it is one. */
function agreeing(ends: readonly IdleEnd[]): Pick<IdleTimeout, "ends" | "idle" | "spread"> | null {
  const byIdle = [...ends].sort((a, b) => a.idle - b.idle);
  const precise = densest(byIdle, (shortest) => shortest * (1 + AGREE));
  const isPrecise = precise.length >= FEWEST && precise.length >= MOST * ends.length;
  const swept = densest(byIdle, (shortest) => shortest * (1 + AGREE) + SWEEP_NS);
  const isSwept =
    precise.length < NEARLY_ALL * ends.length &&
    swept.length >= Math.max(SWEPT_FEWEST, NEARLY_ALL * ends.length) &&
    swept[0]!.idle >= 2 * SWEEP_NS;
  // A timer is late, never early: the shortest are nearest to it.
  if (isSwept) return timeout(swept, percentile(sorted(swept.map((e) => e.idle)), 0.05));
  return isPrecise ? timeout(precise, median(precise.map((e) => e.idle))) : null;
}

/** The longest run of idle times from one on to what that one allows. */
function densest(byIdle: readonly IdleEnd[], limit: (shortest: Nanos) => Nanos): IdleEnd[] {
  let best: [number, number] = [0, 0];
  let end = 0;
  for (let start = 0; start < byIdle.length; start++) {
    const most = limit(byIdle[start]!.idle);
    while (end < byIdle.length && byIdle[end]!.idle <= most) end++;
    if (end - start > best[1] - best[0]) best = [start, end];
  }
  return byIdle.slice(...best);
}

function timeout(byIdle: IdleEnd[], idle: Nanos): Pick<IdleTimeout, "ends" | "idle" | "spread"> | null {
  const spread = byIdle.at(-1)!.idle - byIdle[0]!.idle;
  const ends = [...byIdle].sort((a, b) => a.time - b.time);
  const moments = ends.at(-1)!.time - ends[0]!.time;
  return moments < Math.max(IDLE_NS, MOMENTS * spread) ? null : { ends, idle, spread };
}
