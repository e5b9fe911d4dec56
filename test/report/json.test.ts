// Is the JSON that is written in pieces the report itself?

import { expect, test } from "vitest";
import type { ReportFlow } from "../../src/core/report.ts";
import { jsonLine, jsonLinePieces, reportJson } from "../../src/report/json.ts";
import { madeUpReport } from "./made-up-report.ts";

test("without detail", () => {
  expect(JSON.parse([...reportJson(madeUpReport())].join(""))).toEqual(madeUpReport());
});

test("with detail, in bounded pieces, one flow a line", () => {
  const flows = Array.from({ length: 3 }, (_, flow) => ({ flow }) as ReportFlow);
  const report = madeUpReport({ flows, exchanges: [] });
  const pieces = [...reportJson(report)];
  expect(JSON.parse(pieces.join(""))).toEqual(report);
  expect(pieces.join("")).toContain('\n    {"flow":1},\n');
  expect(pieces.length).toBeGreaterThan(5);
});

test("with detail that is made while it is written", () => {
  const flows = [{ flow: 0 }, { flow: 1 }] as ReportFlow[];
  const whole = [...reportJson(madeUpReport({ flows, exchanges: [] }))].join("");
  expect([...reportJson(madeUpReport(), { flows: new Set(flows), exchanges: new Set() })].join("")).toBe(whole);
});

test("a line of which the last list is made while it is written", () => {
  for (const list of [[], [{ b: "\u009b" }], [1, 2, 3]] as unknown[][]) {
    const pieces = [...jsonLinePieces({ a: { list }, list: new Set(list) })];
    expect(pieces.join("")).toBe(jsonLine({ a: { list }, list }));
    expect(pieces.length).toBe(list.length + 2);
  }
  for (const row of [{ a: 1 }, { a: "text" }, { a: [1, 2] }, { a: null }, {}]) {
    expect([...jsonLinePieces(row)]).toEqual([jsonLine(row)]);
  }
});

test("a line is a line, and inert", () => {
  expect(jsonLine({ a: "\n\u009b" })).toBe('{"a":"\\n\\u009b"}\n');
});
