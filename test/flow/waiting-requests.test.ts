// Are the requests that wait those that were asked and not answered, in the order in which they were asked?

import fc from "fast-check";
import { expect, it } from "vitest";
import { newExchange } from "../../src/core/new-exchange.ts";
import type { Exchange } from "../../src/core/stream-decoder.ts";
import { WaitingRequests } from "../../src/flow/waiting-requests.ts";

it("keeps them as a Set would", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ add: fc.boolean(), n: fc.nat(9) }), { maxLength: 60 }), (steps) => {
      const all = Array.from({ length: 10 }, (_, n) => newExchange(n, "http", 0, null));
      const waiting = new WaitingRequests();
      const set = new Set<Exchange>();
      for (const { add, n } of steps) {
        const e = all[n]!;
        if (add && set.has(e)) continue;
        waiting[add ? "add" : "delete"](e);
        set[add ? "add" : "delete"](e);
        expect([...waiting].map((w) => w.flow)).toEqual([...set].map((w) => w.flow));
        expect(waiting.size).toBe(set.size);
        expect([waiting.oldest, waiting.newest]).toEqual([[...set][0] ?? null, [...set].at(-1) ?? null]);
      }
      for (const e of all) {
        // One that was answered keeps no other one alive.
        if (!set.has(e)) expect([e.waitsBehind, e.waitsBefore]).toEqual([null, null]);
      }
    }),
  );
});
