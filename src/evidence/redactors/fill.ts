// What stands in the place of a text that does not leave, so that it is read as the same kind of text?
//
// The decoders cut texts by characters, and read as UTF-8 only what is valid UTF-8 (decoders/http1-text.ts). So a character is
// filled by one of the same size, and what is not valid stays so: a redacted text is cut at the same place as the original.

import { FILL } from "../stream-redactor.ts";

const ZERO = 0x30;
const NINE = 0x39;
const ONE = 0x31;

/** What fills a byte of a longer character: "×" is C3 97, "◗" is E2 97 97; F0 97 97 97 lies in the second plane. */
const CONTINUATION = 0x97;
const LEAD_2 = 0xc3;
const LEAD_3 = 0xe2;
const LEAD_4 = 0xf0;
/** Never part of UTF-8. */
const INVALID = 0xff;

/** Fills b[from, to). */
export function fillText(b: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) b[i] = b[i]! < 0x80 ? FILL : filledHigh(b[i]!, i + 1 < b.length ? b[i + 1]! : 0);
}

/** RFC 3629 §4: second bytes of E0, ED, F0 and F4 are limited. */
function filledHigh(c: number, next: number): number {
  if (c < 0xc0) return CONTINUATION;
  if (c >= 0xc2 && c < 0xe0) return LEAD_2;
  if ((c === 0xe0 && next < 0xa0) || (c === 0xed && next > 0x9f)) return INVALID;
  if (c >= 0xe0 && c < 0xf0) return LEAD_3;
  if ((c === 0xf0 && next < 0x90) || (c === 0xf4 && next > 0x8f)) return INVALID;
  return c >= 0xf0 && c < 0xf5 ? LEAD_4 : INVALID;
}

/** Each digit of b[from, to) becomes 0. */
export function zeroDigits(b: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) if (isDigit(b[i]!)) b[i] = ZERO;
}

/** A number stays a number, and zero stays zero: each digit of another becomes 1. Signs, points and exponents stay. */
export function fillNumber(b: Uint8Array, from: number, to: number): void {
  let isZero = true;
  for (let i = from; i < to; i++) if (isDigit(b[i]!) && b[i] !== ZERO) isZero = false;
  if (isZero) return;
  for (let i = from; i < to; i++) if (isDigit(b[i]!)) b[i] = ONE;
}

export const isDigit = (c: number): boolean => c >= ZERO && c <= NINE;
export const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
