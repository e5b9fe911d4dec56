// Do these events come in bursts, and do the bursts come at a constant period?

import { median } from "../src/core/statistics.ts";

export interface Bursts {
  /** When each began. */
  starts: number[];
  /** Events per burst, median. */
  size: number;
  /** Null when the bursts do not keep time. */
  period: number | null;
}

/** Pauses are this much longer than any gap within a burst. */
const PAUSE_RATIO = 3;
/** A burst has at least so many events on average, and a typical one so many: single events at regular times are no bursts. */
const SMALLEST_MEAN = 4;
const SMALLEST_TYPICAL = 3;
/** With two bursts there is one interval, and one number is always constant. */
const FEWEST_BURSTS = 3;
/** Of the period. A timer that is set anew after each burst wanders by the burst's own length. */
const TOLERANCE = 0.1;
/** A burst may be missed (its connections all failed, or it had nothing to do), but more than so many in a row are no period. */
const MOST_MISSED = 5;
/** What lasts for longer, as a share of the period, is not a burst. */
const LONGEST_SHARE = 0.5;
/** Gaps below a millisecond are all the same to a scheduler. */
const SHORTEST_GAP = 1e6;

/** Null when there are no bursts. `times` in ascending order. */
export function burstsOf(times: Float64Array): Bursts | null {
  const pause = pauseOf(times);
  if (pause === null) return null;
  const starts = [times[0]!];
  const sizes: number[] = [];
  let size = 1;
  let longest = 0;
  for (let i = 1; i < times.length; i++) {
    if (times[i]! - times[i - 1]! >= pause) {
      longest = Math.max(longest, times[i - 1]! - starts.at(-1)!);
      starts.push(times[i]!);
      sizes.push(size);
      size = 0;
    }
    size++;
  }
  sizes.push(size);
  longest = Math.max(longest, times.at(-1)! - starts.at(-1)!);
  if (starts.length < FEWEST_BURSTS) return null;
  const intervals = starts.slice(1).map((t, i) => t - starts[i]!);
  const shortest = intervals.reduce((least, gap) => Math.min(least, gap), Number.POSITIVE_INFINITY);
  const typical = median(sizes);
  if (typical < SMALLEST_TYPICAL || longest > shortest * LONGEST_SHARE) return null;
  return { starts, size: typical, period: periodOf(intervals, shortest) };
}

/** The shortest gap that separates bursts: above the widest step among the longest gaps. */
function pauseOf(times: Float64Array): number | null {
  if (times.length < FEWEST_BURSTS * SMALLEST_MEAN) return null;
  const gaps = new Float64Array(times.length - 1);
  for (let i = 0; i < gaps.length; i++) gaps[i] = Math.max(SHORTEST_GAP, times[i + 1]! - times[i]!);
  gaps.sort();
  const most = Math.floor(times.length / SMALLEST_MEAN) - 1;
  let widest = PAUSE_RATIO;
  let pause: number | null = null;
  for (let k = FEWEST_BURSTS - 1; k <= most; k++) {
    const i = gaps.length - k;
    const ratio = gaps[i]! / gaps[i - 1]!;
    if (ratio >= widest) {
      widest = ratio;
      pause = gaps[i]!;
    }
  }
  return pause;
}

/** Every interval is the shortest one, or a multiple of it where a burst was missed. */
function periodOf(intervals: readonly number[], shortest: number): number | null {
  const single = intervals.filter((gap) => gap < shortest * (1 + 2 * TOLERANCE));
  const base = median(single);
  let periods = 0;
  for (const gap of intervals) {
    const n = Math.round(gap / base);
    if (n < 1 || n > 1 + MOST_MISSED || Math.abs(gap - n * base) > TOLERANCE * base) return null;
    periods += n;
  }
  // Mostly missed is not periodic: what came by chance fits many multiples.
  return single.length * 2 > intervals.length ? intervals.reduce((sum, gap) => sum + gap, 0) / periods : null;
}
