// Is a pool that is full and moves told from one that rests, one that suffices, and from connections that are no pool? By arithmetic.

import { describe, expect, it } from "vitest";
import { filledPool, fullPool, inWords, isLonger } from "../../analyses/pool-use.ts";
import { slownessIn } from "../../analyses/slow-answers.ts";
import type { CaptureView, FlowRow, LatencyPoint, ServiceTally } from "../../src/core/flow-view.ts";

const HOST = "10.0.0.1";
const S = 1e9;
interface Load {
  connections: number;
  /** Requests a second from one moment to the other, in seconds. */
  phases: readonly [perS: number, from: number, until: number][];
  commandS: number | ((at: number) => number);
  /** What the service does by itself, before it asks for a connection. */
  ownS?: number | ((at: number) => number);
  /** A connection for each request, instead of a pool. */
  noPool?: boolean;
}

/** A queue in front of `connections`, first come, first served: what a capture of it would hold. */
function capture({ connections, phases, commandS, ownS = 0, noPool = false }: Load): {
  view: CaptureView;
  service: ServiceTally;
} {
  const of = (x: number | ((at: number) => number), at: number) => (typeof x === "number" ? x : x(at));
  const arrivals = phases.flatMap(([perS, from, until]) =>
    Array.from({ length: Math.round(perS * (until - from)) }, (_, n) => from + n / perS),
  );
  const free = Array.from({ length: connections }, () => 0);
  const requests: LatencyPoint[] = [];
  const commands: LatencyPoint[] = [];
  const spans: [number, number][] = free.map(() => [-1, 1000]);
  const point = (flow: number, kind: string, asked: number, until: number): LatencyPoint => ({
    flow,
    frame: 1,
    kind,
    asked: asked * S,
    waited: (until - asked) * S,
    status: null,
    length: null,
  });
  for (const [n, at] of arrivals.entries()) {
    const ready = at + of(ownS, at);
    const c = free.indexOf(Math.min(...free));
    const begins = noPool ? ready : Math.max(ready, free[c]!);
    const ends = begins + of(commandS, at);
    if (!noPool) free[c] = ends;
    else spans[n] = [begins, ends];
    commands.push(point(noPool ? n : c, "QUERY SELECT ?", begins, ends));
    requests.push(point(5000 + n, "GET /a", at, ends));
  }
  const tally = (port: number, protocol: "http" | "mysql", points: LatencyPoint[]) =>
    ({
      service: { address: HOST, port },
      protocol,
      activity: { latencies: { count: points.length, points: () => points }, silences: [], rests: [], slow: [] },
    }) as unknown as ServiceTally;
  const service = tally(8280, "http", requests);
  const database = tally(3306, "mysql", commands);
  const end = (port: number) => ({ address: HOST, port, fin: null, rst: null, lastData: null });
  const rows = spans.map(
    ([opened, closed], id) =>
      ({
        id,
        protocol: "mysql",
        answersOf: null,
        client: { ...end(40_000 + id), fin: { frame: 2, time: closed * S } },
        server: end(3306),
        notes: null,
        handshake: opened < 0 ? "none" : "full",
        first: { frame: 1, time: opened * S },
      }) as unknown as FlowRow,
  );
  const votes = { byId: new Map(), byWords: new Map(), byTime: new Map([[service, commands.length]]) };
  const edge = { client: HOST, service: database, requests: commands.length, withId: 0, waited: null, ...votes };
  const view = {
    services: [service, database],
    edges: [edge],
    exchanges: [],
    flows: () => rows,
    firstTime: 0,
    lastTime: 30 * S,
  } as unknown as CaptureView;
  return { view, service };
}

const STEADY: Load["phases"] = [[10, 0, 5]];
const slow = (load: Load) => {
  const { view, service } = capture(load);
  return slownessIn(view).find((s) => s.service === service) ?? null;
};

describe("a pool that is too small for the load", () => {
  // 4 connections, 100 ms each: 40 a second. 60 a second come for 5 s: 100 are left over, and the last of them waits 2.5 s.
  const load: Load = { connections: 4, phases: [...STEADY, [60, 5, 10]], commandS: 0.1 };

  it("is full, and was not before", () => {
    const { view, service } = capture(load);
    const pool = filledPool(view, service, 5 * S, 12 * S)!;
    expect(pool.use).toMatchObject({ size: 4, command: "QUERY SELECT ?" });
    expect(pool.use.share).toBeCloseTo(1, 2);
    // 50 commands of 0.1 s in 5 s on 4 connections.
    expect(pool.before!.share).toBeCloseTo(5 / 20, 2);
    expect(inWords(pool)).toBe(
      "its 4 connections to 10.0.0.1:3306 were in use 100 % of the time (before: 25 %), mostly by QUERY SELECT ?, answered in 100 ms as before",
    );
  });

  it("is why the service became slow", () => {
    const found = slow(load)!;
    expect(found.because).toBeNull();
    expect(found.baseline! / 1e6).toBeCloseTo(100, 0);
    expect(found.pool!.use.size).toBe(4);
  });

  it("is told from commands that take longer than before", () => {
    const found = slow({ ...load, phases: [[30, 0, 12]], commandS: (at) => (at < 5 ? 0.1 : 0.2) })!;
    expect(isLonger(found.pool!)).toBe(true);
    expect(inWords(found.pool!)).toContain("answered in 200 ms instead of 100 ms");
  });
});

describe("no pool that is too small", () => {
  const during = (load: Load) => {
    const { view, service } = capture(load);
    return fullPool(view, service, 6 * S, 9 * S);
  };

  it("rests while the service takes its time", () => {
    const own: Load = { connections: 4, phases: [[20, 0, 12]], commandS: 0.005, ownS: (at) => (at < 5 ? 0.01 : 1) };
    expect(during(own)).toBeNull();
    expect(slow(own)).toMatchObject({ because: null, pool: null });
  });

  it("is busy, with a request for each connection and none that waits: a batch", () => {
    expect(during({ connections: 4, phases: [[40, 0, 12]], commandS: 0.1 })).toBeNull();
  });

  it("is a connection for each request", () => {
    expect(during({ connections: 1, phases: [[60, 0, 12]], commandS: 0.1, noPool: true })).toBeNull();
  });

  it("was as full before it got slow", () => {
    // Full all the time, and never slower than before: the queue has its length from the start on.
    const { view, service } = capture({
      connections: 4,
      phases: [
        [400, 0, 0.25],
        [40, 0.25, 12],
      ],
      commandS: 0.1,
    });
    expect(fullPool(view, service, 6 * S, 9 * S)).not.toBeNull();
    expect(filledPool(view, service, 6 * S, 9 * S)).toBeNull();
    expect(slownessIn(view)).toEqual([]);
  });
});
