// What of a message is in hand, and what of it was said to leave already?
//
// A message is redacted when its session understood it, so its first bytes are held until then; a long one is redacted once more
// when all of it is there. What was said is not said again.

import type { Side } from "../../core/stream-decoder.ts";
import { FILL, type RedactionSink } from "../stream-redactor.ts";

/**
 * Bytes of a message that are held. The decoders look at 9 KiB of one at most; a segment, behind which a place that was lost may be
 * found again, has 64 KiB. What is behind is filled.
 */
export const HELD_BYTES = 1 << 16;
const FIRST_BUFFER = 256;
/** Kept bytes with fewer than this between them are said in one go. */
const NEAR = 16;

export class MessageInHand {
  /** Offset of its first byte in its direction; the held ones follow without a hole. */
  at = 0;
  length = 0;
  isOpen = false;
  private bytes = new Uint8Array(0);
  private headerFrom = 0;
  private said = 0;

  begin(headerFrom: number, at: number): void {
    this.headerFrom = headerFrom;
    this.at = at;
    this.length = 0;
    this.said = 0;
    this.isOpen = true;
  }

  /** bytes[from, to) follow, which are at `offset`. */
  add(bytes: Uint8Array, from: number, to: number, offset: number): void {
    if (!this.isOpen || offset !== this.at + this.length) return;
    const n = Math.min(to - from, HELD_BYTES - this.length);
    if (n <= 0) return;
    const needed = this.length + n;
    if (this.bytes.length < needed) {
      const larger = new Uint8Array(Math.min(HELD_BYTES, Math.max(FIRST_BUFFER, 2 * needed)));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(from, from + n), this.length);
    this.length = needed;
  }

  /** Its first byte; −1 when it is not here. */
  get first(): number {
    return this.length > 0 ? this.bytes[0]! : -1;
  }

  /** A copy of what is held, to be redacted in place. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** `redacted`, a copy that was redacted, leaves up to `to`; and so does the header. */
  say(sink: RedactionSink, side: Side, redacted: Uint8Array, to: number): void {
    if (this.headerFrom < this.at) {
      sink.keep(side, this.headerFrom, this.at);
      this.headerFrom = this.at;
    }
    if (to <= this.said) return;
    leave(sink, side, this.at, this.bytes, redacted, this.said, to);
    this.said = to;
  }

  /** It fits nowhere: so that this is found again, its header leaves, and `more` bytes behind. */
  sayMisfit(sink: RedactionSink, side: Side, more: number): void {
    if (this.isOpen && this.headerFrom < this.at)
      sink.keep(side, this.headerFrom, this.at + Math.min(more, this.length));
  }

  /** Nothing more of it leaves. It may hold a password. */
  drop(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.bytes.fill(0, 0, this.length);
    if (this.bytes.length > FIRST_BUFFER) this.bytes = new Uint8Array(0);
    this.length = 0;
  }
}

/** Says of redacted[from, to), whose first byte is at offset `at`, what is not filled. */
export function leave(
  sink: RedactionSink,
  side: Side,
  at: number,
  original: Uint8Array,
  redacted: Uint8Array,
  from: number,
  to: number,
): void {
  let i = from;
  while (i < to) {
    while (i < to && redacted[i] === FILL) i++;
    if (i === to) return;
    let end = i;
    let isSame = true;
    for (let k = i; k < to && k - end < NEAR; k++) {
      if (redacted[k] === FILL) continue;
      end = k + 1;
    }
    for (let k = i; k < end && isSame; k++) isSame = redacted[k] === original[k];
    if (isSame) sink.keep(side, at + i, at + end);
    else sink.replace(side, at + i, redacted.slice(i, end));
    i = end;
  }
}
