// Which flow has this pair of addresses and ports? Open addressing over integer keys, with a seeded hash.

import type { FlowColumns } from "./columns.ts";
import { mixed } from "./mixed.ts";

export class FlowIndex {
  /** Flows so far; one beyond the highest number given. */
  count = 0;
  /** Numbers of flows that were forgotten: given again. */
  private free: number[] = [];
  private slots = new Int32Array(4096);
  private columns: FlowColumns;
  private seed: number;

  /** `seed` is unpredictable, against crafted collisions; it never shows in a result. */
  constructor(columns: FlowColumns, seed: number) {
    this.columns = columns;
    this.seed = seed;
    this.reindex(this.slots.length * 2); // as the columns: reassigned once before use
  }

  /** hot: the flow at a slot, or -1. */
  at(slot: number): number {
    return this.slots[slot]! - 1;
  }

  private hash(a: number, b: number, ports: number, family: number): number {
    return mixed(mixed(mixed(a ^ this.seed) ^ b) ^ ports ^ family);
  }

  /** hot: the slot of a 4-tuple in the index, or the free slot where it goes. */
  find(a: number, b: number, ports: number, family: number): number {
    const { keyA, keyB, keyPorts, family: families } = this.columns;
    const slots = this.slots;
    const mask = slots.length - 1;
    let slot = this.hash(a, b, ports, family) & mask;
    for (;;) {
      const f = slots[slot]! - 1;
      if (f < 0) return slot;
      if (keyA[f] === a && keyB[f] === b && keyPorts[f] === ports && families[f] === family) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** A new flow at this free slot (or in the place of `previous`). */
  create(slot: number, a: number, b: number, ports: number, family: number, flipped: number, previous = -1): number {
    const f = this.free.pop() ?? this.count++;
    if (f === this.columns.capacity) this.columns.grow();
    const c = this.columns;
    c.keyA[f] = a;
    c.keyB[f] = b;
    c.keyPorts[f] = ports;
    c.family[f] = family;
    c.flipped[f] = flipped;
    c.previous[f] = previous + 1;
    if (previous >= 0) c.successor[previous] = f + 1;
    // A guess until a SYN or a request tells: the higher port is the client's.
    const [senderPort, receiverPort] = flipped ? [ports & 0xffff, ports >>> 16] : [ports >>> 16, ports & 0xffff];
    c.client[f] = senderPort >= receiverPort ? 0 : 1;
    this.slots[slot] = f + 1;
    if (this.known * 2 > this.slots.length) this.reindex(this.slots.length * 2);
    return f;
  }

  /** A number for a flow whose row comes from elsewhere. No packet finds it. */
  adopt(): number {
    const f = this.count++;
    if (f === this.columns.capacity) this.columns.grow();
    return f;
  }

  /** Flows that were not forgotten. */
  get known(): number {
    return this.count - this.free.length;
  }

  /** Forgets a flow, which has no predecessor on its 4-tuple any more. Its columns are cleared, its number is given again. */
  remove(f: number): void {
    const c = this.columns;
    const slot = this.find(c.keyA[f]!, c.keyB[f]!, c.keyPorts[f]!, c.family[f]!);
    // Where its 4-tuple was taken over, the index has the successor.
    if (this.slots[slot] === f + 1) this.vacate(slot);
    const successor = c.successor[f]! - 1;
    if (successor >= 0) c.previous[successor] = 0;
    c.clear(f);
    this.free.push(f);
  }

  /** Every flow anew, after their keys have changed. */
  rebuild(): void {
    this.reindex(this.slots.length);
  }

  /** Empties a slot, and moves up what had been pushed behind it (Knuth, The Art of Computer Programming 3, §6.4, algorithm R). */
  private vacate(slot: number): void {
    const { slots, columns: c } = this;
    const mask = slots.length - 1;
    let hole = slot;
    for (let at = (slot + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const f = slots[at]! - 1;
      const home = this.hash(c.keyA[f]!, c.keyB[f]!, c.keyPorts[f]!, c.family[f]!) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = f + 1;
      hole = at;
    }
    slots[hole] = 0;
  }

  /** In the order of flows and not of slots: so keys are read one behind the other, and only slots here and there. */
  private reindex(size: number): void {
    const slots = new Int32Array(size);
    const mask = size - 1;
    const { keyA, keyB, keyPorts, family, successor } = this.columns;
    for (let f = 0; f < this.count; f++) {
      // Forgotten, or another flow has its 4-tuple.
      if (family[f] === 0 || successor[f] !== 0) continue;
      let slot = this.hash(keyA[f]!, keyB[f]!, keyPorts[f]!, family[f]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = f + 1;
    }
    this.slots = slots;
  }
}
