// What is held of one direction of a memcached flow? The line in hand, or the bytes of data that are still to come.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";

export const Role = { unknown: 0, client: 1, server: 2 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** Kept of a line that spans segments: enough for any command but a request for many keys, of which the first tells. */
export const MAX_LINE = 1_024;
const FIRST_LINE = 128;

/** One direction: the line in hand, or the data that is still to come. */
export class Direction {
  role: Role = Role.unknown;
  lost = false;
  lostBecause: "gap" | "snap" = "gap";
  lastFrame: FrameRef = NO_FRAME;
  lastTime: Nanos = 0;
  /** Bytes that were shown or are known to be missing; what to add to a position in the segment in hand; the line in hand's offset. */
  seen = 0;
  base = 0;
  lineAt = 0;
  /** Where the line ended that was read last; −1 when none was. */
  brokenAt = -1;
  /** Where the line in hand began; frame NO_FRAME between lines. */
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  /** Bytes of data that are still to come, their line end included; 0 when a line comes. */
  data = 0;
  line: Uint8Array | null = null;
  lineLength = 0;
  /** The last byte of the part of the line that was seen. */
  lastByte = 0;

  keep(bytes: Uint8Array, start: number, end: number): void {
    this.lastByte = bytes[end - 1]!;
    const n = Math.min(end - start, MAX_LINE - this.lineLength);
    const needed = this.lineLength + n;
    if (this.line === null || this.line.length < needed) {
      const larger = new Uint8Array(Math.max(FIRST_LINE, needed, 2 * (this.line?.length ?? 0)));
      if (this.line !== null) larger.set(this.line.subarray(0, this.lineLength));
      this.line = larger;
    }
    for (let i = 0; i < n; i++) this.line[this.lineLength + i] = bytes[start + i]!;
    this.lineLength = needed;
  }

  clear(): void {
    this.frame = NO_FRAME;
    this.data = 0;
    this.lineLength = 0;
  }
}
