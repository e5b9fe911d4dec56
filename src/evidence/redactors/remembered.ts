// Where in the stream did these bytes lie? Parts of a message that is judged when all of it is here, with the places they came from.
//
// The parts need not touch each other in the stream: a header block is cut by frame headers, a handshake message by record headers.

import type { Side } from "../../core/stream-decoder.ts";
import { FILL, type RedactionSink } from "../stream-redactor.ts";

const FIRST_BUFFER = 256;

interface Run {
  /** Where it begins in the remembered bytes, and in the stream. */
  from: number;
  at: number;
}

export class Remembered {
  private buffer = new Uint8Array(FIRST_BUFFER);
  private runs: Run[] = [];
  private readonly limit: number;
  length = 0;
  /** More bytes came than are remembered: these are the first. */
  isCut = false;

  /** `limit`: bytes remembered at most. */
  constructor(limit: number) {
    this.limit = limit;
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** The next bytes, at `at` of the stream. */
  add(bytes: Uint8Array, from: number, to: number, at: number): void {
    const n = Math.min(to - from, this.limit - this.length);
    if (n < to - from) this.isCut = true;
    if (n <= 0) return;
    const needed = this.length + n;
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(this.limit, this.buffer.length * 2)));
      larger.set(this.bytes);
      this.buffer = larger;
    }
    const last = this.runs.at(-1);
    if (last === undefined || last.at + this.length - last.from !== at) this.runs.push({ from: this.length, at });
    this.buffer.set(bytes.subarray(from, from + n), this.length);
    this.length = needed;
  }

  /** Forgets what is behind the first `length` bytes. */
  truncate(length: number): void {
    this.length = length;
    while (this.runs.length > 0 && this.runs.at(-1)!.from >= length) this.runs.pop();
  }

  clear(): void {
    this.length = 0;
    this.isCut = false;
    this.runs = [];
    if (this.buffer.length > FIRST_BUFFER) this.buffer = new Uint8Array(FIRST_BUFFER);
  }

  /** `out`, which begins `skip` bytes into what is remembered, is what may leave of it. What is {@link FILL} there needs no word. */
  leave(out: Uint8Array, side: Side, sink: RedactionSink, skip = 0): void {
    for (let k = 0; k < this.runs.length; k++) {
      const { from, at } = this.runs[k]!;
      const to = Math.min(this.runs[k + 1]?.from ?? this.length, skip + out.length);
      for (let i = Math.max(from, skip); i < to; ) {
        const start = i;
        const isSame = out[i - skip] === this.buffer[i];
        const isFill = !isSame && out[i - skip] === FILL;
        while (
          i < to &&
          (out[i - skip] === this.buffer[i]) === isSame &&
          (isSame || (out[i - skip] === FILL) === isFill)
        )
          i++;
        const place = at + start - from;
        if (isSame) sink.keep(side, place, at + i - from);
        else if (!isFill) sink.replace(side, place, out.slice(start - skip, i - skip));
      }
    }
  }
}
