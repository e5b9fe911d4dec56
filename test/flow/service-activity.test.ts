// Are the times found in which a service had requests and answered none, and those in which nobody asked? By hand.

import { describe, expect, it } from "vitest";
import type { Exchange } from "../../src/core/stream-decoder.ts";
import { Latencies } from "../../src/flow/latencies.ts";
import { ServiceActivity } from "../../src/flow/service-activity.ts";
import { answer, giveUp, request } from "./exchange-script.ts";

const seconds = (ns: number): number => Math.round(ns / 1e6) / 1e3;

/** Requests (`at`, target) with the second of their answer, or of giving up as a negative number, or null while they wait. */
function activity(...list: [at: number, target: string, ended: number | null, flow?: number][]): ServiceActivity {
  const a = new ServiceActivity();
  const events: { at: number; run: () => void }[] = [];
  for (const [at, target, ended, flow = 0] of list) {
    const e: Exchange = request(at, target, { flow });
    events.push({ at, run: () => a.asked(e) });
    if (ended !== null)
      events.push({ at: Math.abs(ended), run: () => a.settled(ended > 0 ? answer(e, ended) : giveUp(e, -ended)) });
  }
  for (const event of events.sort((x, y) => x.at - y.at)) event.run();
  a.end(20e9);
  return a;
}

const silences = (a: ServiceActivity) =>
  a.silences.map((s) => [seconds(s.from), seconds(s.until), s.requests, s.gaveUp, s.connections, s.isOpen]);

describe("a silence", () => {
  it("lasts from the last answer, or the first request, to the next answer", () => {
    const a = activity([1, "/a", 1.01], [2, "/a", 5, 1], [3, "/b", 5.1, 2], [4, "/b/77", 5.2, 3]);
    expect(silences(a)).toEqual([[2, 5, 3, 0, 3, false]]);
    expect(a.silences[0]!.kinds).toEqual(expect.arrayContaining(["GET /a", "GET /b", "GET /b/*"]));
    expect(a.silences[0]!.first.request!.target).toBe("/a");
  });
  it("goes on when requests are given up, and lasts to the end of the capture", () => {
    const a = activity([1, "/a", 1.1], [2, "/a", -3, 1], [4, "/a", -5, 2], [6, "/a", -7, 3]);
    expect(silences(a)).toEqual([[2, 20, 3, 3, 3, true]]);
    expect(a.silences[0]!.first.request!.time).toBe(2e9);
  });
  it("ends with an answer to any of them", () => {
    const a = activity([1, "/a", 4], [1.5, "/health", 1.51], [2.5, "/health", 2.51]);
    expect(silences(a).map(([from, until]) => [from, until])).toEqual([
      [1, 1.51],
      [1.51, 2.51],
      [2.51, 4],
    ]);
  });
  it("is none while requests mean to wait", () => {
    const a = new ServiceActivity();
    a.asked(request(1, "list", { method: "BLPOP", waits: true }));
    a.end(20e9);
    expect(a.silences).toEqual([]);
  });
});

describe("a rest", () => {
  it("lasts from the last answer to the next request, one second at least", () => {
    const a = activity([1, "/a", 1.1], [1.9, "/a", 2], [5, "/a", 5.5]);
    expect(a.rests.map((r) => [seconds(r.from), seconds(r.until)])).toEqual([
      [2, 5],
      [5.5, 20],
    ]);
  });

  it("begins at the last sign of life, though an older request is judged after it", () => {
    const a = new ServiceActivity();
    const lost = request(1, "/lost", { flow: 1 });
    a.asked(lost);
    for (let at = 2; at < 9; at++) {
      const e = request(at, "/a");
      a.asked(e);
      a.settled(answer(e, at + 0.1));
    }
    lost.outcome = "unknown";
    a.settled(lost);
    a.end(20e9);
    expect(a.rests.map((r) => [seconds(r.from), seconds(r.until)])).toEqual([[8.1, 20]]);
  });
});

describe("latencies", () => {
  it("are right within a tenth, whatever their number", () => {
    const l = new Latencies();
    for (let n = 1; n <= 100_000; n++) l.answered(answer(request(n / 1e3, "/a"), n / 1e3 + n / 1e5));
    for (const q of [0.01, 0.5, 0.9, 0.99, 1]) expect(l.percentile(q) / (q * 1e9)).toBeCloseTo(1, 0.9);
    expect(l.longest).toBe(1e9);
    const points = [...l.points()];
    expect(points.length).toBeGreaterThan(500);
    expect(points.length).toBeLessThanOrEqual(1024);
    // Evenly over all of them.
    expect(points.at(-1)!.asked).toBeGreaterThan(0.98 * 1e11);
  });
});
