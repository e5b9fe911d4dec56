// When is it time to count? Whole seconds of the capture's clock, whatever that does: it may stand still, jump ahead, or go back.

import type { Nanos } from "../../core/clock.ts";

/** Gone back by more than so many ticks is a clock that was set; less is packets out of order. */
const JUMP_BACK = 2;

export class TickClock {
  /** The next moment to count at. */
  next: Nanos;
  private every: Nanos;

  /** `phase`: nanoseconds from the clock's base to a whole second. */
  constructor(every: Nanos, now: Nanos, phase: Nanos) {
    this.every = every;
    this.next = phase + (Math.floor((now - phase) / every) + 1) * every;
  }

  /** hot: is a tick due, now that it is `time`? */
  due(time: Nanos): boolean {
    return time >= this.next || time < this.next - JUMP_BACK * this.every - this.every;
  }

  /** The moment to count at, when one is due: the last whole tick up to `time`. Those that were slept through are left out. */
  take(time: Nanos): Nanos {
    const ticks = Math.floor((time - this.next) / this.every);
    const at = this.next + ticks * this.every;
    this.next = at + this.every;
    return at;
  }

  /** From now on in such steps; `at` was the last one. */
  setEvery(every: Nanos, at: Nanos): void {
    this.every = every;
    this.next = at + every;
  }
}
