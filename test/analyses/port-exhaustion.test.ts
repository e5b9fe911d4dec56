// When does a client have no port left, and when does it merely look so? Every case worked out by hand.

import { describe, expect, it } from "vitest";
import { halfClosedConnections } from "../../analyses/half-closed-connections.ts";
import { portExhaustion } from "../../analyses/port-exhaustion.ts";
import { filledRange, isWholeRange } from "../../analyses/port-range.ts";
import type { FoundFinding } from "../../src/core/analysis.ts";
import { type HostSettings, type Hosts, SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import { script } from "../flow/packet-script.ts";
import { closedByClient, later, leaked, opened, type Step, shuffled, timeline } from "./connections.ts";

const linux = (over: Partial<HostSettings>): Hosts => ({ of: () => ({ ...SYSTEM_DEFAULTS.linux, ...over }) });
const stated = (first: number, last: number): Hosts => linux({ ports: { first, last }, portsStated: true });
const run = (steps: readonly Step[], hosts?: Hosts) =>
  portExhaustion.run(script(timeline(steps), hosts === undefined ? {} : { hosts }).view);
const findings = (steps: readonly Step[], hosts?: Hosts): FoundFinding[] => {
  const result = run(steps, hosts);
  return result.kind === "found" ? result.findings : [];
};
/** The script's segments lie up to 0.02 ms beside the whole millisecond. */
const near = (iso: unknown, ms: number): void => expect(Math.abs(Date.parse(String(iso)) - ms)).toBeLessThan(5);

describe("a client that never closes", () => {
  // 100 connections, one each 100 ms; the last port is taken after 9.9 s; the capture goes on to 30 s.
  const ports = shuffled(40_000, 100);
  const steps = [...ports.flatMap((port, i) => leaked(i * 100, port)), later(30_000, ports[0]!)];

  it("has no port left when the last is taken and the attempts stop: the range shows by itself", () => {
    const [f] = findings(steps);
    expect(f).toMatchObject({
      severity: "critical",
      count: 100,
      subject: { holder: { address: "10.0.0.1" }, peer: { address: "10.0.0.2", port: 80 } },
      metrics: {
        ports_in_use: 100,
        range: "40000-40099",
        range_from: "observed",
        healed_at: null,
        ports_free_at: null,
        exhaustions: 1,
        attempts_per_s: 10,
        limit_per: "destination",
      },
    });
    near(f!.metrics.exhausted_at, 9_900);
    expect(f!.metrics.silence_s).toBeCloseTo(20.1, 3);
    // The server closes after a second: those of the first 8.9 s are in CLOSE_WAIT, as are none of the last ten.
    expect(f!.metrics.close_wait).toBe(90);
    expect(f!.metrics.established).toBe(9);
    expect(f!.metrics.syn_sent).toBe(1);
  });

  it("is found with the range stated, too, and with one that is a port wider not at all", () => {
    expect(findings(steps, stated(40_000, 40_099))[0]!.metrics).toMatchObject({
      ports_in_use: 100,
      range: "40000-40099",
      range_from: "stated",
    });
    const wider = findings(steps, stated(40_000, 40_119));
    expect(wider).toMatchObject([{ severity: "medium", metrics: { exhausted_at: null, ports: 120 } }]);
  });

  it("tells half-closed-connections when that was", () => {
    const result = halfClosedConnections.run(script(timeline(steps)).view);
    near(result.kind === "found" && result.findings[0]!.metrics.range_used_up_at, 9_900);
  });

  it("is not sure when the capture ends with the last port", () => {
    expect(run(steps.filter(([ms]) => ms < 10_000))).toMatchObject({
      kind: "unsure",
      needs: [expect.stringContaining("40000-40099")],
    });
  });

  it("takes a narrow range only when it is stated", () => {
    const few = shuffled(40_000, 20);
    const narrow = [...few.flatMap((port, i) => leaked(i * 100, port)), later(30_000, few[0]!)];
    expect(run(narrow).kind).toBe("clear");
    expect(findings(narrow, stated(40_000, 40_019))).toMatchObject([{ severity: "critical", count: 20 }]);
  });

  it("never uses the last port of an odd number (Linux tries by parity)", () => {
    expect(findings(steps, stated(40_000, 40_100))).toMatchObject([
      { metrics: { ports: 100, exhausted_at: expect.any(String) } },
    ]);
  });
});

describe("bursts whose TIME_WAIT uses up the ports", () => {
  const ports = shuffled(50_000, 80);
  const fill = ports.flatMap((port, i) => closedByClient(i < 40 ? i * 5 : 10_000 + i * 5, port));
  // The first forty are free after 60 s, and 64.2 s later for sure; attempts go on at 70 s.
  const again = Array.from({ length: 10 }, (_, i) => closedByClient(70_000 + i * 5, ports[i]!)).flat();

  it("heals by itself", () => {
    const [f] = findings([...fill, ...again, later(75_000, ports[79]!)]);
    expect(f).toMatchObject({
      severity: "high",
      count: 80,
      metrics: { range: "50000-50079", exhaustions: 1, last_exhausted_at: null },
    });
    near(f!.metrics.exhausted_at, 10_395);
    near(f!.metrics.ports_free_at, 60_001);
    near(f!.metrics.healed_at, 70_000);
    expect(f!.metrics.silence_s).toBeCloseTo(59.605, 2);
    // The last evidence is the connection that healed it.
    expect(f!.evidence).toHaveLength(6);
  });

  it("counts each time", () => {
    const twice = [
      ...fill,
      ...ports.flatMap((port, i) => closedByClient((i < 40 ? 75_000 : 85_000) + i * 5, port)),
      ...ports.slice(0, 5).flatMap((port, i) => closedByClient(150_000 + i * 5, port)),
      later(160_000, ports[79]!),
    ];
    const [f] = findings(twice);
    expect(f!.metrics.exhaustions).toBe(2);
    near(f!.metrics.exhausted_at, 10_395);
    near(f!.metrics.last_exhausted_at, 85_395);
    near(f!.metrics.healed_at, 150_000);
  });

  it("sees a rate that is just too high", () => {
    // 1.4 per second on 80 ports: the last is taken after 56.4 s, the first free by the clock at 60.0 s, and in fact at 62.1 s.
    const busy = ports.flatMap((port, i) => closedByClient(i * 714, port));
    const [f] = findings([...busy, later(61_000, ports[79]!), ...closedByClient(62_100, ports[0]!)]);
    expect(f).toMatchObject({ count: 80, metrics: { exhaustions: 1, range: "50000-50079" } });
    near(f!.metrics.exhausted_at, 79 * 714);
    near(f!.metrics.healed_at, 62_100);
  });

  it("knows the timers and the range of Windows, whose ports are shared by all destinations", () => {
    const windows: Hosts = {
      of: () => ({ ...SYSTEM_DEFAULTS.windows, ports: { first: 50_000, last: 50_079 }, portsStated: true }),
    };
    const [f] = findings(
      [...fill, ...again, later(75_000, ports[79]!)].filter(([ms]) => ms < 70_000),
      windows,
    );
    expect(f).toMatchObject({ metrics: { limit_per: "source address", destinations: 1, ports_free_at: null } });
    expect(f!.advice.join(" ")).toContain("netsh int ipv4 show dynamicport tcp");
  });
});

describe("no false alarm", () => {
  it("a pool of kept connections", () => {
    const pool = [...shuffled(40_000, 20).flatMap((port, i) => opened(i, port)), later(60_000, 40_000)];
    expect(run(pool).kind).toBe("clear");
  });

  it("a load test that ends: its ports are not all of anything", () => {
    const ports = shuffled(33_000, 2000).slice(0, 300);
    expect(run([...ports.flatMap((port, i) => closedByClient(i * 10, port)), later(30_000, ports[0]!)]).kind).toBe(
      "clear",
    );
  });

  const count = (first: number): Step[] => [
    ...Array.from({ length: 100 }, (_, i) => closedByClient(i * 10, first + i)).flat(),
    later(30_000, first),
  ];

  it("a counter that stops when the work is done", () => {
    expect(run(count(42_017)).kind).toBe("clear");
  });

  it("a counter that stops at round numbers: nobody can tell, and it says what would", () => {
    const counted = count(42_000);
    expect(run(counted)).toMatchObject({ kind: "unsure", needs: [expect.stringContaining("--port-range")] });
    expect(run(counted, stated(32_768, 60_999)).kind).toBe("clear");
  });

  it("a counter that came round and met its beginning has used all there is", () => {
    const ports = Array.from({ length: 100 }, (_, i) => 42_000 + ((i + 70) % 100));
    const round = [...ports.flatMap((port, i) => closedByClient(i * 10, port)), later(30_000, 42_000)];
    expect(findings(round)).toMatchObject([{ metrics: { range: "42000-42099", range_from: "observed" } }]);
  });

  it("ports that are taken again while all are in use", () => {
    const ports = shuffled(40_000, 70);
    const rounds = Array.from({ length: 5 }, (_, k) =>
      ports.flatMap((port, i) => closedByClient(k * 3000 + i * 10, port)),
    );
    expect(findings([...rounds.flat(), later(40_000, ports[0]!)])).toEqual([]);
  });

  it("attempts that go on from ports beyond", () => {
    const ports = shuffled(40_000, 70);
    const more = Array.from({ length: 20 }, (_, i) => closedByClient(5000 + i * 10, 45_000 + 7 * i)).flat();
    const all = [...ports.flatMap((port, i) => closedByClient(i * 10, port)), ...more, later(40_000, ports[0]!)];
    expect(findings(all)).toEqual([]);
  });

  it("connections that are opened and kept by the hundred, while a service starts", () => {
    const ports = shuffled(33_000, 3000).slice(0, 400);
    expect(findings(ports.flatMap((port, i) => opened(i * 50, port)))).toEqual([]);
  });

  it("no connection at all", () => {
    expect(run([]).kind).toBe("unsure");
  });
});

describe("what will be", () => {
  const leaking = (n: number): Step[] =>
    shuffled(33_000, 3000)
      .slice(0, n)
      .flatMap((port, i) => leaked(i * 100, port));

  it("foretells a leak that goes on: 28,232 ports at ten a second", () => {
    const [f] = findings(leaking(300));
    expect(f).toMatchObject({ severity: "medium", metrics: { exhausted_at: null, healed_at: null, ports: 28_232 } });
    // 30.9 s seen, 300 held; 27,932 left at 10 per second.
    expect(f!.metrics.growth_per_s).toBeCloseTo(10, 0);
    const until = (Date.parse(String(f!.metrics.would_be_exhausted_at)) - 30_900) / 1000;
    expect(until).toBeGreaterThan(2793 * 0.97);
    expect(until).toBeLessThan(2793 * 1.06);
  });

  it("is what half-closed-connections says, by the range of the host", () => {
    const usedUpAt = (hosts?: Hosts): number => {
      const result = halfClosedConnections.run(
        script(timeline(leaking(300)), hosts === undefined ? {} : { hosts }).view,
      );
      if (result.kind !== "found") return Number.NaN;
      return Date.parse(String(result.findings[0]!.metrics.range_used_up_at)) / 1000;
    };
    // 300 of them at 30.9 s, and ten more each second.
    expect(usedUpAt()).toBeCloseTo(30.9 + (28_232 - 300) / 10, 0);
    expect(usedUpAt(stated(33_000, 35_999))).toBeCloseTo(30.9 + (3000 - 300) / 10, 0);
    expect(usedUpAt({ of: () => SYSTEM_DEFAULTS.windows })).toBeNaN();
  });

  it("says nothing of a leak that has stopped, or of a few", () => {
    expect(findings([...leaking(300), later(60_000, 33_000)])).toEqual([]);
    expect(findings(leaking(40))).toEqual([]);
  });

  it("foretells TIME_WAIT only where more are made than expire", () => {
    // 20 s at 50 per second: 3,000 would be held in the end, of 28,232; of 2,000 they are too many.
    const ports = shuffled(33_000, 2000).slice(0, 1000);
    expect(findings(ports.flatMap((port, i) => closedByClient(i * 20, port)))).toEqual([]);
    const narrow = stated(33_000, 34_999);
    const [f] = findings(
      ports.flatMap((port, i) => closedByClient(i * 20, port)),
      narrow,
    );
    expect(f).toMatchObject({ severity: "medium", metrics: { exhausted_at: null } });
    // A thousand in 20 s: two thousand in 40 s.
    expect(Date.parse(String(f!.metrics.would_be_exhausted_at)) / 40_000).toBeCloseTo(1, 2);
  });
});

describe("the range that shows by itself", () => {
  const ports = Array.from({ length: 100 }, (_, i) => 40_000 + i);

  it("is filled from end to end, a stray aside", () => {
    expect(filledRange(ports)).toEqual({ first: 40_000, last: 40_099 });
    expect(filledRange([...ports, 51_000])).toEqual({ first: 40_000, last: 40_099 });
    expect(filledRange([...ports, 51_000, 52_000, 53_000])).toBeNull();
    expect(filledRange(ports.filter((p) => p % 10 !== 0))).toBeNull();
    expect(filledRange(ports.slice(0, 63))).toBeNull();
  });

  it("shows in the order", () => {
    const range = { first: 40_000, last: 40_099 };
    expect(isWholeRange(ports, range)).toBe(false);
    expect(isWholeRange(shuffled(40_000, 100), range)).toBe(true);
    expect(isWholeRange([...ports.slice(30), ...ports.slice(0, 30)], range)).toBe(true);
    // It came round, and stopped before it met its beginning: then it is not filled, or somebody else filled it.
    expect(isWholeRange([...ports.slice(30), ...ports.slice(0, 20)], range)).toBe(false);
    // Linux: the ports of one parity, with steps by chance, and then the others.
    const parity = (p: number): number[] => ports.filter((port) => port % 2 === p);
    expect(isWholeRange([...parity(0), ...parity(1)], range)).toBe(true);
    const steps = [0, 1, 2].flatMap((k) => parity(0).filter((_, i) => i % 3 === k));
    expect(isWholeRange([...steps, ...parity(1)], range)).toBe(true);
  });

  it("is a system's, from end to end", () => {
    const all = (first: number, last: number): number[] =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i);
    expect(isWholeRange(all(49_152, 65_535), { first: 49_152, last: 65_535 })).toBe(true);
    expect(isWholeRange(all(1025, 5000), { first: 1025, last: 5000 })).toBe(true);
  });
});
