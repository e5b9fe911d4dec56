// What does an 802.3br mPacket carry? (IEEE 802.3 §99.3; LINKTYPE_ETHERNET_MPACKET, 274)
//
// The preamble is captured too. Its last byte says whether a whole frame follows or a part of a pre-empted one.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

const DELIMITER = 7;
const PREAMBLE = 8;
const EXPRESS = 0xd5;

export function mpacket(p: Packet): Layer {
  if (!has(p, PREAMBLE)) return short(p, "mpacket", "preamble", PREAMBLE);
  if (p.buf[p.offset + DELIMITER] !== EXPRESS) return other(p, "mpacket fragment");
  p.offset += PREAMBLE;
  return Layer.ethernet;
}
