// Are the bounds of a share Wilson's? The figures are those of R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareBounds } from "../../analyses/share-bounds.ts";

const Z_95 = 1.959964;

describe("shareBounds", () => {
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("of %i in %i", (cases, n, least, most) => {
    const b = shareBounds(cases, n, cases, Z_95);
    expect([b.least, b.most, b.share]).toEqual([
      expect.closeTo(least, 4),
      expect.closeTo(most, 4),
      expect.closeTo(cases / n, 12),
    ]);
  });

  it("are as wide for ten clumps of three as for ten cases in a third of the number", () => {
    const clumped = shareBounds(30, 900, 10);
    const alone = shareBounds(10, 300, 10);
    expect([clumped.least, clumped.most]).toEqual([expect.closeTo(alone.least, 12), expect.closeTo(alone.most, 12)]);
  });

  it("hold the share, within 0 and 1, whatever the numbers", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.nat(5000), (cases, n, clumps) => {
        const b = shareBounds(cases, n, cases === 0 ? 0 : Math.max(1, Math.min(cases, clumps)));
        expect(b.least).toBeGreaterThanOrEqual(0);
        expect(b.most).toBeLessThanOrEqual(1);
        expect(b.least).toBeLessThanOrEqual(b.share + 1e-12);
        expect(b.most).toBeGreaterThanOrEqual(b.share - 1e-12);
      }),
    );
  });
});
