// How much of a write that stopped midway can be kept? Up to the last whole pcapng block; what is behind would make readers complain.

import { Block, EnhancedField, MIN_BLOCK } from "../../capture/pcapng-layout.ts";

export interface WholeBlocks {
  /** All of them together. */
  readonly bytes: number;
  readonly packets: number;
  /** Where the last packet's block begins; -1 without one. */
  readonly lastPacket: number;
}

/** The blocks that end within the first `limit` bytes. `bytes` are blocks of our writer, little-endian and whole. */
export function wholeBlocks(bytes: Uint8Array, limit: number): WholeBlocks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let packets = 0;
  let lastPacket = -1;
  while (at + MIN_BLOCK <= limit) {
    const length = view.getUint32(at + 4, true);
    if (length < MIN_BLOCK || at + length > limit) break;
    if (view.getUint32(at, true) === Block.enhancedPacket) {
      packets++;
      lastPacket = at;
    }
    at += length;
  }
  return { bytes: at, packets, lastPacket };
}

/** Nanoseconds since 1970 of the packet whose block begins at `at`. */
export function packetTime(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const high = BigInt(view.getUint32(at + EnhancedField.high, true));
  return (high << 32n) | BigInt(view.getUint32(at + EnhancedField.low, true));
}
