// Which addresses and which protocol does an IPv4 datagram carry, and where does it end? (RFC 791 §3.1)

import { type Packet, Verdict } from "../src/core/packet.ts";
import { Layer, malformed, short } from "../src/core/packet-decoder.ts";
import { has, int32, uint16 } from "./bytes.ts";
import type { FragmentTable } from "./fragments.ts";
import { layerOfProtocol, mayCarryTcp, PROTOCOL_TCP } from "./ip.ts";

const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const PROTOCOL = 9;
const SOURCE = 12;
const DESTINATION = 16;
const MIN_HEADER = 20;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_LOOSE_ROUTE = 131;
const OPTION_STRICT_ROUTE = 137;
/** Type, length and pointer, which is behind the end of the route when the last stop is reached; then addresses. */
const OPTION_LENGTH = 1;
const OPTION_POINTER = 2;
const OPTION_MIN = 2;
const OPTION_MIN_ROUTE = 7;
/** Record route, quick-start, time stamp, security (two), loose and strict route, CIPSO, stream id, router alert. */
const OPTIONS_WITH_CONTENT = new Set([7, 25, 68, 130, 133, OPTION_LOOSE_ROUTE, OPTION_STRICT_ROUTE, 134, 136, 148]);

const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;
const FRAGMENT_UNIT = 8;

// hot:
export function ipv4(p: Packet, fragments: FragmentTable): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "ipv4", "header", MIN_HEADER);
  const b = p.buf;
  const o = p.offset;
  const first = b[o];
  if (first >> 4 !== 4) return otherVersion(p, first >> 4);
  const header = (first & 0x0f) << 2;
  if (header < MIN_HEADER) return malformed(p, "ipv4", "header length", MIN_HEADER, header);
  const total = uint16(b, o + TOTAL_LENGTH);
  // 0: the sending host left the length to its network card (TSO); the frame's own length has to do.
  if (total !== 0) {
    if (total < header) return malformed(p, "ipv4", "total length", header, total);
    if (o + total < p.wireEnd) p.wireEnd = o + total;
    else if (o + total > p.wireEnd) lengthBeyondFrame(p, total);
  }
  if (header > MIN_HEADER && !has(p, header)) return short(p, "ipv4", "options", header);
  p.family = 4;
  p.src = int32(b, o + SOURCE);
  p.dst = int32(b, o + DESTINATION);
  p.ipId = uint16(b, o + IDENTIFICATION);
  p.ipOffset = o;
  p.ipLength = p.wireEnd - o;
  if (header > MIN_HEADER && !readOptions(p, o + header)) {
    return malformed(p, "ipv4", "option length", OPTION_MIN + 1, OPTION_MIN);
  }
  p.offset = o + header;
  const protocol = b[o + PROTOCOL];
  const fragment = uint16(b, o + FRAGMENT) & (MORE_FRAGMENTS | FRAGMENT_OFFSET);
  if (fragment !== 0) return ipv4Fragment(p, fragments, fragment, protocol);
  return protocol === PROTOCOL_TCP ? Layer.tcp : layerOfProtocol(p, protocol);
}

/** The datagram claims more than the frame had on the wire: a fact to keep, and no reason to drop what is there. */
function lengthBeyondFrame(p: Packet, total: number): void {
  const available = p.wireEnd - p.offset;
  p.fault = { layer: "ipv4", field: "total length", offset: p.offset - p.start, needed: total, available };
}

/** The type before says version 4; some tunnels put version 6 there, and Wireshark follows them. */
function otherVersion(p: Packet, version: number): Layer {
  return version === 6 ? Layer.ipv6 : malformed(p, "ipv4", "version", 4, version);
}

/**
 * Steps through the options; false when one of them is too short to be what it says.
 *
 * On its way through a source route a datagram is addressed to the next stop. The connection is with the last one, whose
 * address TCP's checksum covers too (RFC 791 §3.1, RFC 9293 §3.1).
 */
function readOptions(p: Packet, end: number): boolean {
  const b = p.buf;
  let o = p.offset + MIN_HEADER;
  while (o + OPTION_LENGTH < end && b[o] !== OPTION_END) {
    if (b[o] === OPTION_NOP) {
      o++;
      continue;
    }
    const length = b[o + OPTION_LENGTH];
    if (length < OPTION_MIN || o + length > end) return true;
    if (length === OPTION_MIN && OPTIONS_WITH_CONTENT.has(b[o])) return false;
    if ((b[o] === OPTION_LOOSE_ROUTE || b[o] === OPTION_STRICT_ROUTE) && length >= OPTION_MIN_ROUTE) {
      if (b[o + OPTION_POINTER] <= length) p.dst = int32(b, o + length - 4);
    }
    o += length;
  }
  return true;
}

function ipv4Fragment(p: Packet, fragments: FragmentTable, fragment: number, protocol: number): Layer {
  if (!mayCarryTcp(protocol)) return layerOfProtocol(p, protocol);
  const more = (fragment & MORE_FRAGMENTS) !== 0;
  const at = (fragment & FRAGMENT_OFFSET) * FRAGMENT_UNIT;
  // Cut by the snap length or longer than its frame, a fragment cannot be joined to others: look at what is there.
  if (p.wireEnd > p.end || p.fault !== null) return at === 0 ? layerOfProtocol(p, protocol) : held(p);
  const header = p.offset - p.ipOffset;
  if (!fragments.add(p, `4/${p.src}/${p.dst}/${p.ipId}/${protocol}/${p.tap}`, header, at, more, protocol))
    return held(p);
  const b = p.buf;
  b[TOTAL_LENGTH] = p.ipLength >> 8;
  b[TOTAL_LENGTH + 1] = p.ipLength;
  b[FRAGMENT] = 0;
  b[FRAGMENT + 1] = 0;
  return layerOfProtocol(p, protocol);
}

function held(p: Packet): Layer {
  p.verdict = Verdict.fragment;
  p.other = "ipv4 fragment";
  return Layer.done;
}
