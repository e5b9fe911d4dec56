// Is every report that is taken from a bundle one that can be summed up, whatever somebody changed in it?

import { describe, expect, it } from "vitest";
import { ReportError, reportOf } from "../../src/ticket/bundle/report-of.ts";
import { plainText } from "../../src/ticket/markup/plain.ts";
import { summaryOf } from "../../src/ticket/summary-of.ts";
import { madeUpReport } from "../report/made-up-report.ts";

const FACTS = { files: [], leftOut: [], ladder: null, state: "" };
const report = madeUpReport({ redaction: { level: "default", key: null, replaced: { credentials: 2 } } });

type Path = readonly (string | number)[];
function pathsIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, held]) => pathsIn(held, [...at, name]))];
}

/** The report with another value at a place; `undefined` takes it away. */
function changed(path: Path, to: unknown): unknown {
  if (path.length === 0) return to;
  const copy = structuredClone(report) as unknown as Record<string, unknown>;
  let held = copy;
  for (const name of path.slice(0, -1)) held = held[name] as Record<string, unknown>;
  held[path.at(-1)!] = to;
  return copy;
}

describe("a report", () => {
  it("as it is written is taken", () => {
    expect(reportOf(JSON.stringify(report))).toEqual(report);
  });

  it("that is cut short, or none, is refused", () => {
    for (const json of ["", "{", "[]", "null", "7", '"text"', "{}", JSON.stringify(report).slice(0, -1)])
      expect(() => reportOf(json), json).toThrow(ReportError);
  });

  it("with any one value changed is refused, or summed up", () => {
    const values = [undefined, null, 5, -1e308, "", "x", true, [], [null], {}, { address: 5 }, "__proto__"];
    let refused = 0;
    let taken = 0;
    for (const path of pathsIn(report)) {
      for (const value of values) {
        const json = JSON.stringify(changed(path, value)) ?? "";
        let read: ReturnType<typeof reportOf>;
        try {
          read = reportOf(json);
        } catch (error) {
          expect(error, path.join(".")).toBeInstanceOf(ReportError);
          refused++;
          continue;
        }
        expect(plainText(summaryOf(read, FACTS)), path.join(".")).not.toContain("[object Object]");
        taken++;
      }
    }
    expect(refused).toBeGreaterThan(500);
    expect(taken).toBeGreaterThan(500);
  });
});
