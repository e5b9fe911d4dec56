// What time is it in the capture?
//
// A time is a float64 count of nanoseconds since the capture's base (the first packet of the first file): exact for
// 104 days, and cheap. Only the base, and what people read, are 64-bit integers.

/** Nanoseconds since the base of the capture clock. May be negative or fractional-free beyond 104 days only by rounding. */
export type Nanos = number;

export const NANOS_PER_SECOND = 1e9;
export const NANOS_PER_MILLISECOND = 1e6;

/** Maps capture time to the calendar. `base` is fixed by the first packet that is read, in nanoseconds since 1970 UTC. */
export class CaptureClock {
  base = 0n;
  started = false;

  start(baseNs: bigint): void {
    if (this.started) return;
    this.base = baseNs;
    this.started = true;
  }

  /** ISO 8601 UTC with nine decimals; years outside 0001 to 9999 are clamped, for a capture may claim any time. */
  iso(time: Nanos): string {
    return isoFromEpoch(this.epoch(time));
  }

  /** Nanoseconds since 1970 UTC. */
  epoch(time: Nanos): bigint {
    return this.base + BigInt(Number.isFinite(time) ? Math.round(time) : 0);
  }

  /** The capture time of an instant given in nanoseconds since 1970 UTC. */
  fromEpoch(epochNs: bigint): Nanos {
    return Number(epochNs - this.base);
  }
}

const BILLION = 1_000_000_000n;
const EARLIEST = -62_135_596_800n;
const LATEST = 253_402_300_799n;

export function isoFromEpoch(epochNs: bigint): string {
  let seconds = epochNs / BILLION;
  let nanos = epochNs % BILLION;
  if (nanos < 0n) {
    nanos += BILLION;
    seconds -= 1n;
  }
  if (seconds < EARLIEST) seconds = EARLIEST;
  if (seconds > LATEST) seconds = LATEST;
  const toSecond = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${toSecond}.${nanos.toString().padStart(9, "0")}Z`;
}

/** Seconds, rounded to the nanosecond, for the `…_s` fields of the outputs. */
export const toSeconds = (ns: Nanos): number => Math.round(ns) / NANOS_PER_SECOND;
