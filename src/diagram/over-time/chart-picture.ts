// What do all pictures over time have in common? Plain data: the time that they cover, the moment it began to go wrong, and counts
// at moments. Times are nanoseconds since `start`.

import type { Nanos } from "../../core/clock.ts";

export interface ChartPicture {
  /** ISO 8601 UTC with nine decimals: the time of offset 0, that of the first packet. */
  start: string;
  /** The last packet. */
  end: Nanos;
  onset: Onset | null;
  /** How wide to draw it, in CSS pixels; {@link DEFAULT_WIDTH} unless told. */
  width?: number;
  /** What is not shown, in sentences. */
  notes: readonly string[];
}

/** When it began to go wrong, and what did: the title of a finding. */
export interface Onset {
  at: Nanos;
  what: string;
}

/** A count at each of the moments of its picture. */
export interface StepSeries {
  /** Exact at the moment. */
  at: readonly number[];
  /** The most from that moment up to, and without, the next. */
  most: readonly number[];
  /** The most of all, and when it was first reached. */
  peak: number;
  peakAt: Nanos;
}

/** How many there are at the last moment. */
export const lastOf = (series: StepSeries): number => series.at.at(-1) ?? 0;

export const DEFAULT_WIDTH = 960;
/** Narrower than any phone: below it axes have no room. */
const NARROWEST = 280;

export const widthOf = ({ width }: ChartPicture): number => Math.max(NARROWEST, Math.round(width ?? DEFAULT_WIDTH));
