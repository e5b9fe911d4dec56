// When was a dump taken? Reads the times that people and scripts write beside it, and those in the names of files.
//
// A wrong time is worse than none: a clock without a date, a date without a clock, and a date whose day and month could be
// exchanged are not read. Every pattern has bounded repetitions, so that a search is linear in the length of the line.

import { monthOf, zoneMinutes } from "./time-words.ts";

export interface DumpTime {
  /** Since 1970. */
  ms: number;
  /** Written without a zone, or with one that has several meanings: read as UTC. */
  zoneAssumed: boolean;
}

/** Dumps are of computers that people still ask about, and numbers outside of these years are no times. */
const FIRST_YEAR = 1990;
const LAST_YEAR = 2100;
/** A line with a time is short; what lies beyond is the text of some log. */
const MAX_TEXT = 1024;

const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
/** AM or PM, and a zone. */
const AFTER_CLOCK = String.raw`(?: ?([AaPp]\.?[Mm]\b))?(?: ?(Z\b|[+-]\d{2}:?\d{2}\b|[A-Z]{3,5}\b))?(?![\d:])`;
const START = String.raw`(?<![\d.:/-])`;
/** `2026-03-01T18:34:05Z`, `2026/03/01 18:34:05`, `2026-03-01 Sun 18:34`. */
const YEAR_FIRST = new RegExp(
  String.raw`${START}(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[Tt_]| {1,2}(?:\p{L}{2,12},? )?)${CLOCK}${AFTER_CLOCK}`,
  "gu",
);
/** `date` in Chinese and Japanese. */
const YEAR_FIRST_EAST = new RegExp(
  String.raw`${START}(\d{4})(年) {0,2}(\d{1,2})月 {0,2}(\d{1,2})日(?: ?[\p{L}()]{1,6})? {1,2}${CLOCK}${AFTER_CLOCK}`,
  "gu",
);
/** ISO 8601 without separators: `20260301T183405Z`; a transcript of PowerShell has `Start time: 20260301183405`. */
const COMPACT = /(?<![\w.:/-])(\d{4})(\d{2})(\d{2})[T_-]?(\d{2})(\d{2})(\d{2})(Z|[+-]\d{4})?(?![\w:])/g;
/** `Sun 03/01/2026 18:34:05.12`, `01.03.2026 18:34:05,12`. */
const YEAR_LAST = new RegExp(
  String.raw`(?:\b(\p{L}{2,12})\.?,? )?${START}(\d{1,2})([-/.])(\d{1,2})\3(\d{4}),? {1,2}${CLOCK}${AFTER_CLOCK}`,
  "gu",
);
/** Of the logs of web servers, and of some `date`: `01/Mar/2026:18:34:05 +0000`, `01-Mar-2026 18:34:05`. */
const NAMED_MONTH = new RegExp(
  String.raw`${START}(\d{1,2})([-/])(\p{L}{3,4})\2(\d{4})[: ]{1,2}${CLOCK}${AFTER_CLOCK}`,
  "gu",
);
/** `date +%s`, `+%s.%N` and `+%s%3N`, alone but for a frame: `=== 1772390045 ===`. */
const EPOCH_LINE = /^[=#*\s[-]{0,80}(\d{10})(?:(\d{3})|\.(\d{1,9}))?[=#*\s\]-]{0,80}$/;

/** Null: the line says no time. The first one counts. */
export function timeInLine(line: string): DumpTime | null {
  const text = line.length > MAX_TEXT ? line.slice(0, MAX_TEXT) : line;
  const epoch = EPOCH_LINE.exec(text);
  if (epoch !== null) return ofEpoch(epoch[1]!, epoch[2] ?? epoch[3] ?? "");
  if (!text.includes(":")) return first(text, COMPACT, compactTime);
  return (
    first(text, YEAR_FIRST, yearFirst) ??
    wordedTime(text) ??
    first(text, NAMED_MONTH, namedMonth) ??
    first(text, YEAR_LAST, yearLast) ??
    first(text, YEAR_FIRST_EAST, yearFirst) ??
    first(text, COMPACT, compactTime)
  );
}

function first(text: string, pattern: RegExp, read: (m: string[]) => DumpTime | null): DumpTime | null {
  for (const match of text.matchAll(pattern)) {
    const time = read(match);
    if (time !== null) return time;
  }
  return null;
}

const yearFirst = ([, year, , month, day, ...clock]: string[]): DumpTime | null =>
  timeOf(Number(year), Number(month), Number(day), clock);

const namedMonth = ([, day, , month, year, ...clock]: string[]): DumpTime | null =>
  timeOf(Number(year), monthOf(month!) ?? 0, Number(day), clock);

const compactTime = ([, year, month, day, hour, minute, second, zone]: string[]): DumpTime | null =>
  timeOf(Number(year), Number(month), Number(day), [hour, minute, second, undefined, undefined, zone]);

/** Dotted dates have the day first everywhere; with `/` and `-` the order must follow from the numbers or from the weekday. */
function yearLast([, weekday, a, separator, b, year, ...clock]: string[]): DumpTime | null {
  const dayFirst = timeOf(Number(year), Number(b), Number(a), clock);
  if (separator === ".") return dayFirst;
  const monthFirst = timeOf(Number(year), Number(a), Number(b), clock);
  if (dayFirst === null || monthFirst === null || dayFirst.ms === monthFirst.ms) return dayFirst ?? monthFirst;
  const isDayFirst = isWeekday(weekday, Number(year), Number(b), Number(a));
  const isMonthFirst = isWeekday(weekday, Number(year), Number(a), Number(b));
  return isDayFirst === isMonthFirst ? null : isDayFirst ? dayFirst : monthFirst;
}

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function isWeekday(name: string | undefined, year: number, month: number, day: number): boolean {
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  return name?.slice(0, 3).toLowerCase() === weekday;
}

/** Words of a date in any order around the clock: `Sun Mar  1 18:34:05 UTC 2026`, `Sunday, March 1, 2026 6:34:05 PM`. */
function wordedTime(text: string): DumpTime | null {
  const words = text.split(/[\s,[\]()]+|[:;]+(?=\s|$)/);
  for (const [at, word] of words.entries()) {
    const clock = CLOCK_WORD.exec(word);
    if (clock === null) continue;
    const date = new WordedDate();
    // The words next to the clock, as long as they are parts of a date.
    for (let i = at + 1; i < words.length && date.take(words[i]!, true); i++);
    for (let i = at - 1; i >= 0 && date.take(words[i]!, false); i--);
    const { year, month, day, half, zone } = date;
    if (year === null || month === null || day === null) continue;
    const time = timeOf(year, month, day, [...clock.slice(1, 5), half, zone]);
    if (time !== null) return time;
  }
  return null;
}

const CLOCK_WORD = new RegExp(`^${CLOCK}$`);

class WordedDate {
  year: number | null = null;
  month: number | null = null;
  day: number | null = null;
  half: string | undefined = undefined;
  zone: string | undefined = undefined;

  /** False: the word is no part of a date, or that part is there already. */
  take(word: string, isAfterClock: boolean): boolean {
    if (word === "de" || word === "at" || word === "") return true;
    if (/^\d{4}$/.test(word)) return this.year === null && (this.year = Number(word)) > 0;
    if (/^\d{1,2}(?:\.|st|nd|rd|th)?$/.test(word))
      return this.day === null && (this.day = Number.parseInt(word, 10)) > 0;
    const month = monthOf(word);
    if (month !== null) return this.month === null && (this.month = month) > 0;
    if (!isAfterClock) return false;
    if (/^[AaPp]\.?[Mm]\.?$/.test(word)) return this.half === undefined && (this.half = word) !== "";
    if (/^(?:Z|[A-Z]{3,5}|[+-]\d{2}(?::?\d{2})?)$/.test(word))
      return this.zone === undefined && (this.zone = word) !== "";
    return false;
  }
}

/** `clock`: hour, minute, second, fraction, AM or PM, zone. Null: no such time. */
function timeOf(year: number, month: number, day: number, clock: (string | undefined)[]): DumpTime | null {
  const [hours, minutes, seconds = "0", fraction = "", half, zone] = clock;
  const minute = Number(minutes);
  // A leap second is told as 60.
  const second = Number(seconds);
  let hour = Number(hours);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (/^p/i.test(half) ? 12 : 0);
  }
  if (year < FIRST_YEAR || year > LAST_YEAR || hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const offset = zone === undefined ? null : zoneMinutes(zone);
  const ms = date.getTime() + ((hour * 60 + minute - (offset ?? 0)) * 60 + second) * 1000 + milliseconds(fraction);
  return { ms, zoneAssumed: offset === null };
}

const milliseconds = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, "0"));

function ofEpoch(seconds: string, fraction: string): DumpTime | null {
  const ms = Number(seconds) * 1000 + milliseconds(fraction);
  const year = new Date(ms).getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? { ms, zoneAssumed: false } : null;
}

/**
 * A date and a clock with any one sign between their numbers or none, folders included: `20260301/183405`,
 * `2026-03-01T18-34-05Z`, `2026-03-01_18.34.05`. An offset counts only with a plus: behind a minus there may be a counter.
 */
const IN_NAME =
  /(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})[-_.Tt /\\]?(\d{2})[-_.:hH]?(\d{2})(?:[-_.:mM]?(\d{2})(?:[.,](\d{1,9}))?)?(Z|\+\d{4})?(?!\d)/g;
const EPOCH_IN_NAME = /(?<!\d|\d\.)(\d{10})(?:(\d{3})|\.(\d{1,9}))?(?!\d)/g;
/** `2026030118`, the date and the hour only: not to be taken for a number of seconds, which it could be from 2034 on. */
const DATE_AND_HOUR = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])$/;

/** The time that a path says; null: none. The last one counts: a file's name says more than its folder's. */
export function timeInName(path: string): DumpTime | null {
  const text = path.length > MAX_TEXT ? path.slice(-MAX_TEXT) : path;
  let time: DumpTime | null = null;
  for (const [, year, month, day, hour, minute, second, fraction, zone] of text.matchAll(IN_NAME)) {
    const clock = [hour, minute, second, fraction, undefined, zone];
    time = timeOf(Number(year), Number(month), Number(day), clock) ?? time;
  }
  if (time !== null) return time;
  for (const [, seconds, ms, fraction] of text.matchAll(EPOCH_IN_NAME)) {
    if (!DATE_AND_HOUR.test(seconds!)) time = ofEpoch(seconds!, ms ?? fraction ?? "") ?? time;
  }
  return time;
}
