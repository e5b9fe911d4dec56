// Which moment does a person mean? ISO 8601, epoch seconds, `+12.5s` from the start of the capture, or `end`. And how long:
// `30s`, `500ms`, `2m`, `1h`, or a bare number of seconds.

import type { CaptureClock, Nanos } from "./clock.ts";
import { UsageError } from "./errors.ts";

export type TimeOption = { kind: "epoch"; ns: bigint } | { kind: "from-start"; ns: number } | { kind: "end" };

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/i;
const EPOCH = /^(\d{9,11})(?:\.(\d{1,9}))?$/;
const OFFSET = /^\+(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const DURATION = /^(\d+(?:\.\d+)?)\s?(ms|s|m|min|h)?$/;
const UNITS: Record<string, number> = { ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 };

/** Throws {@link UsageError} for a text that is none of them. A time without a zone is UTC. */
export function parseTime(text: string, option: string): TimeOption {
  if (text === "end") return { kind: "end" };
  const offset = OFFSET.exec(text);
  if (offset) return { kind: "from-start", ns: Math.round(Number(offset[1]) * UNITS[offset[2] ?? "s"]!) };
  const epoch = EPOCH.exec(text);
  if (epoch) return { kind: "epoch", ns: BigInt(epoch[1]!) * 1_000_000_000n + fraction(epoch[2]) };
  const iso = ISO.exec(text);
  if (iso) {
    const clock = iso[2] === undefined ? "00:00:00" : iso[2].length === 5 ? `${iso[2]}:00` : iso[2];
    const ms = Date.parse(`${iso[1]}T${clock}${(iso[4] ?? "Z").toUpperCase()}`);
    if (Number.isFinite(ms)) return { kind: "epoch", ns: BigInt(ms) * 1_000_000n + fraction(iso[3]?.slice(1)) };
  }
  throw new UsageError(
    `${option} ${JSON.stringify(text)}: not a time; write 2026-03-01T18:34:05Z, 1772390045.25, +12.5s (from the start) or end`,
  );
}

const fraction = (digits: string | undefined): bigint => BigInt((digits ?? "").padEnd(9, "0"));

/** The capture time that is meant. `first` and `last` are the capture's ends. */
export function resolveTime(time: TimeOption, clock: CaptureClock, first: Nanos, last: Nanos): Nanos {
  if (time.kind === "epoch") return clock.fromEpoch(time.ns);
  return time.kind === "from-start" ? first + time.ns : last;
}

/** Throws {@link UsageError} for a text that is no duration, and for one that is out of bounds. */
export function parseDuration(text: string, option: string, least: Nanos, most: Nanos): Nanos {
  const parts = DURATION.exec(text.trim());
  const fail = (why: string): never => {
    throw new UsageError(`${option} ${JSON.stringify(text)}: ${why}; write 30s, 500ms, 2m, 1h, or a number of seconds`);
  };
  if (parts === null) return fail("not a duration");
  const ns = Math.round(Number(parts[1]) * UNITS[parts[2] ?? "s"]!);
  if (ns < least) return fail(`less than ${inWords(least)}`);
  return ns > most ? fail(`more than ${inWords(most)}`) : ns;
}

const inWords = (ns: Nanos): string => (ns < UNITS.s! ? `${ns / UNITS.ms!} ms` : `${ns / UNITS.h!} h`);
