// Is a shared counter never too low, and rarely too high?

import * as fc from "fast-check";
import { expect, it } from "vitest";
import { RoughCounts } from "../../analyses/rough-counts.ts";

const HIGHEST = 15;
const key = fc.integer({ min: 0, max: 2 ** 49 });

it("counts no key too low", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, key, fc.integer({ min: 1, max: 20 })), { maxLength: 50 }), (keys) => {
      const counts = new RoughCounts(keys.length);
      for (const [a, b, times] of keys) for (let n = 0; n < times; n++) counts.add(a, b);
      for (const [a, b, times] of keys) expect(counts.mayHave(a, b, Math.min(times, HIGHEST))).toBe(true);
      expect(counts.most).toBeGreaterThanOrEqual(Math.min(HIGHEST, Math.max(0, ...keys.map(([, , times]) => times))));
    }),
  );
});

it("tells many keys that came once from one that came ten times", () => {
  const KEYS = 200_000;
  const counts = new RoughCounts(KEYS);
  const place = 0xc633_6401 * 65_536 + 443;
  for (let n = 0; n < KEYS; n++) counts.add(0x0a00_0000 + n, place);
  for (let n = 0; n < 9; n++) counts.add(0x0a00_0007, place);
  let frequent = 0;
  for (let n = 0; n < KEYS; n++) if (counts.mayHave(0x0a00_0000 + n, place, 10)) frequent++;
  expect(counts.mayHave(0x0a00_0007, place, 10)).toBe(true);
  // With one key and a half a counter, ten of them share one in some millions.
  expect(frequent).toBeLessThan(20);
});
