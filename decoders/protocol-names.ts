// What are the protocols called that are counted but not decoded?
//
// Names of known ones are constants; for an unknown number a name is built once and kept in a bounded table.

/** Distinct unknown numbers that get a name of their own; beyond, they share one name per kind. */
const MAX_UNKNOWN = 1024;

export const UNSUPPORTED_ETHERTYPE = "ethertype";
export const UNSUPPORTED_IP_PROTOCOL = "ip protocol";
export const UNSUPPORTED_LINK_TYPE = "link type";
export const UNSUPPORTED_PPP = "ppp protocol";
export const UNSUPPORTED_LLC = "llc sap";
export const UNSUPPORTED_ADDRESS_FAMILY = "address family";

const HEXADECIMAL = new Set([UNSUPPORTED_ETHERTYPE, UNSUPPORTED_PPP, UNSUPPORTED_LLC]);

const names = new Map<string, Map<number, string>>();
let unknown = 0;

/** "ethertype 0x88cc", "link type 147". */
export function unknownName(kind: string, value: number): string {
  let ofKind = names.get(kind);
  if (ofKind === undefined) names.set(kind, (ofKind = new Map()));
  let name = ofKind.get(value);
  if (name === undefined) {
    if (unknown >= MAX_UNKNOWN) return kind;
    const text = HEXADECIMAL.has(kind) ? `0x${value.toString(16).padStart(4, "0")}` : String(value);
    name = `${kind} ${text}`;
    ofKind.set(value, name);
    unknown++;
  }
  return name;
}

export const ETHERTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0806, "arp"],
  [0x0842, "wake-on-lan"],
  [0x2000, "cdp"],
  [0x22ea, "srp"],
  [0x22f0, "avtp"],
  [0x22f3, "trill"],
  [0x6002, "dec mop"],
  [0x6003, "decnet"],
  [0x6004, "dec lat"],
  [0x8035, "rarp"],
  [0x809b, "appletalk"],
  [0x80f3, "aarp"],
  [0x8137, "ipx"],
  [0x8204, "qnx"],
  [0x8808, "mac control"],
  [0x8809, "lacp"],
  [0x8819, "cobranet"],
  [0x8863, "pppoe discovery"],
  [0x886f, "nlb heartbeat"],
  [0x887b, "homeplug"],
  [0x888e, "eapol"],
  [0x8892, "profinet"],
  [0x889a, "hyperscsi"],
  [0x88a2, "ata over ethernet"],
  [0x88a4, "ethercat"],
  [0x88ab, "powerlink"],
  [0x88b8, "goose"],
  [0x88b9, "gse"],
  [0x88ba, "sampled values"],
  [0x88c7, "eapol preauthentication"],
  [0x88cc, "lldp"],
  [0x88cd, "sercos"],
  [0x88d9, "lltd"],
  [0x88e1, "homeplug av"],
  [0x88e3, "media redundancy"],
  [0x88e5, "macsec"],
  [0x88f5, "mvrp"],
  [0x88f6, "mmrp"],
  [0x88f7, "ptp"],
  [0x88f8, "nc-si"],
  [0x88fb, "prp"],
  [0x8902, "cfm"],
  [0x8906, "fcoe"],
  [0x890d, "802.11 tdls"],
  [0x8914, "fip"],
  [0x8915, "roce"],
  [0x891d, "ttethernet"],
  [0x9000, "loopback test"],
]);

/** IANA "Assigned Internet Protocol Numbers", by number; those decoded further are not reached. */
export const IP_PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [3, "ggp"],
  [8, "egp"],
  [9, "igp"],
  [17, "udp"],
  [27, "rdp"],
  [33, "dccp"],
  [46, "rsvp"],
  [50, "esp"],
  [54, "narp"],
  [55, "mobile"],
  [58, "icmpv6"],
  [59, "no next header"],
  [88, "eigrp"],
  [89, "ospf"],
  [94, "ipip old"],
  [98, "encap"],
  [103, "pim"],
  [108, "ipcomp"],
  [112, "vrrp"],
  [113, "pgm"],
  [115, "l2tp"],
  [124, "isis"],
  [132, "sctp"],
  [133, "fibre channel"],
  [135, "mobility header"],
  [136, "udp-lite"],
  [137, "mpls-in-ip"],
  [139, "hip"],
  [140, "shim6"],
  [253, "experimental"],
  [254, "experimental"],
]);

/** PPP protocol numbers (RFC 1661 §2, IANA "PPP Numbers"). */
export const PPP_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0023, "osi"],
  [0x0025, "xns"],
  [0x0029, "appletalk"],
  [0x002b, "ipx"],
  [0x002d, "vj compressed tcp"],
  [0x002f, "vj uncompressed tcp"],
  [0x003d, "ppp multilink"],
  [0x0053, "ppp encryption"],
  [0x00fb, "ppp compressed link"],
  [0x00fd, "ppp compressed"],
  [0x8021, "ipcp"],
  [0x8031, "bcp"],
  [0x8057, "ipv6cp"],
  [0x80fd, "ccp"],
  [0x8281, "mplscp"],
  [0xc021, "lcp"],
  [0xc023, "pap"],
  [0xc025, "lqr"],
  [0xc223, "chap"],
  [0xc227, "eap"],
]);

/** IEEE 802.2 service access points. */
export const LLC_NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, "llc null"],
  [0x04, "sna"],
  [0x42, "stp"],
  [0x7e, "x25"],
  [0x80, "xns"],
  [0xe0, "ipx"],
  [0xf0, "netbios"],
  [0xf4, "ibm lan management"],
  [0xfe, "osi"],
]);
