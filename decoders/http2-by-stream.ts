// What belongs to which stream of HTTP/2? A map by stream number that no choice of numbers makes slow.
//
// V8 hashes a number as it is, without a seed: 16,000 streams whose numbers were chosen to share one bucket took two seconds instead of
// a tenth. So the map's keys are the numbers times an odd number, apart by a number that nobody outside can know: one to one in 32 bits.
// Order is that of insertion, so that nothing of this shows in a result.

import { randomSeed } from "../src/core/random.ts";

const SECRET = randomSeed();
/** Odd, its bits well mixed: the golden ratio of 2³² (Knuth, 6.4). */
const ODD = 0x9e3779b1;

// hot: per frame.
const keyOf = (id: number): number => Math.imul(id ^ SECRET, ODD);

export class ByStream<T> {
  private readonly map = new Map<number, T>();

  get size(): number {
    return this.map.size;
  }

  get(id: number): T | undefined {
    return this.map.get(keyOf(id));
  }

  has(id: number): boolean {
    return this.map.has(keyOf(id));
  }

  set(id: number, value: T): void {
    this.map.set(keyOf(id), value);
  }

  delete(id: number): void {
    this.map.delete(keyOf(id));
  }

  /** In the order in which they were set first. */
  values(): IterableIterator<T> {
    return this.map.values();
  }
}
