// What stands around the charts of one picture? The onset above them, and below the clock times and what is left out.

import type { Canvas, Size } from "../svg-document.ts";
import {
  chart,
  drawOnsetName,
  drawTimeAxis,
  ONSET_HEIGHT,
  type Plot,
  TIME_AXIS_HEIGHT,
  type TimeScale,
  timeScale,
} from "./axis.ts";
import { type ChartPicture, widthOf } from "./chart-picture.ts";
import { drawNotes, ROW } from "./paragraphs.ts";

/** Beside the charts, and above them. */
export const RIGHT = 12;
const TOP = 4;

export interface ChartFrame {
  g: Canvas;
  time: TimeScale;
  left: number;
  right: number;
  /** Of the charts, which lie from left to right. */
  width: number;
  /** Where the first chart may begin. */
  top: number;
}

/** `left`: the room that the labels of the charts need. */
export function openFrame(svg: Canvas, picture: ChartPicture, left: number): ChartFrame {
  const g = chart(svg);
  const right = widthOf(picture) - RIGHT;
  const time = timeScale(picture, left, right);
  const frame = { g, time, left, right, width: right - left };
  if (picture.onset === null) return { ...frame, top: TOP };
  drawOnsetName(g, { left, right, top: TOP, bottom: TOP }, TOP + 12, time, picture.onset, picture.start);
  return { ...frame, top: TOP + ONSET_HEIGHT };
}

/** `lowest`: the last of the charts. */
export function closeFrame({ g, time, left, right, width }: ChartFrame, lowest: Plot, notes: readonly string[]): Size {
  drawTimeAxis(g, lowest, time);
  const top = lowest.bottom + TIME_AXIS_HEIGHT + 4;
  return { width: right + RIGHT, height: top + drawNotes(g, left, top, width, notes) + ROW / 2 };
}
