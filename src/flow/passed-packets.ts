// Which packets went by a moment ago? Two words of hash, a time and a tap of each, so that copies are found (copies.ts).

import type { Nanos } from "../core/clock.ts";

/** A power of two. */
const SLOTS = 1024;
/** Packets remembered in each slot: with one alone, whatever falls into it between a packet and its copy makes the copy a repetition. */
const WAYS = 4;
/**
 * Of a slot, what every packet looks at lies in one line of the processor's cache: the first and the second words of hash of its packets,
 * and their times. Counted in words, and in times.
 */
const WORDS = 4 * WAYS;
const SECOND = WAYS;
const TIMES = WORDS / 2;
const FIRST_TIME = WAYS;

/** Found by their hash. */
export class PacketTable {
  private readonly times = new Float64Array(SLOTS * TIMES).fill(Number.NEGATIVE_INFINITY);
  private readonly words = new Int32Array(this.times.buffer);
  private readonly taps = new Float64Array(SLOTS * WAYS);
  private readonly files = new Float64Array(SLOTS * WAYS);

  /** hot: another tap saw this packet, so long before or after: in the same file, or in another one. */
  isKnown(h: number, g: number, time: Nanos, tap: number, file: number, within: Nanos, across: Nanos): boolean {
    const slot = slotOf(h);
    const { words } = this;
    const firstAt = slot * WORDS;
    for (let way = 0; way < WAYS; way++) {
      if (words[firstAt + way] !== h || words[firstAt + SECOND + way] !== g) continue;
      const age = time - this.times[slot * TIMES + FIRST_TIME + way]!;
      const window = this.files[slot * WAYS + way] === file ? within : across;
      if (this.taps[slot * WAYS + way] !== tap && age <= window && age >= -window) return true;
    }
    return false;
  }

  /** hot: in the place of the oldest of its slot. */
  add(h: number, g: number, time: Nanos, tap: number, file: number): void {
    const slot = slotOf(h);
    const { times } = this;
    const timeAt = slot * TIMES + FIRST_TIME;
    let way = 0;
    for (let n = 1; n < WAYS; n++) if (times[timeAt + n]! < times[timeAt + way]!) way = n;
    this.words[slot * WORDS + way] = h;
    this.words[slot * WORDS + SECOND + way] = g;
    times[timeAt + way] = time;
    this.taps[slot * WAYS + way] = tap;
    this.files[slot * WAYS + way] = file;
  }
}

const slotOf = (h: number): number => (h ^ (h >>> 14)) & (SLOTS - 1);

/** As many as fit into a table. */
const LAST = SLOTS * WAYS;

/** The last ones of one tap, one behind the other: nothing is looked up, so that little is read and written for each. */
export class PacketList {
  private readonly times = new Float64Array(LAST);
  private readonly words = new Int32Array(2 * LAST);
  private count = 0;

  /** hot */
  add(h: number, g: number, time: Nanos): void {
    const at = this.count++ & (LAST - 1);
    this.times[at] = time;
    this.words[2 * at] = h;
    this.words[2 * at + 1] = g;
  }

  /** Puts them into a table, and has none any more. */
  moveTo(table: PacketTable, tap: number, file: number): void {
    for (let n = Math.max(0, this.count - LAST); n < this.count; n++) {
      const at = n & (LAST - 1);
      table.add(this.words[2 * at]!, this.words[2 * at + 1]!, this.times[at]!, tap, file);
    }
    this.count = 0;
  }
}
