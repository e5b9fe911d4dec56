// How do blocks of words read where there is no markup? Lines of text: for terminals, for mail, for trackers that know nothing else.

import { visible } from "../../core/escape.ts";
import { displayWidth, padEnd, wrap } from "../../core/wrap.ts";
import type { Block, Inline } from "../summary.ts";

export interface PlainStyle {
  /** Columns of a line. Infinity: whoever shows it wraps, one line a paragraph. */
  readonly columns: number;
  /** Every character takes one column, so that tables stand in columns and diagrams can be drawn. */
  readonly monospaced: boolean;
  /** One line that came off the wire, so that nothing in it acts where it is shown. */
  readonly inert: (text: string) => string;
  /** What stands for a file of the bundle. */
  readonly file: (name: string) => string;
}

/** A terminal, or mail: 80 columns. */
export const EIGHTY_COLUMNS: PlainStyle = { columns: 80, monospaced: true, inert: visible, file: visible };

/** Narrower columns break words: such a table is written as a list. */
const MIN_CELL = 8;
const GAP = "  ";
const CODE_INDENT = "    ";

/** Box drawing and arrow heads: a drawing, whose columns are to line up. */
const DRAWN = /[\u2500-\u257f\u25b6\u25c0]/;
const IN_REPORT = "drawn in the report itself.";

/** Without a line break at the end; blocks are parted by an empty line, but for a heading and what it stands over. */
export function plainText(blocks: readonly Block[], style: PlainStyle = EIGHTY_COLUMNS): string {
  const out: string[] = [];
  let above: Block | null = null;
  for (const block of blocks) {
    const lines = blockLines(block, style).map((line) => line.trimEnd());
    if (lines.length === 0) continue;
    if (above !== null && !standsOver(above, block)) out.push("");
    out.push(...lines);
    above = block;
  }
  return out.join("\n");
}

/** A heading, or a line that begins with strong words, over its list or table. */
const standsOver = (above: Block, below: Block): boolean =>
  above.kind === "heading" ||
  (above.kind === "paragraph" &&
    above.words[0]?.kind === "strong" &&
    (below.kind === "list" || (below.kind === "table" && below.rows.length > 0)));

function blockLines(block: Block, style: PlainStyle): string[] {
  switch (block.kind) {
    case "heading":
      return headingLines(block.text, style);
    case "paragraph":
      return wrap(inlineText(block.words, style), style.columns);
    case "list":
      return block.items.flatMap((item, i) =>
        hanging(block.ordered ? `${i + 1}. ` : "- ", inlineText(item, style), style.columns),
      );
    case "table":
      return tableLines(block.head, block.rows, style);
    case "code":
      return style.monospaced || !DRAWN.test(block.text) ? codeLines(block.text, style) : [IN_REPORT];
    case "diagram":
      return style.monospaced
        ? [...wrap(style.inert(block.title), style.columns), ...codeLines(block.text, style)]
        : [`${style.inert(block.title)}: ${IN_REPORT}`];
  }
}

function headingLines(text: string, style: PlainStyle): string[] {
  const lines = wrap(style.inert(text), style.columns);
  return style.monospaced ? [...lines, "-".repeat(Math.max(...lines.map(displayWidth)))] : lines;
}

export const inlineText = (words: readonly Inline[], style: PlainStyle): string =>
  words.map((word) => (word.kind === "file" ? style.file(word.name) : style.inert(word.text))).join("");

const codeLines = (text: string, style: PlainStyle): string[] =>
  text
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map((line) => `${CODE_INDENT}${style.inert(line)}`);

/** The first line behind `mark`, the others below it. */
function hanging(mark: string, text: string, columns: number): string[] {
  const [first = "", ...rest] = wrap(text, Math.max(MIN_CELL, columns - mark.length));
  return [`${mark}${first}`, ...rest.map((line) => " ".repeat(mark.length) + line)];
}

function tableLines(
  head: readonly string[],
  rows: readonly (readonly (readonly Inline[])[])[],
  style: PlainStyle,
): string[] {
  const heads = head.map(style.inert);
  const cells = rows.map((row) => row.map((cell) => inlineText(cell, style)));
  const widths = style.monospaced ? columnWidths(heads, cells, style.columns) : null;
  if (widths === null) return cells.flatMap((row) => hanging("- ", rowSentence(heads, row), style.columns));
  const line = (row: readonly string[]): string[] => rowLines(row, widths);
  const hasHead = heads.some((text) => text !== "");
  return [...(hasHead ? [...line(heads), widths.map((w) => "-".repeat(w)).join(GAP)] : []), ...cells.flatMap(line)];
}

/** "critical; What: … ; Since: …": the first cell names the row. */
const rowSentence = (heads: readonly string[], row: readonly string[]): string =>
  row.flatMap((text, i) => (text === "" ? [] : [i === 0 || !heads[i] ? text : `${heads[i]}: ${text}`])).join("; ");

/** As wide as their widest cell; where that is too much, the widest give way first. Null: they would be too narrow to read. */
function columnWidths(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): number[] | null {
  const n = Math.max(heads.length, ...rows.map((row) => row.length));
  const widths = Array.from({ length: n }, (_, i) =>
    Math.max(1, ...[heads, ...rows].map((row) => displayWidth(row[i] ?? ""))),
  );
  const room = columns - GAP.length * (n - 1);
  let taken = widths.reduce((sum, w) => sum + w, 0);
  while (taken > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= MIN_CELL) return null;
    // Down to the next widest, or by what is too much: not one column at a time.
    const next = Math.max(MIN_CELL, ...widths.filter((w) => w < widths[widest]!));
    const less = Math.min(taken - room, Math.max(1, widths[widest]! - next));
    widths[widest]! -= less;
    taken -= less;
  }
  return widths;
}

function rowLines(row: readonly string[], widths: readonly number[]): string[] {
  const cells = widths.map((width, i) => wrap(row[i] ?? "", width));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells.map((lines, i) => padEnd(lines[line] ?? "", widths[i]!)).join(GAP),
  );
}
