// Is a service that stood still told from one that is slow, selective, or asked to wait? Conversations by hand.

import { describe, expect, it } from "vitest";
import { OPEN } from "../flow/packet-script.ts";
import { connection, each, findings, merge, run } from "./timeline.ts";

const SERVICE = { address: "10.0.0.2", port: 80 };
const get = (path: string): string => String.raw`c 'GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n'`;
const ok = String.raw`s 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'`;
/** Answered after so many milliseconds. */
const asked = (path: string, ms: number): string => `${OPEN} ${get(path)}\n s ACK\n +${ms} ${ok}`;
const well = each(15, 100, (k) => asked(k % 2 === 0 ? "/orders" : "/health", 5));
/** From 2 s on: sent every 100 ms, answered together at 5 s. */
const frozen = Array.from({ length: 8 }, (_, k) =>
  connection(50_000 + k, 2000 + 100 * k, asked(k % 2 === 0 ? "/orders" : "/health", 3000 - 100 * k)),
).flat();
const stalled = (...lists: Parameters<typeof merge>) => findings("stalled-services", merge(...lists));

describe("stalled-services", () => {
  it("finds who answered nothing of any kind for a while, and when it went on", () => {
    const [f, ...more] = stalled(well, frozen);
    expect(more).toEqual([]);
    expect(f).toMatchObject({ count: 8, subject: { holder: SERVICE }, metrics: { kind: "stalled", kinds: 2 } });
    expect(f!.metrics.stalled_s).toBeCloseTo(3, 1);
    expect(f!.onset! / 1e9).toBeCloseTo(2, 1);
    // What waited for it is not called slow as well.
    expect(findings("slow-answers", merge(well, frozen))).toEqual([]);
  });

  it("lasts to the end when it does not go on, and is worse when requests are given up", () => {
    const hung = Array.from({ length: 8 }, (_, k) =>
      connection(50_000 + k, 2000 + 200 * k, `${OPEN} ${get("/orders")}\n s ACK\n +1000 c FIN ACK\n s ACK`),
    ).flat();
    expect(stalled(well, hung, connection(60_000, 9000, "c SYN"))).toMatchObject([
      { severity: "high", count: 8, metrics: { healed_at: null, requester_gave_up: 8 } },
    ]);
  });

  it("is none while others are answered", () => {
    const health = each(30, 100, () => asked("/health", 2), 100).map((e) => ({ ...e, ms: e.ms + 2000 }));
    expect(stalled(well, frozen, health)).toEqual([]);
  });

  it("is none where every answer takes as long", () => {
    expect(stalled(each(20, 200, () => asked("/report", 3000)))).toEqual([]);
  });

  it("is none for requests of a kind that was never seen: they may take their time", () => {
    const reports = each(3, 10, () => asked("/report", 4000), 100).map((e) => ({ ...e, ms: e.ms + 2000 }));
    expect(stalled(well, reports)).toEqual([]);
  });

  it("is none on one connection alone, nor where nothing was answered at all", () => {
    expect(
      stalled(
        well,
        connection(
          50_000,
          2000,
          `${OPEN} ${get("/orders")}\n ${get("/orders")}\n ${get("/orders")}\n +3000 ${ok}\n ${ok}\n ${ok}`,
        ),
      ),
    ).toEqual([]);
    expect(run("stalled-services", merge(connection(50_000, 0, `${OPEN} ${get("/a")}`)))).toMatchObject({
      kind: "unsure",
    });
  });
});

describe("slow-answers", () => {
  const slow = each(20, 100, () => asked("/orders", 900), 100).map((e) => ({ ...e, ms: e.ms + 3000 }));
  it("finds since when, how slow, and what it was before", () => {
    const [f] = findings("slow-answers", merge(well, slow));
    expect(f).toMatchObject({ severity: "medium", count: 20, subject: { holder: SERVICE, peer: null } });
    expect(f!.metrics.waited_s).toBeCloseTo(0.9, 2);
    expect(f!.metrics.before_s).toBeCloseTo(0.005, 2);
    expect(f!.onset! / 1e9).toBeCloseTo(3, 1);
    expect(f!.metrics.kind_of_request).toBe("GET /orders");
  });
  it("not what was slow from the start, nor one kind that always is", () => {
    expect(findings("slow-answers", merge(slow))).toEqual([]);
    const reports = each(15, 300, () => asked("/report", 900), 200);
    expect(findings("slow-answers", merge(well, reports))).toEqual([]);
  });
  it("nor a handful", () => {
    expect(findings("slow-answers", merge(well, slow.slice(0, 5 * 5)))).toEqual([]);
  });
});
