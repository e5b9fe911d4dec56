// Which of several captures has the earliest next record? A binary heap over their look-ahead slots.

import type { OpenCapture } from "./open-capture.ts";

/** By time; at the same time, by the order in which the captures were given. */
const before = (a: OpenCapture, b: OpenCapture): boolean =>
  a.slot.time < b.slot.time || (a.slot.time === b.slot.time && a.file < b.file);

export class MergeOrder {
  readonly #heap: OpenCapture[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): OpenCapture | undefined {
    return this.#heap[0];
  }

  add(capture: OpenCapture): void {
    const heap = this.#heap;
    let at = heap.push(capture) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at], heap[parent])) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    this.sinkFirst();
  }

  /** // hot: The first capture has a new record in its slot: puts it where it belongs. */
  sinkFirst(): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], heap[at])) return;
      this.#swap(at, child);
      at = child;
    }
  }

  *all(): Iterable<OpenCapture> {
    yield* this.#heap;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const kept = heap[a];
    heap[a] = heap[b];
    heap[b] = kept;
  }
}
