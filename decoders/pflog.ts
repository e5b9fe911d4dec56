// Which packet did BSD's pf log? (LINKTYPE_PFLOG, 117)

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, short, unsupported } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";
import { UNSUPPORTED_ADDRESS_FAMILY, unknownName } from "./protocol-names.ts";

const LENGTH = 0;
const FAMILY = 1;
const MIN_HEADER = 48;
const ALIGNMENT = 4;
const AF_INET = 2;
const AF_INET6 = new Set([24, 28, 30]);

export function pflog(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "pflog", "header", MIN_HEADER);
  const length = Math.ceil(p.buf[p.offset + LENGTH] / ALIGNMENT) * ALIGNMENT;
  if (length < MIN_HEADER) return malformed(p, "pflog", "length", MIN_HEADER, length);
  const family = p.buf[p.offset + FAMILY];
  if (!has(p, length)) return short(p, "pflog", "length", length);
  p.offset += length;
  if (family === AF_INET) return Layer.ipv4;
  return AF_INET6.has(family) ? Layer.ipv6 : unsupported(p, unknownName(UNSUPPORTED_ADDRESS_FAMILY, family));
}
