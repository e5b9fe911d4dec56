// Which flow has this pair of addresses and ports? Open addressing over integer keys, with a seeded hash.

import type { FlowColumns } from "./columns.ts";

export class FlowIndex {
  /** Flows so far. */
  count = 0;
  private slots = new Int32Array(4096);
  private columns: FlowColumns;
  private seed: number;

  /** `seed` is unpredictable, against crafted collisions; it never shows in a result. */
  constructor(columns: FlowColumns, seed: number) {
    this.columns = columns;
    this.seed = seed;
    this.reindex(); // as the columns: reassigned once before use
  }

  /** hot: the flow at a slot, or -1. */
  at(slot: number): number {
    return this.slots[slot]! - 1;
  }

  private hash(a: number, b: number, ports: number, family: number): number {
    let h = Math.imul(a ^ this.seed, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15) ^ b, 0x85ebca77);
    h = Math.imul(h ^ (h >>> 13) ^ ports, 0xc2b2ae3d);
    h = Math.imul(h ^ (h >>> 16) ^ family, 0x27d4eb2f);
    return h ^ (h >>> 15);
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
    const f = this.count++;
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
    if (this.count * 2 > this.slots.length) this.reindex();
    return f;
  }

  private reindex(): void {
    const slots = new Int32Array(this.slots.length * 2);
    const mask = slots.length - 1;
    const c = this.columns;
    for (const entry of this.slots) {
      if (entry === 0) continue;
      const f = entry - 1;
      let slot = this.hash(c.keyA[f]!, c.keyB[f]!, c.keyPorts[f]!, c.family[f]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.slots = slots;
  }
}
