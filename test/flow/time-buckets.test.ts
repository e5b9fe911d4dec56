// Are requests counted in the right part of time, and is it exact how many waited where a part ends? Counted again, one by one.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestBucket } from "../../src/core/flow-view.ts";
import type { Exchange } from "../../src/core/stream-decoder.ts";
import { TimeBuckets } from "../../src/flow/time-buckets.ts";
import { answer, giveUp, request } from "./exchange-script.ts";

const SECOND = 1e9;
/** Until then they wait: seconds. */
const left = (e: Exchange): number =>
  e.outcome === "pending" ? Number.POSITIVE_INFINITY : e.request!.time + (e.gaveUpAfter ?? e.waited);

function counted(list: readonly Exchange[]): RequestBucket[] {
  const buckets = new TimeBuckets();
  for (const e of list) buckets.asked(e);
  for (const e of list) buckets.settled(e);
  return buckets.buckets();
}

const sum = (buckets: readonly RequestBucket[], of: (b: RequestBucket) => number): number =>
  buckets.reduce((n, b) => n + of(b), 0);
const totals = (buckets: readonly RequestBucket[]) =>
  (["asked", "answered", "late", "unanswered"] as const).map((kind) => sum(buckets, (b) => b[kind]));

const late = (e: Exchange, gaveUpAt: number, at: number): Exchange => {
  giveUp(e, gaveUpAt);
  e.gaveUpAfter = e.waited;
  answer(e, at);
  e.outcome = "late";
  return e;
};

describe("requests over time", () => {
  it("are counted when they come, when they are answered, and when they are given up", () => {
    const buckets = counted([
      answer(request(0.01, "/a"), 0.012),
      giveUp(request(0.02, "/b"), 0.05),
      request(0.03, "/c"),
      late(request(0.04, "/d"), 0.06, 0.07),
    ]);
    const at = (ms: number) => buckets.find((b) => b.from <= ms * 1e6 && ms * 1e6 < b.until)!;
    expect(at(12).answered).toBe(1);
    expect(at(50).unanswered).toBe(1);
    expect(at(70).late).toBe(1);
    // a until 12, b from 20 to 50, c from 30 on, d from 40 to 60.
    expect([10, 15, 25, 35, 45, 55, 65].map((ms) => at(ms).waiting)).toEqual([1, 0, 1, 2, 3, 2, 1]);
  });

  it("that mean to wait, and those nobody can judge, do not count as waiting", () => {
    const unknown = request(0.02, "/a");
    unknown.outcome = "unknown";
    const buckets = counted([request(0.01, "list", { method: "BLPOP", waits: true }), unknown]);
    expect(totals(buckets)).toEqual([2, 0, 0, 0]);
    expect(buckets.map((b) => b.waiting)).toEqual(buckets.map(() => 0));
  });

  it("that were given up and answered after all are late, once", () => {
    const buckets = new TimeBuckets();
    const e = request(1, "/a");
    buckets.asked(e);
    giveUp(e, 2);
    e.gaveUpAfter = e.waited;
    buckets.settled(e);
    const before = e.outcome;
    buckets.amended(late(e, 2, 5), before);
    expect(totals(buckets.buckets())).toEqual([1, 0, 1, 0]);
    expect(buckets.buckets().at(-1)!.waiting).toBe(0);
  });

  it("of which there are none have no buckets", () => {
    expect(new TimeBuckets().buckets()).toEqual([]);
  });

  it("are the same, counted one by one, over any time", () => {
    const one = fc.tuple(
      fc.integer({ min: -640, max: 1 << 26 }).map((n) => n / 64),
      fc.integer({ min: 0, max: 1 << 18 }).map((n) => n / 64),
      fc.constantFrom("answered", "unanswered", "pending"),
    );
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 120 }), (list) => {
        const exchanges = list.map(([at, takes, outcome]) => {
          const e = request(at, "/");
          return outcome === "answered" ? answer(e, at + takes) : outcome === "unanswered" ? giveUp(e, at + takes) : e;
        });
        const buckets = counted(exchanges);
        expect(buckets.length).toBeLessThanOrEqual(256);
        const is = (outcome: string): number => exchanges.filter((e) => e.outcome === outcome).length;
        expect(totals(buckets)).toEqual([exchanges.length, is("answered"), 0, is("unanswered")]);
        for (const [n, { from, until, waiting }] of buckets.entries()) {
          if (n > 0) expect(from).toBe(buckets[n - 1]!.until);
          expect(waiting).toBe(exchanges.filter((e) => e.request!.time < until && !(left(e) < until)).length);
        }
      }),
    );
  });

  it("are kept in bounded memory however long the capture is", () => {
    const list = Array.from({ length: 5000 }, (_, n) => answer(request(n * 1000, "/"), n * 1000 + 1));
    const buckets = counted(list);
    expect(buckets.length).toBeLessThanOrEqual(256);
    expect(buckets.length).toBeGreaterThan(128);
    expect(totals(buckets)).toEqual([5000, 5000, 0, 0]);
    expect(buckets[0]!.until - buckets[0]!.from).toBeLessThan(5e6 * SECOND);
  });
});
