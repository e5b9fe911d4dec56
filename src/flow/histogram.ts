// How are many durations kept in little memory? Counts on a logarithmic scale, so that percentiles are right within a tenth.

import type { Nanos } from "../core/clock.ts";
import type { Durations } from "../core/flow-view.ts";

/** Eight steps for each doubling: a percentile is off by 9 % at most. */
const STEPS = 8;
/** From a microsecond to 18 minutes; what lies outside counts at the ends. */
const OCTAVES = 30;
const LEAST = 1e3;
/** So few are kept as they are. */
const FEW = 16;

export class Histogram implements Durations {
  count = 0;
  sum = 0;
  longest = 0;
  private few: Nanos[] = [];
  private buckets: Uint32Array | null = null;

  /** hot */
  add(duration: Nanos): void {
    this.count++;
    this.sum += duration;
    if (duration > this.longest) this.longest = duration;
    if (this.buckets !== null) this.buckets[bucketOf(duration)]!++;
    else if (this.few.push(duration) > FEW) {
      this.buckets = new Uint32Array(STEPS * OCTAVES);
      for (const d of this.few) this.buckets[bucketOf(d)]!++;
      this.few = [];
    }
  }

  percentile(q: number): Nanos {
    const rank = q * (this.count - 1);
    if (this.buckets === null) {
      const sorted = [...this.few].sort((a, b) => a - b);
      return sorted[Math.round(rank)] ?? 0;
    }
    let below = 0;
    for (let n = 0; n < this.buckets.length; n++) {
      below += this.buckets[n]!;
      if (below > rank) return Math.min(this.longest, LEAST * 2 ** ((n + 0.5) / STEPS));
    }
    return this.longest;
  }
}

const bucketOf = (duration: Nanos): number =>
  duration <= LEAST ? 0 : Math.min(STEPS * OCTAVES - 1, Math.floor(Math.log2(duration / LEAST) * STEPS));
