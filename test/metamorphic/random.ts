// What was drawn? Numbers that the seed alone decides, so that a failure can be had again.

export class Random {
  private state: number;

  constructor(seed: number, ...words: string[]) {
    this.state = seed | 0;
    for (const letter of words.join("\n")) this.state = Math.imul(this.state ^ letter.codePointAt(0)!, 0x01000193);
  }

  /** An integer in [0, below): mulberry32. */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let n = out.length - 1; n > 0; n--) {
      const other = this.below(n + 1);
      [out[n], out[other]] = [out[other]!, out[n]!];
    }
    return out;
  }

  some<T>(list: readonly T[], count: number): T[] {
    return this.shuffled(list).slice(0, count);
  }
}
