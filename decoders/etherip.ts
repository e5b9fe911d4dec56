// Which Ethernet frame does an EtherIP packet carry? (RFC 3378 §2)

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, short } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

const HEADER = 2;
const VERSION = 3;

export function etherip(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "etherip", "header", HEADER);
  const version = p.buf[p.offset] >> 4;
  if (version !== VERSION) return malformed(p, "etherip", "version", VERSION, version);
  p.offset += HEADER;
  return Layer.ethernet;
}
