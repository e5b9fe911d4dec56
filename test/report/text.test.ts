// Is the text report the answer first, aligned, narrow, and inert?

import { describe, expect, test } from "vitest";
import { displayWidth } from "../../src/core/wrap.ts";
import { renderText } from "../../src/report/text.ts";
import { FINDING, madeUpReport, withEveryText } from "./made-up-report.ts";

const HOSTILE = "\x1b[2J\x1b]8;;http://evil.example\x07x\r\n\u202e\u009b31m\u200b\0";
const lines = (text: string): string[] => text.split("\n");

test("the answer comes first", () => {
  const [tag, answer, sure] = lines(renderText(madeUpReport()));
  expect(tag).toBe("CRITICAL");
  expect(answer).toBe("192.0.2.7:8280 stopped answering 192.0.2.8 at 18:34:05.123.");
  expect(sure).toBe("Confidence: high: 130 cases.");
});

test("sections stand in their order", () => {
  const text = renderText(madeUpReport());
  const headings = lines(text).filter((line) => /^[A-Z][a-z]/.test(line) && !line.endsWith("."));
  expect(headings).toEqual([
    "The capture is damaged or could not be read to the end: what came before was",
    "In order of time",
    "Ruled out",
    "Who calls whom",
    "Capture",
    "Findings  1 critical, 1 low",
    "Also seen, and harmless by itself",
    "Looked for and not found",
    "Could not be told",
    "How far this capture can be trusted",
  ]);
});

test("a finding: metrics aligned in columns, three pieces of evidence, filters on lines of their own", () => {
  const text = renderText(madeUpReport({ findings: [FINDING] }));
  expect(text).toContain("\n          18:30:00 ▁▁▂▃▅█▅▁ 18:40:00  peak 8\n");
  expect(text).toContain("          since          18:34:05.123       waited (median)  1.000 s\n");
  expect(text).toContain("          gave up after  1.000 s            requests         12,000\n");
  expect(text).toContain("\n              frame.number == 211 || frame.number == 260\n");
  expect(text).toContain("flow 19, frames 213, 214 and 215");
  expect(text).toContain("Evidence (3 of 9,640)");
  expect(text).not.toContain("999");
  expect(text).not.toContain("hang\n");
});

test("damage, comments, doubts and faults are said", () => {
  const text = renderText(madeUpReport());
  expect(text).toContain("incident.pcap: the last record is cut short at byte 99");
  expect(text).toContain("carries the comment: taken on web-1");
  expect(text).toContain("3 exchanges cannot be judged");
  expect(text).toContain("The analysis refused-connections failed by a fault of halfclose (a fault)");
  expect(text).toContain("unbalanced closes: capture for longer");
  expect(text).toContain("Beside TCP: 56 arp.");
});

test("a clean bill says OK only when it is sure", () => {
  const clean = madeUpReport({ findings: [] });
  clean.diagnosis = {
    summary: "Nothing wrong was found.",
    confidence: "high",
    confidence_because: "",
    chain: [],
    ruled_out: [],
  };
  expect(lines(renderText(clean))[0]).toBe("OK");
  clean.diagnosis.confidence = "low";
  expect(lines(renderText(clean))[0]).toBe("Nothing wrong was found.");
});

describe("width", () => {
  test.each([40, 60, 80, 100])("no line is wider than %i columns, filters apart", (width) => {
    const long = "word ".repeat(30) + "x".repeat(200);
    for (const report of [
      madeUpReport(),
      withEveryText(madeUpReport(), long),
      withEveryText(madeUpReport(), "漢字 ".repeat(60)),
    ]) {
      for (const unicode of [true, false]) {
        const filters = report.findings.flatMap((f) => f.evidence.map((e) => ("wireshark" in e ? e.wireshark : "")));
        const text = renderText(report, { width, unicode });
        const wide = lines(text).filter((line) => displayWidth(line) > width);
        const notFilters = wide.filter((line) => !filters.some((f) => line.trim() === f.trim() || !unicode));
        expect(notFilters).toEqual([]);
      }
    }
  });
});

describe("inert", () => {
  test("no control, escape or override of any field reaches the terminal", () => {
    for (const unicode of [true, false]) {
      const text = renderText(withEveryText(madeUpReport(), HOSTILE), { unicode });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
      expect(text.replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]/);
    }
  });
  test("with colours, only our own colours", () => {
    const text = renderText(withEveryText(madeUpReport(), HOSTILE), { color: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own SGR sequences are removed.
    expect(text.replace(/\x1b\[[\d;]*m/g, "").replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    const plain = renderText(madeUpReport());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    const uncoloured = renderText(madeUpReport(), { color: true }).replace(/\x1b\[[\d;]*m/g, "");
    expect(uncoloured.replace(" CRITICAL \n", "CRITICAL\n")).toBe(plain);
  });
  test("ASCII where the terminal is not UTF-8", () => {
    expect(renderText(madeUpReport(), { unicode: false })).toMatch(/^[\n -~]*$/);
  });
});

test("many findings, captures and steps stay bounded", () => {
  const base = madeUpReport();
  const many = madeUpReport({
    findings: Array.from({ length: 500 }, (_, i) => ({ ...FINDING, id: `resets#${i + 1}` })),
    captures: Array.from({ length: 500 }, () => base.captures[0]!),
    diagnosis: { ...base.diagnosis, chain: Array.from({ length: 500 }, () => base.diagnosis.chain[0]!) },
  });
  const text = renderText(many);
  expect(text.match(/Evidence/g)?.length).toBe(20);
  expect(text).toContain("and 490 more: see the findings");
  expect(text).toContain("and 480 more captures");
});
