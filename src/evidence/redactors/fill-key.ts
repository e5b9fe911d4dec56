// Which parts of a cache's key leave? Those that a report shows (src/core/redact-key.ts): plain words, and the marks between them.
//
// A part that a report shows as `*` becomes "x000", of which it would make `*` as well: no plain word, and no number, which in some
// commands would be something else.

import { redactKey } from "../../core/redact-key.ts";
import { FILL } from "../stream-redactor.ts";

const ZERO = 0x30;
/** As in redact-key.ts: the marks that keys are built with. */
const MARKS = new Set(" \t\n\v\f\r:/|.#{}@,;()[]<>\"'&?!*_-");
/** And what stands between the pieces that are looked at as a whole. */
const PIECE_ENDS = new Set(" \t\n\v\f\r:/|{}");
const FILLED = /^(?:0|x0+)$/;
const HIGH = "é";
const ONE_STAR = "*";
const NOT_COUNTED = (): void => {};

/** Redacts b[from, to), a key, in place. Returns how many parts were replaced. */
export function fillKey(b: Uint8Array, from: number, to: number): number {
  const key = keyText(b, from, to);
  const shown = redactKey(key, NOT_COUNTED);
  if (shown === key) return 0;
  // What is shown as one star leaves as one, whatever marks are within.
  const whole = fillStars(b, from, key, PIECE_ENDS);
  const replaced = whole + fillStars(b, from, keyText(b, from, to), MARKS);
  return replaced + joinStars(b, from, to, shown);
}

function keyText(b: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += b[i]! < 0x80 ? String.fromCharCode(b[i]!) : HIGH;
  return text;
}

/** Fills the runs between `ends` that are shown as a star, and are not filled yet. Returns how many. */
function fillStars(b: Uint8Array, from: number, key: string, ends: ReadonlySet<string>): number {
  let filled = 0;
  for (let i = 0; i < key.length; ) {
    if (ends.has(key[i]!)) {
      i++;
      continue;
    }
    let end = i;
    while (end < key.length && !ends.has(key[end]!)) end++;
    const run = key.slice(i, end);
    if (!FILLED.test(run) && redactKey(run, NOT_COUNTED) === ONE_STAR) {
      b.fill(ZERO, from + i, from + end);
      if (end - i > 1) b[from + i] = FILL;
      filled++;
    }
    i = end;
  }
  return filled;
}

/**
 * Of a key that is a token as a whole a report shows neighbouring parts as one: marks between zeros become zeros then. Where the two
 * would be shown differently nevertheless, nothing of the key leaves.
 */
function joinStars(b: Uint8Array, from: number, to: number, shown: string): number {
  const isShownSo = (): boolean => redactKey(String.fromCharCode(...b.subarray(from, to)), NOT_COUNTED) === shown;
  if (isShownSo()) return 0;
  for (let i = from + 1; i + 1 < to; i++) if (isStar(b, i - 1) && isStar(b, i + 1)) b[i] = ZERO;
  if (isShownSo()) return 0;
  b.fill(ZERO, from, to);
  b[from] = FILL;
  return 1;
}

/** Of a part that was filled: "x000". */
const isStar = (b: Uint8Array, at: number): boolean => b[at] === ZERO || (b[at] === FILL && b[at + 1] === ZERO);
