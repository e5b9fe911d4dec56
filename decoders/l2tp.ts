// Which PPP frame does an L2TP version 2 data message carry? (RFC 2661 §3.1)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const FLAGS = 2;
const CONTROL = 0x8000;
const LENGTH = 0x4000;
const SEQUENCE = 0x0800;
const OFFSET = 0x0200;
const VERSION = 0x000f;
const VERSION_2 = 2;
const TUNNEL_AND_SESSION = 4;
const SEQUENCE_NUMBERS = 4;

export function l2tp(p: Packet): Layer {
  if (!has(p, FLAGS)) return short(p, "l2tp", "flags", FLAGS);
  const flags = uint16(p.buf, p.offset);
  // Version 3 does not say what its sessions carry: that was agreed on in its control messages.
  if ((flags & VERSION) !== VERSION_2 || (flags & CONTROL) !== 0) return other(p, "l2tp");
  let header = FLAGS + TUNNEL_AND_SESSION;
  if ((flags & LENGTH) !== 0) header += 2;
  if ((flags & SEQUENCE) !== 0) header += SEQUENCE_NUMBERS;
  if ((flags & OFFSET) !== 0) {
    if (!has(p, header + 2)) return short(p, "l2tp", "offset size", header + 2);
    header += 2 + uint16(p.buf, p.offset + header);
  }
  if (!has(p, header)) return short(p, "l2tp", "header", header);
  if ((flags & LENGTH) !== 0) {
    const end = p.offset + uint16(p.buf, p.offset + FLAGS);
    if (end >= p.offset + header && end < p.wireEnd) p.wireEnd = end;
  }
  p.offset += header;
  return Layer.ppp;
}
