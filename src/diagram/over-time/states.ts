// Which sockets did each service and its clients hold, in which states, over time? Stacked steps, one panel each, on one time axis.

import { count } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { Diagram } from "../diagram.ts";
import type { Canvas, Size } from "../svg-document.ts";
import { stateRole } from "../theme.ts";
import { clockAt, countRoom, countScale, drawGrid, drawOnsetLine, type Plot } from "./axis.ts";
import { closeFrame, openFrame } from "./chart-frame.ts";
import { lastOf } from "./chart-picture.ts";
import { drawHeading, drawLegend, type LegendEntry } from "./paragraphs.ts";
import { drawStack } from "./stacked-steps.ts";
import type { StatesPanel, StatesPicture } from "./states-picture.ts";
import { statesMermaid, statesText } from "./states-text.ts";

const PLOT_HEIGHT = 120;
const PANEL_GAP = 18;
/** What the fine line means, said once. */
const READING = "Areas: sockets at each moment. Fine line: the most between one moment and the next.";

function draw(svg: Canvas, picture: StatesPicture): Size {
  const frame = openFrame(svg, picture, countRoom(picture.panels.map((panel) => panel.total.peak)));
  const { g, time, left, right } = frame;
  let { top } = frame;
  let plot: Plot = { left, right, top, bottom: top };
  picture.panels.forEach((panel, n) => {
    if (n > 0) top += PANEL_GAP;
    top += drawHeading(g, left, top, frame.width, panel.holder, panel.peer);
    top += drawLegend(g, left, top, frame.width, panel.states.map(legendOf)) + 4;
    plot = { left, right, top, bottom: top + PLOT_HEIGHT };
    const counts = countScale(panel.total.peak, plot.top, plot.bottom);
    drawGrid(g, plot, time, counts);
    const layers = panel.states.map(({ state, series }) => ({ name: state, role: stateRole(state), series }));
    const { times, onset } = picture;
    const stack = { times, layers, total: panel.total };
    drawStack(g, plot, time, counts, stack, onset === null ? null : time.x(onset.at));
    if (onset !== null) drawOnsetLine(g, plot, time, onset);
    top = plot.bottom;
  });
  return closeFrame(frame, plot, [READING, ...picture.notes]);
}

const legendOf = ({ state, series }: StatesPanel["states"][number]): LegendEntry => ({
  role: stateRole(state),
  text: `${state}, at most ${formatWhole(series.peak)}`,
  sign: "area",
});

function describe(picture: StatesPicture): { title: string; description: string } {
  const { onset, start, panels } = picture;
  const sentences = panels.slice(0, 2).map((panel) => {
    const last = panel.states.filter(({ series }) => lastOf(series) > 0);
    const held = last.map(({ state, series }) => `${formatWhole(lastOf(series))} in ${state}`).join(", ");
    return `At the end ${panel.holder} (${panel.peer}) held ${held === "" ? "no socket" : held}.`;
  });
  if (onset !== null) sentences.push(`Onset at ${clockAt(start, onset.at)} UTC: ${onset.what}.`);
  const title = `Sockets by state over time: ${panels.map((p) => p.holder).join(", ")}`;
  return panels.length > 2
    ? {
        title: `Sockets by state over time: ${panels[0]!.holder} and ${count(panels.length - 1, "other")}`,
        description: sentences.join(" "),
      }
    : { title, description: sentences.join(" ") };
}

export const states: Diagram<StatesPicture> = { draw, text: statesText, mermaid: statesMermaid, describe };
