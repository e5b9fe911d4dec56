// How is a chart over time written for Mermaid? As its xychart-beta, with few enough points to be read.
// Source: https://mermaid.js.org/syntax/xyChart.html

import { dayOf } from "../../core/format.ts";
import { mermaidText } from "../mermaid.ts";
import { clockAt } from "./axis.ts";
import type { ChartPicture } from "./chart-picture.ts";
import { columnsOf } from "./chart-text.ts";

/** More bars than this are a smear in a page's column. */
const MAX_POINTS = 40;
/** Titles may be long: they stand alone. */
const TITLE_COLUMNS = 160;

export interface XySeries {
  kind: "bar" | "line";
  /** At equal distances from the first packet to the last. */
  values: readonly number[];
}

/** `notes` are comments in the code: what the chart does not show. */
export function xyChart(
  picture: ChartPicture,
  title: string,
  yName: string,
  series: readonly XySeries[],
  notes: readonly string[] = [],
): string {
  const { start, end, onset } = picture;
  const points = Math.max(1, Math.min(MAX_POINTS, ...series.map(({ values }) => values.length)));
  const rows = series.map(({ kind, values }) => ({ kind, values: columnsOf(values, points) }));
  const top = Math.max(1, ...rows.flatMap(({ values }) => values));
  const since = onset === null ? "" : `, onset ${clockAt(start, onset.at)}`;
  const axis = `seconds since ${dayOf(start)} ${clockAt(start, 0)} UTC${since}`;
  return [
    "xychart-beta",
    ...notes.map((note) => `  %% ${mermaidText(note, TITLE_COLUMNS)}`),
    `  title "${mermaidText(title, TITLE_COLUMNS)}"`,
    `  x-axis "${mermaidText(axis, TITLE_COLUMNS)}" 0 --> ${Number((Math.max(1e6, end) / 1e9).toPrecision(6))}`,
    `  y-axis "${mermaidText(yName)}" 0 --> ${top}`,
    ...rows.map(({ kind, values }) => `  ${kind} [${values.join(", ")}]`),
    "",
  ].join("\n");
}
