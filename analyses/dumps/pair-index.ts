// Which number has this pair of numbers? Counted up from 0 in order of first appearance. Open addressing in typed arrays: a
// Map of a million texts or fractions takes seconds, this a tenth of one.

import { randomSeed } from "../../src/core/random.ts";

const FIRST_SLOTS = 1024;

export class PairIndex {
  size = 0;
  private readonly limit: number;
  private readonly seed = randomSeed();
  /** By slot: number plus one; 0 is free. */
  private slots = new Uint32Array(FIRST_SLOTS);
  private a = new Int32Array(FIRST_SLOTS);
  private b = new Int32Array(FIRST_SLOTS);

  /** No more than `limit` pairs get a number. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Both are whole numbers of 32 bits. −1 when there are too many. */
  number(a: number, b: number): number {
    const mask = this.slots.length - 1;
    let slot = this.hash(a, b) & mask;
    for (let n = this.slots[slot]!; n !== 0; n = this.slots[slot]!) {
      if (this.a[n - 1] === a && this.b[n - 1] === b) return n - 1;
      slot = (slot + 1) & mask;
    }
    if (this.size >= this.limit) return -1;
    const n = this.size++;
    this.a[n] = a;
    this.b[n] = b;
    this.slots[slot] = n + 1;
    if (this.size * 2 > this.slots.length) this.grow();
    return n;
  }

  private hash(a: number, b: number): number {
    let h = Math.imul(a ^ this.seed, 0x85ebca6b);
    h = Math.imul((h ^ (h >>> 15)) + b, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
    return (h ^ (h >>> 16)) >>> 0;
  }

  private grow(): void {
    const length = this.slots.length * 2;
    this.a = widened(this.a, length);
    this.b = widened(this.b, length);
    this.slots = new Uint32Array(length);
    for (let n = 0; n < this.size; n++) {
      let slot = this.hash(this.a[n]!, this.b[n]!) & (length - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (length - 1);
      this.slots[slot] = n + 1;
    }
  }
}

function widened(old: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(length);
  wider.set(old);
  return wider;
}

/** Counters by number, which grow as they are needed. */
export class Counters {
  private counts = new Uint32Array(FIRST_SLOTS);

  /** Returns the new count. */
  add(n: number): number {
    if (n >= this.counts.length) {
      const wider = new Uint32Array(Math.max(this.counts.length * 2, n + 1));
      wider.set(this.counts);
      this.counts = wider;
    }
    return ++this.counts[n]!;
  }

  of(n: number): number {
    return n < this.counts.length ? this.counts[n]! : 0;
  }
}
