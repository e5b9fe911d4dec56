// Which sign stands for which type of RESP value, and is this text a number of the kind it should be?

export const Type = {
  simple: 0x2b,
  error: 0x2d,
  integer: 0x3a,
  bulk: 0x24,
  array: 0x2a,
  null: 0x5f,
  double: 0x2c,
  boolean: 0x23,
  bigNumber: 0x28,
  bulkError: 0x21,
  verbatim: 0x3d,
  map: 0x25,
  set: 0x7e,
  push: 0x3e,
  attribute: 0x7c,
  chunk: 0x3b,
  endOfStream: 0x2e,
  /** Not of the specification: an inline command. */
  inline: 0x20,
} as const;

/** A length is never longer than this: "-1", "1099511627776". */
export const MAX_NUMBER = 13;

const MINUS = 0x2d;
const PLUS = 0x2b;
const QUESTION = 0x3f;

/** The result of reading a length: these, or the length. */
export const NULL_LENGTH = -1;
export const STREAMED = -2;
export const NO_LENGTH = -3;

export const isValue = (c: number): boolean =>
  isString(c) || isAggregate(c) || isScalar(c) || c === Type.simple || c === Type.error;

export const isText = (c: number): boolean => c === Type.simple || c === Type.error || c === Type.inline;

export const isScalar = (c: number): boolean =>
  c === Type.integer || c === Type.null || c === Type.double || c === Type.boolean || c === Type.bigNumber;

export const isString = (c: number): boolean => c === Type.bulk || c === Type.bulkError || c === Type.verbatim;

export const isAggregate = (c: number): boolean =>
  c === Type.array || c === Type.map || c === Type.set || c === Type.push || c === Type.attribute;

/** A length: digits, `-1` for null, `?` for streamed. */
export function lengthOf(line: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_NUMBER) return NO_LENGTH;
  if (end - start === 1 && line[start] === QUESTION) return STREAMED;
  if (end - start === 2 && line[start] === MINUS && line[start + 1] === 0x31) return NULL_LENGTH;
  let n = 0;
  for (let i = start; i < end; i++) {
    const digit = line[i]! - 0x30;
    if (digit < 0 || digit > 9) return NO_LENGTH;
    n = n * 10 + digit;
  }
  return n;
}

export function isScalarText(type: number, line: Uint8Array, start: number, end: number): boolean {
  if (type === Type.null) return start === end;
  if (type === Type.boolean) return end - start === 1 && (line[start] === 0x74 || line[start] === 0x66);
  if (start === end) return false;
  let i = start;
  if (line[i] === MINUS || line[i] === PLUS) i++;
  if (i === end) return false;
  for (; i < end; i++) {
    const c = line[i]!;
    if (c >= 0x30 && c <= 0x39) continue;
    if (type !== Type.double || !DOUBLE_SIGNS.includes(c)) return false;
  }
  return true;
}

/** Beside digits in a double: `3.5e-7`, `inf`, `-inf`, `nan`. */
const DOUBLE_SIGNS = Array.from("+-.eEinfa", (c) => c.charCodeAt(0));
