// Which words of a line of memcached's text protocol may leave? (memcached doc/protocol.txt)

import type { MemcachedCommand } from "../../../decoders/memcached-commands.ts";
import { isAnswerWord } from "../../../decoders/memcached-probe.ts";
import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { fillNumber, fillText, isDigit, isLetter } from "./fill.ts";
import { fillKey } from "./fill-key.ts";
import { redactErrorText } from "./redact-error-text.ts";

const BLANK = 0x20;
const DASH = 0x2d;
const LETTER_K = 0x6b;

const ERRORS = new Set(["ERROR", "CLIENT_ERROR", "SERVER_ERROR"]);
/** All behind the command, and the time of `gat`, is keys. */
const MANY_KEYS = new Set(["GET", "GETS", "GAT", "GATS"]);
const META = new Set(["MG", "MS", "MD", "MA"]);
const META_ANSWERS = new Set(["VA", "HD", "EN", "NF", "NS", "EX"]);
/** Their number is a value. */
const COUNTING = new Set(["INCR", "DECR"]);
const LONGEST_WORD = 20;

/** [from, to) of each word. */
function wordsOf(b: Uint8Array): [from: number, to: number][] {
  const words: [number, number][] = [];
  for (let i = 0; i < b.length; ) {
    while (i < b.length && b[i] === BLANK) i++;
    const from = i;
    while (i < b.length && b[i] !== BLANK) i++;
    if (i > from) words.push([from, i]);
  }
  return words;
}

/** A client's line, in place. */
export function redactMemcachedCommand(b: Uint8Array, command: MemcachedCommand, sink: RedactionSink): void {
  const { method, keyAt } = command;
  for (const [index, [from, to]] of wordsOf(b).entries()) {
    if (method === "?") fillText(b, from, to);
    else if (index === 0) continue;
    else if (keyAt > 0 && (index === keyAt || (index > keyAt && MANY_KEYS.has(method)))) key(b, from, to, sink);
    else if (META.has(method)) flag(b, from, to, sink);
    else if (COUNTING.has(method) && index === 2) fillNumber(b, from, to);
    else if (!isNumber(b, from, to) && !isPlainWord(b, from, to)) fillText(b, from, to);
  }
}

/** A server's line, in place. */
export function redactMemcachedAnswer(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink): void {
  const words = wordsOf(b);
  const first = words[0];
  if (first === undefined) return;
  const word = latin(b, first[0], first[1]);
  if (ERRORS.has(word)) {
    redactErrorText(b, first[1], b.length, policy.level === "strict", sink);
    return;
  }
  const isKnown = isAnswerWord(word);
  if (isNumber(b, first[0], first[1])) fillNumber(b, first[0], first[1]);
  else if (!isKnown) fillText(b, first[0], first[1]);
  if (word === "VERSION") return;
  const name = words[1] === undefined ? "" : latin(b, words[1][0], words[1][1]);
  for (const [index, [from, to]] of words.entries()) {
    if (index === 0) continue;
    if (word === "VALUE") {
      if (index === 1) key(b, from, to, sink);
      else if (!isNumber(b, from, to)) fillText(b, from, to);
    } else if (META_ANSWERS.has(word)) flag(b, from, to, sink);
    else if (word === "STAT") {
      if (index > 1 && name !== "version") value(b, from, to);
      else if (index === 1 && !/^[a-z0-9_:.-]+$/.test(name)) fillText(b, from, to);
    } else if (word === "ITEM" && index === 1) key(b, from, to, sink);
    else value(b, from, to);
  }
}

function key(b: Uint8Array, from: number, to: number, sink: RedactionSink): void {
  const replaced = fillKey(b, from, to);
  if (replaced > 0) sink.count("keys", replaced);
}

/** A flag of a meta command: a letter, and perhaps a number, a key or a mark of the client's. */
function flag(b: Uint8Array, from: number, to: number, sink: RedactionSink): void {
  if (isNumber(b, from, to) || (isLetter(b[from]!) && isNumber(b, from + 1, to))) return;
  if (b[from] === LETTER_K) key(b, from + 1, to, sink);
  else fillText(b, isLetter(b[from]!) ? from + 1 : from, to);
}

const value = (b: Uint8Array, from: number, to: number): void =>
  isNumber(b, from, to) ? fillNumber(b, from, to) : fillText(b, from, to);

function isNumber(b: Uint8Array, from: number, to: number): boolean {
  const start = from < to && b[from] === DASH ? from + 1 : from;
  for (let i = start; i < to; i++) if (!isDigit(b[i]!)) return false;
  return start < to;
}

function isPlainWord(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isLetter(b[i]!) && b[i] !== 0x5f) return false;
  return to - from <= LONGEST_WORD;
}

const latin = (b: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...b.subarray(from, Math.min(to, from + 128)));
