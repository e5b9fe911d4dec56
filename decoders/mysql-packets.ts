// Where does each MySQL packet begin and end, and what is in its first bytes? (MySQL Internals, "MySQL Packets")
//
// A packet is 3 bytes of length, 1 of sequence, and the payload; one of 2^24−1 bytes is continued by the next. A payload is
// skipped by counting. Only its first bytes, as many as are wanted, are shown: in place when they are all in one segment, else
// from a buffer of that size. A direction holds one such buffer at most.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import { textOf } from "./http1-text.ts";

export const HEADER = 4;
/** A packet of this length is continued by the next. */
export const MAX_PACKET = 0xffffff;
const FIRST_BUFFER = 256;

/** A piece kept while a beginning is too short to be recognised. */
interface Part {
  bytes: Uint8Array;
  frame: FrameRef;
  time: Nanos;
}

export class PacketReader {
  /** The place in the stream is not known: reading begins where a segment starts with packets that fit. */
  joining = true;
  /** Nothing of this direction was missed so far. */
  fresh = true;
  parts: Part[] = [];
  lastFrame: FrameRef = -1;
  lastTime: Nanos = Number.NEGATIVE_INFINITY;
  why: "gap" | "snap" = "gap";

  /** The message in hand: its first packet's length and sequence, where it began, and what of its packet is still to come. */
  length = 0;
  sequence = 0;
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  left = 0;
  /** Its payload so far: all its packets. */
  total = 0;
  /** Sequence of its latest packet; of the message before, while none is in hand. */
  lastSequence = 0;
  /** Bytes of this direction that were shown or are known to be missing; and the place of the next one to be read among them. */
  seen = 0;
  offset = 0;
  /** How many of its bytes were to be shown, were they there. */
  asked = 0;
  /** Its first bytes were shown. */
  told = false;
  /** What is shown: bytes[start, start + known). */
  bytes: Uint8Array = EMPTY;
  start = 0;
  known = 0;

  private header = new Uint8Array(HEADER);
  private have = 0;
  private wanted = 0;
  private isContinued = false;
  private kept: Uint8Array | null = null;
  private keptLength = 0;

  // ── pieces of a beginning ──

  get partsLength(): number {
    return this.parts.reduce((n, p) => n + p.bytes.length, 0);
  }

  /** The kept pieces, with bytes[start, end) behind them. */
  withParts(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const all = new Uint8Array(this.partsLength + end - start);
    let at = 0;
    for (const p of this.parts) {
      all.set(p.bytes, at);
      at += p.bytes.length;
    }
    all.set(bytes.subarray(start, end), at);
    return all;
  }

  // ── the message in hand ──

  /** Nothing of a message was read yet. */
  get atBoundary(): boolean {
    return this.have === 0 && !this.isContinued;
  }

  get inPayload(): boolean {
    return this.have === HEADER;
  }

  /** It goes on behind this packet. */
  get continues(): boolean {
    return this.length === MAX_PACKET && this.packetLength === MAX_PACKET;
  }

  private get packetLength(): number {
    return this.header[0]! | (this.header[1]! << 8) | (this.header[2]! << 16);
  }

  /** Reads of the header. Returns the position behind; the header is whole when `inPayload`, and fits when this is not −1. */
  // hot: per packet.
  readHeader(b: Uint8Array, from: number, end: number, frame: FrameRef, time: Nanos): number {
    if (this.have === 0 && !this.isContinued) {
      this.frame = frame;
      this.time = time;
      this.told = false;
      this.total = 0;
      this.known = 0;
      this.keptLength = 0;
    }
    let i = from;
    while (i < end && this.have < HEADER) this.header[this.have++] = b[i++]!;
    this.offset += i - from;
    if (this.have < HEADER) return i;
    const sequence = this.header[3]!;
    this.left = this.packetLength;
    this.total += this.left;
    if (!this.isContinued) {
      this.length = this.left;
      this.sequence = sequence;
    } else if (sequence !== ((this.lastSequence + 1) & 0xff)) return -1;
    return i;
  }

  /** The header is accepted: `keep` bytes of the payload are to be shown. */
  begin(keep: number): void {
    this.lastSequence = this.header[3]!;
    if (this.isContinued) return;
    this.asked = keep;
    this.wanted = Math.min(keep, this.length);
  }

  /** Takes of the payload what there is. Returns the position behind. What is wanted is shown when `isShown`. */
  // hot: per packet and segment.
  readPayload(b: Uint8Array, from: number, end: number): number {
    const n = Math.min(this.left, end - from);
    if (!this.told) {
      const missing = this.wanted - this.keptLength;
      if (this.keptLength === 0 && n >= missing) {
        this.bytes = b;
        this.start = from;
        this.known = missing;
      } else {
        this.keep(b, from, from + Math.min(n, missing));
        this.bytes = this.kept ?? EMPTY;
        this.start = 0;
        this.known = this.keptLength;
      }
    }
    this.left -= n;
    this.offset += n;
    return from + n;
  }

  get isShown(): boolean {
    return this.known >= this.wanted;
  }

  private keep(b: Uint8Array, from: number, to: number): void {
    const length = this.keptLength + to - from;
    if (this.kept === null || this.kept.length < length) {
      const larger = new Uint8Array(Math.min(this.wanted, Math.max(FIRST_BUFFER, length * 2)));
      if (this.kept !== null) larger.set(this.kept.subarray(0, this.keptLength));
      this.kept = larger;
    }
    this.kept.set(b.subarray(from, to), this.keptLength);
    this.keptLength = length;
  }

  /** Steps over bytes that are missing. Returns how many lie behind the packet in hand. */
  skip(length: number): number {
    const within = Math.min(length, this.left);
    this.left -= within;
    this.offset += within;
    return length - within;
  }

  /** The packet is over. True when the message is, too. */
  // hot: per packet.
  packetDone(): boolean {
    this.isContinued = this.continues;
    this.have = 0;
    if (this.isContinued) return false;
    // What proves an identity must not outlive its message.
    if (this.keptLength > 0) this.kept = null;
    this.bytes = EMPTY;
    return true;
  }

  /** The message is given up. */
  drop(): void {
    this.have = 0;
    this.left = 0;
    this.isContinued = false;
    this.kept = null;
    this.keptLength = 0;
    this.bytes = EMPTY;
    this.start = this.known = 0;
  }

  // ── what is shown; beyond it, zeros ──

  byte(at: number): number {
    return at < this.known ? this.bytes[this.start + at]! : 0;
  }

  u16(at: number): number {
    return this.byte(at) | (this.byte(at + 1) << 8);
  }

  u32(at: number): number {
    return (this.u16(at) | (this.u16(at + 2) << 16)) >>> 0;
  }

  /** Bytes of the length-encoded integer at `at`; 0 when it is none. */
  lenencSize(at: number): number {
    const first = this.byte(at);
    if (at >= this.known || first === 0xfb || first === 0xff) return 0;
    return first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9;
  }

  /** The length-encoded integer at `at`, up to 2^48. */
  lenenc(at: number): number {
    switch (this.lenencSize(at)) {
      case 1:
        return this.byte(at);
      case 3:
        return this.u16(at + 1);
      case 4:
        return this.u16(at + 1) | (this.byte(at + 3) << 16);
      case 9:
        return this.u32(at + 1) + this.u16(at + 5) * 2 ** 32;
      default:
        return 0;
    }
  }

  text(from: number, to: number = this.known): string {
    return from >= this.known ? "" : textOf(this.bytes, this.start + from, this.start + Math.min(to, this.known));
  }

  /** Where the NUL after `from` is; `known` when there is none. */
  nul(from: number): number {
    let i = from;
    while (i < this.known && this.bytes[this.start + i] !== 0) i++;
    return i;
  }
}

const EMPTY = new Uint8Array(0);
