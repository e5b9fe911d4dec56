// How do the 64-bit time stamps of one pcapng interface become capture time? (draft-ietf-opsawg-pcapng §4.2)
//
// A time stamp counts units since 1970, in the resolution (`if_tsresol`) and with the offset in seconds (`if_tsoffset`)
// that the interface states. 64-bit integers per packet would cost more than all else, so that the first packet fixes a
// base, a whole second, and every packet is a float64 difference to it: exact within 2^53 units of the base, which is
// 104 days of nanoseconds.

import type { CaptureClock, Nanos } from "../core/clock.ts";

const BILLION = 1_000_000_000n;
const TWO_32 = 4_294_967_296;
/** Microseconds: what a file means that does not state a resolution. */
const DEFAULT_RESOLUTION = 6;

/** Units per second of an `if_tsresol` value: 10^n, or 2^n when the highest bit is set. */
export function unitsPerSecond(resolution: number): bigint {
  return resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
}

export class PcapngInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly tap: number;
  /** The last statistics of this interface, to replace them by later ones. */
  received = 0;
  dropped = 0;
  droppedByOs = 0;

  readonly #units: bigint;
  readonly #offsetSeconds: bigint;
  readonly #unitsPerSecond: number;
  /** Nanoseconds per unit where that is a whole number, else 0. */
  readonly #nanosPerUnit: number;
  #based = false;
  #baseHigh = 0;
  #baseLow = 0;
  #baseTime: Nanos = 0;

  constructor(linkType: number, snapLength: number, tap: number, resolution = DEFAULT_RESOLUTION, offsetSeconds = 0n) {
    this.linkType = linkType;
    this.snapLength = snapLength;
    this.tap = tap;
    this.#units = unitsPerSecond(resolution);
    this.#offsetSeconds = offsetSeconds;
    this.#unitsPerSecond = Number(this.#units);
    this.#nanosPerUnit = BILLION % this.#units === 0n ? Number(BILLION / this.#units) : 0;
  }

  /** // hot: */
  time(high: number, low: number, clock: CaptureClock): Nanos {
    if (!this.#based) this.#takeBase(high, low, clock);
    const units = (high - this.#baseHigh) * TWO_32 + (low - this.#baseLow);
    if (this.#nanosPerUnit !== 0) return this.#baseTime + units * this.#nanosPerUnit;
    // Rounded down to the nanosecond, as Wireshark does.
    const seconds = Math.floor(units / this.#unitsPerSecond);
    const rest = units - seconds * this.#unitsPerSecond;
    return this.#baseTime + seconds * 1e9 + Math.floor((rest * 1e9) / this.#unitsPerSecond);
  }

  #takeBase(high: number, low: number, clock: CaptureClock): void {
    const units = (BigInt(high) << 32n) | BigInt(low);
    const seconds = units / this.#units + this.#offsetSeconds;
    clock.start(seconds * BILLION + ((units % this.#units) * BILLION) / this.#units);
    const base = units - (units % this.#units);
    this.#baseHigh = Number(base >> 32n);
    this.#baseLow = Number(base & 0xffff_ffffn);
    this.#baseTime = clock.fromEpoch(seconds * BILLION);
    this.#based = true;
  }
}
