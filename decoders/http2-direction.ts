// What is held of one direction of an HTTP/2 connection? (RFC 9113 §4)
//
// The frame in hand, the header block or control payload that is not complete yet, and the HPACK decoder.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import type { HpackDecoder } from "./hpack.ts";
import { Flag, FrameType, HEADER, lengthOf, PRIORITY_LENGTH, PROMISE_LENGTH, streamOf } from "./http2-frames.ts";
import type { Place } from "./http2-streams.ts";

/**
 * A header block that spans segments is kept up to this length; of a longer one the beginning is read, and the dynamic table is
 * unknown from there on. Servers take 8 KiB to 64 KiB (RFC 9113 §10.5.1 lets them refuse more).
 */
export const MAX_BLOCK = 64 * 1024;
const FIRST_BUFFER = 512;

/** Where a direction stands; `http2.ts` has the picture. */
export const Mode = { start: 0, header: 1, payload: 2, lost: 3 } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

export class Direction {
  mode: Mode = Mode.start;
  /** The place is known: a frame was read where one was expected. */
  sure = false;
  lostBecause: "gap" | "snap" = "gap";
  /** When the last bytes of this direction came, and in which frame of the capture. */
  lastTime: Nanos = 0;
  lastFrame: FrameRef = NO_FRAME;

  /** The frame in hand. */
  readonly header = new Uint8Array(HEADER);
  /** Bytes of the header (in `start`: of the preface) that came so far. */
  have = 0;
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  type = 0;
  flags = 0;
  stream = 0;
  /** Payload bytes still to come. */
  left = 0;
  /** Nothing of the payload was taken yet. */
  fresh = true;

  /** The header block begun: its stream (0: none), what kind it is, and where it began. */
  blockStream = 0;
  blockEnds = false;
  blockPromise = false;
  readonly block: Place = { frame: NO_FRAME, time: 0, lastTime: 0 };

  /** Payload that waits for its rest: header blocks, RST_STREAM, GOAWAY. */
  kept: Uint8Array | null = null;
  /** Bytes of it are missing or were too many: what is kept is its beginning. */
  keptCut = false;
  keptLength = 0;

  readonly hpack: HpackDecoder;

  constructor(hpack: HpackDecoder) {
    this.hpack = hpack;
  }

  /** The header of the frame in hand is complete. */
  takeHeader(): void {
    const { header } = this;
    this.left = lengthOf(header, 0);
    this.type = header[3]!;
    this.flags = header[4]!;
    this.stream = streamOf(header, 5);
    this.have = 0;
    this.fresh = true;
    this.sure = true;
    this.mode = Mode.payload;
  }

  /** Its payload is read when it is complete. */
  get isKept(): boolean {
    switch (this.type) {
      case FrameType.headers:
      case FrameType.continuation:
      case FrameType.pushPromise:
      case FrameType.rstStream:
      case FrameType.goaway:
        return true;
    }
    return false;
  }

  /** Keeps bytes of a payload; of all frames of a header block at most MAX_BLOCK. */
  keep(bytes: Uint8Array, from: number, to: number): void {
    if (this.keptCut) return;
    const n = Math.min(to - from, MAX_BLOCK - this.keptLength);
    if (n < to - from) this.keptCut = true;
    const needed = this.keptLength + n;
    if (this.kept === null || this.kept.length < needed) {
      const larger = new Uint8Array(Math.max(FIRST_BUFFER, needed, Math.min(MAX_BLOCK, (this.kept?.length ?? 0) * 2)));
      if (this.kept !== null) larger.set(this.kept.subarray(0, this.keptLength));
      this.kept = larger;
    }
    this.kept.set(bytes.subarray(from, from + n), this.keptLength);
    this.keptLength = needed;
  }

  /** The header fields begin this far into the payload that starts at `i`: behind the padding's length, priority, promised stream. */
  fieldsFrom(): number {
    let skipped = (this.flags & Flag.padded) !== 0 && this.type !== FrameType.continuation ? 1 : 0;
    if (this.type === FrameType.headers && (this.flags & Flag.priority) !== 0) skipped += PRIORITY_LENGTH;
    if (this.type === FrameType.pushPromise) skipped += PROMISE_LENGTH;
    return skipped;
  }

  /** Bytes of padding at the end of the payload, of which `first` is the first byte. More than there can be is an error: all of it. */
  padding(first: number): number {
    if ((this.flags & Flag.padded) === 0 || this.type === FrameType.continuation) return 0;
    return Math.min(first, lengthOf(this.header, 0) - 1);
  }

  dropKept(): void {
    this.keptLength = 0;
    // A large buffer is not held while nothing is in it.
    if (this.kept !== null && this.kept.length > FIRST_BUFFER) this.kept = null;
    this.blockStream = 0;
    this.keptCut = false;
  }
}
