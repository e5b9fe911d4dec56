// What does a line of memcached's text protocol say: which command with which key and how many bytes behind it, or which
// answer? (memcached doc/protocol.txt)

import type { TextCache } from "./http1-text.ts";

/** What kind of answer a command expects. */
export const Kind = {
  /** One line. */
  line: 0,
  /** VALUE …, END */
  retrieval: 1,
  /** Lines up to END, or one line: stats, a dump of keys. */
  lines: 2,
  /** Only when it fails. */
  shutdown: 3,
  /** OK, and then a log without end. */
  watch: 4,
  noop: 5,
  /** Quiet meta commands are answered only when there is something to say. */
  quietGet: 6,
  quietSet: 7,
  quietDelete: 8,
  quietArithmetic: 9,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

interface Shape {
  readonly method: string;
  readonly kind: Kind;
  /** The word that is the first key; 0 for none. */
  readonly key: number;
  /** The word that is the length of the data behind the line; 0 when there is none. */
  readonly lengthAt: number;
  /** Of a meta command: what it is when it is quiet. */
  readonly quiet: Kind | null;
}

const shapes = new Map<string, Shape>();
function add(names: string, kind: Kind, key: number, lengthAt = 0, quiet: Kind | null = null): void {
  for (const name of names.split(" ")) shapes.set(name, { method: name.toUpperCase(), kind, key, lengthAt, quiet });
}
add("get gets", Kind.retrieval, 1);
add("gat gats", Kind.retrieval, 2);
add("set add replace append prepend cas", Kind.line, 1, 4);
add("incr decr delete touch", Kind.line, 1);
add("flush_all version verbosity cache_memlimit slabs lru misbehave refresh_certs debugtime extstore", Kind.line, 0);
add("stats lru_crawler", Kind.lines, 0);
add("shutdown", Kind.shutdown, 0);
add("watch", Kind.watch, 0);
add("mg", Kind.line, 1, 0, Kind.quietGet);
add("ms", Kind.line, 1, 2, Kind.quietSet);
add("md", Kind.line, 1, 0, Kind.quietDelete);
add("ma", Kind.line, 1, 0, Kind.quietArithmetic);
add("me", Kind.line, 1);
add("mn", Kind.noop, 0);
add("quit", Kind.line, 0);

/** A line that is no command is answered too (ERROR). What it says is not kept: it may be a value. */
const UNKNOWN: Shape = { method: "?", kind: Kind.line, key: 0, lengthAt: 0, quiet: null };

/** Items may be up to a gigabyte; a length beyond this is an error to the server, and no data is awaited. */
const MAX_DATA = 2 ** 31 - 1;
/** Words of a line that are told apart. Behind them are only more keys, or flags. */
const MAX_WORDS = 24;
const BLANK = 0x20;
const LETTER_S = 0x53;
const LETTER_Q = 0x71;

/** Words of one line, reused for the next. */
export class Line {
  count = 0;
  private bytes: Uint8Array = new Uint8Array(0);
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private lastStart = 0;
  private lastEnd = 0;
  private stop = 0;
  private readonly texts: TextCache;

  constructor(texts: TextCache) {
    this.texts = texts;
  }

  /** Splits bytes[start, end), a line without its end; false when it holds control characters and is none. */
  // hot: per line.
  split(bytes: Uint8Array, start: number, end: number): boolean {
    this.bytes = bytes;
    this.stop = end;
    this.count = 0;
    let i = start;
    while (i < end) {
      while (i < end && bytes[i] === BLANK) i++;
      if (i === end) break;
      const from = i;
      while (i < end && bytes[i]! > BLANK && bytes[i] !== 0x7f) i++;
      if (i < end && bytes[i] !== BLANK) return false;
      this.lastStart = from;
      this.lastEnd = i;
      if (this.count < MAX_WORDS) {
        this.starts[this.count] = from;
        this.ends[this.count++] = i;
      }
    }
    return true;
  }

  text(index: number): string {
    return index < this.count ? this.texts.get(this.bytes, this.starts[index]!, this.ends[index]!) : "";
  }

  /** All behind word `index`. */
  rest(index: number): string {
    return index + 1 < this.count ? this.texts.get(this.bytes, this.starts[index + 1]!, this.stop) : "";
  }

  /** The last word, also of a long line. */
  get last(): string {
    return this.count === 0 ? "" : this.texts.get(this.bytes, this.lastStart, this.lastEnd);
  }

  first(index: number): number {
    return index < this.count ? this.bytes[this.starts[index]!]! : 0;
  }

  /** Word `index` as a number, from its byte `from` on; −1 when it is none. */
  number(index: number, from = 0): number {
    if (index >= this.count) return -1;
    const start = this.starts[index]! + from;
    const end = this.ends[index]!;
    if (start >= end || end - start > 15) return -1;
    let n = 0;
    for (let i = start; i < end; i++) {
      const digit = this.bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) return -1;
      n = n * 10 + digit;
    }
    return n;
  }
}

/** A command as its line tells it. One object, filled anew for each. */
export class MemcachedCommand {
  method = "";
  target = "";
  kind: Kind = Kind.line;
  /** Bytes behind the line, without their line end; −1 for none. */
  data = -1;
  /** `noreply` was asked for. */
  silent = false;
  isQuit = false;
  /** The word that is the first key; 0 for none. */
  keyAt = 0;

  read(line: Line): void {
    const name = line.text(0);
    const shape = shapes.get(name) ?? UNKNOWN;
    this.method = shape.method;
    this.kind = shape.kind;
    this.keyAt = shape.key;
    this.target = shape.key > 0 ? line.text(shape.key) : "";
    this.data = shape.lengthAt > 0 ? dataLength(line, shape.lengthAt, name === "cas" ? 6 : 5) : -1;
    this.isQuit = name === "quit";
    const isMeta = shape.quiet !== null;
    this.silent = !isMeta && shape.kind !== Kind.retrieval && line.count > 1 && line.last === "noreply";
    if (isMeta) for (let i = 2; i < line.count; i++) if (line.first(i) === LETTER_Q) this.kind = shape.quiet!;
  }
}

/** The length of an item's data; −1 when the line is wrong, and then the server awaits none. */
function dataLength(line: Line, at: number, words: number): number {
  const isMeta = at === 2;
  if (!isMeta && line.count < words) return -1;
  let length = line.number(at);
  // Before 1.6.9 `ms` had the length among its flags: `ms key S5`.
  if (isMeta && length < 0)
    for (let i = 2; i < line.count; i++) if (line.first(i) === LETTER_S) length = line.number(i, 1);
  return length <= MAX_DATA ? length : -1;
}

export const ERRORS: readonly string[] = ["ERROR", "CLIENT_ERROR", "SERVER_ERROR"];

const META_ANSWERS: readonly string[] = ["VA", "HD", "EN", "NF", "NS", "EX", "OK"];

/** May a quiet command be answered with this word? What every version keeps quiet about is left out; NF only some do (seen: 1.6.18 says it). */
export function mayAnswerQuiet(kind: number, word: string): boolean {
  if (ERRORS.includes(word)) return true;
  return META_ANSWERS.includes(word) && word !== (kind === Kind.quietGet ? "EN" : "HD");
}

export const isQuiet = (kind: number): boolean => kind >= Kind.quietGet;
