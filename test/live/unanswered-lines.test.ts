// Is a request that went unanswered told in one line, a few a second, with nothing in it that could harm?

import { expect, test } from "vitest";
import { isoFromEpoch } from "../../src/core/clock.ts";
import { newExchange } from "../../src/core/new-exchange.ts";
import { TextRedactor } from "../../src/core/text-redactor.ts";
import type { Unanswered } from "../../src/live/session/session-parts.ts";
import { unansweredLines } from "../../src/live/session/unanswered-lines.ts";

const iso = (time: number): string => isoFromEpoch(1_772_390_045_000_000_000n + BigInt(time));

function request(target: string, gaveUp: 0 | 1 | null = 0): Unanswered {
  const head = { frame: 4, time: 0, method: "GET", target, host: "shop.example", id: null };
  const exchange = { ...newExchange(0, "http", 0, head), requestEnd: 0, waited: 1.0004e9, gaveUp };
  return { exchange, client: "192.0.2.7:40112", server: "192.0.2.9:8280" };
}
const lines = (requests: Unanswered[], columns = 80, redact: "default" | "strict" = "default"): string[] =>
  unansweredLines(requests, iso, new TextRedactor({ redact, redactKey: "k" }), columns);

test("when it was given up, after how long, between whom, and what", () => {
  expect(lines([request("/orders"), request("/late", null)])).toEqual([
    "18:34:06 unanswered after 1.0 s: 192.0.2.7:40112 to 192.0.2.9:8280 GET /orders",
    "18:34:05 unanswered: 192.0.2.7:40112 to 192.0.2.9:8280 GET /late",
  ]);
});

test("three a second, the others counted", () => {
  const told = lines(Array.from({ length: 1203 }, (_, n) => request(`/${n}`)));
  expect(told.length).toBe(4);
  expect(told[3]).toBe("         and 1,200 more went unanswered in that second");
});

test("secrets and controls do not show, and a line stays within its width", () => {
  const [line] = lines([request(`/a?token=hunter2hunter2&x=\x1b[2J${"y".repeat(300)}`)], 120);
  expect(line).not.toContain("hunter2");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are meant.
  expect(line).not.toMatch(/[\x00-\x1f]/);
  expect(line!.length).toBeLessThanOrEqual(120);
});

test("strict: other names for hosts, the same with the same key", () => {
  const one = lines([request("/a")], 200, "strict");
  expect(one[0]).not.toContain("192.0.2.");
  expect(one).toEqual(lines([request("/a")], 200, "strict"));
});
