// How far is it? A line on standard error for work of more than a second, only on a terminal, erased at the end.
// Forty lines of our own rather than a dependency: one bar, no nesting, nothing to configure.

import { formatBytes, formatDuration, formatNumber } from "../core/format.ts";
import { cut, padEnd } from "../core/wrap.ts";
import type { Io } from "./io.ts";

/** Shorter work needs no bar. */
const QUIET_MS = 1000;
const REDRAW_MS = 100;
const BAR = 20;
const ERASE = "\r\x1b[2K";

export interface Progress {
  update(done: number, total: number | undefined, packets: number): void;
  end(): void;
}

const NONE: Progress = { update() {}, end() {} };

export function startProgress(io: Io, wanted: boolean, now: () => number = () => performance.now()): Progress {
  const { stderr } = io;
  if (!wanted || stderr.isTTY !== true || io.env.TERM === "dumb") return NONE;
  const started = now();
  let drawn = Number.NEGATIVE_INFINITY;
  const erase = (): void => {
    if (drawn > 0) stderr.write(ERASE);
    drawn = Number.NEGATIVE_INFINITY;
  };
  const forget = io.interrupts.add(erase);
  return {
    update(done, total, packets) {
      const time = now();
      if (time - started < QUIET_MS || time - drawn < REDRAW_MS) return;
      drawn = time;
      const line = progressLine(done, total, packets, (time - started) / 1000);
      stderr.write(ERASE + cut(line, (stderr.columns ?? 80) - 1, ""));
    },
    end() {
      erase();
      forget();
    },
  };
}

/** `[########------------]  41%  812 MB  410 MB/s  1,204,113 packets  2.9 s left`. */
export function progressLine(done: number, total: number | undefined, packets: number, seconds: number): string {
  const rate = done / seconds;
  const facts = [formatBytes(done), `${formatBytes(rate)}/s`, `${formatNumber(packets)} packets`];
  if (total === undefined || total <= 0) return facts.join("  ");
  const share = Math.min(1, done / total);
  const bar = padEnd("#".repeat(Math.floor(share * BAR)), BAR).replaceAll(" ", "-");
  const left = rate > 0 ? Math.max(0, total - done) / rate : Number.NaN;
  const soon = left < 10 ? `${left.toFixed(1)} s` : formatDuration(Math.round(left)).replace(/\.000 s$/, " s");
  return [`[${bar}] ${String(Math.floor(share * 100)).padStart(3)}%`, ...facts, `${soon} left`].join("  ");
}
