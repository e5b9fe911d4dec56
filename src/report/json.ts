// How is a report written as JSON? Piece by piece, so that the flows and exchanges of a large capture are never one string.
//
// Indented where people look (findings), one object a line where there are many (flows, exchanges).

import { inertJson } from "../core/escape.ts";
import type { Report } from "../core/report.ts";

export function* reportJson(report: Report): Iterable<string> {
  const { flows, exchanges, ...rest } = report;
  const head = inertJson(JSON.stringify(rest, null, 2));
  const lists: [string, readonly unknown[]][] = [];
  if (flows !== undefined) lists.push(["flows", flows]);
  if (exchanges !== undefined) lists.push(["exchanges", exchanges]);
  if (lists.length === 0) {
    yield `${head}\n`;
    return;
  }
  yield head.slice(0, head.lastIndexOf("\n}"));
  for (const [name, list] of lists) {
    yield `,\n  "${name}": [`;
    let first = true;
    for (const item of list) {
      yield `${first ? "" : ","}\n    ${inertJson(JSON.stringify(item))}`;
      first = false;
    }
    yield first ? "]" : "\n  ]";
  }
  yield "\n}\n";
}

/** One object a line (JSON Lines). */
export const jsonLine = (value: unknown): string => `${inertJson(JSON.stringify(value))}\n`;
