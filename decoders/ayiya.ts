// Which packet does an AYIYA tunnel carry? (draft-massar-v6ops-ayiya-02 §3)

import type { Packet } from "../src/core/packet.ts";
import { type Layer, other, short } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";
import { layerOfProtocol } from "./ip.ts";

/** High half: the identity is two to this power of bytes long. */
const ID_LENGTH = 0;
/** High half: the signature is this many units of four bytes long. */
const SIGNATURE_LENGTH = 1;
const OPCODE = 2;
const OPCODE_MASK = 0x0f;
const OPCODE_FORWARD = 1;
const NEXT_HEADER = 3;
const MIN_HEADER = 8;

export function ayiya(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "ayiya", "header", MIN_HEADER);
  const b = p.buf;
  const o = p.offset;
  if ((b[o + OPCODE] & OPCODE_MASK) !== OPCODE_FORWARD) return other(p, "udp");
  const header = MIN_HEADER + 2 ** (b[o + ID_LENGTH] >> 4) + (b[o + SIGNATURE_LENGTH] >> 4) * 4;
  if (!has(p, header)) return short(p, "ayiya", "identity and signature", header);
  const next = b[o + NEXT_HEADER];
  p.offset = o + header;
  return layerOfProtocol(p, next);
}
