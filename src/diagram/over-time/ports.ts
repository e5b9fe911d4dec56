// How near did a client come to the end of its ports? Ports in use by the state that holds them, against the size of the range.

import { count } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { Diagram } from "../diagram.ts";
import type { Canvas, Size } from "../svg-document.ts";
import { fill, stateRole } from "../theme.ts";
import {
  type CountScale,
  clockAt,
  countRoom,
  countScale,
  drawGrid,
  drawOnsetLine,
  line,
  type Plot,
  round,
  type TimeScale,
} from "./axis.ts";
import { closeFrame, openFrame } from "./chart-frame.ts";
import { lastOf } from "./chart-picture.ts";
import { drawHeading, drawLegend, drawNotes, type LegendEntry } from "./paragraphs.ts";
import type { PortsPanel, PortsPicture } from "./ports-picture.ts";
import { portsMermaid, portsText, rangeName, usedUpText } from "./ports-text.ts";
import { drawStack } from "./stacked-steps.ts";

const PLOT_HEIGHT = 130;
const PANEL_GAP = 18;
/** Above a chart: where a strip shows when no port was free. */
const STRIP = 12;
/** With less of the range in use, the axis ends above what is in use, and the range lies beyond it: a curve at the bottom shows nothing. */
const LEAST_SHARE = 0.25;

function draw(svg: Canvas, picture: PortsPicture): Size {
  const frame = openFrame(svg, picture, countRoom(picture.panels.map(mostOf)));
  const { g, time, left, right } = frame;
  let { top } = frame;
  let plot: Plot = { left, right, top, bottom: top };
  for (const [n, panel] of picture.panels.entries()) {
    if (n > 0) top += PANEL_GAP;
    top += drawHeading(g, left, top, frame.width, `${panel.client} to ${panel.destination}`, rangeName(panel));
    top += drawLegend(g, left, top, frame.width, legendOf(panel));
    const full = usedUpText(panel, picture.start);
    if (full !== null) top += drawNotes(g, left, top, frame.width, [full]);
    top += STRIP;
    plot = { left, right, top, bottom: top + PLOT_HEIGHT };
    const counts = countScale(mostOf(panel), plot.top, plot.bottom);
    drawUsedUp(g, plot, time, panel);
    drawGrid(g, plot, time, counts);
    const layers = panel.states.map(({ state, series }) => ({ name: state, role: stateRole(state), series }));
    const { times, onset } = picture;
    drawStack(g, plot, time, counts, { times, layers, total: panel.total }, onset === null ? null : time.x(onset.at));
    drawRange(g, plot, counts, panel);
    if (onset !== null) drawOnsetLine(g, plot, time, onset);
    top = plot.bottom;
  }
  return closeFrame(frame, plot, picture.notes);
}

const isNear = ({ range, total }: PortsPanel): boolean => range !== null && total.peak >= range.ports * LEAST_SHARE;

/** What the axis must reach. */
const mostOf = (panel: PortsPanel): number =>
  isNear(panel) ? Math.max(panel.total.peak, panel.range!.ports) : panel.total.peak;

function legendOf(panel: PortsPanel): LegendEntry[] {
  const states = panel.states.map(
    ({ state, series }): LegendEntry => ({
      role: stateRole(state),
      text: `${state}, at most ${formatWhole(series.peak)}`,
      sign: "area",
    }),
  );
  const range: LegendEntry[] = isNear(panel)
    ? [{ role: "fault", text: `all ${formatWhole(panel.range!.ports)} ports`, sign: "line" }]
    : [];
  const full: LegendEntry[] =
    panel.usedUp.length > 0 ? [{ role: "fault", text: "no port free", sign: { path: "M-5,0h10", width: 6 } }] : [];
  return [...states, ...range, ...full];
}

function drawUsedUp(g: Canvas, plot: Plot, time: TimeScale, { usedUp }: PortsPanel): void {
  for (const { from, until } of usedUp) {
    const x = time.x(from);
    const box = g
      .append("rect")
      .attr("x", x)
      .attr("y", plot.top - STRIP + 3);
    box.attr("width", round(Math.max(2, time.x(until) - x))).attr("height", STRIP - 6);
    fill(box, "fault").append("title").text("no port free");
  }
}

function drawRange(g: Canvas, plot: Plot, counts: CountScale, panel: PortsPanel): void {
  if (!isNear(panel)) return;
  const y = counts.y(panel.range!.ports);
  line(g, plot.left, y, plot.right, y, "fault", 2);
}

function describe(picture: PortsPicture): { title: string; description: string } {
  const { panels, onset, start } = picture;
  const first = panels[0]!;
  const others = panels.length - 1;
  const title = `Ports in use: ${first.client} to ${first.destination}${others > 0 ? ` and ${count(others, "other")}` : ""}`;
  const sentences = panels.slice(0, 2).map((panel) => {
    const { client, destination, total } = panel;
    const range = rangeName(panel);
    const full = usedUpText(panel, start);
    return `${client} had at most ${formatWhole(total.peak)} ports in use to ${destination}, ${formatWhole(lastOf(total))} at the end (${range}).${full === null ? "" : ` ${full}`}`;
  });
  if (onset !== null) sentences.push(`Onset at ${clockAt(start, onset.at)} UTC: ${onset.what}.`);
  return { title, description: sentences.join(" ") };
}

export const ports: Diagram<PortsPicture> = { draw, text: portsText, mermaid: portsMermaid, describe };
