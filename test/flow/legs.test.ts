// Which service does a request leave a host for? Votes counted by hand.

import { describe, expect, it } from "vitest";
import { type Exchange, MAX_BEHALF } from "../../src/core/stream-decoder.ts";
import { ExchangeLedger } from "../../src/flow/exchange-ledger.ts";
import { answer, request } from "./exchange-script.ts";

const HOST = "10.0.0.1";

function ledger() {
  const all = new ExchangeLedger(false);
  const tally = (port: number, protocol: "http" | "mysql" = "http", address = HOST) =>
    all.tally(address, port, protocol);
  return { all, tally };
}
const votes = (of: ReadonlyMap<{ service: { port: number } }, number>) =>
  [...of].map(([s, n]) => `${s.service.port}: ${n}`);

describe("a host on which many services are busy", () => {
  it.each([
    [256, 1],
    [257, 0],
  ])("%i of them: one that was asked last gets %i votes", (busy, got) => {
    const { all, tally } = ledger();
    for (let n = 0; n < busy; n++) all.asked(request(n, "/a", { flow: n }), "10.0.0.9", tally(1000 + n));
    const database = tally(3306, "mysql", "10.0.0.2");
    all.asked(request(busy, "SELECT", { protocol: "mysql", flow: busy }), HOST, database);
    const { byTime } = all.legs.edges.find((e) => e.service === database)!;
    expect(votes(byTime)).toEqual(got === 0 ? [] : [`${1000 + busy - 1}: 1`]);
  });
});

describe("what leaves a host", () => {
  it("belongs to the request with the same id", () => {
    const { all, tally } = ledger();
    const [sidecar, service] = [tally(8080), tally(8280)];
    for (let n = 0; n < 5; n++) {
      const outer = request(n, "/a", { id: `id-${n}` });
      const inner = request(n + 0.1, "/a", { id: `id-${n}`, flow: 1 });
      all.asked(outer, "10.0.0.9", sidecar);
      all.asked(inner, HOST, service);
      all.settle(answer(inner, n + 0.2), HOST, service);
      all.settle(answer(outer, n + 0.3), "10.0.0.9", sidecar);
    }
    const edge = all.legs.edges.find((e) => e.service === service)!;
    expect([edge.client, edge.requests, edge.withId, votes(edge.byId), votes(edge.byTime)]).toEqual([
      HOST,
      5,
      5,
      ["8080: 5"],
      ["8080: 5"],
    ]);
    expect([edge.waited.count, Math.round(edge.waited.percentile(0.5) / 1e6)]).toEqual([5, 100]);
    // Nobody on the first client's host serves anything.
    expect(votes(all.legs.edges.find((e) => e.service === sidecar)!.byId)).toEqual([]);
  });

  it("else to the one that came last and waits: the innermost", () => {
    const { all, tally } = ledger();
    const [sidecar, service, database] = [tally(8080), tally(8280), tally(3306, "mysql", "10.0.0.2")];
    const outer = request(1, "/a");
    const inner = request(1.1, "/a", { flow: 1 });
    const query = request(1.2, "SELECT 1", { flow: 2, protocol: "mysql" });
    all.asked(outer, "10.0.0.9", sidecar);
    all.asked(inner, HOST, service);
    expect(all.asked(query, HOST, database)).toBe(service);
    const edge = all.legs.edges.find((e) => e.service === database)!;
    expect(votes(edge.byTime)).toEqual(["8280: 1"]);
    all.settle(answer(query, 1.3), HOST, database);
    all.settle(answer(inner, 1.4), HOST, service);
    // The inner one was answered: what is left is the outer.
    expect(all.asked(request(1.5, "SELECT 2", { flow: 2, protocol: "mysql" }), HOST, database)).toBe(sidecar);
    all.settle(answer(outer, 1.6), "10.0.0.9", sidecar);
    expect(all.asked(request(2, "SELECT 3", { flow: 2, protocol: "mysql" }), HOST, database)).toBeNull();
  });

  it("by its words only where they are unlike any other's", () => {
    const { all, tally } = ledger();
    const [front, back] = [tally(80), tally(81)];
    all.asked(request(0.5, "/warm-up", { flow: 9 }), HOST, back); // the host is known to ask
    all.asked(request(1, "/one", { host: "shop.example" }), "10.0.0.9", front);
    all.asked(request(1.1, "/two", { host: "shop.example" }), "10.0.0.9", front);
    all.asked(request(1.2, "/two", { host: "shop.example" }), "10.0.0.9", front);
    all.asked(request(1.3, "/one", { host: "shop.example", flow: 1 }), HOST, back);
    all.asked(request(1.4, "/two", { host: "shop.example", flow: 2 }), HOST, back);
    expect(votes(all.legs.edges.find((e) => e.service === back)!.byWords)).toEqual(["80: 1"]);
  });
});

describe("the requests that wait at a service", () => {
  it("are told newest first, those answered left out, and never more than asked for", () => {
    const { all, tally } = ledger();
    const service = tally(8280);
    const requests = [1, 2, 3, 4].map((at) => request(at, `/${at}`, { flow: at }));
    for (const e of requests) all.asked(e, HOST, service);
    all.settle(answer(requests[2]!, 5), HOST, service);
    const told: Exchange[] = [];
    service.activity.newestOpen(2, told);
    expect(told.map((e) => e.request!.target)).toEqual(["/4", "/2"]);
  });

  it("is noted on the request: the innermost with its id, else with its words where they are one's own", () => {
    const { all, tally } = ledger();
    const [sidecar, service, database] = [tally(8080), tally(8280), tally(3306, "mysql", "10.0.0.2")];
    const outer = request(1, "/a", { id: "x" });
    const inner = request(1.1, "/a", { id: "x", flow: 1 });
    const query = request(1.2, "SELECT 1", { flow: 2, protocol: "mysql", id: "x" });
    const plain = request(1.3, "SELECT 2", { flow: 2, protocol: "mysql" });
    for (const [e, client, of] of [
      [outer, "10.0.0.9", sidecar],
      [inner, HOST, service],
      [query, HOST, database],
      [plain, HOST, database],
    ] as const)
      all.asked(e, client, of);
    // Of the last one nothing but the time would tell.
    expect([outer, inner, query, plain].map((e) => e.onBehalfOf)).toEqual([null, outer, inner, null]);

    const first = request(2, "/b");
    const words = request(2.1, "/b", { flow: 1 });
    all.asked(first, "10.0.0.9", sidecar);
    all.asked(words, HOST, service);
    expect(words.onBehalfOf).toBe(first);
    const second = request(2.2, "/b", { flow: 3 });
    const either = request(2.3, "/b", { flow: 4 });
    all.asked(second, "10.0.0.9", sidecar);
    all.asked(either, HOST, service);
    expect(either.onBehalfOf).toBeNull();
    // One of the two was answered: the words are the other's again.
    all.settle(answer(first, 2.4), "10.0.0.9", sidecar);
    const third = request(2.5, "/b", { flow: 5 });
    all.asked(third, HOST, service);
    expect(third.onBehalfOf).toBe(second);
  });

  it("is a chain of bounded length, and many with the same words cost no more", () => {
    const { all, tally } = ledger();
    const [sidecar, service] = [tally(8080), tally(8280)];
    let last = request(0, "/loop", { id: "x" });
    all.asked(last, HOST, sidecar);
    for (let n = 1; n < 100; n++) {
      const next = request(n, "/loop", { id: "x" });
      all.asked(next, HOST, n % 2 === 0 ? sidecar : service);
      last = next;
    }
    let depth = 0;
    for (let e: Exchange | null = last; e !== null; e = e.onBehalfOf) depth++;
    expect(depth).toBeLessThanOrEqual(MAX_BEHALF + 1);

    const many = Array.from({ length: 50_000 }, (_, n) => request(200 + n / 1e4, "/same", { flow: n }));
    for (const e of many) all.asked(e, HOST, sidecar);
    for (const e of many) all.settle(answer(e, 300), HOST, sidecar);
    const after = request(301, "/same", { flow: 1 });
    all.asked(after, HOST, service);
    expect(after.onBehalfOf).toBeNull();
  });
});
