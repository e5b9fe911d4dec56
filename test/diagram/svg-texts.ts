// Where do the texts of a picture stand? Boxes of all `text` elements, by the widths that the theme reckons with.

import { SMALL_SIZE, textWidth } from "../../src/diagram/theme.ts";

export interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Letters rise and sink by these shares of their size. */
const RISE = 0.78;
const SINK = 0.22;

export function textBoxes(svg: string): Box[] {
  const boxes: Box[] = [];
  for (const [, attributes, words] of svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)) {
    const get = (name: string): string | undefined => new RegExp(` ${name}="([^"]*)"`).exec(attributes!)?.[1];
    const text = words!.replace(/&(amp|lt|gt|quot|#39);/g, "x");
    const size = Number(get("font-size") ?? SMALL_SIZE);
    const width = textWidth(text, size);
    const x = Number(get("x"));
    const anchor = get("text-anchor") ?? "start";
    const left = anchor === "start" ? x : anchor === "middle" ? x - width / 2 : x - width;
    const y = Number(get("y"));
    boxes.push({ text, left, right: left + width, top: y - size * RISE, bottom: y + size * SINK });
  }
  return boxes;
}

export function overlapping(boxes: readonly Box[]): string[] {
  const found: string[] = [];
  boxes.forEach((a, n) => {
    for (const b of boxes.slice(n + 1)) {
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        found.push(`${a.text} | ${b.text}`);
    }
  });
  return found;
}

/** Texts beyond the borders of the picture. */
export function outside(svg: string, boxes: readonly Box[]): string[] {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number);
  return boxes.filter((b) => b.left < 0 || b.top < 0 || b.right > width! || b.bottom > height!).map((b) => b.text);
}
