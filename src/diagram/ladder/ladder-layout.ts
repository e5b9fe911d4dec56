// Where on the page is each packet, state and wait of a ladder? Geometry only: ladder.ts draws it, the tests look for overlaps.

import { visible } from "../../core/escape.ts";
import { fitted, paragraph, smallLine, type TextLine, textLine } from "../text-line.ts";
import { SMALL_SIZE, TEXT_SIZE, textWidth } from "../theme.ts";
import { BAR, BAR_STEP, type Columns, columnsOf, homeOf, nameLines, roleOf, shortFile } from "./ladder-columns.ts";
import { barX, placeBars, placeBrackets } from "./ladder-lasting.ts";
import type { LadderPicture, SegmentRow, StateSpan, Wait } from "./ladder-picture.ts";
import {
  briefOf,
  clockOf,
  detailsOf,
  type Entry,
  frameOf,
  messagesOf,
  omittedLabel,
  type Story,
  seconds,
  storyOf,
  waitLabel,
} from "./ladder-story.ts";

const TOP = 8;
const LINE = 15;
const SMALL_LINE = 13;
const GAP = 30;
const BAND = 22;
const AIR = 8;
/** Of one message: a statement may be long. */
const MESSAGE_LINES = 2;

export interface Arrow {
  row: SegmentRow;
  x0: number;
  x1: number;
  y: number;
}

export interface Bar {
  span: StateSpan;
  x: number;
  y0: number;
  y1: number;
}

export interface Bracket {
  wait: Wait;
  x: number;
  y0: number;
  y1: number;
  /** Away from the requester: −1 or 1. */
  towards: number;
}

export interface Band {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

export interface LadderLayout {
  columns: Columns;
  /** Where lifelines begin and end. */
  top: number;
  bottom: number;
  arrows: Arrow[];
  bars: Bar[];
  brackets: Bracket[];
  /** Rows that are left out. */
  bands: Band[];
  /** Time that is left out: from where to where lifelines are broken. */
  breaks: { y0: number; y1: number }[];
  /** The baseline of what ends the picture's time. */
  end: number | null;
  /** Written over the lines. */
  texts: TextLine[];
  /** Written beside lifelines: over arrows of other legs, on paper of their own. */
  names: TextLine[];
  width: number;
  height: number;
}

export function ladderLayout(picture: LadderPicture): LadderLayout {
  const story = storyOf(picture);
  const columns = columnsOf(picture, story);
  const layout: LadderLayout = {
    columns,
    top: 0,
    bottom: 0,
    arrows: [],
    bars: [],
    brackets: [],
    bands: [],
    breaks: [],
    end: null,
    texts: [],
    names: [],
    width: columns.width,
    height: 0,
  };
  layout.top = heads(layout, picture);
  const ys = placeEntries(layout, picture, story);
  placeBars(layout, story, ys);
  placeBrackets(layout, picture, story, ys);
  const foot = `Times are seconds since ${picture.start.replace("T", " ").replace("Z", " UTC")}; sequence numbers are relative.`;
  let y = layout.bottom + 20;
  for (const line of paragraph(foot, layout.width - 24, SMALL_SIZE, 6)) {
    layout.texts.push(smallLine(line, 12, y));
    y += SMALL_LINE;
  }
  layout.height = Math.ceil(y);
  return layout;
}

/** Names and roles over the lifelines. Returns where the lifelines begin. */
function heads({ columns, texts }: LadderLayout, { rows }: LadderPicture): number {
  const most = Math.max(1, ...columns.lifelines.map((l) => l.head.length));
  for (const { x, head, wholeHead, role } of columns.lifelines) {
    const whole = head.join("") === wholeHead ? undefined : wholeHead;
    head.forEach((text, n) => {
      const y = TOP + TEXT_SIZE + (most - head.length + n) * LINE;
      texts.push(textLine(text, x, y, { anchor: "middle", bold: true, whole }));
    });
    if (role !== "")
      texts.push(smallLine(roleOf(role), x, TOP + TEXT_SIZE + most * LINE - 1, { anchor: "middle", whole: role }));
  }
  const y = TOP + TEXT_SIZE + most * LINE - 1;
  texts.push(smallLine("frame", columns.frameEnd, y, { anchor: "end" }));
  if (rows.some((r) => r.kind === "segment" && r.file !== undefined))
    texts.push(smallLine("file", columns.fileEnd, y, { anchor: "end" }));
  texts.push(smallLine("time, s", columns.timeEnd, y, { anchor: "end" }));
  return y + 8;
}

// ─────────────────────────── from top to bottom ───────────────────────────

/** Places entry below entry; returns the height at which each of them happened. */
function placeEntries(layout: LadderLayout, picture: LadderPicture, story: Story): number[] {
  /** Per lifeline: below what a state's name may begin. */
  const free = picture.lifelines.map(() => layout.top);
  const starting = story.entries.map((): { lifeline: number; lines: string[] }[] => []);
  for (const { lifeline, label, entry } of story.names) starting[entry]?.push({ lifeline, lines: nameLines(label) });
  const ys: number[] = [];
  let y = layout.top + 4;
  story.entries.forEach((entry, n) => {
    if (entry.gap > 0) {
      layout.breaks.push({ y0: y + 6, y1: y + GAP - 6 });
      const text = seconds(entry.gap);
      layout.texts.push(smallLine(text, layout.columns.timeEnd, y + GAP / 2 + 4, { anchor: "end", bold: true }));
      y += GAP;
    }
    const above = heightAbove(layout, picture, entry);
    const names = starting[n]!;
    const bound = names.map(({ lifeline }) => (free[lifeline] ?? 0) + TEXT_SIZE);
    // Two connections of one socket may change at once: their names stand below each other.
    const at = Math.max(y + above, ...bound);
    ys.push(at);
    for (const { lifeline, lines } of names)
      free[lifeline] = nameState(layout, lifeline, lines, Math.max(at, (free[lifeline] ?? 0) + TEXT_SIZE));
    y = placeEntry(layout, picture, entry, at);
    if (entry.kind === "end") y = Math.max(y + SMALL_LINE, ...free);
  });
  layout.bottom = Math.max(y, ...free) + 4;
  return ys;
}

/** The name of a state beside its lifeline, at the height where it begins. Returns where the next may begin. */
function nameState({ columns, names }: LadderLayout, lifeline: number, lines: string[], at: number): number {
  const column = columns.lifelines[lifeline];
  if (column === undefined) return at;
  const { x, side, legs } = column;
  const edge = BAR / 2 + 6;
  const right = x + edge + Math.max(0, legs.length - 1) * BAR_STEP;
  lines.forEach((text, n) => {
    const style = { role: "ink" as const, anchor: side === "left" ? ("end" as const) : ("start" as const) };
    names.push(smallLine(text, side === "left" ? x - edge : right, at + 4 + n * SMALL_LINE, style));
  });
  return at + 4 + (lines.length - 1) * SMALL_LINE + 6;
}

/** Where the texts of a leg stand. */
function roomOf({ columns }: LadderLayout, picture: LadderPicture, leg: number): { from: number; until: number } {
  const of = picture.legs[leg];
  return columns.texts[of === undefined ? 0 : homeOf(of)] ?? { from: columns.start, until: columns.width };
}

const waitLines = (layout: LadderLayout, picture: LadderPicture, wait: Wait): string[] => {
  const { from, until } = roomOf(layout, picture, wait.leg);
  return paragraph(waitLabel(wait, picture), until - from, SMALL_SIZE, 2);
};

const messageLines = (message: string, room: number): string[] => paragraph(message, room, TEXT_SIZE, MESSAGE_LINES);

/** What stands above the height at which an entry happened. */
function heightAbove(layout: LadderLayout, picture: LadderPicture, entry: Entry): number {
  if (entry.kind === "omitted") return AIR + BAND / 2;
  if (entry.kind === "wait") return SMALL_LINE * waitLines(layout, picture, entry.wait).length + 2;
  if (entry.kind === "end") return LINE + 4;
  if (entry.kind !== "segment") return SMALL_LINE;
  const { from, until } = roomOf(layout, picture, entry.row.leg);
  const messages = messagesOf(entry).reduce((n, m) => n + messageLines(m, until - from).length, 0);
  return 4 + (entry.row.note === null ? 0 : SMALL_LINE) + messages * LINE + SMALL_LINE + 5;
}

/** Draws up an entry that happened at height `y`; returns where the next may begin. */
function placeEntry(layout: LadderLayout, picture: LadderPicture, entry: Entry, y: number): number {
  const { columns, texts } = layout;
  const clock = (at: number): void => {
    texts.push(smallLine(clockOf(entry.time), columns.timeEnd, at, { anchor: "end" }));
  };
  if (entry.kind === "begin") return y + SMALL_LINE;
  if (entry.kind === "moment") {
    clock(y + 4);
    return y + AIR;
  }
  if (entry.kind === "end") {
    clock(y - 3);
    texts.push(smallLine("the capture ends", columns.timeEnd, y + SMALL_LINE - 2, { anchor: "end" }));
    layout.end = y;
    return y;
  }
  if (entry.kind === "wait") {
    const { from } = roomOf(layout, picture, entry.wait.leg);
    const lines = waitLines(layout, picture, entry.wait);
    const label = waitLabel(entry.wait, picture);
    const role = entry.wait.outcome === "unanswered" || entry.wait.outcome === "late" ? "fault" : "ink";
    const whole = lines.join(" ") === label ? undefined : label;
    lines.forEach((text, n) => {
      texts.push(smallLine(text, from, y - 2 - (lines.length - 1 - n) * SMALL_LINE, { role, bold: true, whole }));
    });
    return y + 4;
  }
  if (entry.kind === "omitted") {
    const leg = picture.legs[entry.row.leg];
    const xs = [leg?.client ?? 0, leg?.server ?? 0].map((n) => columns.lifelines[n]?.x ?? columns.start);
    layout.bands.push({
      x0: Math.min(...xs),
      x1: Math.max(...xs, Math.min(...xs) + 60),
      y0: y - BAND / 2,
      y1: y + BAND / 2,
    });
    const { from, until } = roomOf(layout, picture, entry.row.leg);
    const { text, whole } = fitted(omittedLabel(entry.row), until - from, SMALL_SIZE);
    texts.push(smallLine(text, (from + until) / 2, y + 4, { anchor: "middle", whole, role: "ink" }));
    clock(y + 4);
    return y + BAND / 2 + AIR;
  }
  placeSegment(layout, picture, entry, y);
  return y + AIR;
}

function placeSegment(
  layout: LadderLayout,
  picture: LadderPicture,
  entry: Extract<Entry, { kind: "segment" }>,
  y: number,
): void {
  const { columns, texts } = layout;
  const { row } = entry;
  const isCited = row.note !== null;
  texts.push(smallLine(frameOf(row), columns.frameEnd, y + 4, { anchor: "end", role: "ink", bold: isCited }));
  if (row.file !== undefined)
    texts.push(smallLine(shortFile(row.file), columns.fileEnd, y + 4, { anchor: "end", whole: row.file }));
  texts.push(smallLine(clockOf(row.time), columns.timeEnd, y + 4, { anchor: "end" }));

  const { from, until } = roomOf(layout, picture, row.leg);
  const room = until - from;
  const middle = (from + until) / 2;
  let at = y - 5;
  const details = [detailsOf(row), ...row.marks].join(" · ");
  const isWide = textWidth(details, SMALL_SIZE) > room;
  const plain = isWide ? briefOf(row) : detailsOf(row);
  const short = fitted([plain, ...row.marks].join(" · "), room, SMALL_SIZE);
  const whole = isWide ? details : undefined;
  if (row.marks.length > 0 && short.whole === undefined) {
    // The marks in their own colour, behind the rest.
    const x = middle - textWidth(short.text, SMALL_SIZE) / 2;
    texts.push(smallLine(plain, x, at, { whole }));
    const behind = x + textWidth(`${plain} · `, SMALL_SIZE);
    texts.push(smallLine(row.marks.join(" · "), behind, at, { role: isFault(row) ? "fault" : "ink", bold: true }));
  } else {
    texts.push(smallLine(short.text, middle, at, { anchor: "middle", whole }));
  }
  at -= SMALL_LINE;
  for (const message of messagesOf(entry).reverse()) {
    const lines = messageLines(message, room);
    const all = lines.join(" ") === visible(message) ? undefined : message;
    for (const text of lines.reverse()) {
      texts.push(textLine(text, middle, at, { anchor: "middle", bold: true, whole: all }));
      at -= LINE;
    }
  }
  if (row.note !== null) {
    const { text, whole } = fitted(row.note, room, SMALL_SIZE);
    texts.push(smallLine(text, middle, at, { anchor: "middle", role: "fault", whole }));
  }
  layout.arrows.push({ row, ...ends(layout, row), y });
}

const FAULTS = new Set<string>(["retransmission", "out of order", "window 0", "after close"]);
export const isFault = (row: SegmentRow): boolean => row.marks.some((m) => FAULTS.has(m));

/** From the bar of its sender to that of its receiver. */
function ends({ columns }: LadderLayout, { from, to, leg }: SegmentRow): { x0: number; x1: number } {
  const a = barX(columns, from, leg);
  const b = barX(columns, to, leg);
  const towards = Math.sign(b - a);
  return { x0: a + (towards * BAR) / 2, x1: b - (towards * BAR) / 2 };
}
