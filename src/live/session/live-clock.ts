// What time is it now, on the clock of the packets? That of the wall, a little behind it, so that a second is counted when it is complete.

import type { CaptureClock, Nanos } from "../../core/clock.ts";

/**
 * Packets reach us so much later than they were taken at least; more where they show it (tcpdump hands them over in batches, up to a
 * second old), up to a limit: what is later still comes from a clock that is wrong.
 */
const LEAST_DELAY_NS = 200e6;
const MOST_DELAY_NS = 1.5e9;

export class LiveClock {
  /** Of the packet taken last, whatever it says: clocks are set back. */
  lastTime: Nanos = Number.NEGATIVE_INFINITY;
  private readonly clock: CaptureClock;
  private readonly wallClock: () => bigint;
  private delayNs = LEAST_DELAY_NS;

  constructor(clock: CaptureClock, wallClock: () => bigint) {
    this.clock = clock;
    this.wallClock = wallClock;
  }

  /** Never before the last packet, for that is known. */
  now(): Nanos {
    return Math.max(this.clock.fromEpoch(this.wallClock()) - this.delayNs, this.lastTime);
  }

  /** The first packet of a batch has waited for longest. */
  batchFrom(time: Nanos): void {
    const delay = this.clock.fromEpoch(this.wallClock()) - time;
    if (delay > this.delayNs && delay <= MOST_DELAY_NS) this.delayNs = delay;
  }
}
