// Are reports of socket dumps the answer first, aligned, narrow, and inert, on a terminal and in a ticket?

import { describe, expect, test } from "vitest";
import { displayWidth } from "../../src/core/wrap.ts";
import { growthSentence, overTime, pastFindings, peaksOf } from "../../src/report/sockets-changes.ts";
import { renderSocketsMarkdown } from "../../src/report/sockets-markdown.ts";
import type { SocketsReport } from "../../src/report/sockets-objects.ts";
import { renderSocketsText } from "../../src/report/sockets-text.ts";
import { CALM, DUMP, HELD, madeUpSockets } from "./made-up-sockets.ts";

const HOSTILE = "\x1b[2J\x1b]8;;http://evil.example\x07x\r\n\u202e\u009b31m\u200b\0";
const lines = (text: string): string[] => text.split("\n");
const one = (latest: typeof DUMP): SocketsReport => ({
  version: "1.2.3",
  series: [
    {
      latest,
      points: [
        {
          source: latest.source,
          taken_at: latest.taken_at,
          sockets: latest.sockets,
          counts: latest.counts,
          findings: latest.findings,
        },
      ],
    },
  ],
  remarks: [],
});

/** The same report with `text` put into every free text; names with a fixed set of values stay. */
function withEveryText(report: SocketsReport, text: string): SocketsReport {
  const fixed = new Set(["schema", "id", "analysis", "severity", "format", "taken_at"]);
  const put = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return fixed.has(key) ? value : text;
    if (Array.isArray(value)) return value.map((item) => put(item, key));
    if (value !== null && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, put(v, k)]));
    return value;
  };
  return put(report, "") as SocketsReport;
}

describe("text", () => {
  test("what stands out comes first, then of what", () => {
    const [tag, ...rest] = lines(renderSocketsText(one(DUMP)));
    expect(tag).toBe("CRITICAL");
    expect(rest.slice(0, 3)).toEqual([
      "java (pid 43210) holds 11,641 connections to 198.51.100.7:443 that the peer has",
      "closed.",
      "netstat.txt: netstat of Linux, 2026-03-01 18:34:05.000 UTC (assumed)",
    ]);
  });

  test("nothing stands out: OK, with the counts; not OK where lines could not be read", () => {
    expect(lines(renderSocketsText(one({ ...CALM, unsure: [] }))).slice(0, 2)).toEqual([
      "OK",
      "Nothing stands out among 14 sockets: 12 LISTEN, 2 ESTABLISHED.",
    ]);
    // netstat of Windows shows no bound socket: never a clean bill where nobody could look.
    expect(lines(renderSocketsText(one(CALM))).slice(0, 2)).toEqual([
      "Nothing stands out among 14 sockets: 12 LISTEN, 2 ESTABLISHED.",
      "This dump cannot tell: bound ports (see the end).",
    ]);
    const unread = renderSocketsText(one({ ...CALM, unread_lines: 1, unread: [{ line: 3, text: "?" }] }));
    expect(unread).toMatch(
      /^Nothing stands out among the 14 sockets that could be read: 12 LISTEN, 2\nESTABLISHED\.\n/,
    );
    const stateless = renderSocketsText(one({ ...CALM, sockets: 2, counts: { UNKNOWN: 2 } }));
    expect(stateless).toMatch(/^Nothing stands out among 2 sockets: 2 UNKNOWN\.\n/);
    expect(stateless).toContain("In which state 2 sockets are");
    expect(renderSocketsText(one({ ...CALM, sockets: 0, counts: {} }))).toMatch(
      /^Nothing stands out: no TCP socket is listed\./,
    );
  });

  test("a process id is a name, not a quantity", () => {
    expect(renderSocketsText(one(DUMP))).toMatch(/process id +43210\b/);
  });

  test("evidence is lines of the dump; no word of Wireshark, and a single dump has no start", () => {
    const text = renderSocketsText(one(DUMP));
    expect(text).toContain("Evidence (3 of 11,641):\n");
    expect(text).toContain("lines 5, 6 and 7 of netstat.txt: their receive queues");
    expect(text).not.toContain("Wireshark");
    expect(text).not.toMatch(/ since /);
    expect(renderSocketsText(madeUpSockets())).toMatch(/ since +the first dump /);
  });

  test("many lines of evidence are counted", () => {
    const evidence = [{ dump: "d.txt", lines: Array.from({ length: 5000 }, (_, i) => i + 1) }];
    const text = renderSocketsText(one({ ...DUMP, findings: [{ ...HELD, evidence }] }));
    expect(text.replace(/\s+/g, " ")).toContain("lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 4,988 more of d.txt");
  });

  test("tables: states with their meaning, processes, peers; what is beyond is counted", () => {
    const text = renderSocketsText(one(DUMP));
    expect(text).toContain("\n  11,641  CLOSE_WAIT   closed by the peer; the process here has not closed it\n");
    expect(text).toContain("\n   12,700  12,680  43210  java          11,641 CLOSE_WAIT, 1,059 ESTABLISHED\n");
    expect(text).toContain("\n       31       4         (none named)  19 ESTABLISHED, 12 LISTEN\n");
    expect(text).toContain("\n   11,641  192.0.2.10  198.51.100.7:443  11,641 CLOSE_WAIT\n");
    expect(text).toContain("and 12 more pairs, in --json");
  });

  test("unread lines are counted and shown, and what the dump cannot tell", () => {
    const text = renderSocketsText(one(DUMP));
    expect(text).toContain("\n7 lines could not be read\n  line 99: tcp 0 0 what is this\n  and 6 more lines\n");
    expect(text).toContain("bound ports: ss -tanp with BOUND");
    expect(text).toContain("3 connections within this host are listed twice");
    expect(text).toContain("5 rows of other protocols");
    expect(text).toContain("The analysis resets failed by a fault of halfclose (a fault)");
    expect(text).toContain("was taken as UTC");
    expect(renderSocketsText(one({ ...CALM, has_owners: false }))).toContain("netstat -tanp shows it, as root");
    expect(renderSocketsText(one({ ...CALM, taken_at: null }))).toContain("no time stands in it or in its name");
  });

  test("several hosts: the worst first, each by itself", () => {
    const { series, ...rest } = madeUpSockets();
    const text = renderSocketsText({ ...rest, series: [...series].reverse() });
    expect(text).toMatch(
      /^Dumps of 2 hosts, or by as many commands: something stands out in 1 of them,\ntold first\.\n/,
    );
    expect(text.indexOf("netstat.txt:")).toBeLessThan(text.indexOf("calm.txt:"));
  });

  test("a thousand hosts are bounded", () => {
    const { series, ...rest } = madeUpSockets();
    const many = Array.from({ length: 1000 }, () => series[1]!);
    const text = renderSocketsText({ ...rest, series: many });
    expect(lines(text).length).toBeLessThan(1000);
    expect(text).toContain("and 800 more, in --json");
    expect(renderSocketsMarkdown({ ...rest, series: many }).length).toBeLessThan(64_000);
  });

  test.each([40, 60, 80, 100])("no line is wider than %i columns", (width) => {
    const long = `${"word ".repeat(30)}${"x".repeat(200)}`;
    for (const report of [
      madeUpSockets(),
      withEveryText(madeUpSockets(), long),
      withEveryText(madeUpSockets(), "漢字 ".repeat(60)),
    ]) {
      for (const unicode of [true, false]) {
        const wide = lines(renderSocketsText(report, { width, unicode })).filter((line) => displayWidth(line) > width);
        expect(wide).toEqual([]);
      }
    }
  });

  test("no control, escape or override of any field reaches the terminal; with colours only ours", () => {
    const hostile = withEveryText(madeUpSockets(), HOSTILE);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
    const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]/;
    for (const unicode of [true, false]) expect(renderSocketsText(hostile, { unicode })).not.toMatch(control);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own SGR sequences are removed.
    expect(renderSocketsText(hostile, { color: true }).replace(/\x1b\[[\d;]*m/g, "")).not.toMatch(control);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: anything beyond ASCII.
    expect(renderSocketsText(madeUpSockets(), { unicode: false })).not.toMatch(/[^\x00-\x7f]/);
  });
});

describe("over time", () => {
  test("first, last, lowest, peak and growth a minute, by hand", () => {
    // 141 → 11,641 in 20 minutes: 575 a minute.
    const text = renderSocketsText(madeUpSockets());
    expect(text).toContain("The latest of 3 dumps in 20 min, 18:14:05.000 to 18:34:05.000 UTC.");
    expect(text).toContain("\n  CLOSE_WAIT     141  11,641     141  11,641      +575  ▂▄█\n");
    expect(text).toContain("\n  ESTABLISHED  1,078   1,078   1,078   1,078         0  ███\n");
  });

  test("what was found earlier only", () => {
    const [series] = madeUpSockets().series;
    expect(pastFindings(series!).map((p) => [p.finding.analysis, p.point.source, p.times])).toEqual([
      ["accept-backlog", "netstat-1.txt", 1],
    ]);
    expect(renderSocketsText(madeUpSockets())).toContain(
      "18:14:05.000, netstat-1.txt: high: 192.0.2.10:8280 did not accept",
    );
  });

  test("without times there is no growth", () => {
    const { points } = madeUpSockets().series[0]!;
    const untimed = points.map((p) => ({ ...p, taken_at: null }));
    expect(overTime(untimed).map((r) => r.growth)).toEqual([null, null, null, null]);
  });

  test("growth in words", () => {
    expect([null, 0, 0.041, 3.25, 575.2, -12_345].map(growthSentence)).toEqual([
      "",
      "0",
      "+0.041",
      "+3.3",
      "+575",
      "-12,345",
    ]);
  });

  test("a short peak is not averaged away", () => {
    const values = Array.from({ length: 3600 }, (_, i) => (i === 1801 ? 9 : 1));
    const peaks = peaksOf(values, 40);
    expect(peaks.length).toBe(40);
    expect(peaks.filter((n) => n === 9).length).toBe(1);
  });
});

describe("markdown", () => {
  test("the answer first, tables, evidence without a filter", () => {
    const text = renderSocketsMarkdown(one(DUMP));
    expect(text).toMatch(/^# What stands out\n/);
    expect(text).toContain("| 12,700 | 12,680 | 43210 | `java` | 11,641 CLOSE_WAIT, 1,059 ESTABLISHED |");
    expect(text).toContain("| 11,641 | CLOSE_WAIT | closed by the peer; the process here has not closed it |");
    expect(text).toContain("Evidence (3 of 11,641): lines 5, 6 and 7 of netstat.txt");
    expect(text).not.toContain("Wireshark");
  });

  test("nothing of a dump acts", () => {
    const text = renderSocketsMarkdown(
      withEveryText(madeUpSockets(), `</td><img src=x> @team #1 | a\n/close\n${HOSTILE}`),
    );
    // In code nothing acts.
    const prose = text.replace(/^```text\n[^`]*\n```$/gm, "").replace(/`[^`\n]*`/g, "");
    expect(prose).not.toContain("<img");
    expect(prose).not.toMatch(/@team|^\/close/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    for (const row of lines(text).filter((line) => line.startsWith("|"))) expect(row.endsWith("|")).toBe(true);
  });
});
