// Does a number rise and fall in a constant rhythm, over a series of dumps?

import { median } from "../../src/core/statistics.ts";
import type { Point } from "./series.ts";

/** With two crests there is one interval, and one number is always constant. */
const FEWEST_CRESTS = 3;
/** Of the period: a dump is taken every so often only. */
const TOLERANCE = 0.2;
/** A crest stands out from its troughs by this share of the highest. */
const STANDS_OUT = 0.5;

/** Seconds from crest to crest; null when there is no rhythm. The dumps say it to within the time between two of them. */
export function periodOf(points: readonly Point[]): number | null {
  const crests = crestsOf(points);
  if (crests.length < FEWEST_CRESTS) return null;
  const intervals = crests.slice(1).map((at, i) => at - crests[i]!);
  const typical = median(intervals);
  const steps = points.slice(1).map((p, i) => p.at - points[i]!.at);
  const slack = Math.max(typical * TOLERANCE, median(steps));
  if (intervals.some((gap) => Math.abs(gap - typical) > slack)) return null;
  return Math.round((crests.at(-1)! - crests[0]!) / intervals.length) / 1000;
}

/** When each rise reached its top: the first dump of the highest ones between two troughs. */
function crestsOf(points: readonly Point[]): number[] {
  let highest = 0;
  for (const { count } of points) highest = Math.max(highest, count);
  const swing = highest * STANDS_OUT;
  const crests: number[] = [];
  let top = points[0];
  let trough = points[0];
  let isRising = true;
  for (const p of points) {
    if (isRising) {
      if (p.count > top!.count) top = p;
      else if (top!.count - p.count >= swing) {
        crests.push(top!.at);
        isRising = false;
        trough = p;
      }
    } else if (p.count < trough!.count) trough = p;
    else if (p.count - trough!.count >= swing) {
      isRising = true;
      top = p;
    }
  }
  return crests;
}
