// Are these bytes the start of a MySQL conversation, or of a command in the middle of one?

import { COM_QUERY, COM_STMT_EXECUTE, COM_STMT_PREPARE } from "./mysql-commands.ts";

const HEADER = 4;
const PROTOCOL_10 = 0x0a;
const ERR = 0xff;
/** Behind the version's NUL: thread id (4), scramble (8), a NUL. */
const SCRAMBLE_END = 12;
const LONGEST_VERSION = 100;
const SHORTEST_GREETING = 40;
const LONGEST_GREETING = 400;
/** What a server says instead of a greeting is one line. */
const LONGEST_ERROR = 600;
/** With the first word a statement is recognised. */
const LONGEST_WORD = 12;
const WORDS = new Set(
  (
    "select insert update delete replace set show begin start commit rollback call with create drop alter truncate use describe desc " +
    "explain lock unlock load prepare execute deallocate grant revoke analyze optimize check repair flush kill savepoint release xa do handler values table rename"
  ).split(" "),
);

export function probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  const n = end - start;
  if (n < HEADER + 1) return couldStart(bytes, start, end) ? "more" : "no";
  const length = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16);
  const sequence = bytes[start + 3]!;
  const first = bytes[start + HEADER]!;
  if (sequence === 0 && first === PROTOCOL_10) return greeting(bytes, start, end, length);
  if (sequence <= 1 && first === ERR) return error(bytes, start, end, length);
  return startsCommand(bytes, start, end) ? "yes" : "no";
}

/** Length below the longest greeting, sequence 0: the rest will tell. */
function couldStart(bytes: Uint8Array, start: number, end: number): boolean {
  const n = end - start;
  if (n > 1 && bytes[start + 1]! > 1) return false;
  if (n > 2 && bytes[start + 2] !== 0) return false;
  return !(n > 3 && bytes[start + 3] !== 0);
}

function greeting(bytes: Uint8Array, start: number, end: number, length: number): "yes" | "no" | "more" {
  if (length < SHORTEST_GREETING || length > LONGEST_GREETING || end - start > length + HEADER) return "no";
  const from = start + HEADER + 1;
  let i = from;
  while (i < end && bytes[i] !== 0) {
    if (bytes[i]! < 0x20 || bytes[i]! > 0x7e || i - from > LONGEST_VERSION) return "no";
    i++;
  }
  if (i - from > 0 && !isDigit(bytes[from]!)) return "no";
  const nul = i + 1 + SCRAMBLE_END;
  if (nul >= end) return end - start === length + HEADER ? "no" : "more";
  return i > from && bytes[nul] === 0 ? "yes" : "no";
}

/** ERR instead of a greeting: code, perhaps a SQL state, a line of text, to the packet's end. */
function error(bytes: Uint8Array, start: number, end: number, length: number): "yes" | "no" | "more" {
  if (length < 10 || length > LONGEST_ERROR || end - start > length + HEADER) return "no";
  const code = (bytes[start + HEADER + 1] ?? 0) | ((bytes[start + HEADER + 2] ?? 0x04) << 8);
  if (code < 1000 || code > 9999) return "no";
  for (let i = start + HEADER + 3; i < end; i++) {
    const c = bytes[i]!;
    if (c < 0x20 || c === 0x7f) return "no";
  }
  return end - start === length + HEADER ? "yes" : "more";
}

/** A statement, or the execution of a prepared one, that begins with this segment. */
export function startsCommand(bytes: Uint8Array, start: number, end: number): boolean {
  const n = end - start;
  if (n < HEADER + 3 || bytes[start + 3] !== 0) return false;
  const length = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16);
  if (length < 3) return false;
  const code = bytes[start + HEADER]!;
  if (code === COM_STMT_EXECUTE) return isExecution(bytes, start + HEADER, end, length);
  if (code !== COM_QUERY && code !== COM_STMT_PREPARE) return false;
  return isStatement(bytes, start + HEADER + 1, Math.min(end, start + HEADER + length));
}

/** Statement id, flags of a cursor, and one iteration. */
function isExecution(bytes: Uint8Array, at: number, end: number, length: number): boolean {
  if (length < 10 || end - at < 10 || bytes[at + 5]! > 7) return false;
  return bytes[at + 6] === 1 && bytes[at + 7] === 0 && bytes[at + 8] === 0 && bytes[at + 9] === 0;
}

/** Begins with a word of SQL, behind blanks, comments, brackets, or the attributes of newer clients. */
function isStatement(bytes: Uint8Array, from: number, end: number): boolean {
  let i = from;
  // CLIENT_QUERY_ATTRIBUTES: no parameters, one set.
  if (end - i > 2 && bytes[i] === 0 && bytes[i + 1] === 1) i += 2;
  for (;;) {
    while (i < end && (bytes[i] === 0x20 || (bytes[i]! >= 0x09 && bytes[i]! <= 0x0d) || bytes[i] === 0x28)) i++;
    if (!(bytes[i] === 0x2f && bytes[i + 1] === 0x2a)) break;
    const close = commentEnd(bytes, i + 2, end);
    if (close < 0) return true; // a comment that fills the segment
    i = close;
  }
  let word = "";
  while (i < end && word.length <= LONGEST_WORD && isLetter(bytes[i]!)) word += String.fromCharCode(bytes[i++]! | 0x20);
  return WORDS.has(word) && (i >= end || !isLetter(bytes[i]!));
}

function commentEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from; i + 1 < end; i++) if (bytes[i] === 0x2a && bytes[i + 1] === 0x2f) return i + 2;
  return -1;
}

const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
