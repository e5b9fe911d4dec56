// Do numbers, durations, times, sparklines and paragraphs read as people write them?

import { describe, expect, test } from "vitest";
import {
  count,
  formatBytes,
  formatDuration,
  formatNumber,
  formatSpan,
  formatTime,
  secondsBetween,
} from "../../src/core/format.ts";
import { cut, displayWidth, wrap } from "../../src/core/wrap.ts";
import { metricLines } from "../../src/report/metrics.ts";
import { sparkline } from "../../src/report/sparkline.ts";

test.each([
  [0, "0 s"],
  [0.00034, "340 µs"],
  [0.0009996, "1 ms"],
  [0.0125, "12.5 ms"],
  [0.9996, "1.000 s"],
  [1, "1.000 s"],
  [1.000042, "1.000 s"],
  [119.5, "119.500 s"],
  [250, "4 min 10 s"],
  [3600, "60 min"],
  [11_100, "3 h 5 min"],
  [187_200, "2 d 4 h"],
  [-2, "-2.000 s"],
  [Number.NaN, "unknown"],
])("a duration of %d s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test("numbers", () => {
  expect(formatNumber(9640)).toBe("9,640");
  expect(formatNumber(6.7654)).toBe("6.765");
  expect(formatNumber(12345.6)).toBe("12,346");
  expect(count(1, "request")).toBe("1 request");
  expect(count(9640, "request")).toBe("9,640 requests");
});

test("bytes", () => {
  expect(formatBytes(78)).toBe("78 bytes");
  expect(formatBytes(1)).toBe("1 byte");
  expect(formatBytes(1234)).toBe("1.2 kB");
  expect(formatBytes(999_999)).toBe("1.0 MB");
  expect(formatBytes(2.2e9)).toBe("2.2 GB");
});

test("times", () => {
  expect(formatTime("2026-03-01T15:30:11.204999999Z")).toBe("15:30:11.204");
  expect(formatTime("2026-03-01T15:30:11.204999999Z", "2026-03-01")).toBe("15:30:11.204");
  expect(formatTime("2026-03-02T00:00:01.000000000Z", "2026-03-01")).toBe("2026-03-02 00:00:01.000");
  expect(formatTime("\x1b[2J")).toBe("unknown time");
  expect(formatSpan("2026-03-01T15:30:11.204000000Z", "2026-03-02T15:42:00.000000000Z")).toBe(
    "2026-03-01 15:30:11.204 to 2026-03-02 15:42:00.000 UTC",
  );
  expect(secondsBetween("2026-03-01T00:00:00.000000001Z", "2026-03-01T00:01:00.000000003Z")).toBe(60.000000002);
});

describe("sparkline", () => {
  test("none is the lowest, the peak the highest, one is more than none", () => {
    expect(sparkline([0, 1, 50, 100], 40, true)).toEqual({ line: "▁▂▅█", peak: 100 });
    expect(sparkline([0, 1, 50, 100], 40, false)).toEqual({ line: "_.=#", peak: 100 });
  });
  test("joins buckets until they fit", () => {
    expect(sparkline([1, 1, 0, 0, 4, 4], 3, true)).toEqual({ line: "▃▁█", peak: 8 });
  });
  test("of nothing", () => {
    expect(sparkline([0, 0], 10, true)).toEqual({ line: "▁▁", peak: 0 });
    expect(sparkline([], 10, true)).toEqual({ line: "", peak: 0 });
  });
});

describe("metrics", () => {
  test("names become words, units come with the value", () => {
    const lines = metricLines(
      {
        gave_up_after_s: 1,
        waited_s: 1.5,
        waited_p99_s: 2,
        growth_per_s: 6.7654,
        last_answer: "2026-03-01T15:30:11.204000000Z",
        range_used_up_at: null,
        missing_bytes: 1234,
        gap_ns: 2e9,
        accepted_others: false,
        kind: "x",
      },
      "2026-03-01",
    );
    expect(lines.map((l) => `${l.label}: ${l.value}`)).toEqual([
      "gave up after: 1.000 s",
      "waited (median): 1.500 s",
      "waited (p99): 2.000 s",
      "growth: 6.765 per second",
      "last answer: 15:30:11.204",
      "missing bytes: 1.2 kB",
      "gap: 2.000 s",
      "accepts others: no",
    ]);
  });
});

describe("wrap", () => {
  test("words, long words, wide characters", () => {
    expect(wrap("aa bb cc", 5)).toEqual(["aa bb", "cc"]);
    expect(wrap("abcdefgh ij", 3)).toEqual(["abc", "def", "gh", "ij"]);
    expect(wrap("漢漢漢", 4)).toEqual(["漢漢", "漢"]);
    expect(wrap("", 4)).toEqual([""]);
    expect(wrap("漢", 1)).toEqual(["漢"]);
  });
  test("width and cut", () => {
    expect(displayWidth("e\u0301")).toBe(1);
    expect(displayWidth("漢a")).toBe(3);
    expect(cut("abcdef", 4, "…")).toBe("abc…");
    expect(cut("abc", 4, "…")).toBe("abc");
  });
});
