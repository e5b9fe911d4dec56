// How does a number change from dump to dump? Growth per second, by a straight line through the dumps that have a time.

import { isoFromEpoch } from "../../src/core/clock.ts";
import type { DumpView } from "../../src/core/dump-view.ts";
import type { SocketDump } from "../../src/core/socket-table.ts";

/** A number in one dump. */
export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  count: number;
}

export interface Growth {
  perSecond: number;
  first: Point;
  last: Point;
  /** It goes up all the way, on a straight line where there are enough dumps to tell. */
  isSteady: boolean;
}

/** Two dumps make a line by themselves; from so many on it must fit. */
const ENOUGH_TO_FIT = 4;
/** How well (R²). */
const STRAIGHT = 0.9;

/** Two commands one after the other are one look: within it nothing grows. */
const LEAST_SPAN_MS = 1000;

/** Null without two dumps at least a second apart. */
export function growthOf(points: readonly Point[]): Growth | null {
  const n = points.length;
  if (n < 2) return null;
  const inOrder = [...points].sort((a, b) => a.at - b.at);
  const first = inOrder[0]!;
  const last = inOrder[n - 1]!;
  if (last.at - first.at < LEAST_SPAN_MS) return null;
  const meanX = inOrder.reduce((sum, p) => sum + (p.at - first.at), 0) / n;
  const meanY = inOrder.reduce((sum, p) => sum + p.count, 0) / n;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const { at, count } of inOrder) {
    const x = at - first.at - meanX;
    const y = count - meanY;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  const isStraight = n < ENOUGH_TO_FIT || (yy > 0 && (xy * xy) / (xx * yy) >= STRAIGHT);
  return { perSecond: (xy / xx) * 1000, first, last, isSteady: xy > 0 && last.count > first.count && isStraight };
}

/** What `count` says of every dump that has a time. */
export function pointsOf(view: DumpView, count: (dump: SocketDump) => number): Point[] {
  const points: Point[] = [];
  for (const dump of view.dumps) if (dump.takenAt !== null) points.push({ at: dump.takenAt, count: count(dump) });
  return points;
}

/** ISO 8601 UTC with nine decimals. */
export const isoOf = (ms: number): string => isoFromEpoch(BigInt(Math.round(ms)) * 1_000_000n);

export const rounded = (n: number): number => Number(n.toPrecision(4));
