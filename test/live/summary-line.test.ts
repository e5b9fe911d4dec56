// Does a second fit a line, whatever it holds?

import { describe, expect, test } from "vitest";
import type { LiveCounts } from "../../src/live/session/live-counts.ts";
import { age, compact, headerLines, summaryLine } from "../../src/live/session/summary-line.ts";

const counts = (at: number, packets: number): LiveCounts => ({
  at,
  packets,
  sockets: { ESTABLISHED: 214, CLOSE_WAIT: 113, FIN_WAIT_1: 1, FIN_WAIT_2: 60, TIME_WAIT: 5021 },
  whose: "this machine",
  connections: 300,
  halfClosed: 113,
  waiting: 12,
  oldestWait: 3.2e9,
  totals: { requests: packets / 10, answered: 90, late: 0, unanswered: 41, resets: 0 },
  dropped: 0,
});
const ISO = "2026-03-01T18:34:05.000000000Z";

test("80 columns: two header lines above the same columns", () => {
  const [first, second] = headerLines(80);
  const line = summaryLine(counts(2e9, 3000), counts(1e9, 1000), ISO, 80);
  expect([first, second, line]).toEqual([
    "         pack-        half- close-  fin- time-   req- wait-         unan- drop-",
    "time UTC ets/s estab closed   wait  wait  wait ests/s   ing oldest swered   ped",
    "18:34:05  2000   214    113    113    61  5021    200    12  3.2 s     41     0",
  ]);
});

test("120 columns: names in full", () => {
  const line = summaryLine(counts(2e9, 3000), counts(1e9, 1000), ISO, 120);
  expect([...headerLines(120), line]).toEqual([
    "time UTC packets/s estab half-closed close-wait fin-wait time-wait requests/s waiting oldest unanswered dropped",
    "18:34:05      2000   214         113        113       61      5021        200      12  3.2 s         41       0",
  ]);
});

test("the first line has no rates, and an engine may not know what was dropped", () => {
  const line = summaryLine({ ...counts(1e9, 10), dropped: null, waiting: 0, oldestWait: null }, null, ISO, 80);
  expect(line).toBe("18:34:05     -   214    113    113    61  5021      -     0      -     41     -");
});

describe("numbers stay within their columns", () => {
  test.each([
    [0, "0"],
    [0.3, "0.3"],
    [12, "12"],
    [99_999, "99999"],
    [100_000, "100k"],
    [999_499, "999k"],
    [1_250_000, "1.3M"],
    [99_960_000, "100M"],
    [12_345_000_000, "12G"],
  ])("%d", (n, text) => {
    expect(compact(n)).toBe(text);
    expect(compact(n).length).toBeLessThanOrEqual(5);
  });
  test.each([
    [0.0004, "0 ms"],
    [0.25, "250 ms"],
    [0.9997, "1.0 s"],
    [9.96, "10 s"],
    [599, "599 s"],
    [600, "10 min"],
    [100 * 60, "2 h"],
    [26 * 3600, "26 h"],
  ])("%d s", (seconds, text) => {
    expect(age(seconds)).toBe(text);
    expect(age(seconds).length).toBeLessThanOrEqual(6);
  });
});
