// How does a test write packets with right checksums, and check those of others? By the whole sum of RFC 1071, unlike the program,
// which moves what is there.

import { PacketDecoders } from "../../decoders/packet.ts";
import type { RecordedBytes } from "../../src/core/recording.ts";
import { be16, be32, join } from "../decoders/frames.ts";
import { packetOf } from "../decoders/slot.ts";

/** RFC 1071: 0xffff where a checksum within the bytes is right. */
export function onesSum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

const set16 = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy.set(be16(value), at);
  return copy;
};

const inverse = (sum: number): number => ~sum & 0xffff;

/** The addresses of an IP header (no routes), and its pseudo-header for what it carries. */
export function pseudoHeader(ip: Uint8Array, protocol: number, length: number): Uint8Array {
  const isV4 = ip[0]! >> 4 === 4;
  return isV4
    ? join(ip.subarray(12, 20), be16(protocol), be16(length))
    : join(ip.subarray(8, 40), be32(length), be32(protocol));
}

const headerLength = (ip: Uint8Array): number => (ip[0]! >> 4 === 4 ? (ip[0]! & 15) * 4 : 40);

/** An IP datagram that carries TCP (field at 16) or UDP (field at 6), with its checksums filled in. */
export function summed(ip: Uint8Array, protocol: 6 | 17 = 6): Uint8Array {
  const header = headerLength(ip);
  const field = header + (protocol === 6 ? 16 : 6);
  const blank = set16(ip, field, 0);
  const carried = blank.subarray(header);
  const sum = inverse(onesSum(pseudoHeader(blank, protocol, carried.length), carried));
  const whole = set16(blank, field, protocol === 17 && sum === 0 ? 0xffff : sum);
  if (whole[0]! >> 4 !== 4) return whole;
  return set16(whole, 10, inverse(onesSum(set16(whole, 10, 0).subarray(0, header))));
}

/** Is the checksum of what this datagram carries right? */
export function carriedIsRight(ip: Uint8Array, protocol: 6 | 17 = 6): boolean {
  const carried = ip.subarray(headerLength(ip));
  return onesSum(pseudoHeader(ip, protocol, carried.length), carried) === 0xffff;
}

export const headerIsRight = (ip: Uint8Array): boolean => onesSum(ip.subarray(0, headerLength(ip))) === 0xffff;

/** A frame as the second pass records it. */
export function recorded(bytes: Uint8Array, linkType = 1, origLen = bytes.length): RecordedBytes {
  const p = packetOf(bytes.slice(), { linkType, origLen });
  new PacketDecoders().decode(p);
  return {
    bytes: bytes.slice(),
    origLen,
    linkType,
    tap: 0,
    family: p.family,
    ipOffset: p.ipOffset,
    ipLength: p.ipLength,
    tcpOffset: p.tcpOffset,
    payloadOffset: p.payloadOffset,
    isCut: false,
  };
}
