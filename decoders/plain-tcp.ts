// Is this packet like nearly all: Ethernet, IPv4 without options and in one piece, TCP? Then what is it, in one step?
//
// A short cut through ethernet.ts, ipv4.ts and tcp.ts, in whose words all fields are explained. It takes only what they find nothing
// to say about, and leaves the same in the slot; for anything else it leaves the slot alone (a property holds them against each other).

import { type Packet, Verdict } from "../src/core/packet.ts";
import { int32, uint16 } from "./bytes.ts";

const ETHERNET = 14;
const IPV4 = 20;
const TCP = 20;
const HEADERS = ETHERNET + IPV4 + TCP;

const TYPE_IPV4 = 0x0800;
/** Version 4, and a header of five words: no options. */
const VERSION_AND_LENGTH = 0x45;
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
const PROTOCOL_TCP = 6;
/** Layers that the decoders step through. */
const DEPTH = 3;

/** hot: decodes a record of Ethernet whose `wireEnd` is set. False: it is for the decoders. */
export function plainTcp(p: Packet): boolean {
  const b = p.buf;
  const { start, end } = p;
  if (end - start < HEADERS) return false;
  const ip = start + ETHERNET;
  const tcp = ip + IPV4;
  if (
    uint16(b, ip - 2) !== TYPE_IPV4 ||
    b[ip] !== VERSION_AND_LENGTH ||
    (uint16(b, ip + 6) & MORE_FRAGMENTS_OR_OFFSET) !== 0 ||
    b[ip + 9] !== PROTOCOL_TCP
  ) {
    return false;
  }
  const total = uint16(b, ip + 2);
  const wireEnd = ip + total;
  const header = (b[tcp + 12] >> 4) << 2;
  if (header < TCP || total < IPV4 + header || wireEnd > p.wireEnd) return false;
  p.offset = tcp;
  p.wireEnd = wireEnd;
  p.depth = DEPTH;
  p.verdict = Verdict.tcp;
  p.family = 4;
  p.src = int32(b, ip + 12);
  p.dst = int32(b, ip + 16);
  p.ipId = uint16(b, ip + 4);
  p.ipOffset = ip;
  p.ipLength = total;
  p.tcpOffset = tcp;
  p.srcPort = uint16(b, tcp);
  p.dstPort = uint16(b, tcp + 2);
  p.seq = int32(b, tcp + 4);
  p.ack = int32(b, tcp + 8);
  p.flags = b[tcp + 13];
  p.window = uint16(b, tcp + 14);
  const payload = tcp + header;
  p.payloadOffset = payload;
  p.payloadLength = wireEnd - payload;
  p.payloadCaptured = Math.max(0, Math.min(end, wireEnd) - payload);
  return true;
}
