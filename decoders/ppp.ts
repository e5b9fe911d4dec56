// What does a PPP frame carry? (RFC 1661 §2; HDLC-like framing RFC 1662 §3.1)
//
// Both compressions that a link may have negotiated show in the bytes themselves: address and control may be left out,
// and the first byte of the protocol number, for a number's low byte is odd and its high byte even.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { PPP_NAMES, UNSUPPORTED_PPP, unknownName } from "./protocol-names.ts";

const ADDRESS_CONTROL = 0xff03;
/** Cisco HDLC looks like this on lines that are said to speak PPP (RFC 1547 §4.3.1). */
const CHDLC_UNICAST = 0x0f;
const CHDLC_MULTICAST = 0x8f;
/** pppd writes the direction (0 in, 1 out) into the address byte. */
const PPPD_CONTROL = 0x03;

const IPV4 = 0x0021;
const IPV6 = 0x0057;
const MPLS_UNICAST = 0x0281;
const MPLS_MULTICAST = 0x0283;
const BRIDGED = 0x0031;

export function ppp(p: Packet): Layer {
  if (!has(p, 2)) return short(p, "ppp", "protocol", 2);
  const first = p.buf[p.offset];
  const second = p.buf[p.offset + 1];
  if (uint16(p.buf, p.offset) === ADDRESS_CONTROL || (first <= 1 && second === PPPD_CONTROL)) p.offset += 2;
  else if ((first === CHDLC_UNICAST || first === CHDLC_MULTICAST) && second === 0) return Layer.chdlc;
  if (!has(p, 1)) return short(p, "ppp", "protocol", 1);
  let protocol = p.buf[p.offset];
  if ((protocol & 1) === 0) {
    if (!has(p, 2)) return short(p, "ppp", "protocol", 2);
    protocol = uint16(p.buf, p.offset);
    p.offset += 2;
  } else {
    p.offset += 1;
  }
  return layerOfProtocol(p, protocol);
}

function layerOfProtocol(p: Packet, protocol: number): Layer {
  switch (protocol) {
    case IPV4:
      return Layer.ipv4;
    case IPV6:
      return Layer.ipv6;
    case MPLS_UNICAST:
    case MPLS_MULTICAST:
      return Layer.mpls;
    case BRIDGED:
      return bridged(p);
    default: {
      const name = PPP_NAMES.get(protocol);
      return name === undefined ? unsupported(p, unknownName(UNSUPPORTED_PPP, protocol)) : other(p, name);
    }
  }
}

/** Bridging (RFC 3518 §4.2): flags and pad length, the kind of the bridged frame, then the frame. */
function bridged(p: Packet): Layer {
  const header = 2;
  const ethernet802 = 1;
  if (!has(p, header)) return short(p, "ppp bridging", "header", header);
  if (p.buf[p.offset + 1] !== ethernet802) return other(p, "bridged");
  p.offset += header;
  return Layer.ethernet;
}
