// What does a PPP-over-Ethernet session carry? (RFC 2516 §4)

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, other, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const VERSION_TYPE = 0;
const CODE = 1;
const LENGTH = 4;
const HEADER = 6;
const VERSION_1_TYPE_1 = 0x11;
const CODE_SESSION = 0;

// hot: DSL lines.
export function pppoe(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "pppoe", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  if (b[o + VERSION_TYPE] !== VERSION_1_TYPE_1) {
    return malformed(p, "pppoe", "version", VERSION_1_TYPE_1, b[o + VERSION_TYPE]);
  }
  if (b[o + CODE] !== CODE_SESSION) return other(p, "pppoe discovery");
  p.offset = o + HEADER;
  const end = p.offset + uint16(b, o + LENGTH);
  if (end < p.wireEnd) p.wireEnd = end;
  return Layer.ppp;
}
