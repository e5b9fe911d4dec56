// How are ports in use written in characters, and for Mermaid? Columns of letters against the size of the range; a bar chart.

import { count } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { TextDiagramOptions } from "../diagram.ts";
import { clockAt } from "./axis.ts";
import { plainRows, stackedRows, tableRows, textFrame, timeRows } from "./chart-text.ts";
import type { PortsPanel, PortsPicture } from "./ports-picture.ts";
import { figuresOf, letterOf } from "./states-text.ts";
import { xyChart } from "./xy-chart.ts";

/** Spans in which no port was free that are named one by one. */
const MAX_NAMED = 3;

/** "200 ports, 40000-40199, observed"; how much of it was in use, where that is little. */
export function rangeName({ range, total }: PortsPanel): string {
  if (range === null) return "range unknown";
  const share = (100 * total.peak) / Math.max(1, range.ports);
  const used =
    share >= 100
      ? "all in use at the peak"
      : share < 0.1
        ? "less than 0.1 % in use"
        : `at most ${share > 99 ? 99 : Number(share.toPrecision(2))} % in use`;
  return `${count(range.ports, "port")}, ${range.name}, ${range.from}; ${used}`;
}

/** "No port free 08:04:21.615 to 08:04:49.368"; null when there always was one. */
export function usedUpText({ usedUp }: PortsPanel, start: string): string | null {
  if (usedUp.length === 0) return null;
  const spans = usedUp
    .slice(0, MAX_NAMED)
    .map(({ from, until }) => `${clockAt(start, from)} to ${clockAt(start, until)}`);
  const more = usedUp.length - spans.length;
  return `No port free from ${spans.join(", ")}${more > 0 ? `, and ${count(more, "more time")}` : ""}.`;
}

export function portsText(picture: PortsPicture, options: TextDiagramOptions): string {
  const rows: string[] = [];
  const most = Math.max(1, ...picture.panels.map(topOf));
  const frame = textFrame(most, options);
  for (const panel of picture.panels) {
    rows.push(...plainRows(`${panel.client} to ${panel.destination}, ${rangeName(panel)}`, options), "");
    const layers = panel.states.map(({ state, series }) => ({ letter: letterOf(state), values: series.at }));
    rows.push(...stackedRows(layers, topOf(panel), frame), ...timeRows(picture, frame), "");
    rows.push(...tableRows(panel.states.map((s) => figuresOf(s, picture.start))));
    const full = usedUpText(panel, picture.start);
    if (full !== null) rows.push(...plainRows(full, options));
    rows.push("");
  }
  rows.push(...plainRows(`From ${picture.start.slice(0, 10)} ${clockAt(picture.start, 0)} UTC.`, options));
  for (const note of picture.notes) rows.push(...plainRows(note, options));
  return `${rows.join("\n")}\n`;
}

/** The range, where what is in use comes near to it. */
const topOf = ({ total, range }: PortsPanel): number =>
  range !== null && total.peak * 4 >= range.ports ? Math.max(range.ports, total.peak) : total.peak;

/** Ports in use as bars; the size of the range as a line, where it is near. */
export function portsMermaid(picture: PortsPicture): string {
  const panel = picture.panels[0];
  if (panel === undefined) return xyChart(picture, "no ports", "ports", []);
  const { client, destination, range, total } = panel;
  const others = picture.panels.length - 1;
  const isNear = range !== null && topOf(panel) >= range.ports;
  const line = isNear
    ? `, all ${formatWhole(range.ports)} as a line`
    : `, of ${range === null ? "an unknown range" : formatWhole(range.ports)}`;
  return xyChart(
    picture,
    `${client} to ${destination}: ports in use as bars${line}`,
    "ports",
    [
      { kind: "bar", values: total.at },
      ...(isNear ? [{ kind: "line" as const, values: total.at.map(() => range.ports) }] : []),
    ],
    others === 0 ? [] : [`${count(others, "other panel")} left out`],
  );
}
