// Do ticks stand at round clock times of the capture, whatever its length?

import { describe, expect, it } from "vitest";
import { clockAt, countScale, isoAt, timeTicks } from "../../src/diagram/over-time/axis.ts";
import { durationScale } from "../../src/diagram/over-time/axis-duration.ts";

const START = "2026-03-01T15:30:11.204000000Z";
const labels = (end: number, count: number, start = START): string[] =>
  timeTicks(start, end, count).map(({ label }) => label);

describe("time ticks", () => {
  it("are round in clock time, not in time since the start", () => {
    const ticks = timeTicks(START, 20e9, 5);
    expect(ticks.map(({ label }) => label)).toEqual(["15:30:15", "15:30:20", "15:30:25", "15:30:30"]);
    expect(ticks[0]!.time).toBe(3.796e9);
  });
  it("reckon with what a Date does not know", () => {
    expect(timeTicks("2026-03-01T15:30:11.204000007Z", 20e9, 5)[0]!.time).toBe(3.796e9 - 7);
  });
  it("name minutes, days and parts of a second", () => {
    expect(labels(600e9, 3)).toEqual(["15:35", "15:40"]);
    expect(labels(3 * 86_400e9, 3)).toEqual(["2026-03-02", "2026-03-03", "2026-03-04"]);
    expect(labels(0.5e9, 3)).toEqual(["15:30:11.4", "15:30:11.6"]);
  });
  it("count from the start where milliseconds are too coarse", () => {
    expect(labels(2e6, 2)).toEqual(["+0 s", "+1 ms", "+2 ms"]);
  });
  it("of a single moment are one", () => {
    expect(labels(0, 5)).toEqual(["+0 s"]);
  });
  it("of a capture that claims the last second of time are no error", () => {
    expect(() => timeTicks("9999-12-31T23:59:59.000000000Z", 1e18, 5)).not.toThrow();
    expect(() => isoAt("9999-12-31T23:59:59.000000000Z", 1e300)).not.toThrow();
  });
});

it("a moment is told to the millisecond", () => {
  expect(isoAt(START, 1.5e6)).toBe("2026-03-01T15:30:11.205Z");
  expect(clockAt(START, 3.796e9)).toBe("15:30:15.000");
});

describe("a count axis", () => {
  it("has whole ticks from 0 to above the most", () => {
    const scale = countScale(130, 0, 120);
    expect([scale.y(0), scale.y(scale.max)]).toEqual([120, 0]);
    expect(scale.max).toBeGreaterThanOrEqual(130);
    expect(countScale(1, 0, 120).ticks).toEqual([0, 1]);
    expect(countScale(0, 0, 120).ticks).toEqual([0, 1]);
  });
});

describe("a duration axis", () => {
  it("has a tick for each power of ten around all of them", () => {
    const { y, ticks } = durationScale([{ waited: 240e3 }, { waited: 1.001e9 }], 0, 100);
    expect(ticks.map(({ label }) => label)).toEqual(["100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
    expect([y(1e5), y(1e10)]).toEqual([100, 0]);
  });
  it("of nothing is an axis", () => {
    expect(durationScale([], 0, 100).ticks.length).toBeGreaterThan(0);
    expect(durationScale([{ waited: 0 }], 0, 100).y(0)).toBe(100);
  });
});
