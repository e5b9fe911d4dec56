// Which checksums follow when bytes of a packet are replaced? (RFC 1624 §3: incremental update)
//
// A checksum is moved by the difference between the old bytes and the new, never computed anew: a right one stays right, a wrong
// one (left to the network card by the sending host) stays wrong, and a packet that the snap length cut needs no more than what
// is there.

/** Offsets in a packet, of what the checksums lie in and cover. */
export interface ChecksumPlaces {
  readonly family: number;
  /** The innermost IP datagram: bytes[ipOffset, ipOffset + ipLength), as far as it is there. */
  readonly ipOffset: number;
  readonly ipLength: number;
  readonly tcpOffset: number;
  /** Where the addresses are that TCP's pseudo-header has: the last stop of a route, where there is one. */
  readonly source: number;
  readonly destination: number;
}

const TCP_CHECKSUM = 16;
const IPV4_CHECKSUM = 10;
const IPV4_TOTAL_LENGTH = 2;
const IPV4_PROTOCOL = 9;
const IPV4_MIN_HEADER = 20;
const IPV6_PAYLOAD_LENGTH = 4;
const IPV6_NEXT_HEADER = 6;
const IPV6_HEADER = 40;
const UDP = 17;
const UDP_LENGTH = 4;
const UDP_CHECKSUM = 6;
const UDP_HEADER = 8;
const GRE = 47;
/** RFC 2784 §2.1: checksum present; version 0; the checksum behind flags and protocol. */
const GRE_CHECKSUM_PRESENT = 0x80;
const GRE_VERSION = 0x07;
const GRE_CHECKSUM = 4;
const GRE_HEADER = 8;

/** Moves the checksums of `after` by what differs from `before`, from the innermost header outwards. Both are of one length. */
export function followChecksums(before: Uint8Array, after: Uint8Array, places: ChecksumPlaces): void {
  const { family, ipOffset, tcpOffset, source, destination } = places;
  const end = Math.min(ipOffset + places.ipLength, after.length);
  const size = family === 4 ? 4 : 16;
  const addresses =
    difference(before, after, source, source + size) + difference(before, after, destination, destination + size);
  move(after, tcpOffset + TCP_CHECKSUM, end, difference(before, after, tcpOffset, end) + addresses);
  if (family === 4) {
    const header = ipOffset + headerOf(after, ipOffset);
    move(after, ipOffset + IPV4_CHECKSUM, header, difference(before, after, ipOffset, header));
  }
  for (let at = ipOffset - IPV4_MIN_HEADER; at >= 0; at--) outer(before, after, at, ipOffset);
}

/** For a datagram put together of fragments, whose header was made for it: the checksum of its IPv4 header, anew. */
export function setIpv4Checksum(bytes: Uint8Array, at: number): void {
  const end = Math.min(at + headerOf(bytes, at), bytes.length);
  if (end < at + IPV4_MIN_HEADER) return;
  bytes[at + IPV4_CHECKSUM] = 0;
  bytes[at + IPV4_CHECKSUM + 1] = 0;
  write16(bytes, at + IPV4_CHECKSUM, ~(modulo(sum(bytes, at, end)) || 0xffff) & 0xffff);
}

const headerOf = (bytes: Uint8Array, at: number): number => (bytes[at]! & 0x0f) << 2;

/**
 * Is there an IP header at `at` that carries, by UDP or GRE, what lies at `inner`? Then the checksum over it follows. The layers
 * between are many and need not be known: version, protocol, and two lengths that agree are proof enough.
 */
function outer(before: Uint8Array, after: Uint8Array, at: number, inner: number): void {
  const version = after[at]! >> 4;
  let protocol: number;
  let carried: number;
  let end: number;
  if (version === 4) {
    const header = headerOf(after, at);
    if (header < IPV4_MIN_HEADER) return;
    protocol = after[at + IPV4_PROTOCOL]!;
    carried = at + header;
    end = at + read16(after, at + IPV4_TOTAL_LENGTH);
  } else if (version === 6 && at + IPV6_HEADER <= inner) {
    protocol = after[at + IPV6_NEXT_HEADER]!;
    carried = at + IPV6_HEADER;
    end = carried + read16(after, at + IPV6_PAYLOAD_LENGTH);
  } else return;
  if (end <= inner) return;
  const there = Math.min(end, after.length);
  if (protocol === UDP && carried + UDP_HEADER <= inner && carried + read16(after, carried + UDP_LENGTH) === end) {
    // 0 says that none was computed (RFC 768; RFC 6935 for tunnels over IPv6).
    const field = carried + UDP_CHECKSUM;
    if (read16(after, field) === 0) return;
    move(after, field, there, difference(before, after, carried, there));
    if (read16(after, field) === 0) write16(after, field, 0xffff);
  } else if (protocol === GRE && carried + GRE_HEADER <= inner) {
    const flags = after[carried]!;
    if ((flags & GRE_CHECKSUM_PRESENT) === 0 || (after[carried + 1]! & GRE_VERSION) !== 0) return;
    move(after, carried + GRE_CHECKSUM, there, difference(before, after, carried, there));
  }
}

/** What the 16-bit words of [from, to) have grown by, all in all. Exact: a packet has 2¹⁸ bytes at most. */
function difference(before: Uint8Array, after: Uint8Array, from: number, to: number): number {
  let grown = 0;
  const end = Math.min(to, after.length);
  for (let i = from; i < end; i++) {
    const byte = after[i]! - before[i]!;
    if (byte !== 0) grown += ((i - from) & 1) === 0 ? byte * 256 : byte;
  }
  return grown;
}

/** RFC 1624 equation 3, HC' = ~(~HC + ~m + m'), for the words that changed together. */
function move(bytes: Uint8Array, field: number, end: number, grown: number): void {
  if (field + 2 > Math.min(end, bytes.length) || modulo(grown) === 0) return;
  const total = modulo((~read16(bytes, field) & 0xffff) + grown);
  // A sum of words that are not all zero is never +0 in one's complement.
  write16(bytes, field, ~(total || 0xffff) & 0xffff);
}

/** One's complement addition is arithmetic modulo 2¹⁶ − 1. */
const modulo = (n: number): number => ((n % 0xffff) + 0xffff) % 0xffff;

function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += ((i - from) & 1) === 0 ? bytes[i]! << 8 : bytes[i]!;
  return total;
}

const read16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}
