// How are numbers, durations and times written for people?

import { formatWhole } from "./numbers.ts";

/** "9,640". A number that is not whole keeps four significant digits. */
export function formatNumber(n: number): string {
  if (!Number.isFinite(n)) return "unknown";
  if (Number.isInteger(n)) return formatWhole(n);
  return Math.abs(n) >= 1000 ? formatWhole(n) : String(Number(n.toPrecision(4)));
}

/** "1 request", "9,640 requests". */
export const count = (n: number, one: string, many = `${one}s`): string => `${formatNumber(n)} ${n === 1 ? one : many}`;

/** "340 µs", "12.5 ms", "1.000 s", "4 min 10 s", "3 h 5 min", "2 d 4 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds === 0) return "0 s";
  if (seconds < 0.000_999_5) return `${Number((seconds * 1e6).toPrecision(3))} µs`;
  if (seconds < 0.9995) return `${Number((seconds * 1e3).toPrecision(3))} ms`;
  if (seconds < 119.9995) return `${seconds.toFixed(3)} s`;
  const whole = Math.round(seconds);
  if (whole < 2 * 3600) return two(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(seconds / 3600);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

const two = (a: number, unitA: string, b: number, unitB: string): string =>
  b === 0 ? `${formatNumber(a)} ${unitA}` : `${formatNumber(a)} ${unitA} ${b} ${unitB}`;

const BYTE_UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** "78 bytes", "1.2 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return count(bytes, "byte");
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`;
}

const ISO = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\.(\d{3})\d*Z$/;

/** And a day that there is: a report that came from anybody may say 9999-99-99. */
export const isTime = (value: unknown): value is string =>
  typeof value === "string" && ISO.test(value) && !Number.isNaN(Date.parse(`${value.slice(0, 19)}Z`));

const NO_TIME = "unknown time";

/** "15:30:11.204", of an ISO 8601 time in UTC; with its date when that is not `day` ("2026-03-01"). */
export function formatTime(iso: string, day?: string): string {
  const parts = ISO.exec(iso);
  if (parts === null) return NO_TIME;
  const clock = `${parts[2]}.${parts[3]}`;
  return day === undefined || parts[1] === day ? clock : `${parts[1]} ${clock}`;
}

/** "2026-03-01". */
export const dayOf = (iso: string): string => iso.slice(0, 10);

/** Seconds from one ISO 8601 time with nine decimals to another, to the nanosecond. */
export function secondsBetween(from: string, to: string): number {
  const nanos = (iso: string): bigint =>
    BigInt(Date.parse(`${iso.slice(0, 19)}Z`)) * 1_000_000n + BigInt(iso.slice(20, -1).padEnd(9, "0").slice(0, 9));
  return isTime(from) && isTime(to) ? Number(nanos(to) - nanos(from)) / 1e9 : Number.NaN;
}

/** "2026-03-01 15:30:11.204 to 15:42:00.000 UTC". */
export function formatSpan(from: string, to: string): string {
  return isTime(from) && isTime(to)
    ? `${dayOf(from)} ${formatTime(from)} to ${formatTime(to, dayOf(from))} UTC`
    : NO_TIME;
}
