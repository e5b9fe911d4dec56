// Where does each lifeline of a ladder stand? Columns wide enough for what is written between them, so that no text lies on another.
//
// From left to right: frame and time; then each lifeline, with the names of its socket's states on its outer side, and between two
// lifelines the texts of the arrows. All in CSS pixels.

import { columnsIn, cutMiddle, paragraph } from "../text-line.ts";
import { SMALL_SIZE, TEXT_SIZE, textWidth } from "../theme.ts";
import type { LadderPicture, Leg } from "./ladder-picture.ts";
import {
  clockOf,
  detailsOf,
  frameOf,
  messagesOf,
  omittedLabel,
  type Story,
  seconds,
  waitLabel,
} from "./ladder-story.ts";

/** Texts of arrows are cut at this width: with one leg there is room, with several the picture shall stay on a screen. */
const ONE_LEG_TEXT = 430;
const MANY_LEGS_TEXT = 285;
const LEAST_TEXT = 150;
/** Names of states are wrapped here: "SYN_RECEIVED", "held 22.7 s,". */
const NAME_WIDTH = textWidth("x".repeat(13), SMALL_SIZE);
const HEAD_COLUMNS = 26;
const PAD = 12;
export const BAR = 8;
/** From one bar of a lifeline to the next, where it holds several connections. */
export const BAR_STEP = 11;
/** Brackets of waits that go on side by side; further ones share the last lane. */
export const MAX_LANES = 4;
export const LANE = 7;
const LEAST_GAP = 70;
export const NAME_LINES = 5;

/** The side of a lifeline on which its states are named. */
export type Side = "left" | "right";

export interface LifelineColumn {
  x: number;
  side: Side;
  /** Legs that end here, in order: their bars stand side by side. */
  legs: number[];
  head: string[];
  wholeHead: string;
  role: string;
}

/** Between lifeline n and n + 1 (the last one: right of all). */
export interface TextColumn {
  /** Where texts may stand. */
  from: number;
  until: number;
  /** Beside it, next to the client: room for the brackets of so many waits side by side. */
  lanes: number;
  lanesFrom: number;
  /** From lane to lane: 1 where the client is on the left, else −1. */
  towards: 1 | -1;
}

export interface Columns {
  frameEnd: number;
  fileEnd: number;
  timeEnd: number;
  /** Where the lifelines begin. */
  start: number;
  lifelines: LifelineColumn[];
  texts: TextColumn[];
  width: number;
}

/** The texts of arrows stand next to the client's lifeline, on the way to the server. */
export const homeOf = ({ client, server }: Leg): number => (server >= client ? client : client - 1);

/** A file's name in the left column: its end tells. */
export const FILE_COLUMNS = 16;
export const shortFile = (file: string): string => cutMiddle(file, FILE_COLUMNS);

export function columnsOf(picture: LadderPicture, story: Story): Columns {
  const { lifelines, legs, rows } = picture;
  const segments = rows.filter((r) => r.kind === "segment");
  const widest = (texts: readonly string[], size: number): number =>
    Math.max(0, ...texts.map((t) => textWidth(t, size)));
  const frames = widest(["frame", ...segments.map(frameOf)], SMALL_SIZE) + 10;
  const files = widest(
    segments.flatMap((r) => (r.file === undefined ? [] : [shortFile(r.file)])),
    SMALL_SIZE,
  );
  const clocks = story.entries.filter((e) => Number.isFinite(e.time)).map((e) => clockOf(e.time));
  const gaps = story.entries.map((e) => seconds(e.gap));
  const times = widest(["time, s", ...clocks, ...gaps], SMALL_SIZE);
  const frameEnd = PAD + frames;
  const fileEnd = files === 0 ? frameEnd : frameEnd + PAD + files;
  const timeEnd = fileEnd + PAD + times;

  const sides = lifelines.map((_, n): Side => {
    const others = legs.flatMap((l) => (l.client === n ? [l.server] : l.server === n ? [l.client] : []));
    return others.length > 0 && others.every((o) => o > n) ? "left" : "right";
  });
  const names = lifelines.map((_, n) => {
    const own = story.names.filter((s) => s.lifeline === n).flatMap((s) => nameLines(s.label));
    return own.length === 0 ? 0 : widest(own, SMALL_SIZE) + PAD;
  });
  const legsAt = lifelines.map((_, n) => legs.flatMap((l, i) => (l.client === n || l.server === n ? [i] : [])));
  const bars = legsAt.map((of) => BAR / 2 + Math.max(0, of.length - 1) * BAR_STEP);
  const heads = lifelines.map((l) => headOf(l.name));
  const headWidths = lifelines.map(({ role }, n) =>
    Math.max(widest(heads[n]!, TEXT_SIZE), textWidth(role.slice(0, HEAD_COLUMNS), SMALL_SIZE)),
  );

  const text = textWidths(picture, story);
  const left = (n: number): number => BAR / 2 + (sides[n] === "left" ? (names[n] ?? 0) : 0);
  const right = (n: number): number => (bars[n] ?? 0) + (sides[n] === "right" ? (names[n] ?? 0) : 0);
  const start = timeEnd + 2 * PAD;
  const columns: LifelineColumn[] = [];
  const texts: TextColumn[] = [];
  let x = start + Math.max(left(0), (headWidths[0] ?? 0) / 2);
  for (let n = 0; n < lifelines.length; n++) {
    const { name, role } = lifelines[n]!;
    columns.push({ x, side: sides[n]!, legs: legsAt[n]!, head: heads[n]!, wholeHead: name, role });
    const isLast = n + 1 === lifelines.length;
    const lanes = lanesOf(picture, n);
    const own = text[n]! === 0 ? PAD : text[n]! + lanes * LANE + 2 * PAD;
    const needed = right(n) + own + (isLast ? 0 : left(n + 1));
    const header = (headWidths[n]! + (headWidths[n + 1] ?? 0)) / 2 + (isLast ? PAD : 2 * PAD);
    const step = Math.max(needed, header, isLast ? 0 : LEAST_GAP);
    const from = x + right(n) + PAD;
    const until = x + step - (isLast ? 0 : left(n + 1)) - PAD;
    const isBack = picture.legs.some((l) => homeOf(l) === n && l.server < l.client);
    texts.push(
      isBack
        ? { from, until: until - lanes * LANE, lanes, lanesFrom: until, towards: -1 }
        : { from: from + lanes * LANE, until, lanes, lanesFrom: from, towards: 1 },
    );
    x += step;
  }
  return { frameEnd, fileEnd, timeEnd, start, lifelines: columns, texts, width: Math.ceil(x + PAD) };
}

function lanesOf({ legs, waits }: LadderPicture, home: number): number {
  const here = waits.filter((w) => legs[w.leg] !== undefined && homeOf(legs[w.leg]!) === home);
  return Math.min(MAX_LANES, here.length);
}

/** The widest text in each gap between lifelines. */
function textWidths(picture: LadderPicture, story: Story): number[] {
  const most = picture.legs.length > 1 ? MANY_LEGS_TEXT : ONE_LEG_TEXT;
  const widths = picture.lifelines.map(() => 0);
  const add = (leg: number, text: string, size: number): void => {
    const of = picture.legs[leg];
    if (of === undefined) return;
    const home = homeOf(of);
    widths[home] = Math.max(widths[home] ?? 0, LEAST_TEXT, Math.min(most, textWidth(text, size)));
  };
  for (const entry of story.entries) {
    if (entry.kind === "omitted") add(entry.row.leg, omittedLabel(entry.row), SMALL_SIZE);
    if (entry.kind === "wait") add(entry.wait.leg, waitLabel(entry.wait, picture), SMALL_SIZE);
    if (entry.kind !== "segment") continue;
    for (const message of messagesOf(entry)) add(entry.row.leg, message, TEXT_SIZE);
    add(entry.row.leg, [detailsOf(entry.row), ...entry.row.marks].join(" · "), SMALL_SIZE);
    if (entry.row.note !== null) add(entry.row.leg, entry.row.note, SMALL_SIZE);
  }
  return widths.map((w) => (w === 0 ? 0 : w + 4));
}

/** A state's name and how long it was held, in the lines that stand beside its bar. */
export const nameLines = (label: string): string[] => paragraph(label, NAME_WIDTH, SMALL_SIZE, NAME_LINES);

/** An address and its port in at most two lines. */
function headOf(name: string): string[] {
  const short = cutMiddle(name, 2 * HEAD_COLUMNS);
  return short.length <= HEAD_COLUMNS ? [short] : [short.slice(0, HEAD_COLUMNS), short.slice(HEAD_COLUMNS)];
}

export const roleOf = (role: string): string => cutMiddle(role, columnsIn(HEAD_COLUMNS * textWidth("x"), SMALL_SIZE));
