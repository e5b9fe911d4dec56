// Where in an SQL statement are literals and comments? As a report reads it (src/core/redact-sql.ts), and as its server does.
//
// One pass over the bytes. Bytes above 0x7f are parts of names, as in redact-sql.ts all characters above are.

import { isDigit, isLetter } from "./fill.ts";

export type Dialect = "mysql" | "postgresql";

const QUOTE = 0x27;
const DOUBLE = 0x22;
const BACKTICK = 0x60;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
const DOT = 0x2e;
const DASH = 0x2d;
const PLUS = 0x2b;
const HASH = 0x23;
const SLASH = 0x2f;
const STAR = 0x2a;
const BANG = 0x21;
const LF = 0x0a;
const LETTER_X = 0x78;

/** A literal, or a comment: [from, to), and whether its end is there. */
export interface Found {
  kind: "string" | "dollar" | "number" | "comment";
  from: number;
  to: number;
  isClosed: boolean;
}

/** Is there nothing that the two readings could differ in? */
export function isPlain(b: Uint8Array, dialect: Dialect): boolean {
  for (let i = 0; i < b.length; i++) {
    const c = b[i]!;
    if (c === SLASH && b[i + 1] === STAR) return false;
    if (c === DASH && b[i + 1] === DASH) return false;
    if (dialect === "mysql" ? c === HASH : c === BACKSLASH || c === BACKTICK) return false;
  }
  return true;
}

/** `dialect` null: as reports read it. */
export function scan(b: Uint8Array, dialect: Dialect | null): Found[] {
  const found: Found[] = [];
  const end = b.length;
  let i = 0;
  while (i < end) {
    const c = b[i]!;
    const comment = dialect === null ? -1 : commentEnd(b, i, dialect);
    if (comment > i) {
      found.push({ kind: "comment", from: i, to: Math.min(comment, end), isClosed: comment <= end });
      i = comment;
    } else if (c === QUOTE || c === DOUBLE) {
      const to = quotedEnd(b, i, escapes(b, i, dialect));
      found.push({ kind: "string", from: i, to: Math.min(to, end), isClosed: to <= end });
      i = to;
    } else if (c === BACKTICK && dialect !== "postgresql") {
      const close = b.indexOf(BACKTICK, i + 1);
      i = close < 0 ? end : close + 1;
    } else if (c === DOLLAR && dialect !== "mysql" && !isDigit(b[i + 1] ?? 0)) {
      const tag = tagEnd(b, i);
      if (tag < 0) i++;
      else {
        const close = indexOf(b, b.subarray(i, tag), tag);
        const to = close < 0 ? end : close + tag - i;
        found.push({ kind: "dollar", from: i, to, isClosed: close >= 0 });
        i = to;
      }
    } else if (isDigit(c) || (c === DOT && isDigit(b[i + 1] ?? 0))) {
      const to = numberEnd(b, i);
      found.push({ kind: "number", from: i, to: Math.min(to, end), isClosed: true });
      i = to;
    } else if (isWord(c)) i = nameEnd(b, i);
    else i++;
  }
  return found;
}

export const isWord = (c: number): boolean =>
  isLetter(c) || isDigit(c) || c === 0x5f || c === DOLLAR || c === 0x40 || c >= 0x80;

/** A name with a point, and what stands behind it, is one name. */
function nameEnd(b: Uint8Array, from: number): number {
  let i = from;
  while (i < b.length && isWord(b[i]!)) i++;
  while (b[i] === DOT && i + 1 < b.length && isWord(b[i + 1]!)) {
    i++;
    while (i < b.length && isWord(b[i]!)) i++;
  }
  return i;
}

/** Does a backslash escape, in the literal that begins at `quote`? In PostgreSQL only in E'…' (standard_conforming_strings). */
function escapes(b: Uint8Array, quote: number, dialect: Dialect | null): boolean {
  if (dialect !== "postgresql") return true;
  const c = b[quote - 1] ?? 0;
  return b[quote] === QUOTE && (c | 0x20) === 0x65 && !isWord(b[quote - 2] ?? 0);
}

/** Behind the closing quote; behind the end of all when it is not there. */
function quotedEnd(b: Uint8Array, from: number, hasEscapes: boolean): number {
  const quote = b[from]!;
  let i = from + 1;
  while (i < b.length) {
    if (b[i] === BACKSLASH && hasEscapes) i += 2;
    else if (b[i] !== quote) i++;
    else if (b[i + 1] === quote) i += 2;
    else return i + 1;
  }
  return b.length + 1;
}

/** Behind the `$tag$` at `from`; −1 when there is none. */
function tagEnd(b: Uint8Array, from: number): number {
  let i = from + 1;
  while (i < b.length && (isLetter(b[i]!) || isDigit(b[i]!) || b[i] === 0x5f)) i++;
  return b[i] === DOLLAR ? i + 1 : -1;
}

function indexOf(b: Uint8Array, tag: Uint8Array, from: number): number {
  for (let i = b.indexOf(DOLLAR, from); i >= 0; i = b.indexOf(DOLLAR, i + 1)) {
    let k = 0;
    while (k < tag.length && b[i + k] === tag[k]) k++;
    if (k === tag.length) return i;
  }
  return -1;
}

/** Hexadecimal, with a point, with an exponent and its sign. */
function numberEnd(b: Uint8Array, from: number): number {
  let i = from;
  for (; i < b.length; i++) {
    const c = b[i]!;
    const lower = c | 0x20;
    if (!isDigit(c) && c !== DOT && lower !== LETTER_X && !(lower >= 0x61 && lower <= 0x66)) break;
    if (lower === 0x65 && (b[i + 1] === DASH || b[i + 1] === PLUS)) i++;
  }
  return i;
}

/** Behind the comment that begins at `at`; behind the end of all when it does not end; −1 when none begins. */
function commentEnd(b: Uint8Array, at: number, dialect: Dialect): number {
  const c = b[at]!;
  const isLine =
    c === DASH && b[at + 1] === DASH
      ? dialect === "postgresql" || (b[at + 2] ?? 0) <= 0x20
      : c === HASH && dialect === "mysql";
  if (isLine) {
    const to = b.indexOf(LF, at);
    return to < 0 ? b.length + 1 : to + 1;
  }
  if (c !== SLASH || b[at + 1] !== STAR) return -1;
  // MySQL executes `/*! … */`; `/*+ … */` are hints. They are read on as what they hold.
  if (b[at + 2] === PLUS || (b[at + 2] === BANG && dialect === "mysql")) return -1;
  let depth = 1;
  let i = at + 2;
  while (i + 1 < b.length) {
    if (b[i] === STAR && b[i + 1] === SLASH) {
      i += 2;
      if (--depth === 0) return i;
    } else if (dialect === "postgresql" && b[i] === SLASH && b[i + 1] === STAR) {
      depth++;
      i += 2;
    } else i++;
  }
  return b.length + 1;
}
