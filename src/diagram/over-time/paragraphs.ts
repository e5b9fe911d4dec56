// How does text stand in a picture, so that nothing lies over another? Headings, legends in rows and notes, wrapped to its width.

import { visible } from "../../core/escape.ts";
import { wrap } from "../../core/wrap.ts";
import type { Canvas } from "../svg-document.ts";
import { columnsIn, fitted } from "../text-line.ts";
import { fill, type Role, SMALL_SIZE, stroke, TEXT_SIZE, textWidth } from "../theme.ts";
import { write } from "./axis.ts";

/** From one base line to the next. */
export const ROW = 16;

/** A heading in bold and what belongs to it behind, on rows of their own where they must. Returns the height. */
export function drawHeading(g: Canvas, x: number, y: number, width: number, heading: string, rest: string): number {
  const name = fitted(heading, width, TEXT_SIZE).text;
  write(g, x, y + TEXT_SIZE, name, { size: TEXT_SIZE, bold: true });
  if (rest === "") return ROW + 2;
  const taken = textWidth(name, TEXT_SIZE) + 10;
  if (taken + textWidth(visible(rest), SMALL_SIZE) <= width) {
    write(g, x + taken, y + TEXT_SIZE, rest, { role: "faint" });
    return ROW + 2;
  }
  return ROW + 2 + drawNotes(g, x, y + ROW + 2, width, [rest]);
}

/** Sentences, each beginning on a row of its own. Returns the height. */
export function drawNotes(g: Canvas, x: number, y: number, width: number, notes: readonly string[]): number {
  let row = 0;
  for (const note of notes) {
    for (const text of wrap(visible(note), columnsIn(width, SMALL_SIZE))) {
      write(g, x, y + row++ * ROW + SMALL_SIZE, text, { role: "faint" });
    }
  }
  return row * ROW;
}

export interface LegendEntry {
  role: Role;
  text: string;
  /** An area, a line, or a mark: a path around the origin, 8 pixels wide, which is stroked. */
  sign: "area" | "line" | { path: string; width: number };
}

/** Of an area's colour: the letters on it stay readable, in light and in dark. Its edge has the full colour. */
export const AREA_OPACITY = 0.35;
const SIGN = 12;
const ENTRY_GAP = 16;

/** Entries in rows. Returns the height. */
export function drawLegend(g: Canvas, left: number, y: number, width: number, entries: readonly LegendEntry[]): number {
  let x = left;
  let row = 0;
  for (const entry of entries) {
    const text = fitted(entry.text, width - SIGN - 6, SMALL_SIZE).text;
    const needs = SIGN + 6 + textWidth(text, SMALL_SIZE);
    if (x > left && x + needs > left + width) {
      x = left;
      row++;
    }
    const middle = y + row * ROW + 7;
    drawSign(g, x, middle, entry);
    write(g, x + SIGN + 6, middle + SMALL_SIZE * 0.36, text);
    x += needs + ENTRY_GAP;
  }
  return entries.length === 0 ? 0 : (row + 1) * ROW;
}

function drawSign(g: Canvas, x: number, y: number, { sign, role }: LegendEntry): void {
  if (sign === "area") {
    const box = g
      .append("rect")
      .attr("x", x)
      .attr("y", y - 5)
      .attr("width", SIGN)
      .attr("height", 10);
    stroke(fill(box, role).attr("fill-opacity", AREA_OPACITY), role);
    return;
  }
  const path = sign === "line" ? `M${x} ${y}h${SIGN}` : sign.path;
  const mark = g.append("path").attr("d", path).attr("fill", "none").attr("stroke-linecap", "round");
  if (sign !== "line") mark.attr("transform", `translate(${x + SIGN / 2},${y})`);
  stroke(mark, role, sign === "line" ? 1.5 : sign.width);
}
