// Which keys were seen so many times? Counters are shared by keys, so that a table of a fixed size does for any number of them: what
// it says may be too much, never too little.

/** 4 MiB, for a counter has four bits. Beyond as many keys, a few rare ones seem frequent as well. */
const MAX_COUNTERS = 8_388_608;
/** A counter stops here. */
const FULL = 15;

export class RoughCounts {
  private readonly counters: Uint8Array;
  private readonly mask: number;
  /** The highest count. */
  most = 0;

  /** `keys`: there are no more than so many. */
  constructor(keys: number) {
    let size = 1024;
    while (size < keys && size < MAX_COUNTERS) size *= 2;
    this.counters = new Uint8Array(size / 2);
    this.mask = size - 1;
  }

  /** hot: of every flow. A key is two whole numbers below 2⁵³. */
  add(a: number, b: number): void {
    const slot = this.slot(a, b);
    const shift = (slot & 1) * 4;
    const both = this.counters[slot >>> 1]!;
    const count = (both >>> shift) & FULL;
    if (count === FULL) return;
    this.counters[slot >>> 1] = both + (1 << shift);
    if (count + 1 > this.most) this.most = count + 1;
  }

  /** hot. `least`: up to 15. */
  mayHave(a: number, b: number, least: number): boolean {
    const slot = this.slot(a, b);
    return ((this.counters[slot >>> 1]! >>> ((slot & 1) * 4)) & FULL) >= least;
  }

  private slot(a: number, b: number): number {
    let h = Math.imul(a ^ 0x811c9dc5, 0x01000193);
    h = Math.imul(h ^ (a / 2 ** 32) ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ b ^ (h >>> 12), 0x297a2d39);
    h = Math.imul(h ^ (b / 2 ** 32) ^ (h >>> 15), 0x2c1b3c6d);
    return (h ^ (h >>> 13)) & this.mask;
  }
}
