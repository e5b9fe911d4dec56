// When was no port free, of a range that ran out once, and of one that ran out again and again? Worked out by hand.

import { expect, it } from "vitest";
import { usedUpSpans } from "../../analyses/port-spans.ts";
import { PortSupply } from "../../analyses/port-supply.ts";
import { SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import { script } from "../flow/packet-script.ts";
import { closedByClient, later, leaked, type Step, shuffled, timeline } from "./connections.ts";

const PORTS = 100;
const hosts = {
  of: () => ({ ...SYSTEM_DEFAULTS.linux, ports: { first: 40_000, last: 40_099 }, portsStated: true, timeWait: 10e9 }),
};

function spans(steps: readonly Step[]): [from: number, until: number][] {
  const { view } = script(timeline(steps), { hosts });
  const { use, limit } = PortSupply.in(view).all[0]!;
  return usedUpSpans(use, limit, view.lastTime).map(({ from, until }) => [from / 1e9, until / 1e9]);
}

it("a range that is never given back is used up to the end", () => {
  const ports = shuffled(40_000, PORTS);
  const found = spans([...ports.flatMap((port, i) => leaked(i * 100, port)), later(30_000, ports[0]!)]);
  expect(found.length).toBe(1);
  expect(found[0]![0]).toBeCloseTo(9.9, 2);
  expect(found[0]![1]).toBeCloseTo(30, 2);
});

it("a range that TIME_WAIT fills twice is used up twice, until the first port comes free", () => {
  // A hundred in half a second; each port is in TIME_WAIT for 10 s (at most 10.7 s); then again, from 15 s on.
  const burst = (at: number): Step[] => shuffled(40_000, PORTS).flatMap((port, i) => closedByClient(at + i * 5, port));
  const found = spans([...burst(0), ...burst(15_000), ...closedByClient(40_000, 40_000)]);
  expect(found.length).toBe(2);
  for (const [n, at] of [0, 15].entries()) {
    const [from, until] = found[n]!;
    // One in a hundred may be free: the range is full from the 99th on, 5 ms apart, until the second is free, 10.7 s after its end at the latest.
    expect(from).toBeCloseTo(at + 0.49, 3);
    expect(until).toBeGreaterThan(at + 10);
    expect(until).toBeLessThan(at + 10.8);
  }
});

it("a range that never was full has none", () => {
  expect(spans(shuffled(40_000, 50).flatMap((port, i) => leaked(i * 100, port)))).toEqual([]);
});
