// What does a VXLAN packet carry? (RFC 7348 §5; VXLAN-GPE, draft-ietf-nvo3-vxlan-gpe §3)

import type { Packet } from "../src/core/packet.ts";
import { Layer, short, unsupported } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

const FLAGS = 0;
const NEXT_PROTOCOL = 3;
const HEADER = 8;
/** GPE: the next-protocol byte is valid. Plain VXLAN always carries an Ethernet frame. */
const FLAG_NEXT_PROTOCOL = 0x04;

export function vxlan(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "vxlan", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  p.offset = o + HEADER;
  if ((b[o + FLAGS] & FLAG_NEXT_PROTOCOL) === 0) return Layer.ethernet;
  switch (b[o + NEXT_PROTOCOL]) {
    case 1:
      return Layer.ipv4;
    case 2:
      return Layer.ipv6;
    case 3:
      return Layer.ethernet;
    case 4:
      return Layer.nsh;
    case 5:
      return Layer.mpls;
    default:
      return unsupported(p, "vxlan next protocol");
  }
}
