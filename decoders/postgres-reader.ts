// Where do the messages of one direction begin and end, and what of them is needed?
//
// A body is skipped by counting. Only its first bytes, as many as `keep` says for the type, are shown: in place when they
// are all in one segment, else from a buffer of that size. A direction holds one such buffer at most.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import { uint32 } from "./bytes.ts";
import { HEADER, LENGTH } from "./postgres-messages.ts";

/** joining: the place is not known. startup: packets without a type. reply: one byte that answers a request for encryption. */
export type Mode = "joining" | "startup" | "reply" | "typed";

/** A piece kept while a beginning is too short to be recognised. */
export interface Part {
  bytes: Uint8Array;
  frame: FrameRef;
  time: Nanos;
}

const FIRST_BUFFER = 256;

export class MessageReader {
  mode: Mode = "joining";
  /** Nothing of this direction was missed so far. */
  fresh = true;
  parts: Part[] = [];
  lastFrame: FrameRef = -1;
  lastTime: Nanos = 0;
  why: "gap" | "snap" = "gap";

  /** The message in hand. A startup packet has type 0. */
  type = 0;
  /** Its body, in bytes; what of it is still to come. */
  size = 0;
  left = 0;
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  /** Bytes of this direction that were shown or are known to be missing; and the place of the next one to be read among them. */
  seen = 0;
  offset = 0;
  /** Its first bytes were shown. */
  told = false;
  /** What is shown of its body: body[bodyStart, bodyEnd). */
  body: Uint8Array = EMPTY;
  bodyStart = 0;
  bodyEnd = 0;

  private header = new Uint8Array(HEADER);
  private have = 0;
  private wanted = 0;
  private kept: Uint8Array | null = null;
  private keptLength = 0;

  get partsLength(): number {
    return this.parts.reduce((n, p) => n + p.bytes.length, 0);
  }

  /** The kept pieces, with bytes[start, end) behind them. */
  withParts(bytes: Uint8Array, start: number, end: number): [all: Uint8Array, start: number, end: number] {
    const all = new Uint8Array(this.partsLength + end - start);
    let at = 0;
    for (const p of this.parts) {
      all.set(p.bytes, at);
      at += p.bytes.length;
    }
    all.set(bytes.subarray(start, end), at);
    return [all, 0, all.length];
  }

  get atBoundary(): boolean {
    return this.have === 0;
  }

  get inBody(): boolean {
    return this.have > 0 && this.have === this.headerSize;
  }

  private get headerSize(): number {
    return this.mode === "startup" ? LENGTH : HEADER;
  }

  /** Reads of the header. Returns the position behind; the header is whole when `inBody`. */
  // hot: per message.
  readHeader(b: Uint8Array, from: number, end: number, frame: FrameRef, time: Nanos): number {
    if (this.have === 0) {
      this.frame = frame;
      this.time = time;
    }
    const size = this.headerSize;
    let i = from;
    while (i < end && this.have < size) this.header[this.have++] = b[i++]!;
    this.offset += i - from;
    if (this.have === size) {
      this.type = size === HEADER ? this.header[0]! : 0;
      this.length = uint32(this.header, size - LENGTH);
    }
    return i;
  }

  /** As the header says: counts itself. */
  length = 0;

  /** The header is accepted: `keep` bytes of the body are to be shown. */
  begin(keep: number): void {
    this.size = this.length - LENGTH;
    this.left = this.size;
    this.wanted = Math.min(keep, this.size);
    this.told = false;
    this.keptLength = 0;
  }

  /** Takes of the body what there is. Returns the position behind. What is wanted is in `body` when `isShown`. */
  // hot: per message and segment.
  readBody(b: Uint8Array, from: number, end: number): number {
    const n = Math.min(this.left, end - from);
    if (!this.told) {
      const missing = this.wanted - this.keptLength;
      if (this.keptLength === 0 && n >= missing) this.show(b, from, from + missing);
      else {
        this.keep(b, from, from + Math.min(n, missing));
        this.show(this.kept!, 0, this.keptLength);
      }
    }
    this.left -= n;
    this.offset += n;
    return from + n;
  }

  get isShown(): boolean {
    return this.bodyEnd - this.bodyStart >= this.wanted;
  }

  private show(b: Uint8Array, start: number, end: number): void {
    this.body = b;
    this.bodyStart = start;
    this.bodyEnd = end;
  }

  private keep(b: Uint8Array, from: number, to: number): void {
    const length = this.keptLength + to - from;
    if (this.kept === null || this.kept.length < length) {
      const larger = new Uint8Array(Math.min(this.wanted, Math.max(FIRST_BUFFER, length * 2)));
      if (this.kept !== null) larger.set(this.kept.subarray(0, this.keptLength));
      this.kept = larger;
    }
    for (let i = from; i < to; i++) this.kept[this.keptLength++] = b[i]!;
  }

  /** Steps over bytes that are missing. Returns how many lie behind the message in hand. */
  skip(length: number): number {
    const within = Math.min(length, this.left);
    this.left -= within;
    this.offset += within;
    return length - within;
  }

  /** The message is over, or given up. */
  drop(): void {
    this.have = 0;
    this.left = 0;
    this.kept = null;
    this.keptLength = 0;
    this.body = EMPTY;
    this.bodyStart = this.bodyEnd = 0;
  }
}

const EMPTY = new Uint8Array(0);
