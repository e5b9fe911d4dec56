// What are the two halves of a packet's time, as pcapng has them? Without a 64-bit integer per packet.

import type { CaptureClock, Nanos } from "../../core/clock.ts";

const TWO_32 = 4_294_967_296;
const MAX_U32 = TWO_32 - 1;

/** Nanoseconds since 1970 in two halves of 32 bits. A time before 1970 or after 2554 becomes the nearest that there is. */
export class EpochHalves {
  high = 0;
  low = 0;
  readonly #clock: CaptureClock;
  #hasBase = false;
  #baseHigh = 0;
  #baseLow = 0;

  /** The base of the clock is looked at with the first time. */
  constructor(clock: CaptureClock) {
    this.#clock = clock;
  }

  // hot:
  take(time: Nanos): void {
    if (!this.#hasBase) this.#takeBase();
    // The sum is below 2^53, and exact, for as long as times are: 104 days.
    const low = this.#baseLow + Math.round(time);
    const carry = Math.floor(low / TWO_32);
    const high = this.#baseHigh + carry;
    if (high >= 0 && high <= MAX_U32) {
      this.high = high;
      this.low = low - carry * TWO_32;
    } else {
      this.high = high < 0 ? 0 : MAX_U32;
      this.low = this.high;
    }
  }

  #takeBase(): void {
    const { base } = this.#clock;
    this.#hasBase = true;
    this.#baseHigh = Number(base >> 32n);
    this.#baseLow = Number(base & 0xffff_ffffn);
  }
}
