// How do many rows become a table without being kept? The first rows decide the widths of the columns, the others follow.

import { displayWidth, padEnd, padStart } from "../core/wrap.ts";

export interface Column<T> {
  title: string;
  value: (row: T) => string;
  right?: boolean;
}

/** Rows that are looked at to choose widths. */
const SAMPLE = 1000;

export function* tableLines<T>(columns: readonly Column<T>[], rows: Iterable<T>): Iterable<string> {
  const widths = columns.map((c) => c.title.length);
  const line = (cells: readonly string[]): string => {
    const last = cells.length - 1;
    const padded = cells.map((cell, i) => {
      if (columns[i]!.right === true) return padStart(cell, widths[i]!);
      return i === last ? cell : padEnd(cell, widths[i]!);
    });
    return `${padded.join("  ").trimEnd()}\n`;
  };
  let sample: string[][] | null = [];
  function* begin(): Iterable<string> {
    const kept = sample!;
    sample = null;
    for (const cells of kept) {
      cells.forEach((cell, i) => {
        widths[i] = Math.max(widths[i]!, displayWidth(cell));
      });
    }
    yield line(columns.map((c) => c.title));
    for (const cells of kept) yield line(cells);
  }
  for (const row of rows) {
    const cells = columns.map((c) => c.value(row));
    if (sample === null) yield line(cells);
    else if (sample.push(cells) === SAMPLE) yield* begin();
  }
  if (sample !== null) yield* begin();
}
