// Is it counted less often when counting takes long, and only then?

import { expect, test } from "vitest";
import { Cadence } from "../../src/live/session/cadence.ts";

const after = (cadence: Cadence, ...took: number[]): [changed: boolean, seconds: number][] =>
  took.map((ms) => [cadence.took(ms), cadence.everyNs / 1e9]);

test("a tenth of the time is allowed; a single slow one changes nothing", () => {
  const cadence = new Cadence();
  expect(after(cadence, 20, 99, 1000, 100, 500, 500)).toEqual(Array(6).fill([false, 1]));
});

test("three slow ones: as often as a tenth of the time allows; ten quick ones: every second again", () => {
  const cadence = new Cadence();
  expect(after(cadence, 220, 220, 220).at(-1)).toEqual([true, 3]);
  expect(after(cadence, 250, 300, 290)).toEqual(Array(3).fill([false, 3]));
  expect(after(cadence, ...Array(10).fill(30)).at(-1)).toEqual([true, 1]);
});
