// How do the decoders of packet layers fit together?
//
// A packet decoder takes the slot with `offset` at its header and `wireEnd` at the end of its layer, checks the length
// once, moves `offset` behind the header (and `wireEnd` inwards when the header carries a length), and returns the layer
// that follows. `decoders/packet.ts` loops until `done`; no decoder calls another, so tunnels nest without recursion.
// Decoders never throw: what cannot be decoded is a verdict.

import { type Packet, Verdict } from "./packet.ts";

export type PacketDecoder = (p: Packet) => Layer;

/** The layers that can follow. Small integers, because this is per packet. */
export const Layer = {
  done: 0,
  ethernet: 1,
  /** `offset` stands at an EtherType field's value: two bytes, then the payload. */
  ethertype: 2,
  sll: 3,
  sll2: 4,
  null: 5,
  loop: 6,
  ppp: 7,
  pktap: 8,
  nflog: 9,
  mpls: 10,
  /** An IP header of the version that its first nibble says. */
  ip: 11,
  ipv4: 12,
  ipv6: 13,
  tcp: 14,
  udp: 15,
  gre: 16,
  vxlan: 17,
  geneve: 18,
  pppoe: 19,
  llc: 20,
  gtp: 21,
  teredo: 22,
  chdlc: 23,
  frameRelay: 24,
  etherip: 25,
  infiniband: 26,
  /** IPsec authentication header. */
  ah: 27,
  l2tp: 28,
  erspan: 29,
  radiotap: 30,
  wlan: 31,
  ppi: 32,
  pflog: 33,
  prism: 34,
  nsh: 35,
  ayiya: 36,
  /** ARCNET as Linux and as BSD capture it. */
  arcnetLinux: 37,
  arcnet: 38,
  fddi: 39,
  tokenRing: 40,
  juniper: 41,
  enc: 42,
  mpacket: 43,
} as const;
export type Layer = (typeof Layer)[keyof typeof Layer];

/** Ends decoding: something that is not TCP, by name. */
export function other(p: Packet, name: string): Layer {
  p.verdict = Verdict.other;
  p.other = name;
  return Layer.done;
}

/** Ends decoding: a protocol that is not decoded here, by name. */
export function unsupported(p: Packet, name: string): Layer {
  p.verdict = Verdict.unsupported;
  p.other = name;
  return Layer.done;
}

/**
 * Ends decoding because `needed` bytes at `offset` are not there. When the wire had them and the file does not, the snap
 * length cut them (truncated); when the layer around ends before, the packet is malformed.
 */
export function short(p: Packet, layer: string, field: string, needed: number): Layer {
  if (p.offset + needed <= p.wireEnd) {
    p.verdict = Verdict.truncated;
    p.other = layer;
    return Layer.done;
  }
  return malformed(p, layer, field, needed, Math.max(0, p.wireEnd - p.offset));
}

export function malformed(p: Packet, layer: string, field: string, needed: number, available: number): Layer {
  p.verdict = Verdict.malformed;
  p.other = layer;
  p.fault = { layer, field, offset: p.offset - p.start, needed, available };
  return Layer.done;
}
