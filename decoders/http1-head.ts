// What of a message's header fields matters? (RFC 9112 §6 framing, RFC 9110 §5)
//
// Only what frames the body and what identifies the request. Every other line costs one look at its first letter.
// Obsolete folding (RFC 9112 §5.2) continues the field before it.

import { type TextCache, textOf } from "./http1-text.ts";

/** The largest body that is counted exactly; a longer one lasts to the end of any capture. */
const MAX_LENGTH = Number.MAX_SAFE_INTEGER;

const Field = {
  other: 0,
  contentLength: 1,
  transferEncoding: 2,
  host: 3,
  requestId: 4,
  traceparent: 5,
  upgrade: 6,
} as const;
type Field = (typeof Field)[keyof typeof Field];

const codes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const CONTENT_LENGTH = codes("content-length:");
const TRANSFER_ENCODING = codes("transfer-encoding:");
const HOST = codes("host:");
const REQUEST_ID = codes("x-request-id:");
const TRACEPARENT = codes("traceparent:");
const UPGRADE = codes("upgrade:");
const CHUNKED = codes("chunked");
const H2C = codes("h2c");

const isBlank = (c: number): boolean => c === 0x20 || c === 0x09;

/** The fields of the head in hand: one per direction, reused. */
export class Head {
  host: string | null = null;
  requestId: string | null = null;
  traceparent: string | null = null;
  /** −1: none, or none that is a number. */
  contentLength = -1;
  chunked = false;
  /** Upgrade names h2c: HTTP/2 without TLS (RFC 7540 §3.2). */
  h2c = false;
  private last: Field = Field.other;

  clear(): void {
    this.host = null;
    this.requestId = null;
    this.traceparent = null;
    this.contentLength = -1;
    this.chunked = false;
    this.h2c = false;
    this.last = Field.other;
  }

  /** A line of the head, not empty, without its line end. */
  // hot: per header line.
  line(bytes: Uint8Array, start: number, end: number, texts: TextCache): void {
    let value = 0;
    let field: Field = Field.other;
    switch (bytes[start]! | 0x20) {
      case 0x20: // SP
      case 0x29: // HT | 0x20
        if (isBlank(bytes[start]!)) this.value(this.last, bytes, start, end, texts);
        return;
      case 0x63: // c
        if ((value = after(CONTENT_LENGTH, bytes, start, end)) > 0) field = Field.contentLength;
        break;
      case 0x74: // t
        if ((value = after(TRANSFER_ENCODING, bytes, start, end)) > 0) field = Field.transferEncoding;
        else if ((value = after(TRACEPARENT, bytes, start, end)) > 0) field = Field.traceparent;
        break;
      case 0x68: // h
        if ((value = after(HOST, bytes, start, end)) > 0) field = Field.host;
        break;
      case 0x75: // u
        if ((value = after(UPGRADE, bytes, start, end)) > 0) field = Field.upgrade;
        break;
      case 0x78: // x
        if ((value = after(REQUEST_ID, bytes, start, end)) > 0) field = Field.requestId;
        break;
    }
    this.last = field;
    if (field !== Field.other) this.value(field, bytes, value, end, texts);
  }

  private value(field: Field, bytes: Uint8Array, start: number, end: number, texts: TextCache): void {
    if (field === Field.other) return;
    let s = start;
    let e = end;
    while (s < e && isBlank(bytes[s]!)) s++;
    while (e > s && isBlank(bytes[e - 1]!)) e--;
    if (s === e && field !== Field.host) return;
    switch (field) {
      case Field.contentLength: {
        const length = number(bytes, s, e);
        if (length >= 0) this.contentLength = length;
        break;
      }
      case Field.transferEncoding:
        if (listHas(CHUNKED, bytes, s, e)) this.chunked = true;
        break;
      case Field.upgrade:
        if (listHas(H2C, bytes, s, e)) this.h2c = true;
        break;
      // The first one counts, but a folded value may follow an empty line.
      case Field.host:
        if (!this.host) this.host = texts.get(bytes, s, e);
        break;
      case Field.requestId:
        if (!this.requestId) this.requestId = textOf(bytes, s, e);
        break;
      case Field.traceparent:
        if (!this.traceparent) this.traceparent = textOf(bytes, s, e);
        break;
    }
  }
}

/** Where the value starts when the line has this name and a colon; 0 otherwise. `name` is in lower case. */
// hot: per header line that starts with one of five letters.
function after(name: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
  if (end - start < name.length) return 0;
  for (let i = 0; i < name.length; i++) {
    const c = bytes[start + i]!;
    if (c !== name[i] && (c < 0x41 || c > 0x5a || (c | 0x20) !== name[i])) return 0;
  }
  return start + name.length;
}

/** A number, or a list that repeats it (RFC 9110 §8.6); −1 when it is neither. */
function number(bytes: Uint8Array, start: number, end: number): number {
  let first = -1;
  let i = start;
  while (i < end) {
    const from = i;
    let n = 0;
    for (; i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39; i++) n = Math.min(MAX_LENGTH, n * 10 + bytes[i]! - 0x30);
    if (i === from || (first >= 0 && n !== first)) return -1;
    first = n;
    while (i < end && isBlank(bytes[i]!)) i++;
    if (i === end) return first;
    if (bytes[i++] !== 0x2c) return -1;
    while (i < end && isBlank(bytes[i]!)) i++;
  }
  return -1;
}

/** Is one member of this comma-separated list the word, parameters aside? */
function listHas(word: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  while (i < end) {
    while (i < end && (isBlank(bytes[i]!) || bytes[i] === 0x2c)) i++;
    let k = 0;
    while (k < word.length && i < end && (bytes[i]! | 0x20) === word[k]) {
      i++;
      k++;
    }
    if (k === word.length && (i === end || isBlank(bytes[i]!) || bytes[i] === 0x2c || bytes[i] === 0x3b)) return true;
    while (i < end && bytes[i] !== 0x2c) i++;
  }
  return false;
}
