// What does an IP-over-InfiniBand frame carry? (RFC 4391 §6; LINKTYPE_IPOIB, 242)
//
// libpcap puts 40 bytes before RFC 4391's header: the global route header, whose last 16 bytes are the destination.

import type { Packet } from "../src/core/packet.ts";
import { type Layer, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { layerOfEthertype } from "./ethertype.ts";

const TYPE = 40;
/** The type and two reserved bytes. */
const HEADER = TYPE + 4;

export function ipoib(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "ipoib", "header", HEADER);
  const type = uint16(p.buf, p.offset + TYPE);
  p.offset += HEADER;
  return layerOfEthertype(p, type);
}
