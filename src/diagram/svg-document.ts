// Where does d3 draw when there is no browser? The few things of a document (WHATWG DOM) that d3-selection asks for when it
// appends elements and sets their attributes and text: a tree of them, written down as SVG 1.1.
//
// Drawing functions append and never search: `selectAll(null)`, not `selectAll("rect")`. That the picture is the one that a
// browser's document would hold is tested with d3-node (test/diagram).

import { type Selection, select } from "d3-selection";
import { visible } from "../core/escape.ts";
import { DARK_RULES, FONT, fill } from "./theme.ts";

/** What a drawing function draws into: an element of a picture, in the page's document or in this one. */
export type Canvas = Selection<SVGElement, unknown, null, undefined>;

const SVG = "http://www.w3.org/2000/svg";
/** Bit of compareDocumentPosition: the other node follows. Nodes are only ever appended. */
const FOLLOWING = 4;

class SvgNode {
  readonly namespaceURI = SVG;
  readonly ownerDocument = svgDocument;
  readonly nodeName: string;
  parentNode: SvgNode | null = null;
  private attributes = new Map<string, string>();
  private children: SvgNode[] = [];
  private words = "";

  constructor(name: string) {
    this.nodeName = name;
  }

  appendChild(child: SvgNode): SvgNode {
    return this.insertBefore(child, null);
  }

  insertBefore(child: SvgNode, next: SvgNode | null): SvgNode {
    child.parentNode = this;
    const at = next === null ? this.children.length : this.children.indexOf(next);
    this.children.splice(at, 0, child);
    return child;
  }

  compareDocumentPosition(): number {
    return FOLLOWING;
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  get textContent(): string {
    return this.words;
  }

  set textContent(text: string) {
    this.words = String(text);
  }

  /** As XML, each element on a line of its own, so that a change shows in a diff. */
  *lines(indent: string): Iterable<string> {
    const attributes = [...this.attributes].map(([name, value]) => ` ${name}="${xml(value)}"`).join("");
    const open = `${indent}<${this.nodeName}${attributes}`;
    if (this.children.length === 0) {
      yield this.words === "" ? `${open}/>` : `${open}>${xml(this.words)}</${this.nodeName}>`;
      return;
    }
    yield `${open}>`;
    for (const child of this.children) yield* child.lines(`${indent} `);
    yield `${indent}</${this.nodeName}>`;
  }
}

const svgDocument = {
  createElementNS: (_: string, name: string): SvgNode => new SvgNode(name),
  createElement: (name: string): SvgNode => new SvgNode(name),
};

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text for an element or an attribute of XML 1.0. What cannot be seen, or cannot be in XML, is written as an escape. */
export const xml = (text: string): string => visible(text).replace(/[&<>"']/g, (char) => ENTITIES[char]!);

/** How large a picture came out, in CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

/**
 * The picture that `draw` makes, as an SVG element for a page. `draw` gets the `svg` element; it returns the size, which is known
 * when all is drawn. The element scales to the width it is given (viewBox), and carries its title and description for a screen reader.
 */
export function svgElement(title: string, description: string, draw: (svg: Canvas) => Size): string {
  const { root, svg } = newSvg(title, description);
  return written(root, svg, draw(svg));
}

/** The same as a file of its own: on paper, and dark where the reader's system is. */
export function svgFile(title: string, description: string, draw: (svg: Canvas) => Size): string {
  const { root, svg } = newSvg(title, description);
  svg.append("style").text(`@media (prefers-color-scheme:dark){${DARK_RULES}}`);
  const paper = fill(svg.append("rect").attr("width", "100%").attr("height", "100%"), "paper");
  const size = draw(svg);
  paper.attr("width", size.width).attr("height", size.height);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${written(root, svg, size)}`;
}

function newSvg(title: string, description: string): { root: SvgNode; svg: Canvas } {
  const root = new SvgNode("svg");
  const svg = select(root as unknown as SVGElement) as unknown as Canvas;
  svg.attr("role", "img").attr("aria-label", title).attr("font-family", FONT);
  svg.append("title").text(title);
  svg.append("desc").text(description);
  return { root, svg };
}

function written(root: SvgNode, svg: Canvas, { width, height }: Size): string {
  svg.attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height);
  // A namespace is no attribute to d3: it is declared where the tree is written down.
  return `${[...root.lines("")].join("\n").replace("<svg", `<svg xmlns="${SVG}"`)}\n`;
}
