// How many of these spans lie over one another, at most, and when? An exact sweep: one sort of the beginnings, one of the ends.

export interface Peak {
  count: number;
  /** When it was first reached. NaN of no span. */
  at: number;
}

/** A span holds from its beginning up to, and without, its end. `from` and `until` may be in any order; they are not changed. */
export function peakOf(from: Float64Array, until: Float64Array): Peak {
  const begins = from.slice().sort();
  const ends = until.slice().sort();
  const peak: Peak = { count: 0, at: Number.NaN };
  let ended = 0;
  for (let begun = 0; begun < begins.length; begun++) {
    const t = begins[begun]!;
    while (ends[ended]! <= t) ended++;
    const held = begun + 1 - ended;
    if (held > peak.count) {
      peak.count = held;
      peak.at = t;
    }
  }
  return peak;
}

/** How many spans hold at `t`. */
export function heldAt(from: Float64Array, until: Float64Array, t: number): number {
  let held = 0;
  for (let i = 0; i < from.length; i++) if (from[i]! <= t && until[i]! > t) held++;
  return held;
}
