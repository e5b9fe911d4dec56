// What does an 802.2 LLC header announce, and what does SNAP behind it? (IEEE 802.2 §3, RFC 1042)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { layerOfEthertype } from "./ethertype.ts";
import { LLC_NAMES, UNSUPPORTED_ETHERTYPE, UNSUPPORTED_LLC, unknownName } from "./protocol-names.ts";

const DSAP = 0;
const CONTROL = 2;
const MIN_HEADER = 3;
/** Information and supervisory frames have a second control byte; unnumbered ones (both low bits set) do not. */
const UNNUMBERED = 0x03;

const SAP_SNAP = 0xaa;
const SAP_IP = 0x06;
const SAP_OSI = 0xfe;
/** RFC 2684 §5.1, RFC 2364: behind the OSI SAP one byte names the network layer protocol. */
const NLPID_PPP = 0xcf;
const NLPID_IPV4 = 0xcc;
const NLPID_IPV6 = 0x8e;
/** Behind the three LLC bytes: three of the organisation, two of the protocol. */
const SNAP = 5;
const OUI_ETHERNET = 0x000000;
const OUI_BRIDGED_8021H = 0x0000f8;
const OUI_CISCO = 0x00000c;
const CISCO_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0104, "port aggregation"],
  [0x010b, "stp"],
  [0x0111, "udld"],
  [0x2000, "cdp"],
  [0x2003, "vtp"],
  [0x2004, "dtp"],
]);
/** RFC 2684 §5.2: bridged Ethernet, with and without its checksum kept; two pad bytes come first. */
const OUI_BRIDGED = 0x0080c2;
const BRIDGED_ETHERNET = new Set([0x0001, 0x0007]);
const BRIDGED_PAD = 2;

const MIN_ETHERTYPE = 0x0600;

export function llc(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "llc", "header", MIN_HEADER);
  const sap = p.buf[p.offset + DSAP];
  const control = p.buf[p.offset + CONTROL];
  if (sap === SAP_SNAP) {
    p.offset += MIN_HEADER;
    return snap(p);
  }
  if (sap === SAP_IP) {
    p.offset += (control & UNNUMBERED) === UNNUMBERED ? MIN_HEADER : MIN_HEADER + 1;
    return Layer.ip;
  }
  if (sap === SAP_OSI && control === UNNUMBERED && has(p, MIN_HEADER + 1)) {
    const layer = layerOfNlpid(p.buf[p.offset + MIN_HEADER]);
    if (layer === Layer.done) return other(p, "osi");
    p.offset += MIN_HEADER + 1;
    return layer;
  }
  const name = LLC_NAMES.get(sap);
  return name === undefined ? unsupported(p, unknownName(UNSUPPORTED_LLC, sap)) : other(p, name);
}

function layerOfNlpid(nlpid: number): Layer {
  if (nlpid === NLPID_IPV4) return Layer.ipv4;
  if (nlpid === NLPID_IPV6) return Layer.ipv6;
  return nlpid === NLPID_PPP ? Layer.ppp : Layer.done;
}

function snap(p: Packet): Layer {
  if (!has(p, SNAP)) return short(p, "snap", "header", SNAP);
  const oui = (p.buf[p.offset] << 16) | uint16(p.buf, p.offset + 1);
  const type = uint16(p.buf, p.offset + 3);
  p.offset += SNAP;
  if (oui === OUI_ETHERNET || oui === OUI_BRIDGED_8021H) {
    if (type >= MIN_ETHERTYPE) return layerOfEthertype(p, type);
  } else if (oui === OUI_BRIDGED && BRIDGED_ETHERNET.has(type)) {
    p.offset += BRIDGED_PAD;
    return Layer.ethernet;
  } else if (oui === OUI_CISCO) {
    const name = CISCO_NAMES.get(type);
    if (name !== undefined) return other(p, name);
  }
  return unsupported(p, unknownName(UNSUPPORTED_ETHERTYPE, type));
}
