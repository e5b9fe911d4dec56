// What can the terminal show? Colours, columns, and characters beyond ASCII.

import type { Io, Out } from "./io.ts";

export type ColorChoice = "auto" | "always" | "never";

/** Wider than this, lines are hard to read. */
const MAX_WIDTH = 100;
const DEFAULT_WIDTH = 80;

/** `--color`, then NO_COLOR (no-color.org), then FORCE_COLOR, then whether it is a terminal that knows colours. */
export function wantsColor(choice: ColorChoice, io: Io, toFile: boolean): boolean {
  if (choice !== "auto") return choice === "always";
  if (toFile) return false;
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return io.stdout.isTTY === true && TERM !== "dumb";
}

export function widthOf(out: Out): number {
  return out.isTTY === true && out.columns !== undefined && out.columns > 0
    ? Math.min(out.columns, MAX_WIDTH)
    : DEFAULT_WIDTH;
}

/** By the locale's character set (POSIX: LC_ALL before LC_CTYPE before LANG). Windows and macOS terminals show UTF-8 without one. */
export function showsUnicode(env: Io["env"], platform: string = process.platform): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  if (locale === "") return platform === "win32" || platform === "darwin";
  return /utf-?8/i.test(locale);
}
