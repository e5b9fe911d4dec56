// Do texts of a picture lie over one another, or out of it? Boxes by theme.textWidth, which is never less than the real width.

import { expect } from "vitest";
import { boxOf, type TextLine } from "../../src/diagram/text-line.ts";

export function expectApart(lines: readonly TextLine[], size: { width: number; height: number }): void {
  const boxes = lines.map((line) => ({ line, ...boxOf(line) }));
  // Half a pixel: where a text is right-aligned, its width is rounded.
  const slack = 0.5;
  const overlapping = boxes.flatMap((a, n) =>
    boxes
      .slice(n + 1)
      .filter((b) => a.x0 < b.x1 - slack && b.x0 < a.x1 - slack && a.y0 < b.y1 - slack && b.y0 < a.y1 - slack)
      .map((b) => `${a.line.text} × ${b.line.text}`),
  );
  expect(overlapping).toEqual([]);
  const outside = boxes.filter((b) => b.x0 < 0 || b.x1 > size.width + 1 || b.y0 < 0 || b.y1 > size.height);
  expect(outside.map((b) => `${b.line.text} ${b.x0}–${b.x1}, ${b.y0}–${b.y1}`)).toEqual([]);
}
