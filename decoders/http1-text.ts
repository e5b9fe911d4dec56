// How do a message's bytes become the few texts that are kept of it?
//
// UTF-8 where the bytes are valid UTF-8; otherwise one character a byte (ISO 8859-1), which loses nothing. Control
// characters stay as they are: escaping is the renderers' job. Texts are cut at MAX_TEXT characters.

import { MAX_TEXT } from "../src/core/stream-decoder.ts";

/** The longest UTF-8 form of a code point that MAX_TEXT characters can hold: longer input is cut before decoding. */
const MAX_BYTES = MAX_TEXT * 4;
/** Below this a loop over character codes beats TextDecoder. */
const SHORT = 96;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let last = Math.min(end, start + MAX_BYTES);
  let ascii = true;
  for (let i = start; i < last; i++) {
    if (bytes[i]! >= 0x80) {
      ascii = false;
      break;
    }
  }
  if (ascii) return asciiOf(bytes, start, Math.min(last, start + MAX_TEXT));
  // Do not cut inside a sequence: step back over at most three continuation bytes.
  if (last < end) for (let k = 0; k < 3 && last > start && (bytes[last]! & 0xc0) === 0x80; k++) last--;
  try {
    return cut(utf8.decode(bytes.subarray(start, last)));
  } catch {
    return asciiOf(bytes, start, Math.min(end, start + MAX_TEXT));
  }
}

/** One character a byte. */
function asciiOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const high = text.charCodeAt(MAX_TEXT - 1);
  return text.slice(0, high >= 0xd800 && high < 0xdc00 ? MAX_TEXT - 1 : MAX_TEXT);
}

/** Slots of the cache. A service has a handful of hosts and some hundred targets; collisions only cost a new string. */
const SLOTS = 1024;
/** Longer texts rarely repeat. */
const MAX_CACHED = 256;

/** Texts that repeat (hosts, targets) are kept once: a million exchanges with one target hold one string. */
export class TextCache {
  private readonly slots: string[] = new Array<string>(SLOTS).fill("");

  // hot: per request.
  get(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > MAX_CACHED) return textOf(bytes, start, end);
    let hash = length;
    const step = length > 32 ? length >> 4 : 1;
    for (let i = end - 1; i >= start; i -= step) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.slots[slot]!;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return known;
    }
    const text = textOf(bytes, start, end);
    // Only ASCII, where characters and bytes are the same: otherwise two byte strings could look alike above.
    if (isAscii(bytes, start, end)) this.slots[slot] = text;
    return text;
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! >= 0x80) return false;
  return true;
}
