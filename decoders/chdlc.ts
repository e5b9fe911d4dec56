// What does a Cisco HDLC frame carry? (RFC 1547 §4.3; LINKTYPE_C_HDLC, 104)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const PROTOCOL = 2;
const HEADER = 4;
const SLARP = 0x8035;

export function chdlc(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "chdlc", "header", HEADER);
  p.offset += PROTOCOL;
  return uint16(p.buf, p.offset) === SLARP ? other(p, "slarp") : Layer.ethertype;
}
