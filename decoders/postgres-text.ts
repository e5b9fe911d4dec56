// Which words of a PostgreSQL message are kept? Statements without passwords, errors, a request's id in a comment.

import { type Failure, MAX_TEXT } from "../src/core/stream-decoder.ts";
import { type TextCache, textOf } from "./http1-text.ts";
import { withoutPasswords } from "./sql-text.ts";

/** Bytes of a statement that are looked at: its text in UTF-8, and room for the comment that tracers append. */
export const STATEMENT_BYTES = MAX_TEXT * 4;
/** Where a tracer's comment is looked for, from the end, when the statement is longer than what is kept of it. */
const COMMENT_BYTES = 1024;

/** sqlcommenter's form, `traceparent='00-…-…-01'`; the value is URL-encoded, which changes nothing in it. */
const TRACEPARENT = /traceparent\s*[=:]\s*'?([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})/;

export interface Statement {
  text: string;
  id: string | null;
}

/** The NUL's position, or `end`. */
export function nul(b: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && b[i] !== 0) i++;
  return i;
}

export function statementOf(texts: TextCache, b: Uint8Array, start: number, end: number): Statement {
  const text = texts.get(b, start, end);
  let id = traceOf(text);
  if (id === null && end - start > text.length) id = traceOf(textOf(b, Math.max(start, end - COMMENT_BYTES), end));
  return { text: withoutPasswords(text), id };
}

const traceOf = (text: string): string | null =>
  text.includes("traceparent") ? (TRACEPARENT.exec(text)?.[1] ?? null) : null;

export interface ServerError extends Failure {
  /** FATAL or PANIC: the server ends the connection with it. */
  fatal: boolean;
}

/**
 * The fields of an ErrorResponse: severity (V is never translated, S may be; before 9.6 there was only S), SQLSTATE, message.
 * Details are left out: they quote rows. What the capture cut off is empty.
 */
export function errorOf(b: Uint8Array, start: number, end: number): ServerError {
  let severity = "";
  let code = "";
  let text = "";
  for (let at = start; at < end && b[at] !== 0; ) {
    const to = nul(b, at + 1, end);
    const field = String.fromCharCode(b[at]!);
    if (field === "V" || (field === "S" && severity === "")) severity = textOf(b, at + 1, to);
    else if (field === "C") code = textOf(b, at + 1, to);
    else if (field === "M") text = withoutPasswords(textOf(b, at + 1, to));
    at = to + 1;
  }
  return { code, text, fatal: severity === "FATAL" || severity === "PANIC" };
}
