// Where does a moment stand, where a count, and how are they marked? The axes that all pictures over time share: clock times in UTC
// along the bottom with their date once, counts up the side, and the line at which it began to go wrong.

import { scaleLinear, scaleUtc } from "d3-scale";
import type { Nanos } from "../../core/clock.ts";
import { dayOf, formatDuration, formatTime } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { Canvas } from "../svg-document.ts";
import { FONT, fill, type Role, SMALL_SIZE, stroke, TEXT_SIZE, textWidth } from "../theme.ts";
import type { ChartPicture, Onset } from "./chart-picture.ts";

// ─────────────────────────── time ───────────────────────────

export interface TimeTick {
  time: Nanos;
  label: string;
}

export interface TimeScale {
  x(time: Nanos): number;
  ticks: readonly TimeTick[];
  /** To be written once: the date, and that it is UTC. */
  date: string;
}

/** Dates know milliseconds: what is shorter than this is marked by the time since its beginning. */
const CALENDAR_LEAST = 20e6;
/** Between two labels. */
const LABEL_GAP = 14;
const DAY_MS = 86_400_000;

/** `left` and `right` are where the first and the last packet stand. */
export function timeScale({ start, end }: Pick<ChartPicture, "start" | "end">, left: number, right: number): TimeScale {
  const scale = scaleLinear([0, Math.max(1, end)], [left, right]).clamp(true);
  const x = (time: Nanos): number => round(scale(time));
  for (let count = 12; count > 1; count--) {
    for (const every of [1, 2]) {
      const ticks = timeTicks(start, end, count, every);
      if (ticks.length > 0 && haveRoom(ticks, x)) return { x, ticks, date: dateText(start, end) };
    }
  }
  return { x, ticks: timeTicks(start, end, 1).slice(0, 1), date: dateText(start, end) };
}

const haveRoom = (ticks: readonly TimeTick[], x: TimeScale["x"]): boolean =>
  ticks.every((tick, n) => {
    const next = ticks[n + 1];
    return next === undefined || x(next.time) - x(tick.time) >= textWidth(tick.label, SMALL_SIZE) + LABEL_GAP;
  });

/** About `count` round moments with their labels; with `every` 2, every second of them. */
export function timeTicks(start: string, end: Nanos, count: number, every = 1): TimeTick[] {
  if (end < CALENDAR_LEAST) {
    const times = end > 0 ? scaleLinear([0, end], [0, 1]).ticks(count) : [0];
    return times.filter((_, n) => n % every === 0).map((time) => ({ time, label: `+${formatDuration(time / 1e9)}` }));
  }
  const base = Date.parse(`${start.slice(0, 23)}Z`);
  const beyond = Number(start.slice(23, 29));
  const dates = scaleUtc([new Date(base), dateOf(base + end / 1e6)], [0, 1]).ticks(count);
  const step = dates.length > 1 ? Number(dates[1]) - Number(dates[0]) : end / 1e6;
  return dates
    .filter((date) => Number(date) % (every * step) === 0 || every === 1)
    .map((date) => ({ time: (Number(date) - base) * 1e6 - beyond, label: tickLabel(date, step) }))
    .filter(({ time }) => time >= 0 && time <= end);
}

/** `step` in milliseconds. Midnight is the day that it begins. */
function tickLabel(date: Date, step: number): string {
  const iso = date.toISOString();
  if (step >= DAY_MS) return iso.slice(0, 10);
  if (step >= 1000 && Number(date) % DAY_MS === 0) return iso.slice(5, 10);
  if (step >= 60_000) return iso.slice(11, 16);
  if (step >= 1000) return iso.slice(11, 19);
  return iso.slice(11, step >= 100 ? 21 : step >= 10 ? 22 : 23);
}

function dateText(start: string, end: Nanos): string {
  if (end < CALENDAR_LEAST) return `since ${dayOf(start)} ${start.slice(11, 29)} UTC`;
  const first = dayOf(start);
  const last = dayOf(isoAt(start, end));
  return first === last ? `${first}, UTC` : `${first} to ${last}, UTC`;
}

/** The time at an offset: to the millisecond, which is what a picture shows. */
export const isoAt = (start: string, offset: Nanos): string =>
  dateOf(Date.parse(`${start.slice(0, 23)}Z`) + (offset + Number(start.slice(23, 29))) / 1e6).toISOString();

/** As the capture's clock does, within the years 1 to 9999: a capture may claim any time. */
const dateOf = (ms: number): Date => new Date(Math.max(-62_135_596_800_000, Math.min(253_402_300_799_999, ms)));

/** "04:25:48.623". */
export const clockAt = (start: string, offset: Nanos): string => formatTime(isoAt(start, offset));

// ─────────────────────────── counts ───────────────────────────

export interface CountScale {
  y(count: number): number;
  /** What the uppermost end of the axis stands for. */
  max: number;
  ticks: readonly number[];
}

/** Of whole numbers from 0, upwards from `bottom`. */
export function countScale(most: number, top: number, bottom: number): CountScale {
  const about = Math.max(2, Math.floor((bottom - top) / 36));
  const scale = scaleLinear([0, Math.max(1, most)], [bottom, top]).nice(about);
  const ticks = scale.ticks(about).filter(Number.isInteger);
  return { y: (count) => round(scale(count)), max: scale.domain()[1]!, ticks };
}

/** How much room the labels of such axes need at the left. */
export const countRoom = (mosts: readonly number[]): number =>
  Math.ceil(Math.max(...mosts.map((most) => textWidth(formatWhole(countScale(most, 0, 120).max), SMALL_SIZE)), 12)) +
  10;

// ─────────────────────────── drawing ───────────────────────────

/** Where a chart lies within its picture. */
export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Hundredths of a pixel are nothing to see, and a third of the file. */
export const round = (pixels: number): number => Math.round(pixels * 10) / 10;

/** The group that a picture is drawn into, on its paper. */
export function chart(svg: Canvas): Canvas {
  return svg.append("g").attr("font-family", FONT) as unknown as Canvas;
}

export interface TextStyle {
  role?: Role;
  size?: number;
  anchor?: "start" | "middle" | "end";
  bold?: boolean;
}

/** `y` is the base line. */
export function write(g: Canvas, x: number, y: number, text: string, style: TextStyle = {}): void {
  const { role = "ink", size = SMALL_SIZE, anchor = "start", bold = false } = style;
  const element = g.append("text").attr("x", round(x)).attr("y", round(y)).attr("font-size", size);
  if (anchor !== "start") element.attr("text-anchor", anchor);
  if (bold) element.attr("font-weight", 600);
  fill(element, role).text(text);
}

export function line(g: Canvas, x1: number, y1: number, x2: number, y2: number, role: Role, width = 1): Canvas {
  const element = g.append("line").attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2);
  return stroke(element, role, width) as unknown as Canvas;
}

/** Lines behind a chart, at its ticks; and the labels of its counts. */
export function drawGrid(g: Canvas, plot: Plot, time: TimeScale, counts: CountScale | null): void {
  for (const tick of time.ticks) line(g, time.x(tick.time), plot.top, time.x(tick.time), plot.bottom, "grid");
  for (const count of counts?.ticks ?? []) {
    const y = counts!.y(count);
    line(g, plot.left, y, plot.right, y, count === 0 ? "line" : "grid");
    write(g, plot.left - 6, y + SMALL_SIZE * 0.35, formatWhole(count), { role: "faint", anchor: "end" });
  }
}

/** Height of {@link drawTimeAxis}. */
export const TIME_AXIS_HEIGHT = 36;

/** The clock times below the lowest chart, and the date once. */
export function drawTimeAxis(g: Canvas, { left, right, bottom }: Plot, time: TimeScale): void {
  line(g, left, bottom, right, bottom, "line");
  let edge = 0;
  for (const { time: at, label } of time.ticks) {
    const width = textWidth(label, SMALL_SIZE);
    const x = Math.max(0, Math.min(time.x(at) - width / 2, right - width));
    line(g, time.x(at), bottom, time.x(at), bottom + 4, "line");
    if (x < edge) continue;
    write(g, x, bottom + 15, label, { role: "faint" });
    edge = x + width + LABEL_GAP / 2;
  }
  write(g, left, bottom + 30, time.date, { role: "faint" });
}

/** Height of {@link drawOnsetName}. */
export const ONSET_HEIGHT = 18;

/** "onset 04:25:48.623" above the charts, at its line or as near as the borders allow. */
export function drawOnsetName(g: Canvas, plot: Plot, y: number, time: TimeScale, onset: Onset, start: string): void {
  const text = `onset ${clockAt(start, onset.at)}`;
  const width = textWidth(text, TEXT_SIZE);
  const x = Math.max(plot.left, Math.min(time.x(onset.at) - width / 2, plot.right - width));
  write(g, x, y, text, { role: "fault", size: TEXT_SIZE, bold: true });
}

export function drawOnsetLine(g: Canvas, plot: Plot, time: TimeScale, onset: Onset): void {
  const x = time.x(onset.at);
  line(g, x, plot.top, x, plot.bottom, "fault", 1.5).attr("stroke-dasharray", "5 3");
}
