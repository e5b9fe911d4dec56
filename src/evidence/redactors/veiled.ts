// What stands in the place of a text that may not leave? Bytes of the same number, and which of them are not the original's.

import type { Redacted } from "../stream-redactor.ts";
import { FILL } from "../stream-redactor.ts";

/** A text of a message on its way out, one byte a character. */
export class Veiled {
  readonly bytes: Uint8Array;
  /** 1 where another byte stands than was sent: these may be changed further, as long as they say nothing. */
  readonly changed: Uint8Array;

  constructor(text: Uint8Array) {
    this.bytes = text.slice();
    this.changed = new Uint8Array(text.length);
  }

  get text(): string {
    return latin1(this.bytes);
  }

  fill(from: number, to: number): void {
    this.bytes.fill(FILL, from, to);
    this.changed.fill(1, from, to);
  }

  /** `text` in the place of as many bytes. */
  put(from: number, text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.bytes[from + i] = text.charCodeAt(i);
      this.changed[from + i] = 1;
    }
  }

  copy(): Veiled {
    const other = new Veiled(this.bytes);
    other.changed.set(this.changed);
    return other;
  }
}

export type Count = (what: Redacted, n?: number) => void;

/** Pieces of this many bytes are turned into characters at once: an argument list has an end. */
const PIECE = 8_192;

/** One character a byte, so that places in the text are places in the bytes. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = "";
  for (let i = from; i < to; i += PIECE) text += String.fromCharCode(...bytes.subarray(i, Math.min(to, i + PIECE)));
  return text;
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
