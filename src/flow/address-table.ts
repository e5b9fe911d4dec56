// Which number stands for this IPv6 address? Interns 128-bit addresses, so that flow keys are two 32-bit words for
// either family. Open addressing over four words; grows by doubling. To forget some, the others go into a new table.

import { mixed } from "./mixed.ts";

export class AddressTable {
  private index = new Int32Array(1024).fill(-1);
  private words = new Int32Array(4 * 256);
  private seed: number;
  count = 0;

  /** `seed` should be unpredictable: it keeps a crafted capture from choosing collisions. It never shows in a result. */
  constructor(seed: number) {
    this.seed = seed | 0;
  }

  /** hot: the number of the address at bytes[offset, offset + 16). */
  intern(bytes: Uint8Array, offset: number): number {
    return this.number(word(bytes, offset), word(bytes, offset + 4), word(bytes, offset + 8), word(bytes, offset + 12));
  }

  /** The number here of an address that has the number `id` in another table. */
  add(other: AddressTable, id: number): number {
    const [w0, w1, w2, w3] = other.words.subarray(id * 4, id * 4 + 4) as unknown as [number, number, number, number];
    return this.number(w0, w1, w2, w3);
  }

  /** hot */
  private number(w0: number, w1: number, w2: number, w3: number): number {
    const mask = this.index.length - 1;
    let slot = this.hash(w0, w1, w2, w3) & mask;
    const words = this.words;
    for (;;) {
      const id = this.index[slot]!;
      if (id < 0) break;
      const at = id * 4;
      if (words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.count++;
    if (id * 4 === this.words.length) {
      const wider = new Int32Array(this.words.length * 2);
      wider.set(this.words);
      this.words = wider;
    }
    this.words.set([w0, w1, w2, w3], id * 4);
    this.index[slot] = id;
    if (this.count * 2 > this.index.length) this.rehash();
    return id;
  }

  /** All addresses in the order of their numbers, four words each, copied. */
  export(): Int32Array {
    return this.words.slice(0, this.count * 4);
  }

  /** The addresses that {@link export} gave, with the same numbers; for an empty table. */
  import(words: Int32Array): void {
    for (let at = 0; at < words.length; at += 4)
      this.number(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** The eight 16-bit groups of an interned address. */
  groups(id: number): number[] {
    const out: number[] = [];
    for (let i = 0; i < 4; i++) {
      const w = this.words[id * 4 + i]!;
      out.push(w >>> 16, w & 0xffff);
    }
    return out;
  }

  private hash(w0: number, w1: number, w2: number, w3: number): number {
    return mixed(mixed(mixed(mixed(w0 ^ this.seed) ^ w1) ^ w2) ^ w3);
  }

  private rehash(): void {
    const index = new Int32Array(this.index.length * 2).fill(-1);
    const mask = index.length - 1;
    const words = this.words;
    for (let id = 0; id < this.count; id++) {
      const at = id * 4;
      let slot = this.hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & mask;
      while (index[slot]! >= 0) slot = (slot + 1) & mask;
      index[slot] = id;
    }
    this.index = index;
  }
}

const word = (b: Uint8Array, o: number): number => (b[o]! << 24) | (b[o + 1]! << 16) | (b[o + 2]! << 8) | b[o + 3]!;
