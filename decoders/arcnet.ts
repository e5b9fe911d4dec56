// What does an ARCNET frame carry? (RFC 1201, RFC 1051; LINKTYPE_ARCNET_BSD, 7, and _LINUX, 129)
//
// Linux puts two bytes of offset between addresses and protocol. Frames in parts are not put together: ARCNET is slower
// than anything that needs this program.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

const ADDRESSES = 2;
const LINUX_OFFSET = 2;
/** RFC 1201: split flag and sequence number follow the protocol. */
const SPLIT_AND_SEQUENCE = 3;
/** A frame of a length that the hardware cannot send is padded: this flag, two bytes of ones, then the real header. */
const EXCEPTION_FLAG = 0xff;
const EXCEPTION = 4;

const IP_RFC1051 = 0xf0;
const ARP_RFC1051 = 0xf1;
const IP_RFC1201 = 0xd4;
const IPV6 = 0xc4;

export function arcnetLinux(p: Packet): Layer {
  return arcnetProtocol(p, ADDRESSES + LINUX_OFFSET);
}

export function arcnet(p: Packet): Layer {
  return arcnetProtocol(p, ADDRESSES);
}

function arcnetProtocol(p: Packet, protocolAt: number): Layer {
  const header = protocolAt + 1;
  if (!has(p, header)) return short(p, "arcnet", "header", header);
  const protocol = p.buf[p.offset + protocolAt];
  p.offset += header;
  switch (protocol) {
    case IP_RFC1051:
      return Layer.ipv4;
    case IP_RFC1201:
      return split(p, Layer.ipv4);
    case IPV6:
      return split(p, Layer.ipv6);
    case ARP_RFC1051:
    case 0xd5:
      return other(p, "arp");
    case 0xd6:
      return other(p, "rarp");
    default:
      return unsupported(p, "arcnet protocol");
  }
}

function split(p: Packet, layer: Layer): Layer {
  if (!has(p, SPLIT_AND_SEQUENCE)) return short(p, "arcnet", "split flag", SPLIT_AND_SEQUENCE);
  if (p.buf[p.offset] === EXCEPTION_FLAG) {
    p.offset += EXCEPTION;
    if (!has(p, SPLIT_AND_SEQUENCE)) return short(p, "arcnet", "split flag", SPLIT_AND_SEQUENCE);
  }
  if (p.buf[p.offset] !== 0) return other(p, "arcnet fragment");
  p.offset += SPLIT_AND_SEQUENCE;
  return layer;
}
