// What does a macOS PKTAP record carry? (LINKTYPE_PKTAP, 258; bsd/net/pktap.h)
//
// `tcpdump -i pktap` on macOS prefixes each packet with the interface and process it belongs to, in little-endian.

import type { Packet } from "../src/core/packet.ts";
import { type Layer, malformed, other, short } from "../src/core/packet-decoder.ts";
import { has, uint32Little } from "./bytes.ts";
import { layerOfLinkType } from "./link-types.ts";

const LENGTH = 0;
const RECORD_TYPE = 4;
const LINK_TYPE = 8;
const MIN_HEADER = 12;
const RECORD_PACKET = 1;

export function pktap(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "pktap", "header", MIN_HEADER);
  const b = p.buf;
  const o = p.offset;
  const length = uint32Little(b, o + LENGTH);
  if (length < MIN_HEADER) return malformed(p, "pktap", "length", MIN_HEADER, length);
  if (uint32Little(b, o + RECORD_TYPE) !== RECORD_PACKET) return other(p, "pktap");
  if (!has(p, length)) return short(p, "pktap", "length", length);
  p.offset = o + length;
  return layerOfLinkType(p, uint32Little(b, o + LINK_TYPE));
}
