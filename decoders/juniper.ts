// What does a packet captured on a Juniper Ethernet interface carry? (LINKTYPE_JUNIPER_ETHER, 178; as tcpdump reads it)
//
// Without Juniper's magic number it is a plain Ethernet frame.

import type { Packet } from "../src/core/packet.ts";
import { Layer, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16, uint32Little } from "./bytes.ts";

const MAGIC = 0x4d47;
const MAGIC_LAST = 0x43;
const FLAGS = 3;
const HEADER = 4;
const FLAG_NO_LINK_LAYER = 0x02;
const FLAG_EXTENSIONS = 0x80;
const EXTENSIONS_LENGTH = 2;
const PROTOCOL = 4;
const PROTOCOL_IPV4 = 2;
const PROTOCOL_IPV6 = 6;

export function juniper(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "juniper", "header", HEADER);
  const b = p.buf;
  if (uint16(b, p.offset) !== MAGIC || b[p.offset + 2] !== MAGIC_LAST) return Layer.ethernet;
  const flags = b[p.offset + FLAGS];
  p.offset += HEADER;
  if ((flags & FLAG_EXTENSIONS) !== 0) {
    if (!has(p, EXTENSIONS_LENGTH)) return short(p, "juniper", "extensions", EXTENSIONS_LENGTH);
    p.offset += EXTENSIONS_LENGTH + uint16(b, p.offset);
  }
  if ((flags & FLAG_NO_LINK_LAYER) === 0) return Layer.ethernet;
  if (!has(p, PROTOCOL)) return short(p, "juniper", "protocol", PROTOCOL);
  const protocol = uint32Little(b, p.offset);
  p.offset += PROTOCOL;
  if (protocol === PROTOCOL_IPV4) return Layer.ipv4;
  return protocol === PROTOCOL_IPV6 ? Layer.ipv6 : unsupported(p, "juniper protocol");
}
