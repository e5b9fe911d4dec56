// What is known of the packet in hand?
//
// One slot, reused for every packet of a capture: a reader fills in the record, the packet decoders fill in what they
// find, the flow table reads it. Nothing is allocated per packet. All offsets are absolute offsets into `buf`.

import type { Nanos } from "./clock.ts";

/** What decoding a packet came to. Anything but `tcp` is counted by name and not looked at again. */
export const Verdict = {
  /** A TCP segment whose header is captured up to the window. A `fault` says which of its lengths cannot be. */
  tcp: 0,
  /** Decoded as far as we go, and it is something else (`other` names it): UDP, ARP, ICMP … */
  other: 1,
  /** A protocol or link type that is not decoded here; `other` names it. */
  unsupported: 2,
  /** The snap length cut it before the TCP header ended: normal, a caveat. */
  truncated: 3,
  /** A length or version field that cannot be; `fault` holds the facts. */
  malformed: 4,
  /** A fragment held until its datagram is complete. */
  fragment: 5,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** The five facts about a malformed packet. `offset` is relative to the start of the packet. */
export interface Fault {
  layer: string;
  field: string;
  offset: number;
  needed: number;
  available: number;
}

export class Packet {
  // ── the record, set by the capture reader ──
  buf: Uint8Array = new Uint8Array(0);
  /** The captured bytes are buf[start, end). They are valid until the next record is read. */
  start = 0;
  end = 0;
  /** The length the packet had on the wire; at least end − start in a sane file. */
  origLen = 0;
  /** Not a number until a record is read: a field that begins as a double stays one, and optimised code stays valid. */
  time: Nanos = Number.NaN;
  /** Index of the capture file, and Wireshark's frame.number in it (1-based). */
  file = 0;
  frame = 0;
  /** LINKTYPE_ number of the record. */
  linkType = 0;
  /** Which tap saw it: the interface in a pcapng section, or, in a cooked capture, interface and packet type. */
  tap = 0;

  // ── where decoding stands ──
  offset = 0;
  /** Where the current layer ends by its own length fields. Beyond `end` when the snap length cut the packet. */
  wireEnd = 0;
  /** Encapsulations entered so far (tunnels, tags); bounded. */
  depth = 0;
  verdict: Verdict = Verdict.other;
  /** Name of the protocol for `other` and `unsupported`, e.g. "udp", "arp", "ethertype 0x88cc". */
  other = "";
  fault: Fault | null = null;

  // ── the innermost IP header ──
  /** 4 or 6. */
  family = 4;
  /** IPv4: the addresses as signed 32-bit integers. IPv6: unused. */
  src = 0;
  dst = 0;
  /** IPv6: offsets of the 16-byte addresses in `buf`. */
  srcOffset = 0;
  dstOffset = 0;
  /** IPv4 identification, 0 for IPv6: tells a retransmission from a copy. */
  ipId = 0;
  /** Offset of the innermost IP header, and the wire length of that datagram. */
  ipOffset = 0;
  ipLength = 0;

  // ── TCP ──
  tcpOffset = 0;
  srcPort = 0;
  dstPort = 0;
  /** Signed 32-bit integers; see seq.ts. */
  seq = 0;
  ack = 0;
  flags = 0;
  window = 0;
  payloadOffset = 0;
  /** Payload bytes on the wire, by the IP length, and how many of them are in the file. */
  payloadLength = 0;
  payloadCaptured = 0;
}

/** Bits of `Packet.flags`, as in the TCP header (RFC 9293 §3.1). */
export const Flag = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;
