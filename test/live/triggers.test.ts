// Are conditions read as people write them, and judged as they mean them?

import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import type { LiveCounts } from "../../src/live/session/live-counts.ts";
import { LEAST_JUDGED, parseCondition, Triggers } from "../../src/live/session/triggers.ts";

const NONE: LiveCounts = {
  at: 0,
  packets: 0,
  sockets: {},
  whose: "this machine",
  connections: 0,
  halfClosed: 0,
  waiting: 0,
  oldestWait: null,
  totals: { requests: 0, answered: 0, late: 0, unanswered: 0, resets: 0 },
  dropped: null,
};
const at = (second: number, more: Partial<LiveCounts> = {}): LiveCounts => ({ ...NONE, at: second * 1e9, ...more });
const totals = (answered: number, unanswered: number, resets = 0) => ({
  totals: { requests: answered + unanswered, answered, late: 0, unanswered, resets },
});
const judge = (condition: string, ...seconds: LiveCounts[]): (string | null)[] => {
  const triggers = new Triggers([parseCondition(condition)]);
  return seconds.map((counts) => triggers.judge(counts)?.saw ?? null);
};

describe("reading", () => {
  test.each([
    ["half-closed > 100", "half-closed > 100", "half-closed", "", 100, 0],
    ["CLOSE_WAIT>=50 for 30s", "close-wait >= 50 for 30s", "CLOSE_WAIT", "", 50, 30e9],
    ["time-wait > 28000", "time-wait > 28000", "TIME_WAIT", "", 28_000, 0],
    ["estab < 1", "established < 1", "ESTABLISHED", "", 1, 0],
    ["fin-wait-2 <= 0", "fin-wait-2 <= 0", "FIN_WAIT_2", "", 0, 0],
    ["oldest-wait > 5s", "oldest-wait > 5s", "oldest-wait", "duration", 5e9, 0],
    ["oldest_wait > 250ms for 2m", "oldest-wait > 250ms for 2m", "oldest-wait", "duration", 250e6, 120e9],
    ["oldest-wait > 5", "oldest-wait > 5", "oldest-wait", "duration", 5e9, 0],
    [" Unanswered > 5% ", "unanswered > 5%", "unanswered", "%", 5, 0],
    ["unanswered > 2.5/s", "unanswered > 2.5/s", "unanswered", "/s", 2.5, 0],
    ["resets >= 3 /s", "resets >= 3/s", "resets", "/s", 3, 0],
    ["dropped > 0", "dropped > 0", "dropped", "", 0, 0],
  ])("%s", (text, shown, what, unit, limit, forNs) => {
    expect(parseCondition(text)).toMatchObject({ text: shown, what, unit, limit, forNs });
  });

  test.each([
    "",
    "half-closed",
    "half-closed > many",
    "half-closed = 3",
    "half-closed > -1",
    "halfclosed > 5%",
    "waiting > 5s",
    "oldest-wait > 5%",
    "unanswered > 101%",
    "unanswered > 5s",
    "nonsense > 1",
    "close-wait > 5 for ever",
    "constructor > 1",
    "half-closed > 1 and waiting > 2",
  ])("%j is refused in one line that lists what there is", (text) => {
    const refused = (): unknown => parseCondition(text);
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(/^--until [^\n]+$/);
    if (!text.includes("for ever")) expect(refused).toThrow(/half-closed, connections, .*close-wait.*time-wait/);
  });
});

describe("judging", () => {
  test("a level, at the first tick at which it holds", () => {
    const seconds = [99, 100, 101].map((halfClosed, n) => at(n, { halfClosed }));
    expect(judge("half-closed > 100", ...seconds)).toEqual([null, null, "101 half-closed"]);
    expect(judge("half-closed >= 100", ...seconds)).toEqual([null, "100 half-closed", "101 half-closed"]);
  });

  test("a state that nobody is in counts as none", () => {
    expect(judge("close-wait < 1", at(0))).toEqual(["0 close-wait"]);
    expect(judge("close-wait > 0", at(0, { sockets: { CLOSE_WAIT: 2 } }))).toEqual(["2 close-wait"]);
  });

  test("for: without a break", () => {
    const held = [3, 3, 0, 3, 3, 3, 3].map((waiting, n) => at(n, { waiting }));
    expect(judge("waiting > 2 for 2s", ...held)).toEqual([null, null, null, null, null, "3 waiting", "3 waiting"]);
  });

  test("for: a clock that goes back begins anew", () => {
    const held = [10, 11, 5, 6, 7].map((second) => at(second, { waiting: 9 }));
    expect(judge("waiting > 2 for 2s", ...held)).toEqual([null, null, null, null, "9 waiting"]);
  });

  test("a share needs requests: one of one is no alarm", () => {
    const few = LEAST_JUDGED - 1;
    expect(judge("unanswered > 50%", at(1, totals(0, 1)), at(2, totals(0, few)), at(3, totals(0, few + 1)))).toEqual([
      null,
      null,
      "unanswered 100 % in the last 10 s",
    ]);
  });

  test("a share is that of the last 10 s, not of all time", () => {
    const seconds = [at(0, totals(1000, 0)), at(10, totals(2000, 0)), at(20, totals(2080, 20))];
    expect(judge("unanswered >= 20%", ...seconds)).toEqual([null, null, "unanswered 20 % in the last 10 s"]);
  });

  test("a rate is that of the last 10 s; before the start there was nothing", () => {
    const seconds = [at(1, totals(0, 15)), at(2, totals(0, 21)), at(12, totals(0, 22)), at(22, totals(0, 60))];
    expect(judge("unanswered > 2/s", ...seconds)).toEqual([
      null,
      "unanswered 2.1 a second in the last 10 s",
      null,
      "unanswered 3.8 a second in the last 10 s",
    ]);
  });

  test("what the engine does not count says nothing", () => {
    expect(judge("dropped >= 0", at(0), at(1, { dropped: 0 }))).toEqual([null, "0 dropped"]);
  });

  test("any of several is enough, and is named", () => {
    const triggers = new Triggers(["resets > 5", "oldest-wait > 2s"].map(parseCondition));
    expect(triggers.judge(at(0))).toBeNull();
    const fired = triggers.judge(at(1, { waiting: 1, oldestWait: 2.5e9 }));
    expect(fired).toMatchObject({
      at: 1e9,
      since: 1e9,
      saw: "oldest-wait 2.500 s",
      condition: { text: "oldest-wait > 2s" },
    });
  });
});
