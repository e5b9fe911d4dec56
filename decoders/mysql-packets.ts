// Where does each MySQL packet begin and end, and what is in its first bytes? (MySQL Internals, "MySQL Packets")
//
// A packet is 3 bytes of length, 1 of sequence, and the payload; one of 2^24−1 bytes is continued by the next. Payload beyond
// the first {@link HEAD} bytes is counted, never kept.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { MAX_TEXT } from "../src/core/stream-decoder.ts";

const HEADER = 4;
const CONTINUED = 0xffffff;
/** A command byte, a statement's head, and what a login needs. */
const HEAD = MAX_TEXT + 64;

/** Receives whole packets, and long ones as soon as their head is there. */
export interface PacketSink {
  /** The head of a payload: all of it, or its first bytes. `length` counts this packet only. */
  head(packet: PacketReader): void;
  /** The payload's last byte was read. Returns false when the rest of the segment is not MySQL. */
  done(packet: PacketReader): boolean;
}

export class PacketReader {
  readonly bytes = new Uint8Array(HEAD);
  /** Bytes of the payload that are in `bytes`. */
  known = 0;
  /** Length of the payload so far: of all its packets. */
  length = 0;
  sequence = 0;
  /** Where the payload began, and its last segment. */
  frame: FrameRef = 0;
  time: Nanos = 0;
  lastTime: Nanos = 0;
  /** The place in the stream is lost: nothing is read until {@link restart}. */
  isLost = false;
  private header = new Uint8Array(HEADER);
  private headerKnown = 0;
  private remaining = 0;
  private isContinued = false;
  private isTold = false;
  private sink: PacketSink;

  constructor(sink: PacketSink) {
    this.sink = sink;
  }

  /** Is it between two packets? */
  get isAtStart(): boolean {
    return this.headerKnown === 0 && !this.isContinued;
  }

  lose(): void {
    this.isLost = true;
  }

  /** What comes next is the start of a packet. */
  restart(): void {
    this.isLost = false;
    this.headerKnown = 0;
    this.remaining = 0;
    this.isContinued = false;
  }

  /** hot: reads packets; returns where it stopped, which is before `end` when the sink said so. */
  read(bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): number {
    let i = start;
    while (i < end && !this.isLost) {
      if (this.headerKnown < HEADER) {
        if (this.headerKnown === 0 && !this.isContinued) {
          this.frame = frame;
          this.time = time;
          this.known = 0;
          this.length = 0;
          this.isTold = false;
        }
        this.header[this.headerKnown++] = bytes[i++]!;
        if (this.headerKnown < HEADER) continue;
        this.remaining = this.header[0]! | (this.header[1]! << 8) | (this.header[2]! << 16);
        this.sequence = this.header[3]!;
        this.length += this.remaining;
        if (this.remaining > 0) continue;
      }
      const n = Math.min(this.remaining, end - i);
      const kept = Math.min(n, HEAD - this.known);
      if (kept > 0) {
        this.bytes.set(bytes.subarray(i, i + kept), this.known);
        this.known += kept;
      }
      i += n;
      this.remaining -= n;
      this.lastTime = time;
      if (!this.isTold && (this.known === HEAD || this.remaining === 0)) {
        this.isTold = true;
        this.sink.head(this);
      }
      if (this.remaining > 0) continue;
      this.headerKnown = 0;
      this.isContinued = (this.header[0]! & this.header[1]! & this.header[2]!) === 0xff;
      if (!this.isContinued && !this.sink.done(this)) return i;
    }
    return i;
  }

  u16(at: number): number {
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  u32(at: number): number {
    return (this.u16(at) | (this.u16(at + 2) << 16)) >>> 0;
  }

  /** Bytes of the length-encoded integer at `at`; 0 when it is none. */
  lenencSize(at: number): number {
    const first = this.bytes[at]!;
    if (at >= this.known || first === 0xfb || first === 0xff) return 0;
    return first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9;
  }

  /** The length-encoded integer at `at`, up to 2^48. */
  lenenc(at: number): number {
    switch (this.lenencSize(at)) {
      case 1:
        return this.bytes[at]!;
      case 3:
        return this.u16(at + 1);
      case 4:
        return this.u16(at + 1) | (this.bytes[at + 3]! << 16);
      case 9:
        return this.u32(at + 1) + this.u16(at + 5) * 2 ** 32;
      default:
        return 0;
    }
  }

  /** Text from `from` to `to`, or to the end of what is known. */
  text(from: number, to = this.known): string {
    return DECODER.decode(this.bytes.subarray(from, Math.min(to, this.known, from + MAX_TEXT)));
  }

  /** Where the NUL after `from` is; `known` when there is none. */
  nul(from: number): number {
    const at = this.bytes.subarray(0, this.known).indexOf(0, from);
    return at < 0 ? this.known : at;
  }
}

const DECODER = new TextDecoder();

export { CONTINUED };
