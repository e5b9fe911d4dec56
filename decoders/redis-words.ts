// Which words does a message begin with? Keeps the first bytes of the first few, and nothing of the rest.
//
// One growing byte store a direction: no string is made until one is asked for, and a password can be wiped.

import { MAX_TEXT } from "../src/core/stream-decoder.ts";
import type { TextCache } from "./http1-text.ts";

/** Bytes kept of one word: a longer key is cut, as every text is. */
const MAX_WORD = MAX_TEXT;
/** Enough for the words of one message that are ever asked for (XREADGROUP … STREAMS key has eleven). */
export const MAX_WORDS = 12;
const FIRST_SIZE = 64;
/** A store that grew beyond this is given back when its message is over: long keys are rare. */
const KEPT_SIZE = 1_024;

export class Words {
  /** Complete words. */
  count = 0;
  private bytes = new Uint8Array(FIRST_SIZE);
  private readonly ends: number[] = [];
  private used = 0;

  /** hot: more bytes of the word that is being read. */
  append(from: Uint8Array, start: number, end: number): void {
    const begun = this.begin(this.count);
    const n = Math.min(end - start, MAX_WORD - (this.used - begun));
    if (n <= 0) return;
    const needed = this.used + n;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    for (let i = 0; i < n; i++) this.bytes[this.used + i] = from[start + i]!;
    this.used = needed;
  }

  /** The word is complete. One that was cut inside a UTF-8 sequence loses that sequence. */
  close(): void {
    const begun = this.begin(this.count);
    if (this.used - begun === MAX_WORD && this.bytes[this.used - 1]! >= 0x80) {
      for (let k = 0; k < 3 && this.used > begun && (this.bytes[this.used - 1]! & 0xc0) === 0x80; k++) this.used--;
      if (this.used > begun && this.bytes[this.used - 1]! >= 0xc0) this.used--;
    }
    this.ends[this.count++] = this.used;
  }

  clear(): void {
    this.count = 0;
    this.used = 0;
    if (this.bytes.length > KEPT_SIZE) this.bytes = new Uint8Array(FIRST_SIZE);
  }

  /** Overwrites what is here: it may be a password. */
  wipe(): void {
    this.bytes.fill(0);
    this.clear();
  }

  /** Word `index`, or "" when it was not kept. */
  text(index: number, texts: TextCache): string {
    if (index < 0 || index >= this.count) return "";
    return texts.get(this.bytes, this.begin(index), this.ends[index]!);
  }

  /** Is word `index` this text (lower case), whatever its case? */
  is(index: number, lower: string): boolean {
    if (index >= this.count) return false;
    const begun = this.begin(index);
    if (this.ends[index]! - begun !== lower.length) return false;
    for (let i = 0; i < lower.length; i++) {
      const c = this.bytes[begun + i]!;
      if ((c >= 0x41 && c <= 0x5a ? c | 0x20 : c) !== lower.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Word `index` as a count: digits only; NaN when it is none. */
  number(index: number): number {
    if (index >= this.count) return Number.NaN;
    const begun = this.begin(index);
    const end = this.ends[index]!;
    if (begun === end || end - begun > 15) return Number.NaN;
    let n = 0;
    for (let i = begun; i < end; i++) {
      const digit = this.bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) return Number.NaN;
      n = n * 10 + digit;
    }
    return n;
  }

  private begin(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }
}
