// Is it counted right how many spans lie over one another, at each moment and in between? Counted again, one by one.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countSpans, Spans } from "../../src/pictures/span-counts.ts";

type Span = [kind: number, from: number, until: number];

function counted(list: readonly Span[], moments: readonly number[]) {
  const spans = new Spans();
  for (const [kind, from, until] of list) spans.add(kind, from, until);
  return countSpans(spans, 4, 2, moments);
}

describe("spans over one another", () => {
  it("are counted at each moment, with the most in between, and the peak where it was first reached", () => {
    // 0 from 10 to 30, 1 from 12 to 14, another 0 from 20 to 40; moments 10, 20, 30, 40.
    const { byKind, byGroup } = counted(
      [
        [0, 10, 30],
        [1, 12, 14],
        [0, 20, 40],
      ],
      [10, 20, 30, 40],
    );
    expect(byKind[0]).toEqual({ at: [1, 2, 1, 0], most: [1, 2, 1, 0], peak: 2, peakAt: 10 });
    expect(byKind[1]).toEqual({ at: [0, 0, 0, 0], most: [1, 0, 0, 0], peak: 1, peakAt: 2 });
    expect(byGroup[0]).toEqual({ at: [1, 2, 1, 0], most: [2, 2, 1, 0], peak: 2, peakAt: 2 });
    expect(byGroup[1]).toEqual({ at: [0, 0, 0, 0], most: [0, 0, 0, 0], peak: 0, peakAt: 0 });
  });

  it("that follow one another without a gap are never two", () => {
    const { byGroup } = counted(
      [
        [0, 0, 5],
        [1, 5, 9],
      ],
      [0, 10],
    );
    expect(byGroup[0]).toEqual({ at: [1, 0], most: [1, 0], peak: 1, peakAt: 0 });
  });

  it("without an end last", () => {
    expect(counted([[0, 3, Number.POSITIVE_INFINITY]], [0, 10]).byKind[0]!.at).toEqual([0, 1]);
  });

  it("are the same, counted one by one", () => {
    const span = fc.tuple(fc.nat(3), fc.nat(60), fc.nat(60));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 30 }), fc.integer({ min: 2, max: 8 }), (raw, n) => {
        const list = raw.map(([kind, from, takes]): Span => [kind, from, from + takes]);
        const moments = Array.from({ length: n }, (_, i) => i * 10);
        const { byKind } = counted(list, moments);
        const held = (kind: number, t: number): number =>
          list.filter(([k, from, until]) => k === kind && from <= t && t < until).length;
        for (const [kind, series] of byKind.entries()) {
          expect(series.at).toEqual(moments.map((t) => held(kind, t)));
          const within = (t: number): number =>
            Math.max(...Array.from({ length: t === moments.at(-1) ? 1 : 10 }, (_, i) => held(kind, t + i)));
          expect(series.most).toEqual(moments.map(within));
          expect(series.peak).toBe(Math.max(...series.most));
          if (series.peak > 0) expect(held(kind, series.peakAt)).toBe(series.peak);
        }
      }),
    );
  });
});
