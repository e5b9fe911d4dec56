// Is a TCP segment's checksum right? (RFC 9293 §3.1; pseudo-header of IPv6: RFC 8200 §8.1)
//
// Only on demand: the sending host's own capture has wrong ones by design, as its network card fills them in.

import type { Packet } from "../src/core/packet.ts";

const IPV4_SOURCE = 12;
const IPV6_ADDRESS = 16;
const PROTOCOL_TCP = 6;
const TCP_MIN_HEADER = 20;

/**
 * Null when it cannot be told, because the segment is not captured whole or its length is in doubt. Call it on a packet
 * decoded as TCP.
 */
export function tcpChecksumOk(p: Packet): boolean | null {
  const end = p.ipOffset + p.ipLength;
  const length = end - p.tcpOffset;
  if (end > p.end || length < TCP_MIN_HEADER || p.fault !== null) return null;
  let sum = PROTOCOL_TCP + (length & 0xffff) + (length >>> 16);
  if (p.family === 4) {
    // The slot has the last stop of a source route, which is what the checksum covers.
    sum += sumOf(p.buf, p.ipOffset + IPV4_SOURCE, p.ipOffset + IPV4_SOURCE + 4);
    sum += (p.dst >>> 16) + (p.dst & 0xffff);
  } else {
    sum +=
      sumOf(p.buf, p.srcOffset, p.srcOffset + IPV6_ADDRESS) + sumOf(p.buf, p.dstOffset, p.dstOffset + IPV6_ADDRESS);
  }
  sum += sumOf(p.buf, p.tcpOffset, end);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum === 0xffff;
}

/** The 16-bit words of b[from, to); an odd last byte is the high half of a word. Exact, as segments are far below 2^37 bytes. */
function sumOf(b: Uint8Array, from: number, to: number): number {
  let sum = 0;
  let o = from;
  for (; o + 1 < to; o += 2) sum += (b[o] << 8) | b[o + 1];
  return o < to ? sum + (b[o] << 8) : sum;
}
