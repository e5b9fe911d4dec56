// When will a client have no port left, if it goes on like this? Only where it does go on: steady growth up to the end of the
// capture, of ports that do not come free by themselves before the range is full.

import type { StateName } from "../src/core/flow-view.ts";
import { heldAt } from "./occupancy.ts";
import type { PortLimit } from "./port-limit.ts";
import { isTimeWaitReused, type PortUse } from "./port-use.ts";

export interface Forecast {
  at: number;
  growthPerSecond: number;
  /** What keeps the ports. */
  kept: "CLOSE_WAIT" | "TIME_WAIT" | "ESTABLISHED";
}

/** Fewer may be a pool that is being filled. */
const LEAST_HELD = 50;
/** What has come down from its peak by more does not grow. */
const NEAR_PEAK = 0.9;
/** A shorter capture shows a start, not a course. */
const LEAST_SPAN = 10e9;
/** Equal parts of the time, at whose ends the ports are counted. */
const SAMPLES = 20;
/** How well a straight line must fit (R²). */
const STRAIGHT = 0.95;
/** Growth has not paused for longer than this share of the time when the capture ends. */
const STILL_GOING = 0.1;
/** Of the lifetime of TIME_WAIT: so long a rate must have held, for the rest of it to be foretold. */
const SUSTAINED = 0.25;
/** Connections that are in order, and merely many, are foretold from this share of the range on. */
const MANY_IN_ORDER = 0.25;
/** What is further away than a day is a guess. */
const HORIZON = 86_400e9;

/** `statesAtEnd` says how many sockets that hold a port are in each state when the capture ends. */
export function forecast(
  use: PortUse,
  limit: PortLimit,
  lastTime: number,
  statesAtEnd: () => ReadonlyMap<StateName, number>,
): Forecast | null {
  const n = use.from.length;
  const start = use.from[0]!;
  const span = lastTime - start;
  if (limit.range === null || limit.exhaustion !== null || limit.peak.count < LEAST_HELD) return null;
  const now = heldAt(use.from, use.until, lastTime);
  if (now < LEAST_HELD || now < limit.peak.count * NEAR_PEAK) return null;
  if (span < LEAST_SPAN || lastTime - use.from[n - 1]! > span * STILL_GOING) return null;
  const growthPerSecond = steadyGrowth(use, start, lastTime);
  if (growthPerSecond === null) return null;

  const held = statesAtEnd();
  const share = (state: StateName): number => (held.get(state) ?? 0) / now;
  const { timeWait } = use.settings;
  let kept: Forecast["kept"];
  if (share("CLOSE_WAIT") >= 0.5) kept = "CLOSE_WAIT";
  else if (share("TIME_WAIT") >= 0.5) {
    kept = "TIME_WAIT";
    // As many come free as are taken once the first have expired.
    if (isTimeWaitReused(use.client, use.settings)) return null;
    if (growthPerSecond * (timeWait / 1e9) <= limit.ports || span < timeWait * SUSTAINED) return null;
  } else {
    kept = "ESTABLISHED";
    if (now < limit.ports * MANY_IN_ORDER) return null;
  }
  const left = (Math.max(0, limit.ports - now) / growthPerSecond) * 1e9;
  return left > HORIZON ? null : { at: lastTime + left, growthPerSecond, kept };
}

/** The slope of a straight line through the ports in use, when they are on one. */
function steadyGrowth(use: PortUse, start: number, end: number): number | null {
  const begins = use.from;
  const ends = use.until.slice().sort();
  const counts: number[] = [];
  let begun = 0;
  let ended = 0;
  for (let k = 1; k <= SAMPLES; k++) {
    const t = start + ((end - start) * k) / SAMPLES;
    while (begun < begins.length && begins[begun]! <= t) begun++;
    while (ended < ends.length && ends[ended]! <= t) ended++;
    counts.push(begun - ended);
  }
  const meanX = (SAMPLES - 1) / 2;
  const meanY = counts.reduce((sum, y) => sum + y, 0) / SAMPLES;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  counts.forEach((y, x) => {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  });
  if (!(xy > 0) || (xy * xy) / (xx * yy) < STRAIGHT) return null;
  return xy / xx / ((end - start) / SAMPLES / 1e9);
}
