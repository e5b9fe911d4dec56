// Where in the headers of a datagram do hosts show themselves, and what stands there once they must not?
//
// For `strict`. Addresses are in the IP header, in source routes and recorded routes (RFC 791 §3.1), in IPv6 routing headers (RFC 8200
// §4.4, RFC 8754) and home addresses (RFC 6275 §6.3). Of TCP options only those that say nothing of a host stay as they are; load
// balancers put the client's address into others.

import type { Pseudonyms } from "../core/pseudonyms.ts";

/** Offsets of the addresses that TCP's checksum covers. */
export interface PseudoHeader {
  readonly source: number;
  readonly destination: number;
}

const IPV4_SOURCE = 12;
const IPV4_DESTINATION = 16;
const IPV4_OPTIONS = 20;
const OPTION_END = 0;
const OPTION_NOP = 1;
const RECORD_ROUTE = 7;
const LOOSE_ROUTE = 131;
const STRICT_ROUTE = 137;
const ROUTER_ALERT = 148;
/** Type, length, pointer. */
const ROUTE_ADDRESSES = 3;

const IPV6_SOURCE = 8;
const IPV6_DESTINATION = 24;
const IPV6_NEXT_HEADER = 6;
const IPV6_HEADER = 40;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
/** Extension headers that are an 8-byte unit and as many more as their second byte says (RFC 8200 §4, RFC 6275, RFC 7401, RFC 5533). */
const EXTENSIONS = new Set([HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS, 135, 139, 140]);
const UNIT = 8;
const ADDRESS = 16;
const ROUTING_TYPE = 2;
const SEGMENTS_LEFT = 3;
const ROUTING_SEGMENTS = 4;
const LAST_ENTRY = 4;
const ROUTING_SOURCE = 0;
const ROUTING_HOME = 2;
const OPTION_PAD1 = 0;
const HOME_ADDRESS = 0xc9;

const TCP_HEADER = 20;
const TCP_DATA_OFFSET = 12;
/** End, no operation, segment size, window scale, SACK permitted, SACK, time stamps: numbers of the connection alone. */
const HARMLESS_TCP_OPTIONS = new Set([0, 1, 2, 3, 4, 5, 8]);

/** Maps the addresses of the datagram that begins at `ip`, in place, and blanks the options that may name a host. */
export function mapHeaders(b: Uint8Array, family: number, ip: number, tcp: number, names: Pseudonyms): PseudoHeader {
  const places = family === 4 ? mapIpv4(b, ip, tcp, names) : mapIpv6(b, ip, tcp, names);
  blankTcpOptions(b, tcp);
  return places;
}

function mapIpv4(b: Uint8Array, ip: number, tcp: number, names: Pseudonyms): PseudoHeader {
  mapOne(b, ip + IPV4_SOURCE, names);
  mapOne(b, ip + IPV4_DESTINATION, names);
  let destination = ip + IPV4_DESTINATION;
  const end = Math.min(ip + ((b[ip]! & 0x0f) << 2), tcp, b.length);
  for (let o = ip + IPV4_OPTIONS; o + 1 < end && b[o] !== OPTION_END; ) {
    const type = b[o]!;
    const length = type === OPTION_NOP ? 1 : b[o + 1]!;
    if (length === 0 || (type !== OPTION_NOP && length < 2) || o + length > end) break;
    const isRoute = type === LOOSE_ROUTE || type === STRICT_ROUTE;
    if (isRoute || type === RECORD_ROUTE) {
      for (let a = o + ROUTE_ADDRESSES; a + 4 <= o + length; a += 4) mapOne(b, a, names);
      // Not at the last stop yet: that is whom the connection is with.
      if (isRoute && length >= ROUTE_ADDRESSES + 4 && b[o + 2]! <= length) destination = o + length - 4;
    } else if (type !== OPTION_NOP && type !== ROUTER_ALERT) b.fill(0, o + 2, o + length);
    o += length;
  }
  return { source: ip + IPV4_SOURCE, destination };
}

function mapOne(b: Uint8Array, at: number, names: Pseudonyms): void {
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
  view.setInt32(at, names.ipv4(view.getInt32(at)));
}

function mapIpv6(b: Uint8Array, ip: number, tcp: number, names: Pseudonyms): PseudoHeader {
  names.ipv6(b, ip + IPV6_SOURCE);
  names.ipv6(b, ip + IPV6_DESTINATION);
  let destination = ip + IPV6_DESTINATION;
  let next = b[ip + IPV6_NEXT_HEADER]!;
  const end = Math.min(tcp, b.length);
  for (let o = ip + IPV6_HEADER; o + UNIT <= end; ) {
    const length = next === FRAGMENT ? UNIT : (b[o + 1]! + 1) * UNIT;
    if ((next !== FRAGMENT && !EXTENSIONS.has(next)) || o + length > end) break;
    if (next === ROUTING) {
      const type = b[o + ROUTING_TYPE]!;
      mapRoute(b, o, length, type, names);
      const isRoute = type === ROUTING_HOME || type === ROUTING_SEGMENTS;
      if (isRoute && b[o + SEGMENTS_LEFT]! > 0 && length >= UNIT + ADDRESS) destination = o + UNIT;
    } else if (next === DESTINATION_OPTIONS) mapHomeAddress(b, o, length, names);
    next = b[o]!;
    o += length;
  }
  return { source: ip + IPV6_SOURCE, destination };
}

/** Lists of whole addresses are mapped; of any other kind of route (compressed ones, RFC 6554) all behind its head is blanked. */
function mapRoute(b: Uint8Array, at: number, length: number, type: number, names: Pseudonyms): void {
  const listed = type === ROUTING_SOURCE || type === ROUTING_HOME || type === ROUTING_SEGMENTS;
  const most = Math.floor((length - UNIT) / ADDRESS);
  const addresses = !listed ? 0 : type === ROUTING_SEGMENTS ? Math.min(b[at + LAST_ENTRY]! + 1, most) : most;
  for (let i = 0; i < addresses; i++) names.ipv6(b, at + UNIT + i * ADDRESS);
  b.fill(0, at + UNIT + addresses * ADDRESS, at + length);
}

function mapHomeAddress(b: Uint8Array, at: number, length: number, names: Pseudonyms): void {
  const end = at + length;
  for (let o = at + 2; o + 1 < end; o += b[o] === OPTION_PAD1 ? 1 : 2 + b[o + 1]!) {
    if (b[o] === HOME_ADDRESS && b[o + 1] === ADDRESS && o + 2 + ADDRESS <= end) names.ipv6(b, o + 2);
  }
}

function blankTcpOptions(b: Uint8Array, tcp: number): void {
  if (tcp + TCP_HEADER > b.length) return;
  const end = Math.min(tcp + ((b[tcp + TCP_DATA_OFFSET]! >> 4) << 2), b.length);
  for (let o = tcp + TCP_HEADER; o < end; ) {
    const kind = b[o]!;
    if (kind === 0) return;
    const length = kind === 1 ? 1 : (b[o + 1] ?? 0);
    if (kind !== 1 && length < 2) return;
    if (!HARMLESS_TCP_OPTIONS.has(kind)) b.fill(0, o + 2, Math.min(o + length, end));
    o += length;
  }
}
