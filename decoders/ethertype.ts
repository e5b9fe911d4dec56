// What follows an EtherType? (IEEE 802 §9.2; values: IANA "IEEE 802 Numbers")
//
// 802.1Q, 802.1ad and other tags carry an EtherType of their own: they come back here.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { ETHERTYPE_NAMES, UNSUPPORTED_ETHERTYPE, unknownName } from "./protocol-names.ts";

const SIZE = 2;
/** Up to here the field is the length of an 802.3 frame; from 1536 on it is a type (IEEE 802.3 §3.2.6). */
const MAX_LENGTH = 1500;
const MIN_TYPE = 1536;
/** Novell's raw 802.3: IPX follows the length without an LLC header; its checksum field is always 0xffff. */
const IPX_RAW = 0xffff;

// hot: also tagged frames and cooked captures pass here.
/** `offset` stands at the two bytes of the field. */
export function ethertype(p: Packet): Layer {
  if (!has(p, SIZE)) return short(p, "ethertype", "type", SIZE);
  const type = uint16(p.buf, p.offset);
  p.offset += SIZE;
  return type < MIN_TYPE ? lengthField(p, type) : layerOfEthertype(p, type);
}

function lengthField(p: Packet, length: number): Layer {
  if (length > MAX_LENGTH) return unsupported(p, unknownName(UNSUPPORTED_ETHERTYPE, length));
  const end = p.offset + length;
  if (end < p.wireEnd) p.wireEnd = end;
  if (has(p, 2) && uint16(p.buf, p.offset) === IPX_RAW) return other(p, "ipx");
  return Layer.llc;
}

// hot:
/** The layer that a type announces; `offset` stands at the payload. */
export function layerOfEthertype(p: Packet, type: number): Layer {
  switch (type) {
    case 0x0800:
      return Layer.ipv4;
    case 0x86dd:
      return Layer.ipv6;
    case 0x8100: // 802.1Q
    case 0x88a8: // 802.1ad
    case 0x9100: // QinQ before 802.1ad
    case 0x9200:
    case 0x8926: // VN-Tag
      return tag(p, type === 0x8926 ? 4 : 2);
    case 0x892f: // HSR: path and size, sequence number
      return tag(p, 4);
    case 0x893f: // 802.1BR E-TAG
    case 0x8909: // Cisco MetaData with one option
      return tag(p, 6);
    case 0x8903: // Cisco FabricPath: a tag, then a whole frame
      if (!has(p, 2)) return short(p, "fabricpath", "tag", 2);
      p.offset += 2;
      return Layer.ethernet;
    case 0x8870: // LLC in a frame too long for a length field
      return Layer.llc;
    case 0x894f:
      return Layer.nsh;
    case 0x88e7: // 802.1ah: the I-TAG, then a whole frame
      if (!has(p, 4)) return short(p, "802.1ah", "tag", 4);
      p.offset += 4;
      return Layer.ethernet;
    case 0x8847:
    case 0x8848:
      return Layer.mpls;
    case 0x8864:
      return Layer.pppoe;
    case 0x880b:
      return Layer.ppp;
    case 0x6558: // transparent Ethernet bridging
      return Layer.ethernet;
    default: {
      const name = ETHERTYPE_NAMES.get(type);
      return name === undefined ? unsupported(p, unknownName(UNSUPPORTED_ETHERTYPE, type)) : other(p, name);
    }
  }
}

/** A tag of `size` bytes, then another EtherType. */
function tag(p: Packet, size: number): Layer {
  if (!has(p, size + SIZE)) return short(p, "vlan", "tag", size + SIZE);
  p.offset += size;
  return Layer.ethertype;
}
