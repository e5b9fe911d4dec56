// How is one second told in one line? Columns as vmstat has them, with a header now and then.

import { formatTime } from "../../core/format.ts";
import { padStart } from "../../core/wrap.ts";
import type { LiveCounts } from "./live-counts.ts";

/** A header again after so many lines, as vmstat does. */
export const LINES_A_HEADER = 20;

interface Column {
  /** In full where the terminal is wide, else in two lines. */
  name: string;
  short: readonly [string, string];
  width: number;
}

/** In the order in which {@link cells} gives them. */
const COLUMNS: readonly Column[] = [
  { name: "time UTC", short: ["", "time UTC"], width: 8 },
  { name: "packets/s", short: ["pack-", "ets/s"], width: 5 },
  { name: "estab", short: ["", "estab"], width: 5 },
  { name: "half-closed", short: ["half-", "closed"], width: 6 },
  { name: "close-wait", short: ["close-", "wait"], width: 6 },
  { name: "fin-wait", short: ["fin-", "wait"], width: 5 },
  { name: "time-wait", short: ["time-", "wait"], width: 5 },
  { name: "requests/s", short: ["req-", "ests/s"], width: 6 },
  { name: "waiting", short: ["wait-", "ing"], width: 5 },
  { name: "oldest", short: ["", "oldest"], width: 6 },
  { name: "unanswered", short: ["unan-", "swered"], width: 6 },
  { name: "dropped", short: ["drop-", "ped"], width: 5 },
];

const widthOf = (column: Column, wide: boolean): number =>
  wide ? Math.max(column.name.length, column.width) : column.width;
const row = (cells: readonly string[], wide: boolean): string =>
  cells.map((cell, n) => padStart(cell, widthOf(COLUMNS[n]!, wide))).join(" ");

/** Columns that the lines with full names take. */
const WIDE = COLUMNS.reduce((sum, column) => sum + widthOf(column, true) + 1, -1);

/** `columns`: of the terminal. */
export function headerLines(columns: number): string[] {
  if (columns >= WIDE)
    return [
      row(
        COLUMNS.map((c) => c.name),
        true,
      ),
    ];
  return [0, 1].map((n) =>
    row(
      COLUMNS.map((c) => c.short[n]!),
      false,
    ),
  );
}

/** `before`: the counts of the line before, null for the first. `iso`: the moment. */
export function summaryLine(counts: LiveCounts, before: LiveCounts | null, iso: string, columns: number): string {
  const seconds = before === null ? Number.NaN : (counts.at - before.at) / 1e9;
  const rate = (now: number, then: number | undefined): string =>
    then === undefined || !(seconds > 0) ? "-" : compact((now - then) / seconds);
  const { sockets } = counts;
  const of = (...states: (keyof typeof sockets)[]): string =>
    compact(states.reduce((sum, state) => sum + (sockets[state] ?? 0), 0));
  const cells = [
    formatTime(iso).slice(0, 8),
    rate(counts.packets, before?.packets),
    of("ESTABLISHED"),
    compact(counts.halfClosed),
    of("CLOSE_WAIT"),
    of("FIN_WAIT_1", "FIN_WAIT_2"),
    of("TIME_WAIT"),
    rate(counts.totals.requests, before?.totals.requests),
    compact(counts.waiting),
    counts.oldestWait === null ? "-" : age(counts.oldestWait / 1e9),
    compact(counts.totals.unanswered),
    counts.dropped === null ? "-" : compact(counts.dropped),
  ];
  return row(cells, columns >= WIDE);
}

/** In five characters: "99999", "123k", "1.2M". */
export function compact(n: number): string {
  const whole = Math.round(n);
  if (whole < 100_000) return n > 0 && n < 0.95 ? n.toFixed(1) : String(whole);
  if (whole < 999_500) return `${Math.round(n / 1e3)}k`;
  const millions = n / 1e6;
  if (millions < 9999.5) return `${millions < 99.95 ? millions.toFixed(1) : Math.round(millions)}M`;
  return `${Math.round(n / 1e9)}G`;
}

/** In six characters: "12 ms", "1.0 s", "90 s", "15 min", "26 h". */
export function age(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 599.5) return `${Math.round(seconds)} s`;
  return seconds < 100 * 60 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
