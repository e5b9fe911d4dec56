// What of a server's error text may leave? Its words; what it quotes and its numbers are data.
//
// A report shows such a text without them (src/core/redact-error.ts); here they become others of the same length, in the same places,
// so that what a report of the slice shows is the same.

import type { RedactionSink } from "../stream-redactor.ts";
import { fillText, isLetter, zeroDigits } from "./fill.ts";
import { fillTokens } from "./fill-tokens.ts";
import { latin1 } from "./veiled.ts";

interface Quote {
  readonly mark: string;
  /** From a mark with no letter before it to the first one with none behind it. */
  readonly pair: RegExp;
  /** A mark left over that may open or close. */
  readonly open: RegExp;
}

const QUOTES: readonly Quote[] = ["'", '"', "`"].map((mark) => ({
  mark,
  pair: new RegExp(`(?<!\\w)${mark}(?:[^${mark}]|${mark}(?=\\w))*${mark}(?!\\w)`, "g"),
  open: new RegExp(`(?<!\\w)${mark}|${mark}(?!\\w)`),
}));
/** Not a part of a word: "utf8", "VARCHAR2". */
const NUMBER = /(?<![\w.])\d+(?:[.,]\d+)*(?!\w)/g;
const DOTTED_QUAD = /^\d{1,3}(?:\.\d{1,3}){3}$/;
/** `Key (email)=(jane@…) already exists.` */
const VALUE = /=\(/;

/** Reports show less (MAX_TEXT characters); looking for pairs of quotes costs the square of a crafted text's length. */
const MAX_LOOKED_AT = 4096;

/** Redacts b[from, end) in place. `hosts`: addresses, and words with a point in them, which may name one, are replaced too. */
export function redactErrorText(
  b: Uint8Array,
  from: number,
  end: number,
  hosts: boolean,
  sink: RedactionSink | null,
): void {
  const to = Math.min(end, from + MAX_LOOKED_AT);
  fillText(b, to, end);
  const before = b.slice(from, to);
  for (const quote of QUOTES) fillQuoted(b, from, to, quote);
  const text = latin1(b, from, to);
  const value = text.search(VALUE);
  if (value >= 0) {
    const close = text.lastIndexOf(")");
    fillText(b, from + value + 2, close > value + 2 ? from + close : to);
  }
  for (const m of text.matchAll(NUMBER)) {
    if (hosts || !DOTTED_QUAD.test(m[0])) zeroDigits(b, from + m.index, from + m.index + m[0].length);
  }
  fillTokens(b, from, to);
  if (hosts) fillHosts(b, from, to);
  if (before.some((c, i) => c !== b[from + i])) sink?.count("error texts");
}

function fillQuoted(b: Uint8Array, from: number, to: number, { mark, pair, open }: Quote): void {
  const text = latin1(b, from, to);
  if (!text.includes(mark)) return;
  for (const m of text.matchAll(pair)) fillText(b, from + m.index + 1, from + m.index + m[0].length - 1);
  if (!open.test(text.replace(pair, ""))) return;
  // Quotes may stand within what is quoted, unescaped: where one is left over, all from the first to the last of them goes.
  const first = text.search(open);
  const last = text.lastIndexOf(mark);
  fillText(b, from + first + 1, last === first ? to : from + last);
}

function fillHosts(b: Uint8Array, from: number, to: number): void {
  let start = from;
  for (let i = from; i <= to; i++) {
    if (i < to && b[i]! > 0x20) continue;
    const dot = b.indexOf(0x2e, start);
    if (dot >= 0 && dot < i - 1) for (let k = start; k < i; k++) if (isLetter(b[k]!)) fillText(b, k, k + 1);
    start = i + 1;
  }
}
