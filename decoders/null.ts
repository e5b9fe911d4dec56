// What does a BSD loopback frame carry? (LINKTYPE_NULL, 0; LINKTYPE_LOOP, 108; LINKTYPE_ENC, 109)
//
// Four bytes hold an address family: for NULL in the byte order of the machine that captured, which may not be that of
// the file's header; for LOOP in network order, though files with the other order exist. AF_INET6 differs between systems.

import type { Packet } from "../src/core/packet.ts";
import { Layer, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16, uint32, uint32Little } from "./bytes.ts";
import { layerOfEthertype } from "./ethertype.ts";
import { UNSUPPORTED_ADDRESS_FAMILY, unknownName } from "./protocol-names.ts";

const HEADER = 4;
const ENC_HEADER = 12;
/** A family is a small number: what exceeds this was written in the other byte order. */
const MAX_FAMILY = 0xffff;
/** Some systems write an EtherType there; families are far smaller. */
const MIN_ETHERTYPE = 0x0600;
/** PPP in HDLC-like framing, seen in files that say NULL. */
const PPP_ADDRESS_CONTROL = 0xff03;

const AF_INET = 2;
const AF_INET6_LINUX = 10;
const AF_INET6_WINDOWS = 23;
const AF_INET6_BSD = 24;
const AF_INET6_FREEBSD = 28;
const AF_INET6_DARWIN = 30;

// hot: loopback captures of BSD and macOS.
export function nullLoopback(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "null", "address family", HEADER);
  if (uint16(p.buf, p.offset) === PPP_ADDRESS_CONTROL) return Layer.ppp;
  const family = eitherOrder(p);
  p.offset += HEADER;
  return layerOfFamily(p, family);
}

// hot: loopback captures of OpenBSD.
export function loop(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "loop", "address family", HEADER);
  const family = eitherOrder(p);
  p.offset += HEADER;
  return layerOfFamily(p, family);
}

/** OpenBSD's encapsulating interface (IPsec): the family, an index of the association, flags. */
export function enc(p: Packet): Layer {
  if (!has(p, ENC_HEADER)) return short(p, "enc", "header", ENC_HEADER);
  const family = eitherOrder(p);
  p.offset += ENC_HEADER;
  return layerOfFamily(p, family);
}

// hot: a family is less than 256, so it is the order in which it fits 16 bits.
function eitherOrder(p: Packet): number {
  const little = uint32Little(p.buf, p.offset);
  return little <= MAX_FAMILY ? little : uint32(p.buf, p.offset);
}

function layerOfFamily(p: Packet, family: number): Layer {
  switch (family) {
    case AF_INET:
      return Layer.ipv4;
    case AF_INET6_LINUX:
    case AF_INET6_WINDOWS:
    case AF_INET6_BSD:
    case AF_INET6_FREEBSD:
    case AF_INET6_DARWIN:
      return Layer.ipv6;
    default:
      if (family >= MIN_ETHERTYPE && family <= MAX_FAMILY) return layerOfEthertype(p, family);
      return unsupported(p, unknownName(UNSUPPORTED_ADDRESS_FAMILY, family));
  }
}
