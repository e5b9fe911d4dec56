// How much of the time were a service's connections to a database in use, by which command, and did requests queue for them?
//
// A pool that is full is not a pool that leaks: every connection moves, each command is answered in its usual time, and the next one
// follows at once. What waits is the request that has no connection yet, and no packet says so: it shows in the numbers.

import type { Metrics } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView, LatencyPoint, ServiceTally } from "../src/core/flow-view.ts";
import { median } from "../src/core/statistics.ts";
import { duration, name, plural } from "./grouping.ts";
import { linksIn } from "./legs.ts";
import { type Pool, poolsIn } from "./pools.ts";
import { faultyOf } from "./waiting.ts";

/** A connection of a pool outlives requests: it was open for this share of the time, or it is none of the pool. */
const LASTING = 0.5;
/** Fewer commands tell nothing of how busy a pool is. */
const COMMANDS = 10;
/** In use for this share of the time: between an answer and the next command the service has work to do as well. */
const FULL = 0.8;
/** So many requests at once for each connection (by Little's law): more than half of them had none. */
const QUEUED = 2;
/** A pool that was in use nearly as much before is not what changed. */
const MORE_IN_USE = 0.1;
/** Commands that take so much longer than before fill a pool by themselves. */
const LONGER = 1.5;

export interface PoolUse {
  readonly database: ServiceTally;
  /** Its connections. */
  readonly size: number;
  /** The share of their time in which a command was under way, 0 to 1. */
  readonly share: number;
  /** The kind of command that took most of it; "" when it is not known. */
  readonly command: string;
  /** How long that command took (median). */
  readonly took: Nanos;
}

/** The pool of `service` that was full from one moment to the other while requests queued in front of it; null without one. */
export function fullPool(view: CaptureView, service: ServiceTally, from: Nanos, until: Nanos): PoolUse | null {
  const used = ownPools(view, service)
    .map((pool) => useOf(pool, from, until))
    .filter((use) => use !== null)
    .sort((a, b) => b.share - a.share);
  const [most] = used;
  if (most === undefined || most.share < FULL) return null;
  return requestsAtOnce(view, service, from, until) >= QUEUED * most.size ? most : null;
}

export interface FilledPool {
  readonly use: PoolUse;
  /** As it was before; null when the capture does not show it. */
  readonly before: PoolUse | null;
}

/** The same, if it became full at that moment. */
export function filledPool(view: CaptureView, service: ServiceTally, from: Nanos, until: Nanos): FilledPool | null {
  const use = fullPool(view, service, from, until);
  if (use === null) return null;
  const pool = ownPools(view, service).find((p) => p.database === use.database)!;
  const before = useOf(pool, view.firstTime, from);
  return before !== null && use.share - before.share < MORE_IN_USE ? null : { use, before };
}

function ownPools(view: CaptureView, service: ServiceTally): Pool[] {
  const links = linksIn(view).filter((l) => l.caller === service);
  return poolsIn(view).filter((p) => links.some((l) => l.service === p.database && l.client === p.client.address));
}

function useOf(pool: Pool, from: Nanos, until: Nanos): PoolUse | null {
  const time = new Map<number, Nanos>();
  for (const { flow, opened, closed } of pool.connections) {
    const open = Math.min(closed, until) - Math.max(opened, from);
    if (open > 0 && open >= LASTING * (until - from)) time.set(flow, open);
  }
  const { latencies } = pool.database.activity;
  const all = [...latencies.points()];
  const commands = all.filter((p) => time.has(p.flow) && p.asked < until && p.asked + p.waited > from);
  if (commands.length < COMMANDS) return null;
  const open = [...time.values()].reduce((sum, t) => sum + t, 0);
  const under = commands.reduce((sum, p) => sum + within(p, from, until), 0) * thinning(latencies.count, all);
  const command = longestTogether(commands);
  return {
    database: pool.database,
    size: time.size,
    share: Math.min(1, under / open),
    command,
    took: median(commands.filter((p) => p.kind === command).map((p) => p.waited)),
  };
}

/** Of many answers the points are a part, taken evenly. */
const thinning = (count: number, points: readonly LatencyPoint[]): number => count / points.length;

const within = ({ asked, waited }: LatencyPoint, from: Nanos, until: Nanos): Nanos =>
  Math.max(0, Math.min(asked + waited, until) - Math.max(asked, from));

function longestTogether(commands: readonly LatencyPoint[]): string {
  const sums = new Map<string, Nanos>();
  for (const { kind, waited } of commands) sums.set(kind, (sums.get(kind) ?? 0) + waited);
  return [...sums].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

/** How many requests were at the service at once, on average: the time that they were there, by the time that passed. */
function requestsAtOnce(view: CaptureView, service: ServiceTally, from: Nanos, until: Nanos): number {
  const { latencies } = service.activity;
  const points = [...latencies.points()];
  const answered = points.reduce((sum, p) => sum + within(p, from, until), 0);
  let time = points.length === 0 ? 0 : answered * thinning(latencies.count, points);
  for (const e of faultyOf(view, service)) {
    if (e.request === null || e.response !== null) continue;
    const end = e.outcome === "pending" ? view.lastTime : e.request.time + e.waited;
    time += Math.max(0, Math.min(end, until) - Math.max(e.request.time, from));
  }
  return time / (until - from);
}

/** The commands themselves take longer: the pool is full for that. */
export const isLonger = ({ use, before }: FilledPool): boolean =>
  before !== null && before.command === use.command && use.took >= LONGER * before.took;

/** "its 3 connections to 127.0.0.1:5432 were in use 99 % of the time (before: 32 %), mostly by …, answered in 102 ms as before". */
export function inWords(pool: FilledPool): string {
  const { use, before } = pool;
  const was = before?.command === use.command ? before.took : null;
  const compared = was === null ? "" : isLonger(pool) ? ` instead of ${duration(was)}` : " as before";
  return (
    `its ${plural(use.size, "connection")} to ${name(use.database.service)} ${use.size === 1 ? "was" : "were"} in use ${percent(use.share)} of the time` +
    `${before === null ? "" : ` (before: ${percent(before.share)})`}, mostly by ${commandOf(use)}, answered in ${duration(use.took)}${compared}`
  );
}

export function adviceOnPool(holder: string, pool: FilledPool): string[] {
  const { use, before } = pool;
  const database = name(use.database.service);
  const possible = (use.size / toSeconds(use.took)).toPrecision(2);
  return [
    isLonger(pool)
      ? `Look at ${database} first: ${commandOf(use)} takes ${duration(use.took)} instead of ${duration(before!.took)}, and that fills the pool of ${holder}.`
      : `${plural(use.size, "connection")} at ${duration(use.took)} a command can do ${Number(possible)} of them a second, and more was asked for: a larger pool if ${database} bears it, a quicker command, fewer requests.`,
    "A time-out for taking a connection lets a request fail early, instead of doing work for a caller that has gone.",
  ];
}

export const figuresOf = ({ use, before }: FilledPool): Metrics => ({
  pool_of: name(use.database.service),
  pool_size: use.size,
  pool_in_use: rounded(use.share),
  pool_in_use_before: before === null ? null : rounded(before.share),
  pool_command: use.command,
  command_s: toSeconds(use.took),
  command_before_s: before?.command === use.command ? toSeconds(before.took) : null,
});

const commandOf = ({ command }: PoolUse): string => (command === "" ? "commands" : command);
const rounded = (share: number): number => Number(share.toFixed(3));
const percent = (share: number): string => `${Math.round(100 * share)} %`;
