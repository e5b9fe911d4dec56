// How are integers read from a packet, and are there enough bytes left?
//
// The readers below do not check: each decoder asks `has` once for its fixed part and then reads named offsets.

import type { Packet } from "../src/core/packet.ts";

/** True when `needed` bytes at `p.offset` are both captured and inside the layer around. */
export function has(p: Packet, needed: number): boolean {
  const end = p.offset + needed;
  return end <= p.end && end <= p.wireEnd;
}

export function uint16(b: Uint8Array, o: number): number {
  return (b[o] << 8) | b[o + 1];
}

export function uint16Little(b: Uint8Array, o: number): number {
  return b[o] | (b[o + 1] << 8);
}

/** Signed, as addresses and sequence numbers are kept: it stays a small integer for the engine more often. */
export function int32(b: Uint8Array, o: number): number {
  return (b[o] << 24) | (b[o + 1] << 16) | (b[o + 2] << 8) | b[o + 3];
}

export function uint32(b: Uint8Array, o: number): number {
  return int32(b, o) >>> 0;
}

export function uint32Little(b: Uint8Array, o: number): number {
  return (b[o] | (b[o + 1] << 8) | (b[o + 2] << 16) | (b[o + 3] << 24)) >>> 0;
}
