// How is a ladder drawn? Lifelines, arrows between them, the state of each socket as a bar on its lifeline, time that is left out as
// a break. Where everything stands is ladder-layout.ts.

import { visible } from "../../core/escape.ts";
import { count } from "../../core/format.ts";
import type { Diagram } from "../diagram.ts";
import type { Canvas, Size } from "../svg-document.ts";
import { boxOf, round, writeLine } from "../text-line.ts";
import { fill, type Role, stateRole, stroke } from "../theme.ts";
import { BAR } from "./ladder-columns.ts";
import { type Arrow, type Bar, type Bracket, isFault, type LadderLayout, ladderLayout } from "./ladder-layout.ts";
import { ladderMermaid } from "./ladder-mermaid.ts";
import type { LadderPicture, SegmentRow } from "./ladder-picture.ts";
import { omittedCount, waitLabel } from "./ladder-story.ts";
import { ladderText } from "./ladder-text.ts";

const HEAD_LENGTH = 9;
const HEAD_HALF = 4;
/** A packet to its own sender (one socket connected to itself) is drawn as a loop this wide. */
const LOOP = 26;

/** Each mark has a line of its own, beside its word. */
const DASHES: Record<SegmentRow["marks"][number], string> = {
  retransmission: "7 4",
  copy: "2 3",
  "out of order": "10 3 2 3",
  "window 0": "4 4",
  "after close": "12 4",
  "keep-alive": "1 5",
};

export const ladder: Diagram<LadderPicture> = {
  draw(svg: Canvas, picture: LadderPicture): Size {
    const layout = ladderLayout(picture);
    fill(svg.append("rect").attr("width", layout.width).attr("height", layout.height), "paper");
    drawBands(svg, layout);
    drawLifelines(svg, layout);
    for (const bar of layout.bars) drawBar(svg, bar);
    drawBreaks(svg, layout);
    for (const bracket of layout.brackets) drawBracket(svg, bracket, picture);
    for (const arrow of layout.arrows) drawArrow(svg, arrow);
    drawEnd(svg, layout);
    for (const line of layout.names) {
      const { x0, x1, y0, y1 } = boxOf(line);
      const paper = svg
        .append("rect")
        .attr("x", round(x0 - 1))
        .attr("y", round(y0));
      fill(paper.attr("width", round(x1 - x0 + 2)).attr("height", round(y1 - y0)), "paper");
      writeLine(svg, line);
    }
    for (const line of layout.texts) writeLine(svg, line);
    return { width: layout.width, height: layout.height };
  },
  text: ladderText,
  mermaid: ladderMermaid,
  describe,
};

const line = (svg: Canvas, x0: number, y0: number, x1: number, y1: number, role: Role, width = 1) =>
  stroke(
    svg.append("line").attr("x1", round(x0)).attr("y1", round(y0)).attr("x2", round(x1)).attr("y2", round(y1)),
    role,
    width,
  );

function drawBands(svg: Canvas, { bands }: LadderLayout): void {
  for (const { x0, x1, y0, y1 } of bands) {
    const band = svg.append("rect").attr("x", round(x0)).attr("y", round(y0)).attr("rx", 3);
    fill(band.attr("width", round(x1 - x0)).attr("height", round(y1 - y0)), "band");
    stroke(band, "grid");
  }
}

function drawLifelines(svg: Canvas, { columns, top, bottom, end }: LadderLayout): void {
  for (const { x } of columns.lifelines) line(svg, x, top, x, end ?? bottom, "line");
}

/** A state that the capture does not prove is an outline. */
function drawBar(svg: Canvas, { span, x, y0, y1 }: Bar): void {
  const role = stateRole(span.state);
  const width = span.certain ? BAR : BAR - 1.5;
  const bar = svg
    .append("rect")
    .attr("x", x - width / 2)
    .attr("y", round(y0))
    .attr("width", width)
    .attr("height", Math.max(1, round(y1 - y0)));
  if (span.certain) fill(bar, role);
  else stroke(fill(bar, "paper"), role, 1.5).attr("stroke-dasharray", "4 3");
}

/** Time left out: a slanted cut through every lifeline and bar. */
function drawBreaks(svg: Canvas, { breaks, columns }: LadderLayout): void {
  for (const { y0, y1 } of breaks) {
    const middle = (y0 + y1) / 2;
    const rule = line(svg, columns.timeEnd + 8, middle, columns.lifelines.at(-1)?.x ?? columns.width, middle, "grid");
    rule.attr("stroke-dasharray", "2 4");
    for (const { x, legs } of columns.lifelines) {
      const left = x - 9;
      const right = x + 9 + Math.max(0, legs.length - 1) * 11;
      const gap = `M${round(left)},${round(middle + 5)}L${round(right)},${round(middle - 1)}V${round(middle - 5)}L${round(left)},${round(middle + 1)}Z`;
      fill(svg.append("path").attr("d", gap), "paper");
      line(svg, left, middle + 1, right, middle - 5, "line");
      line(svg, left, middle + 5, right, middle - 1, "line");
    }
  }
}

function drawBracket(svg: Canvas, { wait, x, y0, y1, towards }: Bracket, picture: LadderPicture): void {
  const of = svg.append("g");
  of.append("title").text(visible(waitLabel(wait, picture)));
  const role: Role = wait.outcome === "pending" ? "waiting" : wait.outcome;
  const path = `M${round(x - towards * 4)},${round(y0)}H${round(x)}V${round(y1)}H${round(x - towards * 4)}`;
  stroke(of.append("path").attr("d", path).attr("fill", "none"), role, wait.outcome === "answered" ? 2 : 3.5);
}

function drawArrow(svg: Canvas, { row, x0, x1, y }: Arrow): void {
  const role: Role = row.flags.includes("RST") || isFault(row) ? "fault" : row.length > 0 ? "ink" : "faint";
  const width = row.length > 0 ? 1.6 : 1.1;
  const mark = row.marks[0];
  if (x0 === x1) {
    const loop = `M${round(x0)},${round(y)}h${LOOP}v6h${-LOOP}`;
    stroke(svg.append("path").attr("d", loop).attr("fill", "none"), role, width);
    return;
  }
  const towards = Math.sign(x1 - x0);
  const shaft = line(svg, x0, y, x1 - towards * (HEAD_LENGTH - 1), y, role, width);
  if (mark !== undefined) shaft.attr("stroke-dasharray", DASHES[mark]);
  const back = round(x1 - towards * HEAD_LENGTH);
  const head = `M${round(x1)},${round(y)}L${back},${round(y) - HEAD_HALF}V${round(y) + HEAD_HALF}Z`;
  fill(svg.append("path").attr("d", head), role);
}

function drawEnd(svg: Canvas, { end, columns }: LadderLayout): void {
  if (end === null) return;
  line(svg, columns.start - 16, end, columns.lifelines.at(-1)?.x ?? columns.width, end, "line");
}

function describe(picture: LadderPicture): { title: string; description: string } {
  const { lifelines, legs, rows } = picture;
  const shown = rows.filter((r) => r.kind === "segment").length;
  const left = omittedCount(rows);
  const told = [
    `${count(shown, "packet")} of ${count(legs.length, "connection")} between ${lifelines.map((l) => l.name).join(", ")}, in order of time`,
    ...(left > 0 ? [`${count(left, "further packet")} are only counted`] : []),
  ].join("; ");
  const waits = picture.waits.filter((w) => w.outcome !== "answered").map((w) => waitLabel(w, picture));
  return { title: picture.subject, description: [told, ...waits.slice(0, 2)].map((s) => `${s}.`).join(" ") };
}
