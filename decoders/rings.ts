// What does a frame of FDDI or Token Ring carry? (ISO 9314-2, LINKTYPE_FDDI 10; IEEE 802.5, LINKTYPE_IEEE802_5 6)
//
// Both have an 802.2 header behind theirs.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

const FDDI_CONTROL = 0;
const FDDI_HEADER = 13;
/** Asynchronous frames with an 802.2 header; the low bits are a priority. */
const FDDI_LLC = 0x50;
const FDDI_LLC_MASK = 0xf0;

const RING_CONTROL = 1;
const RING_SOURCE = 8;
const RING_HEADER = 14;
const RING_LLC = 0x40;
const RING_LLC_MASK = 0xc0;
/** In the source address: routing information follows; the low five bits of its first byte are its length. */
const RING_ROUTED = 0x80;
const RING_ROUTE_LENGTH = 0x1f;

export function fddi(p: Packet): Layer {
  if (!has(p, FDDI_HEADER)) return short(p, "fddi", "header", FDDI_HEADER);
  const control = p.buf[p.offset + FDDI_CONTROL];
  if ((control & FDDI_LLC_MASK) !== FDDI_LLC) return other(p, "fddi management");
  p.offset += FDDI_HEADER;
  return Layer.llc;
}

export function tokenRing(p: Packet): Layer {
  if (!has(p, RING_HEADER)) return short(p, "token ring", "header", RING_HEADER);
  const b = p.buf;
  const o = p.offset;
  if ((b[o + RING_CONTROL] & RING_LLC_MASK) !== RING_LLC) return other(p, "token ring management");
  p.offset = o + RING_HEADER;
  if ((b[o + RING_SOURCE] & RING_ROUTED) !== 0) {
    if (!has(p, 1)) return short(p, "token ring", "routing", 1);
    p.offset += b[p.offset] & RING_ROUTE_LENGTH;
  }
  return Layer.llc;
}
