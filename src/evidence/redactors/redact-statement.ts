// What of an SQL statement may leave? Its words. Literals become others of the same length, so that the statement is shown as before.
//
// A statement is read twice: as src/core/redact-sql.ts reads it for a report, and as its server does, for which quotes in comments and
// backslashes mean something else. What either takes for a literal is filled. Of a comment the words stay that are plain
// ones, and a tracer's id.

import type { RedactionSink } from "../stream-redactor.ts";
import { fillText, isDigit, isLetter } from "./fill.ts";
import { fillTokens } from "./fill-tokens.ts";
import { type Dialect, type Found, isPlain, isWord, scan } from "./sql-literals.ts";

const QUOTE = 0x27;
const DOUBLE = 0x22;
const BACKTICK = 0x60;
const DOLLAR = 0x24;
const DOT = 0x2e;
const DASH = 0x2d;
const SLASH = 0x2f;
const STAR = 0x2a;
const ZERO = 0x30;

/** As the decoders look for it (decoders/mysql-text.ts, postgres-text.ts). */
const TRACEPARENT = /traceparent\s*[=:]\s*'?[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/g;
/** What stands behind `password =`, also without quotes (decoders/sql-text.ts). */
const PASSWORD = /(passw(?:or)?d[ \t-\r]*=[ \t-\r]*)[^ \t-\r'"&;]+/gi;
/** Longer words of a comment are rather tokens. */
const LONGEST_WORD = 24;

/**
 * Redacts b[from, to) in place. Returns up to where more bytes of the statement cannot change what was made of it; `isWhole`: none
 * follow.
 */
export function redactStatement(
  b: Uint8Array,
  from: number,
  to: number,
  dialect: Dialect,
  isWhole: boolean,
  sink: RedactionSink | null,
): number {
  const original = b.slice(from, to);
  const shown = scan(original, null);
  for (const f of shown) fill(b, from, f);
  const meant = isPlain(original, dialect) ? shown : scan(original, dialect);
  if (meant !== shown) {
    const isFilled = new Uint8Array(original.length);
    for (const f of shown) isFilled.fill(1, f.from, f.to);
    for (const f of meant) fillAgain(b.subarray(from, to), original, isFilled, f);
  }
  if (original.includes(0x70) || original.includes(0x50)) keepIds(b, from, original);
  const tokens = fillTokens(b, from, to);
  if (tokens > 0) sink?.count("target secrets", tokens);
  if (shown.length > 0) sink?.count("statement literals", shown.length);
  return isWhole ? to : from + stableEnd(original, shown, meant);
}

/** A literal becomes one that reports read as one, too: of quotes, or of zeros. */
function fill(b: Uint8Array, base: number, f: Found): void {
  const from = base + f.from;
  const to = base + f.to;
  if (f.kind === "number") b.fill(ZERO, from, to);
  else if (f.kind === "string") fillText(b, from + 1, f.isClosed ? to - 1 : to);
  else {
    const second = b.indexOf(DOLLAR, from + 1);
    fillText(b, from + 1, to);
    b[second] = DOLLAR;
    if (!f.isClosed) return;
    b[to - 1] = DOLLAR;
    b[to - 1 - (second - from)] = DOLLAR;
  }
}

/** What only the server takes for a literal, or for a comment. Quotes stay, for what is shown hangs on them. */
function fillAgain(b: Uint8Array, original: Uint8Array, isFilled: Uint8Array, f: Found): void {
  if (f.kind === "comment") {
    fillComment(b, original, isFilled, f);
    return;
  }
  for (let i = f.from; i < f.to; i++) {
    const c = original[i]!;
    if (isFilled[i] === 0 && c !== QUOTE && c !== DOUBLE && c !== BACKTICK && c > 0x20) fillText(b, i, i + 1);
  }
}

/** A comment keeps plain words; not those behind `=` or `:`, for they are values. */
function fillComment(b: Uint8Array, original: Uint8Array, isFilled: Uint8Array, f: Found): void {
  let isValue = false;
  for (let i = f.from; i < f.to; ) {
    const c = original[i]!;
    if (!isWord(c) && c !== DASH) {
      if (c === 0x3d || c === 0x3a) isValue = true;
      else if (c > 0x20 && c !== QUOTE && c !== DOUBLE) isValue = false;
      i++;
      continue;
    }
    const from = i;
    let isPlainWord = true;
    for (; i < f.to && (isWord(original[i]!) || original[i] === DASH); i++) {
      const w = original[i]!;
      if (!isLetter(w) && w !== 0x5f && w !== DASH) isPlainWord = false;
    }
    // The mark itself: two dashes.
    if (original[from] === DASH && i - from <= 2) continue;
    if (isValue || !isPlainWord || i - from > LONGEST_WORD) {
      for (let k = from; k < i; k++) if (isFilled[k] === 0) fillText(b, k, k + 1);
    }
    isValue = false;
  }
}

/** A request's id stays, wherever the decoders find it; a password without quotes does not. */
function keepIds(b: Uint8Array, base: number, original: Uint8Array): void {
  const text = latin(original);
  for (const m of text.matchAll(PASSWORD)) {
    const from = m.index + m[1]!.length;
    fillText(b, base + from, base + m.index + m[0].length);
  }
  for (const m of text.matchAll(TRACEPARENT)) b.set(original.subarray(m.index, m.index + m[0].length), base + m.index);
}

function latin(b: Uint8Array): string {
  let text = "";
  for (let i = 0; i < b.length; i += 4096) text += String.fromCharCode(...b.subarray(i, i + 4096));
  return text;
}

/** What more bytes may make something else of, at the end: a comment, or what may begin one, a quote, a number or a tag. */
function stableEnd(b: Uint8Array, shown: readonly Found[], meant: readonly Found[]): number {
  let stable = b.length;
  const open = meant.at(-1);
  if (open?.kind === "comment" && !open.isClosed) stable = open.from;
  for (let i = b.length - 1; i >= 0 && i >= b.length - 2; i--) {
    if (b[i] === DASH || b[i] === SLASH || b[i] === STAR || b[i] === DOT) stable = Math.min(stable, i);
  }
  const last = shown.at(-1);
  if (last?.kind === "dollar" && !last.isClosed) {
    // Its closing tag may have begun.
    const tag = b.indexOf(DOLLAR, last.from + 1) + 1 - last.from;
    const closing = b.indexOf(DOLLAR, Math.max(last.from + tag, b.length + 1 - tag));
    return closing < 0 ? stable : Math.min(stable, closing);
  }
  if (last?.isClosed === false) return stable;
  // Doubled, a quote is inside.
  if (b.at(-1) === QUOTE || b.at(-1) === DOUBLE) return Math.min(stable, b.length - 1);
  let i = b.length;
  while (i > 0 && (isLetter(b[i - 1]!) || isDigit(b[i - 1]!) || b[i - 1] === 0x5f)) i--;
  return i > 0 && b[i - 1] === DOLLAR ? Math.min(stable, i - 1) : stable;
}
