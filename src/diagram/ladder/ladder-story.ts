// In which order is a ladder told? Packets, spans of states, waits and gaps in time as one list of entries, for all three forms.

import type { Nanos } from "../../core/clock.ts";
import { count, formatBytes, formatDuration } from "../../core/format.ts";
import type { LadderPicture, OmittedRow, SegmentRow, StateSpan, Wait } from "./ladder-picture.ts";

interface At {
  time: Nanos;
  /** Time left out before it, where that is worth a word; 0 elsewhere. */
  gap: Nanos;
}

/**
 * begin: what was before the first row. moment: a state changed without a packet that is shown (a timer, a packet left out).
 * wait: somebody's waiting ended without a good answer. end: the capture ends.
 */
export type Entry = At &
  (
    | { kind: "begin" }
    | { kind: "moment" }
    | { kind: "end" }
    | { kind: "segment"; row: SegmentRow; answers: Wait[] }
    | { kind: "omitted"; row: OmittedRow }
    | { kind: "wait"; wait: Wait }
  );

/** Something that lasts, from one entry to another. */
export interface Lasting<T> {
  what: T;
  from: number;
  until: number;
}

export interface StateName {
  entry: number;
  leg: number;
  lifeline: number;
  label: string;
}

export interface Story {
  entries: readonly Entry[];
  /** CLOSED is no socket and has no span. */
  states: readonly Lasting<StateSpan>[];
  /** What is written beside a lifeline where its state changes, in order. */
  names: readonly StateName[];
  waits: readonly Lasting<Wait>[];
}

/** A gap is told from here on, whatever the rhythm of the packets: people feel it. */
const LONG_GAP = 1e9;
/** And never below: a scheduler's breath. */
const SHORT_GAP = 10e6;
/** Between, it is told when it is this many times the median distance of rows: then it is no part of the rhythm. */
const OUT_OF_RHYTHM = 10;
/** A half-closed connection that lasts this long is held; shorter, it is on its way (ARCHITECTURE.md, Decisions). */
const HELD = 1e9;

const RANK = { begin: 0, wait: 1, segment: 2, omitted: 2, moment: 3, end: 4 } as const;

export function storyOf(picture: LadderPicture): Story {
  const spans = picture.spans.filter((s) => s.state !== "CLOSED" && s.from <= picture.end);
  const entries = inOrder([
    ...rowsOf(picture),
    ...waitsOf(picture),
    ...changesOf(picture, spans),
    ...endsOf(picture, spans),
  ]);
  const find = finder(entries, picture);
  const lasting = <T extends { from: Nanos; until: Nanos; leg: number }>(what: T): Lasting<T> => ({
    what,
    from: find(what.from, what.leg),
    until: find(what.until, what.leg),
  });
  const states = spans.map(lasting);
  return { entries, states, names: namesOf(states, picture), waits: picture.waits.map(lasting) };
}

/** Where a state begins, its name; where the last one ends, CLOSED: the socket is gone. */
function namesOf(states: Story["states"], { end }: LadderPicture): StateName[] {
  const begins = new Set(states.map(({ what: s }) => `${s.leg} ${s.lifeline} ${s.from}`));
  return states.flatMap(({ what, from, until }): StateName[] => {
    const { leg, lifeline } = what;
    const goesOn = what.until >= end || begins.has(`${leg} ${lifeline} ${what.until}`);
    const gone = { entry: until, leg, lifeline, label: "CLOSED" };
    return [{ entry: from, leg, lifeline, label: stateLabel(what, end) }, ...(goesOn ? [] : [gone])];
  });
}

// ─────────────────────────── entries ───────────────────────────

const isAnswer = (w: Wait): boolean => w.outcome === "answered";

function rowsOf({ rows, waits }: LadderPicture): Entry[] {
  const answers = waits.filter(isAnswer);
  return rows.map((row): Entry => {
    if (row.kind === "omitted") return { kind: "omitted", time: row.time, gap: 0, row };
    const own = answers.filter((w) => w.leg === row.leg && w.until === row.time && row.messages.length > 0);
    return { kind: "segment", time: row.time, gap: 0, row, answers: own };
  });
}

const waitsOf = ({ waits, end }: LadderPicture): Entry[] =>
  waits.filter((w) => !isAnswer(w)).map((wait) => ({ kind: "wait", time: Math.min(wait.until, end), gap: 0, wait }));

/** Moments of change that no shown packet has. */
function changesOf({ rows, end }: LadderPicture, spans: readonly StateSpan[]): Entry[] {
  const shown = new Set(rows.filter((r) => r.kind === "segment").map((r) => `${r.leg} ${r.time}`));
  const first = rows[0]?.time ?? 0;
  const moments = new Set<Nanos>();
  for (const { leg, from, until } of spans) {
    for (const time of [from, until])
      if (time >= first && time < end && !shown.has(`${leg} ${time}`)) moments.add(time);
  }
  const before: Entry[] = spans.some((s) => s.from < first)
    ? [{ kind: "begin", time: Number.NEGATIVE_INFINITY, gap: 0 }]
    : [];
  return [...before, ...[...moments].map((time): Entry => ({ kind: "moment", time, gap: 0 }))];
}

/** The end of the capture is told where something lasts until then. */
const endsOf = ({ waits, end }: LadderPicture, spans: readonly StateSpan[]): Entry[] =>
  spans.some((s) => s.until >= end) || waits.some((w) => w.until >= end) ? [{ kind: "end", time: end, gap: 0 }] : [];

function inOrder(entries: Entry[]): Entry[] {
  entries.sort((a, b) => compare(a.time, b.time) || RANK[a.kind] - RANK[b.kind]);
  const distances = entries.map((e, n) => (n === 0 ? 0 : Math.max(0, e.time - lastOf(entries[n - 1]!))));
  const moving = distances.filter((d) => d > 0 && d < Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const median = moving[moving.length >> 1] ?? 0;
  const told = Math.min(LONG_GAP, Math.max(SHORT_GAP, OUT_OF_RHYTHM * median));
  entries.forEach((e, n) => {
    if (distances[n]! >= told && Number.isFinite(distances[n]!)) e.gap = distances[n]!;
  });
  return entries;
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
const lastOf = (e: Entry): Nanos => (e.kind === "omitted" ? e.row.until : e.time);

/** The entry at which a change shows: the packet of that leg that made it, else the first entry that is not before it. */
function finder(entries: readonly Entry[], { end }: LadderPicture): (time: Nanos, leg: number) => number {
  const shown = new Map<string, number>();
  entries.forEach((e, n) => {
    const key = e.kind === "segment" ? `${e.row.leg} ${e.time}` : `${e.kind} ${e.time}`;
    if (!shown.has(key)) shown.set(key, n);
  });
  return (time, leg) => {
    const own = shown.get(`${leg} ${time}`) ?? shown.get(`moment ${time}`);
    if (own !== undefined) return own;
    if (time >= end) return entries.length - 1;
    const next = entries.findIndex((e) => e.time >= time && e.kind !== "begin");
    if (entries[0]?.kind === "begin" && next <= 1) return 0;
    return next < 0 ? entries.length - 1 : next;
  };
}

// ─────────────────────────── words ───────────────────────────

/** "CLOSE_WAIT held 22.7 s, until the capture ends". */
function stateLabel({ state, from, until, certain }: StateSpan, end: Nanos): string {
  const lasted = Math.min(until, end) - from;
  const open = until >= end;
  const words: string[] = [state];
  if (Number.isFinite(lasted) && lasted >= HELD && state !== "ESTABLISHED") {
    const verb = state === "CLOSE_WAIT" ? "held" : "for";
    words.push(`${verb} ${seconds(lasted)}${open ? ", until the capture ends" : ""}`);
  } else if (open && state === "CLOSE_WAIT") {
    words.push("until the capture ends");
  }
  if (!certain) words.push("(assumed)");
  return words.join(" ");
}

/** "1.001 s", "22.7 s", "4 min 10 s": of long times, tenths are enough. */
export const seconds = (ns: Nanos): string =>
  ns >= 10e9 && ns < 120e9 ? `${(ns / 1e9).toFixed(1)} s` : formatDuration(ns / 1e9);

/** "GET /orders/42: no answer, the client gave up after 1.000 s". */
export function waitLabel(wait: Wait, { legs }: LadderPicture): string {
  const { name, outcome, gaveUp } = wait;
  const lasted = seconds(wait.until - wait.from);
  if (outcome === "pending") return `${name}: no answer yet after ${lasted}, when the capture ends`;
  if (outcome === "unknown") return `${name}: the capture does not show what became of it`;
  if (outcome === "late") return `${name}: answered after ${lasted}, too late: the client had gone`;
  if (outcome === "answered") return `${name}: answered after ${lasted}`;
  if (gaveUp === null) return `${name}: no answer; the connection ended after ${lasted}`;
  const who = gaveUp === legs[wait.leg]?.server ? "service" : "client";
  return `${name}: no answer, the ${who} gave up after ${lasted}`;
}

/** "412 packets, 38 requests answered, over 15.8 s". */
export function omittedLabel({ packets, bytes, answered, time, until }: OmittedRow): string {
  const words = [count(packets, "packet")];
  if (answered > 0) words.push(`${count(answered, "request")} answered`);
  else words.push(bytes > 0 ? formatBytes(bytes) : "no payload");
  if (until - time >= SHORT_GAP) words.push(`over ${seconds(until - time)}`);
  return words.join(", ");
}

/** Packets that are not shown one by one. */
export const omittedCount = (rows: LadderPicture["rows"]): number =>
  rows.reduce((n, r) => n + (r.kind === "omitted" ? r.packets : 0), 0);

/** "PSH, ACK · seq 1 · ack 1 · 94 bytes". */
export function detailsOf({ flags, seq, ack, length }: SegmentRow): string {
  const words = [flags, `seq ${seq}`];
  if (ack !== null) words.push(`ack ${ack}`);
  if (length > 0) words.push(count(length, "byte"));
  return words.join(" · ");
}

/** Where there is less room: "PSH, ACK · 94 bytes". */
export const briefOf = ({ flags, length }: SegmentRow): string =>
  length > 0 ? `${flags} · ${count(length, "byte")}` : flags;

/** Messages of one packet that are named; the rest is counted. */
const NAMED = 3;

/** `GET /orders/7`, `200 after 1.6 ms`. */
export function messagesOf({ row, answers }: { row: SegmentRow; answers: readonly Wait[] }): string[] {
  const named = row.messages.slice(0, NAMED);
  const last = answers.at(-1);
  const lines =
    answers.length === 1 && named.length === 1 && last !== undefined
      ? [`${named[0]} after ${seconds(last.until - last.from)}`]
      : named;
  const more = row.messages.length - named.length;
  return more > 0 ? [...lines, `and ${count(more, "message")} more`] : lines;
}

/** Seconds since the start, to the microsecond. */
export const clockOf = (time: Nanos): string => (time / 1e9).toFixed(6);

export const frameOf = ({ frame }: SegmentRow): string => String(frame);
