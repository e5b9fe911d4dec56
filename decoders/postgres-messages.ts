// Can a PostgreSQL message of this type stand here, and is it whole? (PostgreSQL documentation, "Message Formats", protocols 3.0 and 3.2)
//
// A message is a type byte, a length of 4 bytes that counts itself, and a body. Most bodies have a structure that other
// bytes do not meet by chance: that is what tells a message from the middle of something else.

import { int32, uint16, uint32 } from "./bytes.ts";

/** Frontend: what a client sends. Backend: what a server sends. The same letter means different things. */
export type Role = "frontend" | "backend";

/** Type byte and length. */
export const HEADER = 5;
/** The length counts itself. */
export const LENGTH = 4;
/** CopyData, in either direction. It holds anything. */
export const COPY_DATA = 0x64;

/** Limits of the server for what it takes (src/include/libpq/libpq.h): PQ_SMALL_MESSAGE_LIMIT, PQ_LARGE_MESSAGE_LIMIT, PG_MAX_AUTH_TOKEN_LENGTH. */
const SMALL = 10_000;
const LARGE = 0x3fff_ffff;
const TOKEN = 65_535 + LENGTH;
/** libpq takes no longer message but of a few types (VALID_LONG_MESSAGE_TYPE in fe-protocol3.c). */
const SHORT_ANSWER = 30_000;
/** One OID for each of 65,535 parameters. */
const PARAMETERS = LENGTH + 2 + 4 * 65_535;
/** MaxTupleAttributeNumber. */
const MAX_COLUMNS = 1664;
/** The code of AuthenticationSASLFinal, the highest. */
const MAX_AUTHENTICATION = 12;

/** Per role and type: the smallest and the largest length. A largest of 0: no such message. */
class Lengths {
  /** No length is allowed to a type that there is not: the least is above the most. */
  private readonly least = new Uint32Array(256).fill(LENGTH);
  private readonly most = new Uint32Array(256);

  constructor(rows: readonly (readonly [types: string, least: number, most: number])[]) {
    for (const [types, least, most] of rows) {
      for (const type of types) {
        this.least[type.charCodeAt(0)] = least;
        this.most[type.charCodeAt(0)] = most;
      }
    }
  }

  allow(type: number, length: number): boolean {
    return length >= this.least[type]! && length <= this.most[type]!;
  }

  has(type: number): boolean {
    return this.most[type] !== 0;
  }
}

const FRONTEND = new Lengths([
  ["SHXc", 4, 4],
  ["Q", 5, LARGE],
  ["P", 8, LARGE],
  ["B", 12, LARGE],
  ["F", 14, LARGE],
  ["d", 4, LARGE],
  ["DC", 6, SMALL],
  ["E", 9, SMALL],
  ["f", 5, SMALL],
  ["p", 4, TOKEN],
]);

const BACKEND = new Lengths([
  ["123nsIc", 4, 4],
  ["Z", 5, 5],
  ["R", 8, SHORT_ANSWER],
  ["K", 12, SHORT_ANSWER],
  ["S", 6, SHORT_ANSWER],
  ["C", 5, SHORT_ANSWER],
  ["GHW", 7, SHORT_ANSWER],
  ["v", 12, SHORT_ANSWER],
  ["t", 6, PARAMETERS],
  ["TD", 6, LARGE],
  ["V", 8, LARGE],
  ["A", 10, LARGE],
  ["EN", 5, LARGE],
  ["d", 4, LARGE],
]);

const lengthsOf = (role: Role): Lengths => (role === "frontend" ? FRONTEND : BACKEND);

/** May a message of this type have this length? The length counts itself, not the type. */
// hot: per message.
export const isHeader = (role: Role, type: number, length: number): boolean => lengthsOf(role).allow(type, length);

/** A position behind what was read, or one of these. */
export const PARTIAL = -1;
export const WRONG = -2;

/**
 * The position behind the message that starts at `at`; PARTIAL when it goes on behind `end` and fits so far, WRONG when it
 * cannot be one.
 */
export function messageAt(role: Role, b: Uint8Array, at: number, end: number): number {
  if (!lengthsOf(role).has(b[at]!)) return WRONG;
  if (end - at < HEADER) {
    // The first byte of a length: above 0x3f it is over every limit.
    return end - at > 1 && b[at + 1]! > 0x3f ? WRONG : PARTIAL;
  }
  const length = uint32(b, at + 1);
  if (!isHeader(role, b[at]!, length)) return WRONG;
  const stop = at + 1 + length;
  const type = String.fromCharCode(b[at]!);
  const behind = (role === "frontend" ? frontendBody : backendBody)(type, new Body(b, at + HEADER, stop, end));
  if (behind < 0) return behind;
  if (behind !== stop) return WRONG;
  return stop > end ? PARTIAL : stop;
}

/** Walks the fields of a body. Once a field fails (`failed` < 0) the rest of the walk does nothing. */
class Body {
  failed = 0;
  at: number;
  readonly b: Uint8Array;
  readonly stop: number;
  readonly end: number;

  constructor(b: Uint8Array, at: number, stop: number, end: number) {
    this.b = b;
    this.at = at;
    this.stop = stop;
    this.end = end;
  }

  /** Where the walk stands, or why it failed. */
  get done(): number {
    return this.failed < 0 ? this.failed : this.at;
  }

  skip(n: number): boolean {
    if (this.failed < 0) return false;
    if (n < 0 || this.at + n > this.stop) this.failed = WRONG;
    else if (this.at + n > this.end) this.failed = PARTIAL;
    else this.at += n;
    return this.failed === 0;
  }

  rest(): number {
    this.skip(this.stop - this.at);
    return this.done;
  }

  byte(): number {
    return this.skip(1) ? this.b[this.at - 1]! : WRONG;
  }

  short(): number {
    return this.skip(2) ? uint16(this.b, this.at - 2) : WRONG;
  }

  long(): number {
    return this.skip(4) ? int32(this.b, this.at - 4) : WRONG;
  }

  /** A text up to its NUL. Below `lowest` (but tab, line ends) no character stands in one. */
  text(lowest = 0x20): boolean {
    if (this.failed < 0) return false;
    const { b, stop } = this;
    const to = Math.min(stop, this.end);
    for (let i = this.at; i < to; i++) {
      const c = b[i]!;
      if (c === 0) {
        this.at = i + 1;
        return true;
      }
      if (c < lowest && (c < 0x09 || c > 0x0d)) return this.fail(WRONG);
    }
    return this.fail(stop > this.end ? PARTIAL : WRONG);
  }

  /** A byte length, −1 for NULL, and so many bytes. */
  value(): boolean {
    const length = this.long();
    return this.failed === 0 && (length === -1 || this.skip(length));
  }

  /** A count, and so many format codes: 0 text, 1 binary. */
  formats(): boolean {
    for (let n = this.short(); n > 0 && this.failed === 0; n--) this.expect(this.short() <= 1);
    return this.failed === 0;
  }

  expect(holds: boolean): boolean {
    return this.failed === 0 && (holds || this.fail(WRONG));
  }

  private fail(how: number): boolean {
    this.failed = how;
    return false;
  }
}

/** Names that drivers make hold no blank; this tells Close ("S" and a name) from the tag "SELECT 1". */
const NAME = 0x21;
const LETTER_S = 0x53;
const LETTER_P = 0x50;

function frontendBody(type: string, f: Body): number {
  switch (type) {
    case "Q":
    case "f":
      f.text();
      return f.done;
    case "P":
      if (f.text(NAME) && f.text()) for (let n = f.short(); n > 0 && f.skip(4); n--);
      return f.done;
    case "B":
      if (f.text(NAME) && f.text(NAME) && f.formats()) {
        for (let n = f.short(); n > 0 && f.value(); n--);
        f.formats();
      }
      return f.done;
    case "D":
    case "C": {
      const kind = f.byte();
      if (f.expect(kind === LETTER_S || kind === LETTER_P)) f.text(NAME);
      return f.done;
    }
    case "E":
      if (f.text(NAME)) f.expect(f.long() >= 0);
      return f.done;
    case "F":
      if (f.skip(4) && f.formats()) {
        for (let n = f.short(); n > 0 && f.value(); n--);
        f.expect(f.short() <= 1);
      }
      return f.done;
    default:
      return f.rest();
  }
}

function backendBody(type: string, f: Body): number {
  switch (type) {
    case "R": {
      const code = f.long();
      f.expect(code >= 0 && code <= MAX_AUTHENTICATION);
      return f.rest();
    }
    case "S":
      if (f.text(NAME)) f.text();
      return f.done;
    case "Z":
      f.expect("ITE".includes(String.fromCharCode(f.byte() & 0xff)));
      return f.done;
    case "T":
      return columns(f);
    case "D": {
      const n = f.short();
      if (f.expect(n <= MAX_COLUMNS)) for (let k = n; k > 0 && f.value(); k--);
      return f.done;
    }
    case "C":
      return tag(f);
    case "E":
    case "N":
      return report(f);
    case "A":
      if (f.skip(4) && f.text()) f.text();
      return f.done;
    case "V":
      f.value();
      return f.done;
    case "G":
    case "H":
    case "W":
      if (f.expect(f.byte() <= 1)) f.formats();
      return f.done;
    case "t":
      for (let n = f.short(); n > 0 && f.skip(4); n--);
      return f.done;
    default:
      return f.rest();
  }
}

/** Table, number in it, type, its size, modifier: before a column's format. */
const COLUMN = 16;

function columns(f: Body): number {
  const n = f.short();
  if (f.expect(n <= MAX_COLUMNS)) for (let k = n; k > 0 && f.text() && f.skip(COLUMN) && f.expect(f.short() <= 1); k--);
  return f.done;
}

/** "SELECT 5", "INSERT 0 1", "BEGIN": a word in capitals, then a blank or the end. */
function tag(f: Body): number {
  const to = Math.min(f.stop, f.end);
  let i = f.at;
  while (i < to && f.b[i]! >= 0x41 && f.b[i]! <= 0x5a) i++;
  if (i < to) f.expect(i > f.at && (f.b[i] === 0x20 || f.b[i] === 0));
  f.text();
  return f.done;
}

/** The fields of an error or a notice: a letter and a text each, the severity first, a NUL behind the last. */
function report(f: Body): number {
  for (let first = true; ; first = false) {
    const code = f.byte();
    if (f.failed < 0 || (code === 0 && !first)) return f.done;
    const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
    if (!f.expect(first ? code === LETTER_S : isLetter) || !f.text()) return f.done;
  }
}
