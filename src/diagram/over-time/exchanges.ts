// What became of the requests to each service over time? Three charts each on one time axis: how they ended, how many waited, and
// how long.

import { count, formatDuration } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { Diagram } from "../diagram.ts";
import type { Canvas, Size } from "../svg-document.ts";
import { fill, SMALL_SIZE, stroke } from "../theme.ts";
import {
  clockAt,
  countRoom,
  countScale,
  drawGrid,
  drawOnsetLine,
  line,
  type Plot,
  round,
  type TimeScale,
  write,
} from "./axis.ts";
import { durationRoom, durationScale } from "./axis-duration.ts";
import { closeFrame, openFrame } from "./chart-frame.ts";
import { widthOf } from "./chart-picture.ts";
import { type Joined, joined, OUTCOMES, outcomeText } from "./exchanges-counts.ts";
import type { ExchangesPicture, ServiceTimeline } from "./exchanges-picture.ts";
import { exchangesMermaid, exchangesText } from "./exchanges-text.ts";
import { AREA_OPACITY, drawHeading, drawLegend, type LegendEntry } from "./paragraphs.ts";

const COUNTS_HEIGHT = 64;
const WAITING_HEIGHT = 48;
const POINTS_HEIGHT = 84;
const CAPTION = 18;
const GAP = 20;
/** Narrower bars cannot be told apart. */
const LEAST_BAR = 4;
/** At most, for the labels at both sides. */
const LABEL_ROOM = 72;

function draw(svg: Canvas, picture: ExchangesPicture): Size {
  const room = (widthOf(picture) - LABEL_ROOM) / LEAST_BAR;
  const lanes = picture.services.map((service) => ({ service, bars: joined(service.buckets, room, picture.end) }));
  const counts = lanes.flatMap(({ bars }) => [mostIn(bars), mostWaiting(bars)]);
  const waits = picture.services.flatMap(({ points }) => points);
  const frame = openFrame(svg, picture, Math.max(countRoom(counts), durationRoom(waits)));
  const { g, time, left, right } = frame;
  let { top } = frame;
  let plot: Plot = { left, right, top, bottom: top };
  const next = (caption: string, height: number): Plot => {
    top += 4;
    write(g, left, top + SMALL_SIZE + 2, caption, { role: "faint" });
    plot = { left, right, top: top + CAPTION, bottom: top + CAPTION + height };
    top = plot.bottom;
    return plot;
  };
  for (const [n, { service, bars }] of lanes.entries()) {
    if (n > 0) top += GAP;
    top += drawHeading(g, left, top, frame.width, service.service, headingOf(service));
    top += drawLegend(g, left, top, frame.width, legendOf(service, mostWaiting(bars) > 0));
    const plots = [next(`requests in ${formatDuration(bars.width / 1e9)}`, COUNTS_HEIGHT)];
    drawCounts(g, plot, time, bars);
    // Where every answer comes within a step, there is nothing to be seen.
    if (mostWaiting(bars) > 0) {
      plots.push(next("waiting for an answer", WAITING_HEIGHT));
      drawWaiting(g, plot, time, bars);
    }
    plots.push(next("waited until the answer, or until given up", POINTS_HEIGHT));
    drawPoints(g, plot, time, service);
    if (picture.onset !== null) for (const each of plots) drawOnsetLine(g, each, time, picture.onset);
  }
  return closeFrame(frame, plot, picture.notes);
}

const headingOf = (service: ServiceTimeline): string => `${service.protocol}, ${outcomeText(service)}`;

const legendOf = ({ outcomes }: ServiceTimeline, isAnyWaiting: boolean): LegendEntry[] => [
  { role: "ink", text: "came", sign: "line" },
  ...OUTCOMES.filter(({ outcome }) => outcomes[outcome] > 0).map(
    ({ role, name, path, stroke: width }): LegendEntry => ({
      role,
      text: name,
      sign: { path, width: Math.max(2, width) },
    }),
  ),
  ...(isAnyWaiting ? [{ role: "waiting", text: "waiting", sign: "area" } as const] : []),
];

// ─────────────────────────── counts ───────────────────────────

const mostIn = ({ bars }: Joined): number =>
  bars.reduce((most, b) => Math.max(most, b.asked, b.answered + b.late + b.unanswered), 0);
const mostWaiting = ({ bars }: Joined): number => bars.reduce((most, b) => Math.max(most, b.waiting), 0);

/** How they ended, stacked; how many came, as a line. */
function drawCounts(g: Canvas, plot: Plot, time: TimeScale, lane: Joined): void {
  const counts = countScale(mostIn(lane), plot.top, plot.bottom);
  drawGrid(g, plot, time, counts);
  const below = lane.bars.map(() => 0);
  for (const { outcome, role } of OUTCOMES) {
    if (outcome === "pending") continue;
    let path = "";
    for (const [i, bar] of lane.bars.entries()) {
      const n = bar[outcome];
      if (n === 0) continue;
      const y = counts.y(below[i]!);
      below[i]! += n;
      const x = time.x(bar.from);
      path += `M${x},${y}H${round(Math.max(x + 0.5, time.x(bar.until) - 0.5))}V${counts.y(below[i]!)}H${x}Z`;
    }
    if (path === "") continue;
    const bars = fill(g.append("path").attr("d", path), role).attr("fill-opacity", 0.75);
    bars.append("title").text(outcome);
  }
  const came = lane.bars.map((b) => `${time.x(b.from)},${counts.y(b.asked)}H${time.x(b.until)}`).join("L");
  if (came !== "") stroke(g.append("path").attr("d", `M${came}`).attr("fill", "none"), "ink", 1);
}

/** Exact where a bucket ends: it has that height from there to the end of the next. */
function drawWaiting(g: Canvas, plot: Plot, time: TimeScale, lane: Joined): void {
  const counts = countScale(mostWaiting(lane), plot.top, plot.bottom);
  drawGrid(g, plot, time, counts);
  if (lane.bars.length === 0) return;
  const edge = lane.bars.map((b) => `L${time.x(b.until)},${counts.y(b.waiting)}`).join("");
  const start = `M${time.x(lane.bars[0]!.from)},${plot.bottom}`;
  // What waits when the last request has come and gone waits to the end of the capture.
  const last = lane.bars.at(-1)!;
  const outline = `${start}${edge}H${plot.right}`;
  fill(g.append("path").attr("d", `${outline}V${plot.bottom}Z`), "waiting")
    .attr("fill-opacity", AREA_OPACITY)
    .append("title")
    .text(
      `waiting: ${formatWhole(mostWaiting(lane))} at the fullest step's end, ${formatWhole(last.waiting)} at the last's`,
    );
  stroke(g.append("path").attr("d", outline).attr("fill", "none"), "waiting", 1.5);
}

/** All marks of one outcome are one path: hundreds of elements would be slow to scroll. */
function drawPoints(g: Canvas, plot: Plot, time: TimeScale, { points }: ServiceTimeline): void {
  const scale = durationScale(points, plot.top + 5, plot.bottom - 5);
  drawGrid(g, plot, time, null);
  for (const { at, label } of scale.ticks) {
    line(g, plot.left, scale.y(at), plot.right, scale.y(at), "grid");
    write(g, plot.left - 6, scale.y(at) + SMALL_SIZE * 0.35, label, { role: "faint", anchor: "end" });
  }
  for (const { outcome, role, path, stroke: width } of OUTCOMES) {
    const marks = points
      .filter((p) => p.outcome === outcome)
      .map((p) => `M${time.x(p.asked)},${scale.y(p.waited)}${path.replace(/^M/, "m")}`)
      .join("");
    if (marks === "") continue;
    const mark = g.append("path").attr("d", marks).attr("fill", "none").attr("stroke-linecap", "round");
    stroke(mark, role, width);
  }
}

function describe(picture: ExchangesPicture): { title: string; description: string } {
  const { services, onset, start } = picture;
  const sentences = services.slice(0, 3).map((service) => `${service.service}: ${outcomeText(service)}.`);
  if (onset !== null) sentences.push(`Onset at ${clockAt(start, onset.at)} UTC: ${onset.what}.`);
  const others = services.length - 1;
  const title = `Requests over time: ${services[0]!.service}${others > 0 ? ` and ${count(others, "other service")}` : ""}`;
  return { title, description: sentences.join(" ") };
}

export const exchanges: Diagram<ExchangesPicture> = { draw, text: exchangesText, mermaid: exchangesMermaid, describe };
