// Which version is this IP header, and what do its protocol numbers announce?
// (IANA "Assigned Internet Protocol Numbers")

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";
import { IP_PROTOCOL_NAMES, UNSUPPORTED_IP_PROTOCOL, unknownName } from "./protocol-names.ts";

export const PROTOCOL_TCP = 6;

// hot: raw IP captures.
/** An IP header of the version that its first nibble says. */
export function ip(p: Packet): Layer {
  if (!has(p, 1)) return short(p, "ip", "version", 1);
  const version = p.buf[p.offset] >> 4;
  if (version === 4) return Layer.ipv4;
  if (version === 6) return Layer.ipv6;
  return malformed(p, "ip", "version", 4, version);
}

// hot:
/** The layer that an IP protocol number (IPv6: next header) announces. */
export function layerOfProtocol(p: Packet, protocol: number): Layer {
  switch (protocol) {
    case PROTOCOL_TCP:
      return Layer.tcp;
    case 17:
      return Layer.udp;
    case 4:
      return Layer.ipv4;
    case 41:
      return Layer.ipv6;
    case 47:
      return Layer.gre;
    case 51:
      return Layer.ah;
    case 97:
      return Layer.etherip;
    case 137:
      return Layer.mpls;
    default: {
      const name = IP_PROTOCOL_NAMES.get(protocol);
      return name === undefined ? unsupported(p, unknownName(UNSUPPORTED_IP_PROTOCOL, protocol)) : other(p, name);
    }
  }
}

/** Whether TCP can be inside: fragments of anything else need no reassembly. */
export function mayCarryTcp(protocol: number): boolean {
  return !IP_PROTOCOL_NAMES.has(protocol) || protocol === 17 || protocol === 137;
}
