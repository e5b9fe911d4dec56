// Which user packet does a GTP-U tunnel carry? (3GPP TS 29.281 §5)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const FLAGS = 0;
const MESSAGE_TYPE = 1;
const LENGTH = 2;
const HEADER = 8;
/** Sequence number, N-PDU number and next extension type come together when any of the three flags is set. */
const OPTIONAL = 4;
const OPTIONAL_FLAGS = 0x07;
const EXTENSION_FLAG = 0x04;
const VERSION_1_GTP = 0x30;
const VERSION_MASK = 0xf0;
const T_PDU = 255;
const EXTENSION_UNIT = 4;
/** Each names the next one; real packets have one or two. */
const MAX_EXTENSIONS = 16;

export function gtp(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "gtp", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  const flags = b[o + FLAGS];
  if ((flags & VERSION_MASK) !== VERSION_1_GTP) return unsupported(p, "gtp version");
  if (b[o + MESSAGE_TYPE] !== T_PDU) return other(p, "gtp");
  const end = o + HEADER + uint16(b, o + LENGTH);
  if (end < p.wireEnd) p.wireEnd = end;
  p.offset = o + HEADER;
  if ((flags & OPTIONAL_FLAGS) !== 0) {
    if (!has(p, OPTIONAL)) return short(p, "gtp", "optional fields", OPTIONAL);
    p.offset += OPTIONAL;
    if ((flags & EXTENSION_FLAG) !== 0) return extensions(p);
  }
  return userPacket(p);
}

/** The type of the next extension is the last byte before it; 0 ends the list. */
function extensions(p: Packet): Layer {
  for (let i = 0; i < MAX_EXTENSIONS && p.buf[p.offset - 1] !== 0; i++) {
    if (!has(p, EXTENSION_UNIT)) return short(p, "gtp", "extension", EXTENSION_UNIT);
    const length = p.buf[p.offset] * EXTENSION_UNIT;
    if (length === 0) return unsupported(p, "gtp extension of length 0");
    if (!has(p, length)) return short(p, "gtp", "extension", length);
    p.offset += length;
  }
  return userPacket(p);
}

/** The tunnel's control messages say what kind of packet it is; here only an IP version can. */
function userPacket(p: Packet): Layer {
  if (!has(p, 1)) return short(p, "gtp", "user packet", 1);
  const version = p.buf[p.offset] >> 4;
  return version === 4 || version === 6 ? Layer.ip : other(p, "gtp");
}
