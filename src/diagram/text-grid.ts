// How is a line of a terminal put together, cell by cell? Wide characters take two cells, combining ones none.

import { ascii, visible } from "../core/escape.ts";
import { cut, displayWidth, wrap } from "../core/wrap.ts";
import type { TextDiagramOptions } from "./diagram.ts";

/** The characters of a terminal diagram. */
export interface Glyphs {
  vertical: string;
  heavy: string;
  broken: string;
  horizontal: string;
  dashed: string;
  dotted: string;
  right: string;
  left: string;
  stop: string;
  more: string;
}

const UNICODE: Glyphs = {
  vertical: "│",
  heavy: "█",
  broken: "⋮",
  horizontal: "─",
  dashed: "╌",
  dotted: "·",
  right: "▶",
  left: "◀",
  stop: "┴",
  more: "…",
};
const ASCII: Glyphs = {
  vertical: "|",
  heavy: "#",
  broken: ":",
  horizontal: "-",
  dashed: "~",
  dotted: ".",
  right: ">",
  left: "<",
  stop: "+",
  more: "...",
};

export const glyphsOf = (unicode: boolean): Glyphs => (unicode ? UNICODE : ASCII);

/** How text is shown: nothing that is obeyed; ASCII where the terminal has no more. */
export const shownAs =
  ({ unicode }: TextDiagramOptions) =>
  (text: string): string =>
    unicode ? visible(text) : ascii(text);

/** One line of cells. */
export class TextGrid {
  private cells: string[] = [];

  /** Writes text from a cell on; what stands there is replaced. */
  put(at: number, text: string): this {
    let cell = at;
    for (const char of text) {
      const width = displayWidth(char);
      if (width === 0) {
        if (cell > at) this.cells[cell - 1] += char;
        continue;
      }
      this.cells[cell] = char;
      if (width === 2) this.cells[cell + 1] = "";
      cell += width;
    }
    return this;
  }

  /** Ends at a cell, without it. */
  putBefore(end: number, text: string): this {
    return this.put(Math.max(0, end - displayWidth(text)), text);
  }

  /** Is nothing written in these cells? */
  isBlank(from: number, until: number): boolean {
    for (let at = from; at < until; at++) if ((this.cells[at] ?? " ") !== " ") return false;
    return true;
  }

  toString(): string {
    return Array.from(this.cells, (cell) => cell ?? " ")
      .join("")
      .trimEnd();
  }
}

/** Lines of at most `width` columns and at most `most` of them. */
export function wrapped(text: string, width: number, most: number, more: string): string[] {
  const lines = wrap(cut(text, width * most, more), Math.max(1, width));
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), cut(lines.slice(most - 1).join(" "), width, more)];
}
