// How do counts stand upon one another over time? Areas with steps, the first at the bottom; the most of each step as a fine line
// above; and names within, where there is room for them.

import { formatWhole } from "../../core/numbers.ts";
import type { Canvas } from "../svg-document.ts";
import { fill, type Role, SMALL_SIZE, stroke, textWidth } from "../theme.ts";
import { type CountScale, type Plot, round, type TimeScale, write } from "./axis.ts";
import { lastOf, type StepSeries } from "./chart-picture.ts";
import { AREA_OPACITY } from "./paragraphs.ts";

export interface Layer {
  name: string;
  role: Role;
  series: StepSeries;
}

export interface Stack {
  /** Offsets of the moments, in order of time. */
  times: readonly number[];
  layers: readonly Layer[];
  /** All together. */
  total: StepSeries;
}

/** Where the steps of one layer begin and end, in pixels. */
interface Band {
  layer: Layer;
  lower: number[];
  upper: number[];
}

/** Draws the areas and the line of the most; `avoid`: where a vertical line stands that no name may touch. */
export function drawStack(
  g: Canvas,
  plot: Plot,
  time: TimeScale,
  counts: CountScale,
  stack: Stack,
  avoid: number | null,
): void {
  const edges = [...stack.times.map((t) => time.x(t)), plot.right];
  const below = stack.times.map(() => 0);
  const bands = stack.layers.map((layer): Band => {
    const lower = below.map((n) => counts.y(n));
    for (const [i, n] of layer.series.at.entries()) below[i]! += n;
    return { layer, lower, upper: below.map((n) => counts.y(n)) };
  });
  for (const { layer, lower, upper } of bands) {
    const there = `${edgeOf(edges, upper)}${edgeOf(edges, lower, true)}Z`;
    fill(g.append("path").attr("d", `M${there}`), layer.role)
      .attr("fill-opacity", AREA_OPACITY)
      .append("title")
      .text(
        `${layer.name}: at most ${formatWhole(layer.series.peak)}, at the end ${formatWhole(lastOf(layer.series))}`,
      );
  }
  for (const { layer, lower, upper } of bands) {
    const path = topOf(edges, upper, lower);
    if (path !== "") stroke(g.append("path").attr("d", path).attr("fill", "none"), layer.role, 1.5);
  }
  const most = stack.total.most.map((n) => counts.y(n));
  if (stack.total.most.some((n, i) => n > stack.total.at[i]!)) {
    stroke(
      g
        .append("path")
        .attr("d", `M${edgeOf(edges, most)}`)
        .attr("fill", "none"),
      "faint",
      0.75,
    );
  }
  for (const band of bands) drawName(g, edges, band, avoid);
}

/** "x,y x,y …" along the steps; a step that changes nothing costs nothing. */
function edgeOf(edges: readonly number[], ys: readonly number[], back = false): string {
  const points: string[] = [];
  for (let i = 0; i < ys.length; i++) {
    if (i > 0 && i < ys.length - 1 && ys[i] === ys[i - 1] && ys[i] === ys[i + 1]) continue;
    points.push(`${edges[i]},${ys[i]}`, `${edges[i + 1]},${ys[i]}`);
  }
  if (back) points.reverse();
  return `${back ? "L" : ""}${points.join("L")}`;
}

/** The upper edge where there is something below it. */
function topOf(edges: readonly number[], upper: readonly number[], lower: readonly number[]): string {
  let path = "";
  let isDown = false;
  for (let i = 0; i < upper.length; i++) {
    const isThere = upper[i]! < lower[i]!;
    if (isThere) path += `${isDown ? `V${upper[i]}` : `M${edges[i]},${upper[i]}`}H${edges[i + 1]}`;
    isDown = isThere;
  }
  return path;
}

const NAME_HEIGHT = SMALL_SIZE + 3;
const MARGIN = 6;

/** With its number where it stands at the right border; else, without, in the first place from the right that has room. */
function drawName(g: Canvas, edges: readonly number[], { layer, lower, upper }: Band, avoid: number | null): void {
  const right = edges.at(-1)!;
  const name = `${layer.name} ${formatWhole(lastOf(layer.series))}`;
  const place = (text: string, at: number): boolean => {
    const width = textWidth(text, SMALL_SIZE);
    const from = at - width;
    if (from < edges[0]! + 2 || (avoid !== null && avoid > from - 4 && avoid < at + 4)) return false;
    let top = Number.NEGATIVE_INFINITY;
    let bottom = Number.POSITIVE_INFINITY;
    for (let i = 0; i < upper.length; i++) {
      if (edges[i + 1]! < from || edges[i]! > at) continue;
      top = Math.max(top, upper[i]!);
      bottom = Math.min(bottom, lower[i]!);
    }
    if (bottom - top < NAME_HEIGHT) return false;
    write(g, round(from), (top + bottom) / 2 + SMALL_SIZE * 0.36, text);
    return true;
  };
  if (place(name, right - MARGIN)) return;
  for (let i = upper.length - 1; i > 0; i--) if (place(layer.name, edges[i]! - MARGIN)) return;
}
