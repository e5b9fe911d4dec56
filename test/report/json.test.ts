// Is the JSON that is written in pieces the report itself?

import { expect, test } from "vitest";
import type { ReportFlow } from "../../src/core/report.ts";
import { jsonLine, reportJson } from "../../src/report/json.ts";
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

test("a line is a line, and inert", () => {
  expect(jsonLine({ a: "\n\u009b" })).toBe('{"a":"\\n\\u009b"}\n');
});
