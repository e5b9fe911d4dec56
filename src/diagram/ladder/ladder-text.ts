// How does a ladder look in a terminal? Lifelines as columns where there is room; else one line a packet, ends by letter.

import { count } from "../../core/format.ts";
import { cut, displayWidth, padStart } from "../../core/wrap.ts";
import type { TextDiagramOptions } from "../diagram.ts";
import { type Glyphs, glyphsOf, shownAs, TextGrid, wrapped } from "../text-grid.ts";
import { homeOf } from "./ladder-columns.ts";
import type { LadderPicture, SegmentRow } from "./ladder-picture.ts";
import {
  clockOf,
  type Entry,
  messagesOf,
  omittedLabel,
  type Story,
  seconds,
  storyOf,
  waitLabel,
} from "./ladder-story.ts";

/** Between two lifelines that no connection joins. */
const NARROW = 6;
/** "PSH, ACK 20816 bytes" and its arrow. */
const LEAST_LANE = 26;
const MOST_LANE = 76;
const LEAST_WIDTH = 40;
const LABEL_LINES = 4;
const NAME_COLUMNS = 60;

interface Page {
  picture: LadderPicture;
  story: Story;
  show: (text: string) => string;
  glyphs: Glyphs;
  width: number;
  frames: number;
  times: number;
  /** Where frame and time end and the rest begins. */
  left: number;
}

export function ladderText(picture: LadderPicture, options: TextDiagramOptions): string {
  const story = storyOf(picture);
  const frames = Math.max(5, ...picture.rows.map((r) => (r.kind === "segment" ? String(r.frame).length : 0)));
  const times = Math.max(
    7,
    ...story.entries.flatMap((e) => [Number.isFinite(e.time) ? clockOf(e.time).length : 0, seconds(e.gap).length]),
  );
  const page: Page = {
    picture,
    story,
    show: shownAs(options),
    glyphs: glyphsOf(options.unicode),
    width: Math.max(LEAST_WIDTH, options.width),
    frames,
    times,
    left: frames + 2 + times + 2,
  };
  const lanes = lanesOf(page);
  const head = [
    ...wrapped(page.show(picture.subject), page.width, LABEL_LINES, page.glyphs.more),
    ...wrapped(`Times are seconds since ${picture.start}; sequence numbers are relative.`, page.width, 3, ""),
    "",
  ];
  const body = lanes === null ? asList(page) : asLanes(page, lanes);
  return `${[...head, ...ends(page, lanes), ...body].join("\n")}\n`;
}

const letterOf = (n: number): string =>
  n < 26 ? String.fromCharCode(65 + n) : `${String.fromCharCode(65 + (n % 26))}${Math.floor(n / 26)}`;

/** Where lifelines stand; null where there is no room for them. */
function lanesOf({ picture, left, width }: Page): number[] | null {
  const { lifelines, legs } = picture;
  if (lifelines.length === 0 || legs.some((l) => l.client === l.server)) return null;
  const used = new Set(legs.map(homeOf));
  const gaps = lifelines.slice(1).map((_, n) => used.has(n));
  const wide = gaps.filter(Boolean).length;
  const room = width - left - 1 - (gaps.length - wide) * NARROW - gaps.length;
  const lane = Math.min(MOST_LANE, Math.floor(room / Math.max(1, wide)));
  if (lane < LEAST_LANE) return null;
  const at = [left];
  for (const isWide of gaps) at.push(at.at(-1)! + 1 + (isWide ? lane : NARROW));
  return at;
}

/** Who the lifelines are. */
function ends({ picture, show, glyphs, width, left, frames, times }: Page, lanes: readonly number[] | null): string[] {
  const lines = picture.lifelines.map(({ name, role }, n) => {
    const who = `${letterOf(n)}  ${cut(show(name), NAME_COLUMNS, glyphs.more)}`;
    return cut(role === "" ? who : `${who}  ${show(role)}`, width, glyphs.more);
  });
  const heading = new TextGrid().put(0, padStart("frame", frames)).put(frames + 2, padStart("time, s", times));
  if (lanes === null) heading.put(left, "from, to");
  else for (const [n, at] of lanes.entries()) heading.put(at, letterOf(n));
  return [...lines, "", heading.toString()];
}

// ─────────────────────────── with lifelines ───────────────────────────

function asLanes(page: Page, at: readonly number[]): string[] {
  const { picture, story, glyphs, show } = page;
  const held = heldAt(story);
  const lines: string[] = [];
  const last = at.at(-1)!;
  /** `n`: an entry; half a step later is behind it. */
  const blank = (n: number, glyph = glyphs.vertical): TextGrid => {
    const line = new TextGrid();
    for (const [i, x] of at.entries()) line.put(x, glyph === glyphs.vertical && held(n, i) ? glyphs.heavy : glyph);
    return line;
  };
  /** The columns between the lifelines where a leg's texts stand. */
  const roomOf = (leg: number): [number, number] => {
    const home = picture.legs[leg] === undefined ? 0 : homeOf(picture.legs[leg]);
    return [at[home]! + 2, (at[home + 1] ?? last + 2) - 1];
  };
  const centred = (line: TextGrid, [from, until]: [number, number], text: string): TextGrid => {
    const short = cut(text, until - from, glyphs.more);
    return line.put(from + Math.floor((until - from - displayWidth(short)) / 2), short);
  };
  const timed = (line: TextGrid, time: string, frame = ""): string =>
    line
      .put(0, padStart(frame, page.frames))
      .put(page.frames + 2, padStart(time, page.times))
      .toString();

  story.entries.forEach((entry, n) => {
    if (entry.gap > 0) lines.push(timed(blank(n, glyphs.broken), seconds(entry.gap)));
    if (entry.kind === "segment") {
      const { row } = entry;
      for (const message of messagesOf(entry)) lines.push(centred(blank(n), roomOf(row.leg), show(message)).toString());
      const line = arrow(blank(n), at[row.from] ?? at[0]!, at[row.to] ?? last, row, glyphs);
      lines.push(timed(centred(line, roomOf(row.leg), ` ${detailOf(row)} `), clockOf(row.time), String(row.frame)));
      if (row.note !== null) lines.push(centred(blank(n), roomOf(row.leg), `(${show(row.note)})`).toString());
    } else if (entry.kind === "omitted") {
      const [from, until] = roomOf(entry.row.leg);
      const line = blank(n).put(from - 1, glyphs.dotted.repeat(until - from + 1));
      lines.push(timed(centred(line, [from, until], ` ${omittedLabel(entry.row)} `), clockOf(entry.time)));
    } else if (entry.kind === "wait") {
      const [from, until] = roomOf(entry.wait.leg);
      const label = show(waitLabel(entry.wait, picture));
      for (const text of wrapped(label, until - from, LABEL_LINES, glyphs.more))
        lines.push(blank(n).put(from, text).toString());
    } else if (entry.kind === "end") {
      lines.push(timed(blank(n, glyphs.stop).put(at[0]! + 2, "the capture ends"), clockOf(entry.time)));
    } else if (entry.kind === "moment") {
      lines.push(timed(blank(n), clockOf(entry.time)));
    }
    lines.push(...stateLines(page, at, n, () => blank(n + 0.5)));
  });
  return lines.map((line) => cut(line, page.width, glyphs.more));
}

/** Was a socket of this lifeline in CLOSE_WAIT at an entry? Then its line is heavy. */
function heldAt({ states }: Story): (entry: number, lifeline: number) => boolean {
  const spans = states.filter((s) => s.what.state === "CLOSE_WAIT");
  return (n, lifeline) => spans.some((s) => s.what.lifeline === lifeline && s.from < n && n <= s.until);
}

const detailOf = ({ flags, length, marks }: SegmentRow): string =>
  [flags, ...(length > 0 ? [count(length, "byte")] : []), ...marks.map((m) => `[${m}]`)].join(" ");

function arrow(line: TextGrid, from: number, to: number, { marks }: SegmentRow, glyphs: Glyphs): TextGrid {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  line.put(low + 1, (marks.length > 0 ? glyphs.dashed : glyphs.horizontal).repeat(high - low - 1));
  return to > from ? line.put(high - 1, glyphs.right) : line.put(low + 1, glyphs.left);
}

/** The names of the states that begin at an entry, within the lane beside their lifeline; on one line where there is room. */
function stateLines(page: Page, at: readonly number[], entry: number, blank: () => TextGrid): string[] {
  const { picture, story, glyphs } = page;
  const lines: TextGrid[] = [];
  for (const { leg: of, lifeline, label, entry: begins } of story.names) {
    if (begins !== entry) continue;
    const leg = picture.legs[of];
    const other = leg === undefined ? lifeline : leg.client === lifeline ? leg.server : leg.client;
    const own = at[lifeline];
    if (own === undefined) continue;
    const isRight = other > lifeline;
    const [low, high] = isRight ? [own + 1, at[lifeline + 1] ?? own + 40] : [at[lifeline - 1] ?? 0, own];
    wrapped(label, Math.max(8, high - low - 5), LABEL_LINES, glyphs.more).forEach((text, n) => {
      const word = isRight ? ` ${text}` : `${text} `;
      const start = isRight ? low : high - displayWidth(word);
      let line = lines.find((l, i) => i >= n && l.isBlank(Math.max(0, start - 1), start + displayWidth(word)));
      if (line === undefined) lines.push((line = blank()));
      line.put(start, word);
    });
  }
  return lines.map(String);
}

// ─────────────────────────── without ───────────────────────────

function asList(page: Page): string[] {
  const { picture, story, show, glyphs, frames, times, left, width } = page;
  const lines: string[] = [];
  const add = (text: string, time = "", frame = ""): void => {
    const [first, ...rest] = wrapped(text, Math.max(12, width - left), LABEL_LINES, glyphs.more);
    const line = new TextGrid().put(0, padStart(frame, frames)).put(frames + 2, padStart(time, times));
    lines.push(line.put(left, first!).toString());
    for (const more of rest)
      lines.push(new TextGrid().put(left + 2, cut(more, width - left - 2, glyphs.more)).toString());
  };
  const tell = (entry: Entry): void => {
    if (entry.kind === "segment") {
      const { row } = entry;
      const to = `${letterOf(row.from)} ${glyphs.horizontal}${glyphs.right} ${letterOf(row.to)}`;
      const words = [`${to}  ${detailOf(row)}`, ...messagesOf(entry).map(show)];
      if (row.note !== null) words.push(`(${show(row.note)})`);
      add(words.join("  "), clockOf(row.time), String(row.frame));
    } else if (entry.kind === "omitted") {
      const leg = picture.legs[entry.row.leg];
      const who = leg === undefined ? "" : `${letterOf(leg.client)}, ${letterOf(leg.server)}  `;
      add(`${who}${omittedLabel(entry.row)}`, clockOf(entry.time));
    } else if (entry.kind === "wait") add(show(waitLabel(entry.wait, picture)), clockOf(entry.time));
    else if (entry.kind === "end") add("the capture ends", clockOf(entry.time));
  };
  story.entries.forEach((entry, n) => {
    if (entry.gap > 0) add(glyphs.broken, seconds(entry.gap));
    tell(entry);
    let time = entry.kind === "moment" ? clockOf(entry.time) : "";
    for (const { lifeline, label, entry: at } of story.names) {
      if (at !== n) continue;
      add(`${letterOf(lifeline)}  ${label}`, time);
      time = "";
    }
  });
  return lines;
}
