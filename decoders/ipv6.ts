// Which addresses and which protocol does an IPv6 datagram carry, behind its extension headers? (RFC 8200 §3, §4)

import { type Packet, Verdict } from "../src/core/packet.ts";
import { Layer, malformed, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16, uint32 } from "./bytes.ts";
import type { FragmentTable } from "./fragments.ts";
import { layerOfProtocol, mayCarryTcp, PROTOCOL_TCP } from "./ip.ts";

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER = 40;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

/** An extension header is 8 bytes and as many more units of 8 as its second byte says. */
const EXTENSION = 8;
const EXTENSION_LENGTH = 1;
/** RFC 8200 §4.1 needs eight at most; this is generous and keeps crafted packets cheap. */
const MAX_EXTENSIONS = 32;

const ROUTING_TYPE = 2;
const SEGMENTS_LEFT = 3;
/** A mobile node's home address (RFC 6275 §6.4), and segment routing (RFC 8754 §2). */
const ROUTING_HOME = 2;
const ROUTING_SEGMENTS = 4;

const FRAGMENT_OFFSET_AND_MORE = 2;
const FRAGMENT_IDENTIFICATION = 4;
const OFFSET_BITS = 0xfff8;
const MORE_BIT = 0x0001;

/** Jumbo Payload (RFC 2675 §2): option type, length 4, then the datagram's length. */
const OPTION_PAD1 = 0;
const OPTION_JUMBO = 0xc2;
const MIN_JUMBO = 65536;

// hot:
export function ipv6(p: Packet, fragments: FragmentTable): Layer {
  if (!has(p, HEADER)) return short(p, "ipv6", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  if (b[o] >> 4 !== 6) return malformed(p, "ipv6", "version", 6, b[o] >> 4);
  const payload = uint16(b, o + PAYLOAD_LENGTH);
  // 0: a jumbogram, or the sending host left the length to its network card (TSO); the frame's own length has to do.
  if (payload !== 0) {
    const end = o + HEADER + payload;
    if (end < p.wireEnd) p.wireEnd = end;
    else if (end > p.wireEnd) lengthBeyondFrame(p, payload);
  }
  p.family = 6;
  p.src = 0;
  p.dst = 0;
  p.srcOffset = o + SOURCE;
  p.dstOffset = o + DESTINATION;
  p.ipId = 0;
  p.ipOffset = o;
  p.ipLength = p.wireEnd - o;
  p.offset = o + HEADER;
  const next = b[o + NEXT_HEADER];
  return next === PROTOCOL_TCP ? Layer.tcp : extensions(p, fragments, next);
}

/** The datagram claims more than the frame had on the wire: a fact to keep, and no reason to drop what is there. */
function lengthBeyondFrame(p: Packet, payload: number): void {
  const available = p.wireEnd - p.offset - HEADER;
  p.fault = { layer: "ipv6", field: "payload length", offset: p.offset - p.start, needed: payload, available };
}

function extensions(p: Packet, fragments: FragmentTable, first: number): Layer {
  let next = first;
  for (let i = 0; i < MAX_EXTENSIONS; i++) {
    switch (next) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION_OPTIONS:
      case MOBILITY:
      case HIP:
      case SHIM6: {
        if (!has(p, EXTENSION)) return short(p, "ipv6 extension", "header", EXTENSION);
        const length = (p.buf[p.offset + EXTENSION_LENGTH] + 1) * EXTENSION;
        if (!has(p, length)) return short(p, "ipv6 extension", "length", length);
        if (next === HOP_BY_HOP) jumbo(p, length);
        else if (next === ROUTING) lastSegment(p, length);
        next = p.buf[p.offset];
        p.offset += length;
        break;
      }
      case FRAGMENT: {
        if (!has(p, EXTENSION)) return short(p, "ipv6 fragment", "header", EXTENSION);
        const protocol = p.buf[p.offset];
        if (!joined(p, fragments, protocol)) return layerOfFragment(p, protocol);
        next = fragments.protocol;
        break;
      }
      default:
        return layerOfProtocol(p, next);
    }
  }
  return unsupported(p, "nested too deep");
}

/** A jumbogram says its length in a hop-by-hop option, for the field of the header has 16 bits. */
function jumbo(p: Packet, length: number): void {
  const b = p.buf;
  if (uint16(b, p.ipOffset + PAYLOAD_LENGTH) !== 0) return;
  const end = p.offset + length;
  for (let o = p.offset + 2; o + 1 < end; o += b[o] === OPTION_PAD1 ? 1 : 2 + b[o + 1]) {
    if (b[o] !== OPTION_JUMBO || b[o + 1] !== 4 || o + 6 > end) continue;
    const payload = uint32(b, o + 2);
    if (payload < MIN_JUMBO) return;
    const wireEnd = p.ipOffset + HEADER + payload;
    if (wireEnd < p.wireEnd) p.wireEnd = wireEnd;
    p.ipLength = p.wireEnd - p.ipOffset;
    return;
  }
}

/**
 * On its way along a route a datagram is addressed to the next stop; the connection is with the last one, whose address
 * TCP's checksum covers too (RFC 8200 §8.1). Routes of type 0 are not followed, as no node does (RFC 5095).
 */
function lastSegment(p: Packet, length: number): void {
  const type = p.buf[p.offset + ROUTING_TYPE];
  if (type !== ROUTING_HOME && type !== ROUTING_SEGMENTS) return;
  // Both list the last stop first: for a mobile node its home address is the only one.
  if (p.buf[p.offset + SEGMENTS_LEFT] > 0 && length >= EXTENSION + 16) p.dstOffset = p.offset + EXTENSION;
}

/** Steps over the fragment header; true when what follows is whole, be it at once or by completing a datagram. */
function joined(p: Packet, fragments: FragmentTable, protocol: number): boolean {
  const b = p.buf;
  const field = uint16(b, p.offset + FRAGMENT_OFFSET_AND_MORE);
  const at = field & OFFSET_BITS;
  const more = (field & MORE_BIT) !== 0;
  const id = uint32(b, p.offset + FRAGMENT_IDENTIFICATION);
  p.offset += EXTENSION;
  fragments.protocol = protocol;
  if (at === 0 && !more) return true; // an atomic fragment (RFC 6946)
  if (!mayCarryTcp(protocol)) return false;
  // Cut by the snap length or longer than its frame, a fragment cannot be joined to others: look at what is there.
  if (p.wireEnd > p.end || p.fault !== null) return at === 0;
  const destination = p.buf.slice(p.dstOffset, p.dstOffset + 16);
  if (!fragments.add(p, fragmentKey(p, id), HEADER, at, more, protocol)) return false;
  p.srcOffset = SOURCE;
  p.dstOffset = DESTINATION;
  const whole = p.buf;
  whole.set(destination, DESTINATION);
  const payload = p.ipLength - HEADER;
  whole[PAYLOAD_LENGTH] = payload >> 8;
  whole[PAYLOAD_LENGTH + 1] = payload;
  whole[NEXT_HEADER] = fragments.protocol;
  return true;
}

/** The protocol is no part of it: only the first fragment's counts (RFC 8200 §4.5). */
function fragmentKey(p: Packet, id: number): string {
  let key = `6/${id}/${p.tap}`;
  const addresses = p.ipOffset + SOURCE;
  for (let o = addresses; o < addresses + 32; o += 4) key += `/${uint32(p.buf, o)}`;
  return key;
}

function layerOfFragment(p: Packet, protocol: number): Layer {
  if (!mayCarryTcp(protocol)) return layerOfProtocol(p, protocol);
  p.verdict = Verdict.fragment;
  p.other = "ipv6 fragment";
  return Layer.done;
}
