// What does an Ethernet frame carry? (IEEE 802.3 §3.2)

import type { Packet } from "../src/core/packet.ts";
import { Layer, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const TYPE = 12;
const HEADER = 14;
const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;

// hot: the first layer of nearly every packet; IP is recognised here, everything else by its EtherType.
export function ethernet(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "ethernet", "header", HEADER);
  const type = uint16(p.buf, p.offset + TYPE);
  if (type === TYPE_IPV4) {
    p.offset += HEADER;
    return Layer.ipv4;
  }
  if (type === TYPE_IPV6) {
    p.offset += HEADER;
    return Layer.ipv6;
  }
  p.offset += TYPE;
  return Layer.ethertype;
}
