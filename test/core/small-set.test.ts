// Is the set that holds one thing without a table the same as a set?

import fc from "fast-check";
import { expect, it } from "vitest";
import { SmallSet } from "../../src/core/small-set.ts";

it("holds what a Set holds, in its order, whatever is added and taken out", () => {
  const things = Array.from({ length: 4 }, (_, n) => ({ n }));
  const steps = fc.array(fc.record({ what: fc.constantFrom("add", "delete"), n: fc.nat(3) }), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (list) => {
      const [small, set] = [new SmallSet<{ n: number }>(), new Set<{ n: number }>()];
      for (const { what, n } of list) {
        const thing = things[n]!;
        if (what === "delete") expect(small.delete(thing)).toBe(set.delete(thing));
        else {
          small.add(thing);
          set.add(thing);
        }
        const held: { n: number }[] = [];
        small.each((item) => held.push(item));
        expect(held).toEqual([...set]);
        expect([small.size, small.oldest]).toEqual([set.size, held[0] ?? null]);
        expect(things.map((t) => small.has(t))).toEqual(things.map((t) => set.has(t)));
        expect(small.every((item) => item.n < 2)).toBe(held.every((item) => item.n < 2));
      }
    }),
    { numRuns: 500 },
  );
});
