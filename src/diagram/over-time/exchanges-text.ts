// How is the timeline of exchanges written in characters, and for Mermaid? Curves one below the other; a bar chart.

import type { RequestBucket } from "../../core/flow-view.ts";
import { count, formatDuration } from "../../core/format.ts";
import type { TextDiagramOptions } from "../diagram.ts";
import { clockAt } from "./axis.ts";
import { curveRows, plainRows, type TextFrame, textFrame, timeRows } from "./chart-text.ts";
import { outcomeText } from "./exchanges-counts.ts";
import type { ExchangesPicture, ServiceTimeline } from "./exchanges-picture.ts";
import { xyChart } from "./xy-chart.ts";

const CURVE_ROWS = 4;
/** Points of a curve over the whole time: as many as the widest terminal has columns. */
const POINTS = 160;

type Of = (bucket: RequestBucket) => number;
type Curve = readonly [name: string, of: Of, isLevel: boolean];

const CURVES: readonly Curve[] = [
  ["came", (b) => b.asked, false],
  ["answered", (b) => b.answered, false],
  ["answered too late", (b) => b.late, false],
  ["given up", (b) => b.unanswered, false],
  ["waiting", (b) => b.waiting, true],
];

export function exchangesText(picture: ExchangesPicture, options: TextDiagramOptions): string {
  const rows: string[] = [];
  const most = picture.services.flatMap((s) =>
    CURVES.flatMap(([, of, isLevel]) => overTime(s, picture.end, POINTS, of, isLevel)),
  );
  const frame = textFrame(
    most.reduce((a, b) => Math.max(a, b), 1),
    options,
  );
  for (const service of picture.services) {
    rows.push(...plainRows(`${service.service} ${service.protocol}, ${outcomeText(service)}`, options));
    for (const curve of CURVES) rows.push(...rowsOf(service, picture.end, curve, frame));
    rows.push(...timeRows(picture, frame), ...waitRows(service, options), "");
  }
  rows.push(...plainRows(`From ${picture.start.slice(0, 10)} ${clockAt(picture.start, 0)} UTC.`, options));
  for (const note of picture.notes) rows.push(...plainRows(note, options));
  return `${rows.join("\n")}\n`;
}

function rowsOf(service: ServiceTimeline, end: number, [name, of, isLevel]: Curve, frame: TextFrame): string[] {
  const values = overTime(service, end, frame.columns, of, isLevel);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return [];
  return [`${" ".repeat(frame.label)} ${name}`, ...curveRows(values, most, CURVE_ROWS, frame)];
}

/** The longest wait of each kind that is shown as a mark elsewhere. */
function waitRows({ points }: ServiceTimeline, options: TextDiagramOptions): string[] {
  const longest = new Map<string, number>();
  for (const { outcome, waited } of points) longest.set(outcome, Math.max(longest.get(outcome) ?? 0, waited));
  const parts = [...longest].map(([outcome, waited]) => `${outcome} ${formatDuration(waited / 1e9)}`);
  return parts.length === 0 ? [] : plainRows(`longest wait: ${parts.join(", ")}`, options);
}

/** The value of a bucket at equal steps of the whole time: sums of what begins there, or (`isLevel`) what holds at their end. */
function overTime({ buckets }: ServiceTimeline, end: number, points: number, of: Of, isLevel: boolean): number[] {
  const values = new Array<number>(points).fill(0);
  let level = 0;
  let next = 0;
  const width = Math.max(1, end) / points;
  for (let p = 0; p < points; p++) {
    const until = p === points - 1 ? Number.POSITIVE_INFINITY : (p + 1) * width;
    for (; next < buckets.length && buckets[next]!.from < until; next++) {
      if (isLevel) level = of(buckets[next]!);
      else values[p]! += of(buckets[next]!);
    }
    if (isLevel) values[p] = level;
  }
  return values;
}

/** How many waited, as bars, and how many came, as a line, at the service that matters most. */
export function exchangesMermaid(picture: ExchangesPicture): string {
  const service = picture.services[0];
  if (service === undefined) return xyChart(picture, "no requests", "requests", []);
  const others = picture.services.length - 1;
  const each = formatDuration(picture.end / MERMAID_POINTS / 1e9);
  return xyChart(
    picture,
    `${service.service}: waiting requests as bars, requests that came within ${each} as a line`,
    "requests",
    [
      { kind: "bar", values: overTime(service, picture.end, MERMAID_POINTS, (b) => b.waiting, true) },
      { kind: "line", values: overTime(service, picture.end, MERMAID_POINTS, (b) => b.asked, false) },
    ],
    others === 0 ? [] : [`${count(others, "other service")} left out`],
  );
}

/** As many as the chart has bars. */
const MERMAID_POINTS = 40;
