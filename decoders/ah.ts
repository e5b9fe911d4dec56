// What does an IPsec authentication header protect? (RFC 4302 §2)
//
// It signs and does not encrypt, so what follows it can be read.

import type { Packet } from "../src/core/packet.ts";
import { type Layer, malformed, short } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";
import { layerOfProtocol } from "./ip.ts";

const NEXT_HEADER = 0;
const LENGTH = 1;
const MIN_HEADER = 12;
/** The length counts units of four bytes, less two. */
const LENGTH_UNIT = 4;
const LENGTH_BIAS = 2;

export function ah(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "ah", "header", MIN_HEADER);
  const next = p.buf[p.offset + NEXT_HEADER];
  const length = (p.buf[p.offset + LENGTH] + LENGTH_BIAS) * LENGTH_UNIT;
  if (length < MIN_HEADER) return malformed(p, "ah", "length", MIN_HEADER, length);
  if (!has(p, length)) return short(p, "ah", "length", length);
  p.offset += length;
  return layerOfProtocol(p, next);
}
