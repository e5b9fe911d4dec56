// When was no port of a range free? Exhaustion sends no packet (EADDRNOTAVAIL and WSAENOBUFS come before the SYN), so that it
// shows in two things together: no port is free, and the attempts stop.

import type { PortRange } from "../src/core/host-settings.ts";
import { FULL_SHARE } from "./port-range.ts";
import { firstAfter, sweep, usable } from "./port-sweep.ts";
import { type PortUse, TIMERS_LATE } from "./port-use.ts";

export interface Exhaustion {
  /** When the last free port was taken: the first time, and the last. */
  at: number;
  lastAt: number;
  times: number;
  /** Ports that were taken at that moment. */
  inUse: number;
  /** The longest pause of the attempts with no port free. */
  silence: number;
  /** When the first port was free again, after the last time; null when none was before the capture ended. */
  freed: number | null;
  /** When attempts went on, after the last time; null when they did not. */
  healed: number | null;
  /** Index into the use: who came first when it had healed. */
  healer: number | null;
}

/** Attempts that stop for so long, with no port free, have stopped for want of one. A second is an age to a client in trouble. */
const LEAST_SILENCE = 1e9;
/** And so many times as long as the attempts were apart before. */
const SILENCE_GAPS = 5;
/** So many attempts on ports that are taken, or beyond the range, while it is full, refute it (a share of the range). */
const REFUTED_SHARE = 0.01;

/** An attempt after which no port was free, and the next one that was seen. */
interface Full {
  i: number;
  held: number;
  next: number | null;
}

/**
 * Every moment when (almost) all ports of `range` were taken: by the clock, or by timers that may be late, which is as many as
 * come free in that time where ports are used up steadily. Null when attempts went on all the same: then it is not the range.
 */
function fullMoments(use: PortUse, range: PortRange): Full[] | null {
  const ports = usable(range, use.settings.os);
  const enough = ports - Math.floor(ports * (1 - FULL_SHARE));
  const mayRefute = Math.max(1, Math.floor(ports * REFUTED_SHARE));
  const nominalEnd = new Float64Array(65_536).fill(Number.NEGATIVE_INFINITY);
  const nominal = new Uint32Array(use.from.length);
  sweep(use, use.until, (i, _, after) => (nominal[i] = after), range);
  const fulls: Full[] = [];
  let last: Full | null = null;
  let refuted = 0;
  sweep(
    use,
    use.latest,
    (i, before, after) => {
      const port = use.port[i]!;
      const isInside = port >= range.first && port <= range.last;
      if (use.attempt[i] === 1) {
        if (last !== null && last.next === null) last.next = i;
        // A socket that is taken over ends with the SYN that takes its port.
        const isTaken = isInside && nominalEnd[port]! >= use.from[i]!;
        if (isTaken ? after >= enough : !isInside && before >= enough) refuted++;
        if (isInside && after >= enough && nominal[i]! >= enough * (1 - TIMERS_LATE)) {
          fulls.push((last = { i, held: after, next: null }));
        }
      }
      nominalEnd[port] = Math.max(nominalEnd[port]!, use.until[i]!);
    },
    range,
  );
  return refuted > mayRefute ? null : fulls;
}

/** With `mustStop`, only what was followed by silence counts. */
export function exhaustionOf(use: PortUse, range: PortRange, lastTime: number, mustStop = true): Exhaustion | null {
  const fulls = fullMoments(use, range);
  if (fulls === null || fulls.length === 0) return null;
  const silenceAfter = (full: Full): number =>
    (full.next === null ? lastTime : use.from[full.next]!) - use.from[full.i]!;
  const least = Math.max(LEAST_SILENCE, SILENCE_GAPS * usualGap(use));
  const releases = use.latest.slice().sort();
  // Once a port is free for sure, silence has other reasons. What begins later ends later than the silence.
  const stops = fulls.filter((full) => {
    const from = use.from[full.i]!;
    return Math.min(silenceAfter(full), (firstAfter(releases, from) ?? lastTime) - from) >= least;
  });
  if (stops.length === 0 && mustStop) return null;
  const chosen = stops.length > 0 ? stops : fulls;
  const first = chosen[0]!;
  const last = chosen.at(-1)!;
  const lastAt = use.from[last.i]!;
  return {
    at: use.from[first.i]!,
    lastAt,
    times: Math.max(1, stops.length),
    inUse: first.held,
    silence: chosen.reduce((longest, full) => Math.max(longest, silenceAfter(full)), 0),
    freed: firstFreed(use, lastAt, lastTime),
    healed: last.next === null ? null : use.from[last.next]!,
    healer: last.next,
  };
}

/** The last port was taken, and then the capture ended before the silence could be told from a pause. */
export function isCutShort(use: PortUse, range: PortRange, lastTime: number): boolean {
  // By the clock, not only by the lateness of timers.
  if (sweep(use, use.until, () => {}, range).count < usable(range, use.settings.os) * FULL_SHARE) return false;
  const last = fullMoments(use, range)?.at(-1);
  return last !== undefined && last.next === null && use.from[last.i]! + LEAST_SILENCE > lastTime;
}

function firstFreed(use: PortUse, t: number, lastTime: number): number | null {
  let first = Number.POSITIVE_INFINITY;
  for (let i = 0; i < use.from.length && use.from[i]! <= t; i++) {
    if (use.until[i]! > t && use.until[i]! < first) first = use.until[i]!;
  }
  return first <= lastTime ? first : null;
}

/** The median of the gaps between attempts. */
function usualGap(use: PortUse): number {
  const gaps = new Float64Array(use.from.length);
  let count = 0;
  let previous = -1;
  for (let i = 0; i < gaps.length; i++) {
    if (use.attempt[i] === 0) continue;
    if (previous >= 0) gaps[count++] = use.from[i]! - use.from[previous]!;
    previous = i;
  }
  return count === 0 ? 0 : gaps.subarray(0, count).sort()[count >> 1]!;
}
