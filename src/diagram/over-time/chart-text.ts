// How is a chart over time written in characters? Columns of blocks or letters with counts at the side and clock times below.

import { ascii, visible } from "../../core/escape.ts";
import { formatWhole } from "../../core/numbers.ts";
import { displayWidth, padStart, wrap } from "../../core/wrap.ts";
import type { TextDiagramOptions } from "../diagram.ts";
import { clockAt, timeTicks } from "./axis.ts";
import type { ChartPicture } from "./chart-picture.ts";

/** Rows of a chart. */
export const CHART_ROWS = 8;
/** Columns of a chart: more would show no more. */
const MAX_COLUMNS = 160;
const MIN_COLUMNS = 24;

export interface TextFrame {
  /** Columns of the counts at the left. */
  label: number;
  /** Columns of the chart. */
  columns: number;
  unicode: boolean;
}

export function textFrame(most: number, { width, unicode }: TextDiagramOptions): TextFrame {
  const label = formatWhole(most).length + 1;
  return { label, columns: Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, width - label - 2)), unicode };
}

/**
 * What stands in each column, of values at moments: the greatest of those whose moment falls into it; of a column without a
 * moment, that of the one before.
 */
export function columnsOf(values: readonly number[], columns: number): number[] {
  const n = values.length;
  if (n === 0) return new Array<number>(columns).fill(0);
  return Array.from({ length: columns }, (_, c) => {
    const from = Math.floor((c * n) / columns);
    const until = Math.max(from + 1, Math.floor(((c + 1) * n) / columns));
    let most = 0;
    for (let i = from; i < until; i++) most = Math.max(most, values[i]!);
    return most;
  });
}

const BLOCKS = " ▁▂▃▄▅▆▇█";

/** One filled curve of `rows` rows; the counts at the top and at the bottom. */
export function curveRows(values: readonly number[], max: number, rows: number, frame: TextFrame): string[] {
  const columns = columnsOf(values, frame.columns);
  return Array.from({ length: rows }, (_, r) => {
    const below = rows - 1 - r;
    const body = columns.map((v) => {
      const eighths = Math.ceil((v / Math.max(1, max)) * rows * 8 - 1e-9) - below * 8;
      if (frame.unicode) return BLOCKS[Math.max(0, Math.min(8, eighths))]!;
      return eighths >= 4 || (eighths > 0 && below === 0) ? "#" : " ";
    });
    return sideOf(r, rows, max, frame) + body.join("").trimEnd();
  });
}

/** Layers upon one another, each in its letter, the first at the bottom. */
export function stackedRows(
  layers: readonly { letter: string; values: readonly number[] }[],
  max: number,
  frame: TextFrame,
): string[] {
  const columns = layers.map(({ values }) => columnsOf(values, frame.columns));
  const grid = Array.from({ length: CHART_ROWS }, () => new Array<string>(frame.columns).fill(" "));
  for (let c = 0; c < frame.columns; c++) {
    let sum = 0;
    let filled = 0;
    layers.forEach(({ letter }, l) => {
      sum += columns[l]![c]!;
      // Whatever is there at all shows, at the bottom at least.
      const to = Math.min(CHART_ROWS, sum > 0 ? Math.max(1, Math.round((sum / Math.max(1, max)) * CHART_ROWS)) : 0);
      while (filled < to) grid[CHART_ROWS - 1 - filled++]![c] = letter;
    });
  }
  return grid.map((row, r) => sideOf(r, CHART_ROWS, max, frame) + row.join("").trimEnd());
}

/** The count at the uppermost and the middle row. */
function sideOf(row: number, rows: number, max: number, { label, unicode }: TextFrame): string {
  const middle = rows >= 6 && max >= 10 && row === rows / 2 ? formatWhole(max / 2) : "";
  const text = row === 0 ? formatWhole(max) : middle;
  const isMarked = text !== "";
  const bar = unicode ? (isMarked ? "┤" : "│") : isMarked ? "+" : "|";
  return `${padStart(text, label)}${bar}`;
}

/** The axis with its times and its date; and where it began to go wrong. */
export function timeRows({ start, end, onset }: ChartPicture, frame: TextFrame): string[] {
  const { columns, label, unicode } = frame;
  const indent = " ".repeat(label);
  const column = (time: number): number => Math.min(columns - 1, Math.floor((time / Math.max(1, end)) * columns));
  const rule = new Array<string>(columns).fill(unicode ? "─" : "-");
  let labels = "";
  for (const tick of timeTicks(start, end, Math.max(2, Math.floor(columns / 16)))) {
    const at = column(tick.time);
    const from = Math.min(Math.max(0, at - (tick.label.length >> 1)), columns - tick.label.length);
    rule[at] = unicode ? "┴" : "+";
    if (from < 0 || (labels !== "" && from < labels.length + 2)) continue;
    labels = labels.padEnd(from) + tick.label;
  }
  const rows = [`${indent}${unicode ? "└" : "+"}${rule.join("")}`, `${indent} ${unicode ? labels : ascii(labels)}`];
  if (onset !== null) {
    const text = `${unicode ? "▲" : "^"} onset ${clockAt(start, onset.at)}`;
    const at = column(onset.at);
    const isRight = at + text.length > columns;
    const turned = isRight ? `onset ${clockAt(start, onset.at)} ${unicode ? "▲" : "^"}` : text;
    rows.splice(1, 0, `${indent} ${" ".repeat(Math.max(0, isRight ? at + 1 - turned.length : at))}${turned}`);
  }
  return rows.map((row) => row.trimEnd());
}

/** Text off the wire, in the letters of the terminal, wrapped. */
export const plainRows = (text: string, { width, unicode }: TextDiagramOptions): string[] =>
  wrap(unicode ? visible(text) : ascii(text), Math.max(MIN_COLUMNS, width));

/** Columns side by side: names, then figures. */
export function tableRows(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => displayWidth(row[c]!))));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell + " ".repeat(widths[c]! - displayWidth(cell)) : padStart(cell, widths[c]!)))
      .join("  ")
      .trimEnd(),
  );
}
