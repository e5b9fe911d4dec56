// Is a copy found among the packets that went by, whichever taps saw them, and in whatever order?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Packet } from "../../src/core/packet.ts";
import { CopyDetector } from "../../src/flow/copies.ts";

const MS = 1e6;
/** What is remembered of packets alike (passed-packets.ts). */
const WAYS = 4;

interface Seen {
  /** What tells it from others. */
  seq: number;
  tap: number;
  file: number;
  time: number;
}

function packetOf({ seq, tap, file, time }: Seen): Packet {
  const p = new Packet();
  Object.assign(p, { buf: new Uint8Array(20), family: 4, payloadOffset: 20, end: 20, seq, tap, file, time });
  Object.assign(p, { srcPort: 40_000, dstPort: 80 });
  return p;
}

/** By looking at every packet before it. */
class Plain {
  private readonly seen: Seen[] = [];

  isCopy(p: Seen): boolean {
    const copied = this.alike(p).some((s) => {
      const window = s.file === p.file ? 1 * MS : 100 * MS;
      return s.tap !== p.tap && Math.abs(p.time - s.time) <= window;
    });
    if (!copied) this.seen.push(p);
    return copied;
  }

  alike({ seq }: Seen): Seen[] {
    return this.seen.filter((s) => s.seq === seq);
  }
}

/** Three taps of two files; moments and long pauses; now and then back in time. */
const packets = fc
  .array(
    fc.record({
      seq: fc.nat(12),
      tap: fc.nat(2),
      stays: fc.boolean(),
      step: fc.constantFrom(0, 0.5, 0.9, 2, 40, 99, 101, 5000, -0.5, -50),
    }),
    { maxLength: 80 },
  )
  .map((steps) => {
    let [time, tap] = [0, 0];
    return steps.map((s): Seen => {
      time += s.step * MS;
      if (!s.stays) tap = s.tap;
      return { seq: s.seq, tap, file: tap === 2 ? 1 : 0, time };
    });
  });

describe("copies", () => {
  it("are those that a look at all packets before finds", () => {
    fc.assert(
      fc.property(packets, (all) => {
        const [detector, plain] = [new CopyDetector(), new Plain()];
        for (const p of all) {
          if (plain.alike(p).length === WAYS) continue;
          expect(detector.isCopy(packetOf(p))).toBe(plain.isCopy(p));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are found behind more packets of one tap than are remembered", () => {
    const detector = new CopyDetector();
    const seen = Array.from({ length: 10_000 }, (_, seq): Seen => ({ seq, tap: 0, file: 0, time: seq }));
    expect(seen.some((p) => detector.isCopy(packetOf(p)))).toBe(false);
    const copies = seen.slice(-100).map((p) => ({ ...p, tap: 1, time: p.time + 100 }));
    expect(copies.filter((p) => detector.isCopy(packetOf(p))).length).toBe(100);
    // The first tap again, after a while alone, and the other one once more.
    const later = seen.slice(-10).map((p) => ({ ...p, time: p.time + 3000 * MS }));
    expect(later.map((p) => detector.isCopy(packetOf(p)))).toEqual(later.map(() => false));
    expect(later.every((p) => detector.isCopy(packetOf({ ...p, tap: 1 })))).toBe(true);
  });
});
