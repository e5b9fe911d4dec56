// How is a report written as JSON? Piece by piece, so that the flows and exchanges of a large capture are never one string.
//
// Indented where people look (findings), one object a line where there are many (flows, exchanges).

import { inertJson } from "../core/escape.ts";
import type { Report, ReportExchange, ReportFlow } from "../core/report.ts";

export interface DetailRows {
  flows: Iterable<ReportFlow>;
  exchanges: Iterable<ReportExchange>;
}

/** `detail`: the flows and exchanges of a report that does not hold them, made while they are written. */
export function* reportJson(report: Report, detail: Partial<DetailRows> = report): Iterable<string> {
  const { flows: _, exchanges: __, ...rest } = report;
  const { flows, exchanges } = detail;
  const head = inertJson(JSON.stringify(rest, null, 2));
  const lists: [string, Iterable<unknown>][] = [];
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

/** The same, piece by piece where its last field is a list that is made while it is read. */
export function* jsonLinePieces(row: object): Iterable<string> {
  const [name, list] = Object.entries(row).at(-1) ?? ["", null];
  if (Array.isArray(list) || typeof list?.[Symbol.iterator] !== "function" || typeof list === "string") {
    yield jsonLine(row);
    return;
  }
  yield `${inertJson(JSON.stringify({ ...row, [name]: [] })).slice(0, -"]}".length)}`;
  let first = true;
  for (const item of list as Iterable<unknown>) {
    yield `${first ? "" : ","}${inertJson(JSON.stringify(item))}`;
    first = false;
  }
  yield "]}\n";
}
