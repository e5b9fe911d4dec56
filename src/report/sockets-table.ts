// How do holders of sockets stand in a table of a given width? A number, names, and how many are in which state.

import type { SocketCounts } from "../core/sockets-report.ts";
import { displayWidth, padEnd, padStart } from "../core/wrap.ts";
import type { Page } from "./page.ts";
import { countsSentence } from "./sockets-sentences.ts";

/** With less room than this for the states, a row takes two lines. */
const LEAST_STATES = 20;

/** A row: a number, some words, and the states, which wrap. */
export interface Row {
  cells: readonly string[];
  counts: SocketCounts;
}

/** Columns, and the states beside them; a row with too long names has them on a line of its own, and the states below. */
export function statesTable(page: Page, titles: readonly string[], rows: readonly Row[]): void {
  const shown = rows.map(({ cells }) => cells.map((cell) => page.show(cell)));
  const heads = titles.slice(0, -1);
  const room = page.width - LEAST_STATES - 2;
  const widthOf = (cells: readonly string[]): number => cells.reduce((sum, cell) => sum + displayWidth(cell) + 2, 0);
  const widths = widthsOf([heads, ...shown.filter((cells) => widthOf(cells) <= room)]);
  // Numbers to the right.
  const isNumber = heads.map((title) => ["SOCKETS", "PORTS", "PID"].includes(title));
  const lead = (cells: readonly string[]): string =>
    cells.map((cell, i) => (isNumber[i] ? padStart : padEnd)(cell, widths[i]!)).join("  ");
  const total = widths.reduce((sum, w) => sum + w + 2, 0);
  const isWide = total <= room;
  if (isWide) page.ready(page.style.dim(`  ${lead(heads)}  ${titles.at(-1)}`));
  rows.forEach(({ counts }, i) => {
    const cells = shown[i]!;
    const states = countsSentence(counts);
    if (isWide && cells.every((cell, c) => displayWidth(cell) <= widths[c]!)) {
      page.paragraph(states, { indent: 2, lead: `${lead(cells)}  ` });
      return;
    }
    const [n, ...names] = cells;
    page.paragraph(names.filter((cell) => cell !== "").join("  "), {
      indent: 2,
      lead: `${padStart(n!, widths[0]!)}  `,
    });
    page.paragraph(states, { indent: widths[0]! + 4 });
  });
}

export function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return rows[0]!.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i]!))));
}
