// What does a TCP segment's header say, and how long is its payload? (RFC 9293 §3.1)
//
// The payload's length comes from the IP length, never from what the snap length left.

import { type Packet, Verdict } from "../src/core/packet.ts";
import { Layer, short } from "../src/core/packet-decoder.ts";
import { has, int32, uint16 } from "./bytes.ts";

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const MIN_HEADER = 20;
/** What a flow needs ends with the window; a snap length that cuts the checksum and urgent pointer does no harm. */
const NEEDED = 16;

// hot:
export function tcp(p: Packet): Layer {
  if (!has(p, NEEDED)) return short(p, "tcp", "header", MIN_HEADER);
  const b = p.buf;
  const o = p.offset;
  p.verdict = Verdict.tcp;
  p.tcpOffset = o;
  p.srcPort = uint16(b, o + SOURCE_PORT);
  p.dstPort = uint16(b, o + DESTINATION_PORT);
  p.seq = int32(b, o + SEQUENCE);
  p.ack = int32(b, o + ACKNOWLEDGMENT);
  p.flags = b[o + FLAGS];
  p.window = uint16(b, o + WINDOW);
  const header = (b[o + DATA_OFFSET] >> 4) << 2;
  const length = p.wireEnd - o;
  if (header < MIN_HEADER || header > length) return badDataOffset(p, header, length);
  const payload = o + header;
  const captured = Math.min(p.end, p.wireEnd) - payload;
  p.payloadOffset = payload;
  p.payloadLength = length - header;
  p.payloadCaptured = Math.max(captured, 0);
  return Layer.done;
}

/**
 * The ports and numbers stand, so the segment belongs to its connection; where its payload begins is unknown, so it has
 * none. With an offset into the fixed header the flags beside it mean nothing either. Wireshark counts it in the same
 * way. The fault says why.
 */
function badDataOffset(p: Packet, header: number, length: number): Layer {
  const needed = Math.max(header, MIN_HEADER);
  const available = header < MIN_HEADER ? header : length;
  p.fault = { layer: "tcp", field: "data offset", offset: p.offset - p.start + DATA_OFFSET, needed, available };
  if (header < MIN_HEADER) p.flags = 0;
  p.payloadOffset = p.offset + MIN_HEADER;
  p.payloadLength = 0;
  p.payloadCaptured = 0;
  return Layer.done;
}
