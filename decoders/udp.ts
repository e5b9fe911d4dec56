// Is a UDP datagram a tunnel that may carry TCP? (RFC 768; ports: IANA service names registry)
//
// Recognised by port, as the tunnels have no mark of their own; anything else is counted as UDP.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const HEADER = 8;

// hot: everything that is not TCP ends here, mostly.
export function udp(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "udp", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  let layer = layerOfPort(uint16(b, o + DESTINATION_PORT));
  if (layer === Layer.done) layer = layerOfPort(uint16(b, o + SOURCE_PORT));
  if (layer === Layer.done) return other(p, "udp");
  const end = o + uint16(b, o + LENGTH);
  p.offset = o + HEADER;
  if (end >= p.offset && end < p.wireEnd) p.wireEnd = end;
  return layer;
}

// hot:
function layerOfPort(port: number): Layer {
  switch (port) {
    case 4789: // VXLAN
    case 4790: // VXLAN-GPE
    case 8472: // VXLAN on Linux before the port was assigned, and OTV with the same header
      return Layer.vxlan;
    case 6081:
      return Layer.geneve;
    case 2152:
      return Layer.gtp;
    case 3544:
      return Layer.teredo;
    case 1701:
      return Layer.l2tp;
    case 6635: // MPLS in UDP (RFC 7510)
      return Layer.mpls;
    case 5072: // AYIYA, an IPv6 tunnel broker's
      return Layer.ayiya;
    case 4754: // GRE in UDP (RFC 8086)
      return Layer.gre;
    default:
      return Layer.done;
  }
}
