// How does a line of text come into a picture? Measured before it is drawn, cut where there is no room, the whole in a tooltip.

import { visible } from "../core/escape.ts";
import { cut, wrap } from "../core/wrap.ts";
import type { Canvas } from "./svg-document.ts";
import { fill, type Role, SMALL_SIZE, TEXT_SIZE, textWidth } from "./theme.ts";

/** One line of text, placed. `x` is where it starts, its middle, or its end, by `anchor`; `y` is its baseline. CSS pixels. */
export interface TextLine {
  text: string;
  x: number;
  y: number;
  size: number;
  role: Role;
  anchor: "start" | "middle" | "end";
  bold?: boolean;
  /** The whole, where `text` was cut. */
  whole?: string | undefined;
}

/** Columns that fit `width` pixels. */
export const columnsIn = (width: number, size: number = TEXT_SIZE): number =>
  Math.max(1, Math.floor(width / textWidth("x", size)));

/** `text` as it is shown within `width` pixels, and the whole of it where that is less. */
export function fitted(text: string, width: number, size: number = TEXT_SIZE): { text: string; whole?: string } {
  const whole = visible(text);
  const short = cut(whole, columnsIn(width, size), "…");
  return short === whole ? { text: whole } : { text: short, whole };
}

/** `text` cut in its middle: of an address and its port, both ends tell. */
export function cutMiddle(text: string, columns: number): string {
  const chars = [...visible(text)];
  if (chars.length <= columns) return chars.join("");
  const tail = Math.floor((columns - 1) / 2);
  return `${chars.slice(0, columns - 1 - tail).join("")}…${chars.slice(chars.length - tail).join("")}`;
}

/** `text` in lines of `width` pixels, `most` of them at most; the last one says by "…" that there was more. */
export function paragraph(text: string, width: number, size: number, most: number): string[] {
  const columns = columnsIn(width, size);
  // A text of any length is cut before it is wrapped.
  const lines = wrap(cut(visible(text), columns * (most + 1), "…"), columns);
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), cut(lines.slice(most - 1).join(" "), columns, "…")];
}

/** The box that a line takes at most, for whoever must not write over it. */
export function boxOf({ text, x, y, size, anchor }: TextLine): { x0: number; x1: number; y0: number; y1: number } {
  const width = textWidth(text, size);
  const x0 = anchor === "start" ? x : anchor === "middle" ? x - width / 2 : x - width;
  return { x0, x1: x0 + width, y0: y - size * 0.8, y1: y + size * 0.25 };
}

export function writeLine(canvas: Canvas, line: TextLine): void {
  // Words and a tooltip do not stand in one element: a tooltip is an element of its own, and words beside elements are lost.
  const at = line.whole === undefined ? canvas : canvas.append("g");
  if (line.whole !== undefined) at.append("title").text(visible(line.whole));
  const text = at.append("text").attr("x", round(line.x)).attr("y", round(line.y));
  text.attr("font-size", line.size);
  if (line.anchor !== "start") text.attr("text-anchor", line.anchor);
  if (line.bold === true) text.attr("font-weight", 600);
  fill(text, line.role).text(line.text);
}

/** Half pixels are enough, and keep files small and the same on every machine. */
export const round = (x: number): number => Math.round(x * 2) / 2;

export const textLine = (
  text: string,
  x: number,
  y: number,
  style: Partial<Omit<TextLine, "text" | "x" | "y">> = {},
): TextLine => ({ text, x, y, size: TEXT_SIZE, role: "ink", anchor: "start", ...style });

/** Small print: details, notes. */
export const smallLine = (
  text: string,
  x: number,
  y: number,
  style: Partial<Omit<TextLine, "text" | "x" | "y">> = {},
): TextLine => textLine(text, x, y, { size: SMALL_SIZE, role: "faint", ...style });
