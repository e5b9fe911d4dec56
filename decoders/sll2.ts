// What does a Linux cooked capture, version 2, carry, and which interface saw it? (LINKTYPE_LINUX_SLL2, 276)
//
// The header holds the interface's index, never its name: a name looked up on the reading machine would be wrong.

import type { Packet } from "../src/core/packet.ts";
import { type Layer, short } from "../src/core/packet-decoder.ts";
import { has, uint16, uint32 } from "./bytes.ts";
import { cookedProtocol, cookedTap } from "./sll.ts";

const PROTOCOL = 0;
const IF_INDEX = 4;
const HARDWARE_TYPE = 8;
const PACKET_TYPE = 10;
const HEADER = 20;

// hot: `tcpdump -i any` since libpcap 1.10.
export function sll2(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "sll2", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  p.tap = cookedTap(p.tap, b[o + PACKET_TYPE], uint32(b, o + IF_INDEX));
  p.offset = o + HEADER;
  return cookedProtocol(p, uint16(b, o + PROTOCOL), uint16(b, o + HARDWARE_TYPE));
}
