// Which layer comes first? (LINKTYPE_ values, https://www.tcpdump.org/linktypes.html)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, unsupported } from "../src/core/packet-decoder.ts";
import { UNSUPPORTED_LINK_TYPE, unknownName } from "./protocol-names.ts";

/** What the capture reader gives records that Wireshark numbers as frames and that hold no packet. */
export const NO_PACKET = -1;

const DIRECTION = 1;
const APPLE_1394_TYPE = 16;
const IP_OVER_FC_HEADER = 16;

// hot:
export function layerOfLinkType(p: Packet, linkType: number): Layer {
  switch (linkType) {
    case 1:
      return Layer.ethernet;
    case 113:
      return Layer.sll;
    case 276:
      return Layer.sll2;
    case 0:
      return Layer.null;
    case 108:
      return Layer.loop;
    case 12: // RAW: LINKTYPE and DLT values differ between systems
    case 14:
    case 101:
    case 106: // classical IP over ATM
      return Layer.ip;
    case 228:
      return Layer.ipv4;
    case 229:
      return Layer.ipv6;
    case 9:
    case 50:
    case 166: // PPP with the direction in the address byte, as pppd writes it
      return Layer.ppp;
    case 204: // PPP behind a byte of direction
      return skip(p, DIRECTION, Layer.ppp);
    case 51:
      return Layer.pppoe;
    case 258:
    case 149: // USER2, which older macOS uses for PKTAP
      return Layer.pktap;
    case 239:
      return Layer.nflog;
    case 104:
      return Layer.chdlc;
    case 205:
      return skip(p, DIRECTION, Layer.chdlc);
    case 107:
      return Layer.frameRelay;
    case 206:
      return skip(p, DIRECTION, Layer.frameRelay);
    case 242:
      return Layer.infiniband;
    case 219: // MPLS
      return Layer.mpls;
    case 11: // RFC 1483 on BSD
    case 100:
      return Layer.llc;
    case 122:
      return skip(p, IP_OVER_FC_HEADER, Layer.llc);
    case 138:
      return skip(p, APPLE_1394_TYPE, Layer.ethertype);
    case 274:
      return Layer.mpacket;
    case 7:
      return Layer.arcnet;
    case 129:
      return Layer.arcnetLinux;
    case 10:
      return Layer.fddi;
    case 6:
      return Layer.tokenRing;
    case 178: // Juniper Ethernet
      return Layer.juniper;
    case 117:
      return Layer.pflog;
    case 109:
      return Layer.enc;
    case 105:
      return Layer.wlan;
    case 127:
      return Layer.radiotap;
    case 119:
    case 163:
      return Layer.prism;
    case 192:
      return Layer.ppi;
    case NO_PACKET:
      return other(p, "no packet");
    default:
      return unsupported(p, unknownName(UNSUPPORTED_LINK_TYPE, linkType));
  }
}

/** The layer behind checks that it is there. */
function skip(p: Packet, bytes: number, layer: Layer): Layer {
  p.offset += bytes;
  return layer;
}
