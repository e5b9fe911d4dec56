// Which bytes of one direction came before their turn? Segments beyond a hole, in order of sequence, until the hole is
// filled or given up. First come, first kept: where segments overlap, the bytes that came first stay (as tshark does).

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import { seqDiff } from "../core/seq.ts";

/** More than this out of order in one direction, and the hole before it is given up as a gap. */
export const MAX_HELD_BYTES = 4 << 20;
export const MAX_HELD_SEGMENTS = 4096;
/** What a held segment costs beside its bytes: counted, for a crafted capture holds millions of empty ones. */
export const HELD_COST = 128;

export interface HeldSegment {
  seq: number;
  /** Length on the wire. `bytes` may be shorter (snap length) or empty (nobody needs them). */
  length: number;
  bytes: Uint8Array;
  frame: FrameRef;
  time: Nanos;
  /** IPv4 identification of its packet; 0 when it has none. */
  ipId: number;
  /** Captured bytes of the segment behind these, that came before in others; 0 when absent. */
  behind?: number;
}

export class HeldSegments {
  readonly list: HeldSegment[] = [];
  /** Memory in use: captured bytes, and {@link HELD_COST} a segment. */
  bytes = 0;

  get first(): HeldSegment | undefined {
    return this.list[0];
  }

  isFull(): boolean {
    return this.bytes > MAX_HELD_BYTES || this.list.length > MAX_HELD_SEGMENTS;
  }

  /**
   * Keeps what is new of a segment. Returns the number of its bytes that were new; 0 says it is a retransmission of bytes
   * already held. Binary search, so that many segments beyond one hole stay cheap.
   */
  add(segment: HeldSegment): number {
    const list = this.list;
    let at = this.position(segment.seq);
    let added = 0;
    let { seq, length, bytes } = segment;
    const before = list[at - 1];
    if (before !== undefined) {
      const overlap = seqDiff(before.seq + before.length, seq);
      if (overlap >= length) return 0;
      if (overlap > 0) {
        seq = (seq + overlap) | 0;
        length -= overlap;
        bytes = bytes.subarray(overlap);
      }
    }
    while (length > 0) {
      const after = list[at];
      const room = after === undefined ? length : Math.min(length, seqDiff(after.seq, seq));
      if (room > 0) {
        const part = bytes.subarray(0, room);
        list.splice(at, 0, {
          seq,
          length: room,
          bytes: part,
          frame: segment.frame,
          time: segment.time,
          ipId: segment.ipId,
          ...(bytes.length > part.length ? { behind: bytes.length - part.length } : {}),
        });
        at++;
        added += room;
        this.bytes += part.length + HELD_COST;
      }
      if (after === undefined) break;
      const skip = room + after.length;
      seq = (seq + skip) | 0;
      length -= skip;
      bytes = bytes.subarray(Math.min(skip, bytes.length));
      at++;
    }
    return added;
  }

  shift(): HeldSegment | undefined {
    const s = this.list.shift();
    if (s !== undefined) this.bytes -= s.bytes.length + HELD_COST;
    return s;
  }

  /** Index of the first held segment that begins at or after `seq`… strictly: after every one that begins before it. */
  private position(seq: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (seqDiff(this.list[middle]!.seq, seq) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
