// Which packet did Linux netfilter log? (LINKTYPE_NFLOG, 239; linux/netfilter/nfnetlink_log.h)
//
// A list of attributes, of which one is the packet. Lengths and types are in the byte order of the machine that
// captured, which the record does not say: the order in which the first attribute fits is taken.

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16, uint16Little } from "./bytes.ts";
import { UNSUPPORTED_ADDRESS_FAMILY, unknownName } from "./protocol-names.ts";

const FAMILY = 0;
const HEADER = 4;
const ATTRIBUTE_HEADER = 4;
const ATTRIBUTE_TYPE = 2;
const ATTRIBUTE_ALIGNMENT = 4;
const TYPE_MASK = 0x3fff;
/** The highest attribute type in use is about 20: a type this large was read in the wrong order. */
const MAX_TYPE = 0xff;
const NFULA_PAYLOAD = 9;
/** Netfilter writes about ten. */
const MAX_ATTRIBUTES = 64;

const AF_INET = 2;
const AF_BRIDGE = 7;
const AF_INET6 = 10;

export function nflog(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "nflog", "header", HEADER);
  const family = p.buf[p.offset + FAMILY];
  p.offset += HEADER;
  if (!has(p, ATTRIBUTE_HEADER)) return short(p, "nflog", "attribute", ATTRIBUTE_HEADER);
  const read = (uint16Little(p.buf, p.offset + ATTRIBUTE_TYPE) & TYPE_MASK) <= MAX_TYPE ? uint16Little : uint16;
  for (let i = 0; i < MAX_ATTRIBUTES && p.offset < p.wireEnd; i++) {
    if (!has(p, ATTRIBUTE_HEADER)) return short(p, "nflog", "attribute", ATTRIBUTE_HEADER);
    const length = read(p.buf, p.offset);
    if (length < ATTRIBUTE_HEADER) return malformed(p, "nflog", "attribute length", ATTRIBUTE_HEADER, length);
    const type = read(p.buf, p.offset + ATTRIBUTE_TYPE) & TYPE_MASK;
    if (type === NFULA_PAYLOAD) {
      if (p.offset + length < p.wireEnd) p.wireEnd = p.offset + length;
      p.offset += ATTRIBUTE_HEADER;
      return layerOfFamily(p, family);
    }
    p.offset += Math.ceil(length / ATTRIBUTE_ALIGNMENT) * ATTRIBUTE_ALIGNMENT;
  }
  return other(p, "nflog");
}

function layerOfFamily(p: Packet, family: number): Layer {
  if (family === AF_INET) return Layer.ipv4;
  if (family === AF_INET6) return Layer.ipv6;
  if (family === AF_BRIDGE) return Layer.ip;
  return unsupported(p, unknownName(UNSUPPORTED_ADDRESS_FAMILY, family));
}
