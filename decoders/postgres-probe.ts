// Do these bytes begin with a PostgreSQL message? Strict, for it is asked of every protocol's bytes on any port.
//
// A connection seen from its start opens with a startup packet, which holds a magic number. One joined midway is known by a
// chain of messages that all fit, to the end of the segment.

import { uint32 } from "./bytes.ts";
import { COPY_DATA, LENGTH, messageAt, PARTIAL, type Role } from "./postgres-messages.ts";

export type Answer = "yes" | "no" | "more";

/** Codes in place of the protocol version (src/include/libpq/pqcomm.h: NEGOTIATE_SSL_CODE and its neighbours). */
export const SSL_REQUEST = 80_877_103;
export const GSS_REQUEST = 80_877_104;
export const CANCEL_REQUEST = 80_877_102;
/** Length and code. */
export const STARTUP_HEADER = 8;
/** MAX_STARTUP_PACKET_LENGTH. */
export const MAX_STARTUP = 10_000;
/** Length, code, process; then the key: 4 bytes, since protocol 3.2 up to 256. */
const CANCEL_FIXED = 12;
const MAX_CANCEL_KEY = 256;
const MAJOR = 3;
const MAX_MINOR = 2;
/** Sent by libpq 19 and later to see whether servers and poolers negotiate the version down (PG_PROTOCOL_GREASE). */
const GREASE_MINOR = 9999;

export const isStartupCode = (code: number): boolean =>
  code >>> 16 === MAJOR && ((code & 0xffff) <= MAX_MINOR || (code & 0xffff) === GREASE_MINOR);

/** May a startup packet of this kind be this long? */
export function isStartupLength(code: number, length: number): boolean {
  if (code === SSL_REQUEST || code === GSS_REQUEST) return length === STARTUP_HEADER;
  if (code === CANCEL_REQUEST) return length > CANCEL_FIXED && length <= CANCEL_FIXED + MAX_CANCEL_KEY;
  return isStartupCode(code) && length > STARTUP_HEADER && length <= MAX_STARTUP;
}

/** StartupMessage, SSLRequest, GSSENCRequest or CancelRequest. */
export function startupAt(b: Uint8Array, start: number, end: number): Answer {
  for (let i = start; i < Math.min(end, start + 2); i++) if (b[i] !== 0) return "no";
  if (end - start < STARTUP_HEADER) {
    if (end - start >= LENGTH && uint32(b, start) > MAX_STARTUP) return "no";
    return end - start > LENGTH && b[start + LENGTH] !== 0 && b[start + LENGTH] !== SSL_REQUEST >>> 24 ? "no" : "more";
  }
  const length = uint32(b, start);
  const code = uint32(b, start + LENGTH);
  if (!isStartupLength(code, length)) return "no";
  if (!isStartupCode(code)) return "yes";
  return parametersAt(b, start + STARTUP_HEADER, Math.min(end, start + length), end >= start + length);
}

/** Names and values, each up to a NUL, and one more NUL. A user is always named, often first. */
function parametersAt(b: Uint8Array, start: number, end: number, whole: boolean): Answer {
  let at = start;
  while (at < end && b[at] !== 0) {
    const nameEnd = textEnd(b, at, end);
    if (nameEnd < 0) return "no";
    if (nameEnd === end) return whole ? "no" : "more";
    if (nameEnd - at === 4 && isUser(b, at)) return "yes";
    const valueEnd = textEnd(b, nameEnd + 1, end);
    if (valueEnd < 0) return "no";
    at = valueEnd + 1;
  }
  return whole ? "no" : "more";
}

/** Where the text's NUL is, or `end`; −1 when it holds a control character. */
function textEnd(b: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && b[i] !== 0) if (b[i++]! < 0x20) return -1;
  return Math.min(i, end);
}

const isUser = (b: Uint8Array, at: number): boolean =>
  b[at] === 0x75 && b[at + 1] === 0x73 && b[at + 2] === 0x65 && b[at + 3] === 0x72;

/**
 * A chain of at least two messages, or one that convinces alone: a whole query, ReadyForQuery, an error or notice, or a
 * statement that starts with a word of SQL. CopyData holds anything, and never convinces.
 *
 * `placed`: the connection is known, only the place in it is not. Then any one message that ends with the segment will do.
 */
export function chainAt(role: Role, b: Uint8Array, start: number, end: number, placed = false): Answer {
  let at = start;
  let whole = 0;
  let telling = 0;
  while (at < end) {
    const next = messageAt(role, b, at, end);
    if (next === PARTIAL) break;
    if (next < 0) return "no";
    whole++;
    if (b[at] !== COPY_DATA) telling++;
    at = next;
  }
  if (telling > 0 && (whole > 1 || (placed && at === end))) return "yes";
  if (whole === 1 && at === end && CONVINCING[role].includes(b[start]!)) return "yes";
  if (whole === 1 && at < end && telling > 0 && end - at >= SHOWN) return "yes";
  if (whole === 0 && role === "frontend" && isStatement(b, start, end)) return "yes";
  return "more";
}

const codes = (text: string): readonly number[] => [...text].map((c) => c.charCodeAt(0));
const CONVINCING = { frontend: codes("Q"), backend: codes("ZEN") };
/** So much of a second message that fits is as good as all of it: type, length and a first field. */
const SHOWN = 7;

/** Words that statements start with, where most of a long one is in later segments. */
const WORDS = new Set(
  (
    "SELECT INSERT UPDATE DELETE WITH BEGIN COMMIT ROLLBACK START SET CREATE ALTER COPY EXPLAIN VALUES MERGE CALL DO " +
    "DECLARE PREPARE EXECUTE REFRESH"
  ).split(" "),
);
const LONGEST_WORD = 8;

/** Query or Parse with the beginning of a statement; that the rest fits so far is known. */
function isStatement(b: Uint8Array, start: number, end: number): boolean {
  let i = start + 5;
  if (b[start] === 0x50) {
    while (i < end && b[i] !== 0) i++;
    i++;
  } else if (b[start] !== 0x51) return false;
  while (i < end && (b[i] === 0x20 || (b[i]! >= 0x09 && b[i]! <= 0x0d) || b[i] === 0x28)) i++;
  let word = "";
  for (; i < end && word.length <= LONGEST_WORD; i++) {
    const c = b[i]! & 0xdf;
    if (c < 0x41 || c > 0x5a) return WORDS.has(word);
    word += String.fromCharCode(c);
  }
  return false;
}

/**
 * What begins here? `role`: whose direction it is, when that is known; then less convinces. `fresh`: it may be the very
 * beginning of the direction.
 */
export function beginningAt(
  role: Role | null,
  fresh: boolean,
  b: Uint8Array,
  start: number,
  end: number,
): "startup" | Role | "more" | "no" {
  const startup = fresh && role !== "backend" ? startupAt(b, start, end) : "no";
  if (startup === "yes") return "startup";
  const asks = role === "backend" ? "no" : chainAt("frontend", b, start, end, role !== null);
  const answers = role === "frontend" ? "no" : chainAt("backend", b, start, end, role !== null);
  // What may be either is neither, so far.
  if (asks === "yes" && answers !== "yes") return "frontend";
  if (answers === "yes" && asks !== "yes") return "backend";
  return startup === "no" && asks === "no" && answers === "no" ? "no" : "more";
}
