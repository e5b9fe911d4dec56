// What is a diagram? One kind of picture, written in three ways: drawn, as text for a terminal, as Mermaid for Markdown.
//
// Pure functions of plain data; nothing here knows packets, captures or files. Whatever text a picture holds came off the wire:
// the SVG document escapes it, text goes through core/escape.ts, Mermaid through mermaid.ts.

import type { Canvas, Size } from "./svg-document.ts";

export interface TextDiagramOptions {
  /** Columns. */
  width: number;
  /** Box-drawing characters and arrows; plain ASCII without. */
  unicode: boolean;
}

export interface Diagram<P> {
  /** Draws into `svg`, whose origin is the picture's upper left corner. */
  draw(svg: Canvas, picture: P): Size;
  /** Ends with a newline. No line is wider than asked for, unless it cannot be narrower. */
  text(picture: P, options: TextDiagramOptions): string;
  /** The code of a Mermaid diagram, without the fence. */
  mermaid(picture: P): string;
  /** For a heading, and for those who cannot see it: one line, and what there is to see in one to three sentences. */
  describe(picture: P): { title: string; description: string };
}
