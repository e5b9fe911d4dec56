// Are the halves those of the 64-bit number, for every base and time?

import fc from "fast-check";
import { expect, it } from "vitest";
import { CaptureClock } from "../../src/core/clock.ts";
import { EpochHalves } from "../../src/live/ring/epoch-halves.ts";

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

it("gives the halves that 64-bit arithmetic gives, and the nearest where there are none", () => {
  const base = fc.bigInt({ min: -(10n ** 16n), max: MAX_U64 + 10n ** 16n });
  const time = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
  fc.assert(
    fc.property(base, fc.array(time, { minLength: 1, maxLength: 5 }), (start, times) => {
      const clock = new CaptureClock();
      clock.start(start);
      const halves = new EpochHalves(clock);
      for (const one of times) {
        halves.take(one);
        const sum = start + BigInt(one);
        const nearest = sum < 0n ? 0n : sum > MAX_U64 ? MAX_U64 : sum;
        expect((BigInt(halves.high) << 32n) | BigInt(halves.low)).toBe(nearest);
      }
    }),
    { numRuns: 2000 },
  );
});
