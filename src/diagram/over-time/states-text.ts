// How are states over time written in characters, and for Mermaid? Columns of letters, one for each state; a bar chart.

import type { StateName } from "../../core/flow-view.ts";
import { count } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { TextDiagramOptions } from "../diagram.ts";
import { clockAt } from "./axis.ts";
import { lastOf } from "./chart-picture.ts";
import { plainRows, stackedRows, tableRows, textFrame, timeRows } from "./chart-text.ts";
import type { StatesPanel, StatesPicture } from "./states-picture.ts";
import { xyChart } from "./xy-chart.ts";

/** One letter each; the two that begin alike with FIN_WAIT_ are told apart by their number. */
const LETTERS: Record<StateName, string> = {
  SYN_SENT: "S",
  SYN_RECEIVED: "R",
  ESTABLISHED: "E",
  FIN_WAIT_1: "1",
  FIN_WAIT_2: "2",
  CLOSE_WAIT: "C",
  CLOSING: "X",
  LAST_ACK: "L",
  TIME_WAIT: "T",
  CLOSED: "-",
};

export const letterOf = (state: StateName): string => LETTERS[state];

export function statesText(picture: StatesPicture, options: TextDiagramOptions): string {
  const rows: string[] = [];
  const most = Math.max(1, ...picture.panels.map(({ total }) => total.peak));
  const frame = textFrame(most, options);
  picture.panels.forEach((panel) => {
    rows.push(...plainRows(`${panel.holder} ${panel.peer}`, options), "");
    const layers = panel.states.map(({ state, series }) => ({ letter: letterOf(state), values: series.at }));
    rows.push(...stackedRows(layers, panel.total.peak, frame), ...timeRows(picture, frame), "");
    rows.push(...tableRows(panel.states.map((s) => figuresOf(s, picture.start))), "");
  });
  rows.push(...plainRows(`From ${picture.start.slice(0, 10)} ${clockAt(picture.start, 0)} UTC.`, options));
  for (const note of picture.notes) rows.push(...plainRows(note, options));
  return `${rows.join("\n")}\n`;
}

export const figuresOf = ({ state, series }: StatesPanel["states"][number], start: string): string[] => [
  `${letterOf(state)} ${state}`,
  `at most ${formatWhole(series.peak)}`,
  `at ${clockAt(start, series.peakAt)}`,
  `at the end ${formatWhole(lastOf(series))}`,
];

/** The state of which the most important panel has the most, as bars; all its sockets as a line. */
export function statesMermaid(picture: StatesPicture): string {
  const panel = picture.panels[0];
  const main = panel?.states.reduce((a, b) => (b.series.peak > a.series.peak ? b : a));
  if (panel === undefined || main === undefined) return xyChart(picture, "no sockets", "sockets", []);
  const others = picture.panels.length - 1;
  return xyChart(
    picture,
    `${panel.holder} ${panel.peer}: ${main.state} as bars, all sockets as a line`,
    "sockets",
    [
      { kind: "bar", values: main.series.at },
      { kind: "line", values: panel.total.at },
    ],
    others === 0 ? [] : [`${count(others, "other panel")} left out`],
  );
}
