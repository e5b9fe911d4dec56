// Who collects TIME_WAIT, in which rhythm, and when is it a danger? Every case worked out by hand.

import { describe, expect, it } from "vitest";
import { burstsOf } from "../../analyses/bursts.ts";
import { heldAt, peakOf } from "../../analyses/occupancy.ts";
import { timeWaitBuildup } from "../../analyses/time-wait-buildup.ts";
import type { FoundFinding } from "../../src/core/analysis.ts";
import { type HostSettings, type Hosts, SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import { REQUEST, RESPONSE, script } from "../flow/packet-script.ts";
import { closedByClient, closedByServer, later, opened, type Step, shuffled, timeline } from "./connections.ts";

const hosts = (over: Partial<HostSettings>, os: keyof typeof SYSTEM_DEFAULTS = "linux"): Hosts => ({
  of: () => ({ ...SYSTEM_DEFAULTS[os], ...over }),
});
const stated = (first: number, last: number): Hosts => hosts({ ports: { first, last }, portsStated: true });
const run = (steps: readonly Step[], of?: Hosts) =>
  timeWaitBuildup.run(script(timeline(steps), of === undefined ? {} : { hosts: of }).view);
const findings = (steps: readonly Step[], of?: Hosts): FoundFinding[] => {
  const result = run(steps, of);
  return result.kind === "found" ? result.findings : [];
};

const ports = shuffled(33_000, 5000);

/** `sizes[k]` connections at k × `everyMs`, 5 ms apart, closed by the client. */
const bursts = (sizes: readonly number[], everyMs: number): Step[] => {
  let n = 0;
  return sizes.flatMap((size, k) =>
    Array.from({ length: size }, (_, i) => closedByClient(k * everyMs + i * 5, ports[n++]!)).flat(),
  );
};

describe("who collects TIME_WAIT", () => {
  it("is the client that closes first: owner, destination, rate and lifetime", () => {
    // 100 connections in 20 s, five per second; the first expire after the capture.
    const steps = ports.slice(0, 100).flatMap((port, i) => closedByClient(i * 200, port));
    const [f, ...more] = findings(steps);
    expect(more).toEqual([]);
    expect(f).toMatchObject({
      severity: "info",
      count: 100,
      subject: { holder: { address: "10.0.0.1" }, peer: { address: "10.0.0.2", port: 80 } },
      metrics: { peak: 100, connections: 100, lifetime_s: 60, rate_per_s: 5, steady_state: 300, period_s: null },
    });
    expect(f!.metrics.peak_at).toMatch(/^1970-01-01T00:00:19\.801/);
    // The two FINs of the first connection are its fourth and fifth segment.
    expect(f!.evidence[0]).toEqual({ flow: 0, frames: [4, 5] });
  });

  it("is the service that closes first, where it is harmless however many they are", () => {
    const steps = ports.slice(0, 120).flatMap((port, i) => closedByServer(i * 10, port));
    expect(findings(steps, stated(33_000, 33_127))).toMatchObject([
      {
        severity: "info",
        count: 120,
        subject: { holder: { address: "10.0.0.2", port: 80 }, peer: { address: "10.0.0.1" } },
        metrics: { held_by: "service" },
      },
    ]);
  });

  it("is both, when they close at once", () => {
    const crossing = (ms: number, port: number): Step[] => [
      ...opened(ms, port),
      [ms + 1, `c FIN ACK port=${port}`],
      [ms + 1.01, `s FIN ACK port=${port} ack=1`],
      [ms + 1.02, `c ACK port=${port}`],
      [ms + 1.03, `s ACK port=${port}`],
    ];
    const found = findings(ports.slice(0, 60).flatMap((port, i) => crossing(i * 10, port)));
    expect(found.map((f) => [f.metrics.held_by, f.count, f.metrics.simultaneous_closes])).toEqual([
      ["client", 60, 60],
      ["service", 60, 60],
    ]);
  });

  it("counts what is there at once, not what was made", () => {
    // 70 at the start, and 60 when they have been gone for ten seconds.
    const [f] = findings([
      ...bursts([70], 0),
      ...ports.slice(100, 160).flatMap((p, i) => closedByClient(70_500 + i, p)),
    ]);
    expect(f).toMatchObject({ count: 70, metrics: { peak: 70, connections: 130 } });
    // With the 240 s of Windows they add up.
    expect(
      findings(
        [...bursts([70], 0), ...ports.slice(100, 160).flatMap((p, i) => closedByClient(70_500 + i, p))],
        hosts({}, "windows"),
      ),
    ).toMatchObject([{ count: 130, metrics: { lifetime_s: 240 } }]);
  });

  it("says how many requests each connection was used for", () => {
    const http = (ms: number, port: number): Step[] => [
      ...opened(ms, port),
      [ms + 1, `${REQUEST} port=${port}`],
      [ms + 2, `${RESPONSE} port=${port}`],
      [ms + 3, `c FIN ACK port=${port}`],
      [ms + 3.01, `s FIN ACK port=${port}`],
      [ms + 3.02, `c ACK port=${port}`],
    ];
    const [f] = findings(ports.slice(0, 50).flatMap((port, i) => http(i * 10, port)));
    expect(f!.metrics.requests_per_connection).toBe(1);
    expect(findings(bursts([60], 0))[0]!.metrics.requests_per_connection).toBeNull();
  });

  it("is nobody worth a line with 49", () => {
    expect(run(bursts([49], 0)).kind).toBe("clear");
  });
});

describe("when it is a danger", () => {
  it("is by the share of the client's range: half, and four fifths", () => {
    const severity = (n: number): string | undefined => findings(bursts([n], 0), stated(33_000, 37_999))[0]?.severity;
    expect(severity(2400)).toBe("info");
    expect(severity(2600)).toBe("medium");
    expect(severity(4100)).toBe("high");
  });

  it("is by the rate, when it holds: 100 per second need 6,000 ports", () => {
    const busy = ports.slice(0, 2000).flatMap((port, i) => closedByClient(i * 10, port));
    expect(findings(busy, stated(33_000, 37_999))).toMatchObject([
      { severity: "medium", metrics: { steady_state: 6000, range: "33000-37999", ceiling_per_s: 83.33 } },
    ]);
    expect(findings(busy)[0]!.severity).toBe("info");
    // It stopped ten seconds before the capture did.
    expect(findings([...busy, later(30_000, ports[0]!)], stated(33_000, 37_999))[0]!.severity).toBe("info");
  });

  it("is not on loopback, where Linux gives such a port out again", () => {
    // With family 6 the client is ::1.
    const text = timeline(
      shuffled(33_000, 100)
        .slice(0, 85)
        .flatMap((port, i) => closedByClient(i * 5, port)),
    );
    const of = stated(33_000, 33_099);
    const severity = (family: 4 | 6): string => {
      const result = timeWaitBuildup.run(script(text, { hosts: of, family }).view);
      return result.kind === "found" ? result.findings[0]!.severity : result.kind;
    };
    expect(severity(6)).toBe("info");
    expect(severity(4)).toBe("high");
  });
});

describe("the rhythm", () => {
  it("is the period of the bursts, missed ones included", () => {
    const steps = bursts([60, 50, 0, 60, 55, 60], 11_000);
    const [f] = findings(steps);
    expect(f!.metrics).toMatchObject({ bursts: 5, burst_size: 60 });
    expect(f!.metrics.period_s).toBeCloseTo(11, 3);
  });

  const times = (...starts: number[]): Float64Array =>
    Float64Array.from(starts.flatMap((t) => Array.from({ length: 10 }, (_, i) => (t + i * 0.01) * 1e9)));

  it("is none with two bursts, with irregular ones, without any", () => {
    expect(burstsOf(times(0, 10))).toBeNull();
    expect(burstsOf(times(0, 10, 25, 32, 51))!.period).toBeNull();
    expect(burstsOf(Float64Array.from({ length: 200 }, (_, i) => i * 1e9))).toBeNull();
    expect(burstsOf(new Float64Array())).toBeNull();
  });

  it("may wander by a tenth", () => {
    expect(burstsOf(times(0, 10.5, 20, 30.4, 40))!.period! / 1e9).toBeCloseTo(10, 6);
  });

  it("is none where events come singly, one burst aside", () => {
    const singles = Array.from({ length: 30 }, (_, i) => (20 + i) * 1e9);
    expect(burstsOf(Float64Array.from([...times(0, 10), ...singles].sort((a, b) => a - b)))?.period ?? null).toBeNull();
  });
});

describe("the sweep", () => {
  it("counts spans up to, and without, their end", () => {
    const from = Float64Array.of(0, 10, 5, 20);
    const until = Float64Array.of(10, 15, 12, Number.POSITIVE_INFINITY);
    expect(peakOf(from, until)).toEqual({ count: 2, at: 5 });
    expect(heldAt(from, until, 10)).toBe(2);
    expect(heldAt(from, until, 16)).toBe(0);
    expect(heldAt(from, until, 1000)).toBe(1);
    expect(peakOf(new Float64Array(), new Float64Array())).toEqual({ count: 0, at: Number.NaN });
  });
});
