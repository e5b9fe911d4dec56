// What does a Geneve packet carry? (RFC 8926 §3.4)

import type { Packet } from "../src/core/packet.ts";
import { type Layer, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { layerOfEthertype } from "./ethertype.ts";

const VERSION_LENGTH = 0;
const PROTOCOL = 2;
const HEADER = 8;
const OPTION_UNIT = 4;
const OPTION_LENGTH_MASK = 0x3f;

export function geneve(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "geneve", "header", HEADER);
  const first = p.buf[p.offset + VERSION_LENGTH];
  if (first >> 6 !== 0) return unsupported(p, "geneve version");
  const header = HEADER + (first & OPTION_LENGTH_MASK) * OPTION_UNIT;
  if (!has(p, header)) return short(p, "geneve", "options", header);
  const protocol = uint16(p.buf, p.offset + PROTOCOL);
  p.offset += header;
  return layerOfEthertype(p, protocol);
}
