// Do these bytes begin with a MySQL packet? Strict, for it is asked of every protocol's bytes on any port.
//
// A connection seen from its start opens with a greeting, or with an error in its place. One joined midway is known by a
// statement that begins with a word of SQL, by an execution, by short commands that fill the segment to its end, or by an
// answer whose fields all fit.

import {
  COM_QUERY,
  COM_STMT_CLOSE,
  COM_STMT_EXECUTE,
  COM_STMT_PREPARE,
  COM_STMT_RESET,
  COMMANDS,
  Reply,
} from "./mysql-commands.ts";
import { HEADER, MAX_PACKET } from "./mysql-packets.ts";

export type Verdict = "yes" | "no" | "more";

export const PROTOCOL_10 = 0x0a;
const OK = 0x00;
const EOF = 0xfe;
const ERR = 0xff;

/** Behind the version's NUL: thread id (4), scramble (8), a NUL. */
const SCRAMBLE_END = 12;
const LONGEST_VERSION = 100;
const SHORTEST_GREETING = 40;
const LONGEST_GREETING = 400;
/** What a server says instead of a greeting is one line. */
const LONGEST_ERROR = 600;
const SHORTEST_ERROR = 10;
const LEAST_CODE = 1000;
const MOST_CODE = 9999;

/** With the first word a statement is recognised. */
const LONGEST_WORD = 12;
/** Of a statement's text so much must be text. */
const LOOKED_AT = 64;
const WORDS = new Set(
  (
    "select insert update delete replace set show begin start commit rollback call with create drop alter truncate use " +
    "describe desc explain lock unlock load prepare execute deallocate grant revoke analyze optimize check repair flush " +
    "kill savepoint release xa do handler values table rename reset change stop purge install import binlog help signal"
  ).split(" "),
);

const lengthAt = (b: Uint8Array, at: number): number => b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16);

// ── the client ──

/**
 * Commands, one behind the other, to the end of the segment; of the last one perhaps only a beginning. `placed`: the connection
 * is known, only the place in it is not. Then a first one that fits will do.
 */
export function commandsAt(b: Uint8Array, start: number, end: number, placed: boolean): Verdict {
  let at = start;
  let convinced = false;
  while (at < end) {
    const verdict = commandAt(b, at, end);
    if (verdict === "no") return "no";
    if (verdict === "more") return convinced ? "yes" : "more";
    if (verdict === "yes") convinced = true;
    const next = at + HEADER + lengthAt(b, at);
    if (verdict === "fits" && next === end && EXACT.has(b[at + HEADER]!)) convinced = true;
    if (verdict === "fits" && placed) convinced = true;
    at = next;
  }
  return convinced ? "yes" : at > end ? "more" : "no";
}

/** Short, and told by their length alone: fill a segment they convince. */
const EXACT = new Set([0x01, 0x09, 0x0e, COM_STMT_CLOSE, COM_STMT_RESET, 0x1c, 0x1f]);

function commandAt(b: Uint8Array, at: number, end: number): Verdict | "fits" {
  const n = end - at;
  if (n > 3 && b[at + 3] !== 0) return "no";
  if (n > 2 && lengthAt(b, at) === 0) return "no";
  if (n <= HEADER) return "more";
  const length = lengthAt(b, at);
  const code = b[at + HEADER]!;
  const command = COMMANDS.get(code);
  if (command === undefined || length < command.least || length > command.most) return "no";
  const from = at + HEADER + 1;
  const to = Math.min(end, at + HEADER + length);
  if (code === COM_QUERY || code === COM_STMT_PREPARE) return statementAt(b, from, to, to < at + HEADER + length);
  if (code === COM_STMT_EXECUTE) return executionAt(b, from, to);
  // The packet is to be seen whole, for its length is what tells.
  if (to < at + HEADER + length) return n > HEADER + LONGEST_ERROR ? "no" : "more";
  return "fits";
}

/** Statement's id, flags of a cursor, and one iteration. */
function executionAt(b: Uint8Array, from: number, to: number): Verdict {
  for (let i = from + 4; i < Math.min(to, from + 9); i++) {
    const c = b[i]!;
    if (i === from + 4 ? c > 0x0f : c !== (i === from + 5 ? 1 : 0)) return "no";
  }
  return to - from >= 9 ? "yes" : "more";
}

/** Begins with a word of SQL, behind blanks, comments, brackets, or the attributes of newer clients. */
function statementAt(b: Uint8Array, from: number, to: number, isCut: boolean): Verdict {
  // CLIENT_QUERY_ATTRIBUTES: how many, and one set of them. With some, what lies before the statement is not text.
  let i = from;
  if (to - i > 1 && b[i]! < 0x20 && b[i + 1] === 1) {
    if (b[i] !== 0) return attributedAt(b, i, to, isCut);
    i += 2;
  } else if (to - i === 1 && b[i] === 0) return isCut ? "more" : "no";
  for (let k = i; k < Math.min(to, i + LOOKED_AT); k++) if (b[k]! < 0x20 && !isBlank(b[k]!)) return "no";
  i = wordAt(b, i, to);
  if (i < 0) return "yes"; // a comment that fills the segment
  const word = i;
  let text = "";
  while (i < to && i - word <= LONGEST_WORD && isLetter(b[i]!)) text += String.fromCharCode(b[i++]! | 0x20);
  if (i === to && isCut && i - word <= LONGEST_WORD) return "more";
  return WORDS.has(text) ? "yes" : "no";
}

/** Attributes: which of them are null, a byte that says that types follow, and the first one's name. */
function attributedAt(b: Uint8Array, from: number, to: number, isCut: boolean): Verdict {
  const types = from + 3 + ((b[from]! + 7) >> 3);
  const name = types + 3;
  const end = name + (b[name - 1] ?? 0);
  if (types <= to && b[types - 1] !== 1) return "no";
  for (let i = name; i < Math.min(end, to); i++) if (b[i]! < 0x20) return "no";
  return end < to && name < end ? "yes" : isCut ? "more" : "no";
}

/** Where the first word is; −1 when a comment does not end. */
function wordAt(b: Uint8Array, from: number, to: number): number {
  let i = from;
  for (;;) {
    while (i < to && (isBlank(b[i]!) || b[i] === 0x28)) i++;
    const c = b[i];
    if (c === 0x2f && b[i + 1] === 0x2a && i + 1 < to) {
      i += 2;
      while (i + 1 < to && !(b[i] === 0x2a && b[i + 1] === 0x2f)) i++;
      if (i + 1 >= to) return -1;
      i += 2;
    } else if (c === 0x23 || (c === 0x2d && b[i + 1] === 0x2d && i + 1 < to)) {
      while (i < to && b[i] !== 0x0a) i++;
      if (i >= to) return -1;
    } else return i;
  }
}

const isBlank = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d);
const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;

/** Flags (4.1's among them), a maximum, a character set, and zeros: a login, or an SSLRequest. */
export function loginAt(b: Uint8Array, start: number, end: number): Verdict {
  const n = end - start;
  const at = start + HEADER;
  if (n > 3 && (b[start + 3] !== 1 || b[start + 2] !== 0 || lengthAt(b, start) < FIXED)) return "no";
  if (n > HEADER + 1 && (b[at + 1]! & 0x02) === 0) return "no";
  // The maximum is 1 GiB at most; 19 zeros, then 4 bytes in which MariaDB's clients say what else they can do.
  if (n > HEADER + 7 && b[at + 7]! > 0x40) return "no";
  for (let i = at + 9; i < Math.min(end, at + 28); i++) if (b[i] !== 0) return "no";
  return n >= HEADER + FIXED ? "yes" : "more";
}
const FIXED = 32;

// ── the server ──

/** A greeting, or an error instead of one. */
export function greetingAt(b: Uint8Array, start: number, end: number): Verdict {
  const n = end - start;
  if (n > 3 && b[start + 3] !== 0) return "no";
  if (n > 2 && lengthAt(b, start) > LONGEST_ERROR) return "no";
  if (n <= HEADER) return "more";
  const length = lengthAt(b, start);
  if (n > length + HEADER) return "no";
  if (b[start + HEADER] === ERR) return errorAt(b, start, end, false);
  if (b[start + HEADER] !== PROTOCOL_10 || length < SHORTEST_GREETING || length > LONGEST_GREETING) return "no";
  const from = start + HEADER + 1;
  let i = from;
  for (; i < end && b[i] !== 0; i++) {
    const c = b[i]!;
    if (c < 0x20 || c > 0x7e || i - from > LONGEST_VERSION || (i === from && !isDigit(c))) return "no";
  }
  const nul = i + 1 + SCRAMBLE_END;
  if (nul >= end) return n === length + HEADER ? "no" : "more";
  return i > from && b[nul] === 0 ? "yes" : "no";
}

/** ERR: code, a SQL state (never missing behind the login), a line of text, to the segment's end. */
function errorAt(b: Uint8Array, start: number, end: number, hasState: boolean): Verdict {
  const n = end - start;
  const length = lengthAt(b, start);
  if (length < SHORTEST_ERROR || length > LONGEST_ERROR || n > length + HEADER) return "no";
  if (n < HEADER + 4) return "more";
  const code = b[start + HEADER + 1]! | (b[start + HEADER + 2]! << 8);
  if (code < LEAST_CODE || code > MOST_CODE) return "no";
  if (hasState && b[start + HEADER + 3] !== 0x23) return "no";
  for (let i = start + HEADER + 3; i < end; i++) {
    const c = b[i]!;
    if ((c < 0x20 && !isBlank(c)) || c === 0x7f) return "no";
  }
  return n === length + HEADER ? "yes" : "more";
}

/** Does an answer begin here, whatever was asked? Only those that cannot be much else. */
export function answerAt(b: Uint8Array, start: number, end: number): Verdict {
  const n = end - start;
  if (n > 3 && b[start + 3] !== 1) return "no";
  if (n > 2 && (lengthAt(b, start) === 0 || lengthAt(b, start) > LONGEST_ERROR)) return "no";
  if (n <= HEADER) return "more";
  const first = b[start + HEADER]!;
  if (first === ERR) return errorAt(b, start, end, true);
  if (first === OK) return okAt(b, start, end);
  return resultAt(b, start, end);
}

/** OK without a text: two small numbers, a status that says how commits are made, warnings; and nothing behind it. */
function okAt(b: Uint8Array, start: number, end: number): Verdict {
  const n = end - start;
  if (lengthAt(b, start) !== 7 || n > 11) return "no";
  if (n > 5 && b[start + 5]! >= 0xfb) return "no";
  if (n > 6 && b[start + 6]! >= 0xfb) return "no";
  if (n > 7 && (b[start + 7]! & 0x03) === 0) return "no";
  if (n > 10 && b[start + 10] !== 0) return "no";
  return n === 11 ? "yes" : "more";
}

/** A number of columns, and the first definition, of catalog "def". */
function resultAt(b: Uint8Array, start: number, end: number): Verdict {
  const n = end - start;
  const length = lengthAt(b, start);
  const columns = b[start + HEADER]!;
  if (columns === 0xfb || columns > 0xfc || length > 4) return "no";
  const at = start + HEADER + length;
  for (let k = 0; k < DEFINITION.length && at + 3 + k < end; k++) if (b[at + 3 + k] !== DEFINITION[k]) return "no";
  return n >= HEADER + length + 3 + DEFINITION.length ? "yes" : "more";
}
/** Sequence 2, the length of "def", and it. */
const DEFINITION = [2, 3, 0x64, 0x65, 0x66];

/**
 * The answer to a known command, whose sequence is to be `sequence`: does it begin here? Only what no such answer begins with
 * is refused. Null: the packets of a login.
 */
export function replyAt(kind: Reply | null, sequence: number, b: Uint8Array, start: number, end: number): Verdict {
  const n = end - start;
  if (n <= HEADER) return n > 3 && kind !== null && b[start + 3] !== sequence ? "no" : "more";
  const length = lengthAt(b, start);
  const first = b[start + HEADER]!;
  if (length === 0 || (kind === null ? b[start + 3]! < 2 : b[start + 3] !== sequence)) return "no";
  if (first === ERR) return length >= 3 && length <= LONGEST_ERROR * 8 ? "yes" : "no";
  if (kind === null || kind === Reply.login) return first <= 1 || first === EOF ? "yes" : "no";
  if (kind === Reply.text || kind === Reply.stream || kind === Reply.rows) return length < MAX_PACKET ? "yes" : "no";
  if (first === OK) return length >= 3 && length <= 1 << 16 ? "yes" : "no";
  if (first === EOF) return length === 5 || length === 1 ? "yes" : "no";
  if (kind !== Reply.result) return "no";
  return first === 0xfb || length <= 10 ? "yes" : "no";
}

// ── whoever ──

export type Beginning = "client" | "server" | "more" | "no";

/** What begins here, when nothing is known of the connection? `fresh`: it may be the very beginning. */
export function beginningAt(b: Uint8Array, start: number, end: number, fresh: boolean): Beginning {
  const asks = [commandsAt(b, start, end, false), loginAt(b, start, end)];
  if (asks.includes("yes")) return "client";
  const says = [fresh ? greetingAt(b, start, end) : "no", answerAt(b, start, end)];
  if (says.includes("yes")) return "server";
  return asks.includes("more") || says.includes("more") ? "more" : "no";
}
