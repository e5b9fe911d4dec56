// What does a network service header carry? (RFC 8300 §2)

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, short, unsupported } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

const LENGTH = 1;
const NEXT_PROTOCOL = 3;
const MIN_HEADER = 8;
const LENGTH_MASK = 0x3f;
const LENGTH_UNIT = 4;

export function nsh(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "nsh", "header", MIN_HEADER);
  const length = (p.buf[p.offset + LENGTH] & LENGTH_MASK) * LENGTH_UNIT;
  const next = p.buf[p.offset + NEXT_PROTOCOL];
  if (length < MIN_HEADER) return malformed(p, "nsh", "length", MIN_HEADER, length);
  if (!has(p, length)) return short(p, "nsh", "length", length);
  p.offset += length;
  switch (next) {
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
      return unsupported(p, "nsh next protocol");
  }
}
