// Where does a duration stand that may be microseconds or minutes? A logarithmic axis with a tick for each power of ten.

import { scaleLog } from "d3-scale";
import type { Nanos } from "../../core/clock.ts";
import { formatDuration } from "../../core/format.ts";
import { SMALL_SIZE, textWidth } from "../theme.ts";
import { round } from "./axis.ts";

/** What is shorter stands at the bottom: a packet's way through a kernel. */
const LEAST = 1e3;
/** Two labels stand at least so far apart. */
const LABEL_HEIGHT = 14;

export interface DurationScale {
  y(duration: Nanos): number;
  ticks: readonly { at: Nanos; label: string }[];
}

interface Waited {
  waited: Nanos;
}

export function durationScale(points: readonly Waited[], top: number, bottom: number): DurationScale {
  const [low, high] = rangeOf(points);
  const scale = scaleLog([10 ** low, 10 ** high], [bottom, top]).clamp(true);
  const every = Math.max(1, Math.ceil(((high - low) * LABEL_HEIGHT) / Math.max(1, bottom - top)));
  const ticks: { at: Nanos; label: string }[] = [];
  for (let power = low; power <= high; power += every) ticks.push({ at: 10 ** power, label: labelOf(power) });
  return { y: (duration) => round(scale(Math.max(LEAST, duration))), ticks };
}

/** Powers of ten around them all. */
function rangeOf(points: readonly Waited[]): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = LEAST;
  for (const { waited } of points) {
    if (waited < least) least = waited;
    if (waited > most) most = waited;
  }
  const low = Math.floor(Math.log10(Math.max(LEAST, Math.min(least, most))));
  return [low, Math.max(low + 1, Math.ceil(Math.log10(most) - 1e-9))];
}

/** "1 ms", "1 s", "10 s", "17 min". */
const labelOf = (power: number): string => {
  const seconds = 10 ** (power - 9);
  return seconds >= 1 && seconds < 120 ? `${seconds} s` : formatDuration(seconds);
};

/** How much room the labels need at the left. */
export function durationRoom(points: readonly Waited[]): number {
  const [low, high] = rangeOf(points);
  let room = 0;
  for (let power = low; power <= high; power++) room = Math.max(room, textWidth(labelOf(power), SMALL_SIZE));
  return Math.ceil(room) + 10;
}
