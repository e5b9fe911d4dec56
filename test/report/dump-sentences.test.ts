// What is said of socket dumps beside a capture? Sentences written by hand, after the figures.

import { expect, it } from "vitest";
import type { Report, ReportDump } from "../../src/core/report.ts";
import { dumpSentences } from "../../src/report/dump-sentences.ts";

const DAY = "2026-03-01";

function dump(source: string, changes: Partial<ReportDump> = {}): ReportDump {
  return {
    source,
    format: "ss",
    taken_at: "2026-03-01T18:34:05.000000000Z",
    connections: 40,
    in_capture: 40,
    not_in_capture: 0,
    not_looked_up: 0,
    states: { agree: 40, unsure: 0, differ: 0 },
    differing: [],
    unread_lines: 0,
    problems: [],
    ...changes,
  };
}

const told = (...sockets: ReportDump[]): string[] => dumpSentences({ sockets } as unknown as Report, DAY);

it("says how many connections the capture has, and whether their states agree", () => {
  expect(told(dump("ss.txt"))).toEqual([
    "ss.txt (ss, 18:34:05.000): 40 of 40 connections are in the capture; 40 in the state that the packets say",
  ]);
});

it("names the lines that differ, what was not looked up, and what was not read", () => {
  const states = { agree: 36, unsure: 1, differ: 1 };
  const differing = [{ line: 17, flow: 3, listed: "LAST_ACK" as const, worked_out: "CLOSE_WAIT" as const }];
  expect(told(dump("ss.txt", { in_capture: 38, not_looked_up: 2, states, differing, unread_lines: 1 }))).toEqual([
    "ss.txt (ss, 18:34:05.000): 38 of 40 connections are in the capture; 2 have names for addresses, or cut ones; " +
      "36 in the state that the packets say; 1 in another, which the packets do not rule out; " +
      "1 in another (line 17: LAST_ACK, by the packets of flow 3 CLOSE_WAIT); 1 line could not be read",
  ]);
});

it("says that states were not checked where the dump has no time, and that a zone was assumed", () => {
  expect(told(dump("a.txt", { taken_at: null, states: null }), dump("b.txt", { zone_assumed: true }))).toEqual([
    "a.txt (ss): 40 of 40 connections are in the capture; it says no time, so its states could not be checked",
    "b.txt (ss, 18:34:05.000 (no zone given: taken as UTC)): 40 of 40 connections are in the capture; 40 in the state that the packets say",
  ]);
});

it("tells the last dump of a file and counts those before it; what could not be read is told elsewhere", () => {
  const earlier = dump("loop.txt#1", { connections: 30, in_capture: 29, states: { agree: 27, unsure: 0, differ: 2 } });
  expect(told(earlier, dump("loop.txt#2"), dump("gone.txt", { format: null }))).toEqual([
    "loop.txt#2 (ss, 18:34:05.000): 40 of 40 connections are in the capture; 40 in the state that the packets say. " +
      "1 earlier dump in that file: 29 of 30 in the capture, 27 in the state that the packets say, 2 in another",
  ]);
});
