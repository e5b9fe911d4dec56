// Do these bytes begin like Redis? As the first of a flow (strictly), and as the first of a segment of a Redis connection
// whose place was lost.
//
// Commands in array form and most answers are unlike anything else. `+OK`, `-ERR …` and `:1` are not: POP3 says the first two,
// and other protocols have lines like the third. Inline commands are lines as NATS (`PING`), IRC and memcached have them too:
// they are believed once an answer, or what follows, is Redis. Until then the answer is "more", so that they are not lost.

import { isBeginningOfCommand, knownCommand, PUSHES } from "./redis-commands.ts";
import { isAggregate, isString, isValue, lengthOf, Type } from "./redis-types.ts";

type Answer = "yes" | "no" | "more";

/** The longest header line, with its line end: `*1099511627776` CR LF. */
const MAX_HEADER = 16;
/** A string of this size or more is not waited for until its end shows that it was one. */
const MAX_STRING = 400;
/** Errors of a server that wants no more of a client, and those that no mail server says. */
const ERROR_CODES = new Set(
  (
    "MOVED ASK WRONGTYPE NOAUTH LOADING DENIED OOM MISCONF READONLY CLUSTERDOWN CROSSSLOT BUSY BUSYGROUP BUSYKEY NOSCRIPT " +
    "EXECABORT NOPERM MASTERDOWN NOREPLICAS WRONGPASS TRYAGAIN NOPROTO NOGROUP UNKILLABLE NOTBUSY UNBLOCKED INVALIDOBJ IOERR"
  ).split(" "),
);
const ERRORS = ["-ERR max number of clients", "-ERR wrong number of arguments for '"];
const SIMPLE = ["+PONG\r\n", "+QUEUED\r\n", "+FULLRESYNC ", "+CONTINUE\r\n", "+CONTINUE "];
const LONGEST_FIXED = 40;

/** One inline command: a word and what it is told. */
const INLINE = /^([a-z]+(?:[.|-][a-z.-]+)?)( [ -~\x80-\xff]*)?\r?\n/i;
const INLINE_PART = /^[a-z]+(?:[.|-][a-z.-]*)?(?: [ -~\x80-\xff]*)?\r?$/i;
/** Known to mail, news, chat and file transfer too; some of them go on with TLS. */
const COMMON = new Set("QUIT AUTH HELLO TYPE TIME MOVE COPY SAVE".split(" "));
/** Those that others have with another argument (`PING :irc.example`, `INFO {…}`, `GET /`). */
const SHAPES: Readonly<Record<string, RegExp>> = {
  PING: /^ *$/,
  INFO: /^ [a-z]{3,16} *$/i,
  MONITOR: /^ *$/,
  SELECT: /^ \d{1,5} *$/,
  GET: /^ [^/ ][^ ]* *$/,
};
const LONGEST_NAME = 33;
/** Looked at of an inline command. */
const MAX_INLINE = 300;

const CR = 0x0d;
const LF = 0x0a;

export function probeRedis(bytes: Uint8Array, start: number, end: number): Answer {
  if (start >= end) return "more";
  const c = bytes[start]!;
  if (c === Type.bulk || isAggregate(c)) return value(bytes, start, end, 0);
  if (c === Type.simple) return oneOf(SIMPLE, latin(bytes, start, Math.min(end, start + LONGEST_FIXED)));
  if (c === Type.error) return error(bytes, start, end);
  return isLetter(c) ? inline(bytes, start, end) : "no";
}

/** A string or an aggregate: the length's line, and what follows it as far as it is there. */
function value(bytes: Uint8Array, start: number, end: number, depth: number): Answer {
  const type = bytes[start]!;
  const cr = headerEnd(bytes, start + 1, end);
  if (cr < 0) return cr === INCOMPLETE ? "more" : "no";
  const length = lengthOf(bytes, start + 1, cr);
  if (length < -1) return "no";
  const next = cr + 2;
  if (length === -1) return next === end || depth > 0 || isValue(bytes[next]!) ? "yes" : "no";
  if (!isAggregate(type)) {
    const stop = next + length;
    if (stop + 2 <= end) return bytes[stop] === CR && bytes[stop + 1] === LF ? "yes" : "no";
    if (stop < end && bytes[stop] !== CR) return "no";
    return depth > 0 || length >= MAX_STRING ? "yes" : "more";
  }
  if (length === 0) return next === end || depth > 0 || isValue(bytes[next]!) ? "yes" : "no";
  if (next >= end) return "more";
  const element = bytes[next]!;
  if (!isValue(element)) return "no";
  if (depth > 0) return "yes";
  if (element === Type.bulk || isAggregate(element)) return value(bytes, next, end, 1);
  return line(bytes, next, end, false);
}

function error(bytes: Uint8Array, start: number, end: number): Answer {
  const text = latin(bytes, start, Math.min(end, start + LONGEST_FIXED));
  const known = oneOf(ERRORS, text);
  if (known !== "no") return known;
  const code = /^-([A-Z]+)( |\r\n)?/.exec(text);
  if (code?.[2] !== undefined) return ERROR_CODES.has(code[1]!) ? "yes" : "no";
  if (text.length > 16) return "no";
  const soFar = text.slice(1);
  for (const known of ERROR_CODES) if (known.startsWith(soFar) || `${known}\r` === soFar) return "more";
  return "no";
}

function inline(bytes: Uint8Array, start: number, end: number): Answer {
  let i = start;
  while (i < end) {
    if (bytes[i] === Type.array) return value(bytes, i, end, 0);
    if (!mayBeName(bytes, i, end)) return "no";
    const text = latin(bytes, i, Math.min(end, i + MAX_INLINE));
    const found = INLINE.exec(text);
    if (found === null) return text.length < MAX_INLINE && INLINE_PART.test(text) ? "more" : "no";
    const command = knownCommand(found[1]!);
    if (command === null || COMMON.has(command.name)) return "no";
    if (SHAPES[command.name]?.test(found[2] ?? "") === false || / HTTP\//i.test(text)) return "no";
    i += found[0].length;
  }
  return "more";
}

/** The first word is a command's name, or the beginning of one where the bytes end. */
function mayBeName(bytes: Uint8Array, start: number, end: number): boolean {
  const limit = Math.min(end, start + LONGEST_NAME);
  let i = start;
  while (i < limit && bytes[i]! > 0x20 && bytes[i]! < 0x7f) i++;
  const word = latin(bytes, start, i);
  if (i === end) return isBeginningOfCommand(word);
  const command = knownCommand(word);
  return command !== null && !COMMON.has(command.name);
}

/** Does a segment begin with a command? */
export function startsLikeCommand(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== Type.array) return isLetter(bytes[start]!) && inline(bytes, start, end) !== "no";
  const cr = headerEnd(bytes, start + 1, end);
  if (cr < 0 || lengthOf(bytes, start + 1, cr) < 1 || bytes[cr + 2] !== Type.bulk) return cr === INCOMPLETE;
  return value(bytes, start, end, 0) !== "no";
}

/** Does a segment begin with a complete line of an answer? */
export function startsLikeAnswer(bytes: Uint8Array, start: number, end: number): boolean {
  const c = bytes[start]!;
  if (!isValue(c)) return false;
  if (isString(c) || isAggregate(c)) return value(bytes, start, end, 0) !== "no";
  return line(bytes, start, end, true) === "yes";
}

/** A value in one line. What stands alone begins with a capital or a digit: `+OK`, `-ERR`. */
function line(bytes: Uint8Array, start: number, end: number, alone: boolean): Answer {
  const type = bytes[start]!;
  const stop = Math.min(end, start + 256);
  let i = start + 1;
  while (i < stop && bytes[i] !== CR) {
    const c = bytes[i]!;
    if (c < 0x20) return "no";
    if (type === Type.error || type === Type.simple) {
      if (alone && i === start + 1 && !(c >= 0x41 && c <= 0x5a) && !(c >= 0x30 && c <= 0x39)) return "no";
    } else if (type === Type.integer || type === Type.bigNumber) {
      if (!(c >= 0x30 && c <= 0x39) && !(i === start + 1 && (c === 0x2d || c === 0x2b))) return "no";
    } else if (i > start + 24) return "no";
    i++;
  }
  if (i === stop) return stop < end ? "yes" : "more";
  if (i === start + 1 && type !== Type.null) return "no";
  if (i + 1 === end) return "more";
  return bytes[i + 1] === LF ? "yes" : "no";
}

const INCOMPLETE = -1;
const NONE = -2;

/** Where the line of a length ends: at a CR LF. */
function headerEnd(bytes: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + MAX_HEADER);
  for (let i = start; i < stop; i++) {
    const c = bytes[i]!;
    if (c === CR) return i + 1 === end ? INCOMPLETE : bytes[i + 1] === LF ? i : NONE;
    if (!(c >= 0x30 && c <= 0x39) && !(c === 0x2d && i === start)) return NONE;
  }
  return stop === end ? INCOMPLETE : NONE;
}

const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);

function oneOf(known: readonly string[], text: string): Answer {
  let answer: Answer = "no";
  for (const k of known) {
    if (text.startsWith(k)) return "yes";
    if (k.startsWith(text)) answer = "more";
  }
  return answer;
}

function latin(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** Is this first word of an array one that servers say on their own? */
export const isPush = (word: string): boolean => PUSHES.includes(word);
