// Does what is held out of order agree with a plain map from byte to value, first come, first kept?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seqDiff } from "../../src/core/seq.ts";
import { HELD_COST, HeldSegments, MAX_HELD_BYTES, MAX_HELD_SEGMENTS } from "../../src/flow/held-segments.ts";

const piece = (seq: number, length: number, fill: number, captured = length) => ({
  seq: seq | 0,
  length,
  bytes: new Uint8Array(captured).fill(fill),
  frame: fill,
  time: 0,
  ipId: 0,
});
const shape = (h: HeldSegments) => h.list.map((s) => [s.seq, s.length, s.frame]);

describe("HeldSegments", () => {
  it("keeps segments in order of sequence, whatever their order of arrival", () => {
    const h = new HeldSegments();
    expect([h.add(piece(300, 10, 1)), h.add(piece(100, 10, 2)), h.add(piece(200, 10, 3))]).toEqual([10, 10, 10]);
    expect(shape(h)).toEqual([
      [100, 10, 2],
      [200, 10, 3],
      [300, 10, 1],
    ]);
  });

  it.each([
    ["the same again", piece(100, 10, 2), 0, [[100, 10, 1]]],
    ["within it", piece(103, 4, 2), 0, [[100, 10, 1]]],
    [
      "over its end",
      piece(105, 10, 2),
      5,
      [
        [100, 10, 1],
        [110, 5, 2],
      ],
    ],
    [
      "over its beginning",
      piece(95, 10, 2),
      5,
      [
        [95, 5, 2],
        [100, 10, 1],
      ],
    ],
    [
      "around it",
      piece(95, 20, 2),
      10,
      [
        [95, 5, 2],
        [100, 10, 1],
        [110, 5, 2],
      ],
    ],
    [
      "touching it",
      piece(110, 5, 2),
      5,
      [
        [100, 10, 1],
        [110, 5, 2],
      ],
    ],
  ])("keeps the first bytes: %s", (_, second, added, expected) => {
    const h = new HeldSegments();
    h.add(piece(100, 10, 1));
    expect(h.add(second)).toBe(added);
    expect(shape(h)).toEqual(expected);
  });

  it("fills several holes with one segment", () => {
    const h = new HeldSegments();
    for (const seq of [100, 120, 140]) h.add(piece(seq, 10, 1));
    expect(h.add(piece(90, 70, 2))).toBe(40);
    expect(shape(h).map(([seq, length]) => [seq, length])).toEqual([
      [90, 10],
      [100, 10],
      [110, 10],
      [120, 10],
      [130, 10],
      [140, 10],
      [150, 10],
    ]);
  });

  it("is full by bytes, and by segments that carry none", () => {
    const big = new HeldSegments();
    for (let n = 0; !big.isFull(); n++) big.add(piece(n * 70_000, 65_000, 1));
    expect(big.bytes).toBeLessThan(MAX_HELD_BYTES + 2 * 65_000);
    const many = new HeldSegments();
    for (let n = 0; !many.isFull(); n++) many.add(piece(n * 20, 10, 1, 0));
    expect(many.list.length).toBe(MAX_HELD_SEGMENTS + 1);
    expect(many.bytes).toBe(many.list.length * HELD_COST);
  });

  it("agrees with a byte map, also around 2³² and with bytes cut by the snap length", () => {
    const segment = fc.record({ at: fc.nat(120), length: fc.integer({ min: 1, max: 40 }), cut: fc.nat(50) });
    fc.assert(
      fc.property(
        fc.constantFrom(0, -60, 0x7fffffff - 60, 1_000_000),
        fc.array(segment, { maxLength: 30 }),
        (base, list) => {
          const held = new HeldSegments();
          // Offset → the number of the segment that brought it first; negative where its byte was not captured.
          const map = new Map<number, number>();
          list.forEach(({ at, length, cut }, n) => {
            const captured = Math.max(0, length - (cut > 40 ? cut - 40 : 0));
            let fresh = 0;
            for (let o = 0; o < length; o++) {
              if (map.has(at + o)) continue;
              map.set(at + o, o < captured ? n + 1 : -(n + 1));
              fresh++;
            }
            expect(held.add(piece(base + at, length, n + 1, captured))).toBe(fresh);
          });
          const seen = new Map<number, number>();
          let captured = 0;
          let last = Number.NEGATIVE_INFINITY;
          const segments = held.list.length;
          const { bytes } = held;
          for (let s = held.shift(); s !== undefined; s = held.shift()) {
            const from = seqDiff(s.seq, base | 0);
            expect(from).toBeGreaterThanOrEqual(last);
            last = from + s.length;
            captured += s.bytes.length;
            for (let o = 0; o < s.length; o++) seen.set(from + o, o < s.bytes.length ? s.bytes[o]! : -s.frame);
          }
          expect([...seen]).toEqual([...map].sort(([a], [b]) => a - b));
          expect(bytes).toBe(captured + segments * HELD_COST);
          expect(held.bytes).toBe(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
