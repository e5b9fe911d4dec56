// Which packets does the analysis need, in the language of pcap-filter(7)?
//
// TCP, and whatever may carry it that the decoders look through. Not every link type knows every word ("no VLAN support for Linux cooked
// v2"), so there are several filters, the widest first; the last is understood everywhere.

/** Ports of tunnels over UDP, as `decoders/udp.ts` knows them: VXLAN, VXLAN-GPE, OTV, Geneve, GTP-U, Teredo, L2TP, MPLS, AYIYA, GRE. */
const UDP_TUNNELS = [4789, 4790, 8472, 6081, 2152, 3544, 1701, 6635, 5072, 4754];
/** Protocol numbers that `decoders/ip.ts` looks into: IPv4 and IPv6 in IP, GRE, AH, EtherIP, MPLS. */
const IP_TUNNELS = [4, 41, 47, 51, 97, 137];
/** IPv6 next headers behind which TCP may stand: hop-by-hop, routing, fragment, destination options. `tcp` looks into fragments only. */
const IPV6_EXTENSIONS = [0, 43, 44, 60];
/**
 * EtherTypes of `decoders/ethertype.ts`, taken whole, whatever is in them: MPLS, PPPoE, PPP, bridged Ethernet, NSH, 802.1ah, LLC, FabricPath,
 * E-TAG, VN-Tag, HSR, Cisco MetaData. IP in frames of 802.3's old kind (LLC, SNAP) is left out.
 */
const ETHERTYPES = "0x8847 0x8848 0x8864 0x880b 0x6558 0x894f 0x88e7 0x8870 0x8903 0x893f 0x8926 0x892f 0x8909".split(
  " ",
);

/** `and` and `or` bind equally, from left to right: every term has its parentheses. */
const any = (words: readonly string[]): string => words.join(" or ");

const IP = any([
  "tcp",
  `(ip6 and (${any(IPV6_EXTENSIONS.map((next) => `ip6[6] = ${next}`))}))`,
  ...IP_TUNNELS.map((protocol) => `proto ${protocol}`),
  `(udp and (${any(UDP_TUNNELS.map((port) => `port ${port}`))}))`,
  // The later fragments of a tunnel's datagram have no ports.
  "(ip proto 17 and ip[6:2] & 0x1fff != 0)",
]);
/** 802.1Q and 802.1ad, where the word `vlan` is not known. */
const TAGS = ["0x8100", "0x88a8"];
const ethertypes = (types: readonly string[]): string[] => types.map((type) => `ether proto ${type}`);
const LINK = any([IP, ...ethertypes(ETHERTYPES)]);
/** `vlan` shifts what follows it by a tag, hence last and nested: two tags. */
const TAGGED = `${LINK} or (vlan and (${LINK} or (vlan and (${LINK}))))`;

export interface FallBack {
  readonly filter: string;
  /** What it does not take, for people; "" for the first. */
  readonly without: string;
}

/** From the widest to the one that every link type knows. */
export const DEFAULT_FILTERS: readonly FallBack[] = [
  { filter: TAGGED, without: "" },
  {
    filter: any([LINK, ...ethertypes(TAGS)]),
    without: "this link type does not know the word vlan; what has a tag is taken whole",
  },
  { filter: IP, without: "VLAN tags, MPLS and PPPoE are left out" },
  { filter: "tcp", without: "TCP only: tunnels and VLAN tags are left out" },
];

/** The filter of a capture for which the user named none. {@link startCapture} may put a narrower one of DEFAULT_FILTERS in its place. */
export const defaultFilter = (): string => TAGGED;
