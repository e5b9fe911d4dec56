// On which links are packets captured? Each link type that is decoded, and what its header says.

import { begin, behind, junk, next, r, said, w } from "./grammar-layers.mjs";
import { anyIp, ethernet, etherType, ipv4, ipv6, llc, TYPES } from "./grammar-packets.mjs";
import { mpls, ppp, pppoe } from "./grammar-tunnels.mjs";

const LINKS = [
  [1, ethernet],
  [1, ethernet],
  [1, ethernet],
  [113, sll],
  [276, sll2],
  [0, loopback],
  [108, loopback],
  [12, anyIp],
  [14, anyIp],
  [101, anyIp],
  [106, anyIp],
  [228, ipv4],
  [229, ipv6],
  [9, ppp],
  [50, ppp],
  [166, ppp],
  [204, behind(1, ppp)],
  [51, pppoe],
  [258, pktap],
  [149, pktap],
  [239, nflog],
  [104, chdlc],
  [205, behind(1, chdlc)],
  [107, frameRelay],
  [206, behind(1, frameRelay)],
  [242, behind(40, etherType)],
  [219, mpls],
  [100, llc],
  [11, llc],
  [122, behind(16, llc)],
  [138, behind(16, etherType)],
  [274, behind(8, ethernet)],
  [7, junk],
  [129, junk],
  [10, behind(13, llc)],
  [6, behind(14, llc)],
  [178, junk],
  [117, pflog],
  [109, behind(12, anyIp)],
  [105, wlan],
  [127, radiotap],
  [119, behind(64, wlan)],
  [163, behind(64, wlan)],
  [192, ppi],
  [147, junk],
  [-1, junk],
];

/** A packet, and the link type that it was captured on. */
export function packetOf(random) {
  begin(random);
  const [linkType, layer] = r.pick(LINKS);
  layer();
  return { linkType, bytes: w.take() };
}

function chdlc() {
  w.u16(0x0f00);
  etherType();
}

function frameRelay() {
  w.u8(0x18).u8(0x41).u8(3);
  if (r.oneIn(2)) w.u8(r.pick([0xcc, 0x8e, 0xcf]));
  else w.u8(0x80).u8(0).u8(0).u8(0x80).u8(0xc2).u16(7);
  next([ipv4, ipv6, ethernet]);
}

function pktap() {
  const [link, layer] = r.pick(LINKS);
  w.le32(said(108)).le32(said(1)).le32(link).zeros(96);
  next([layer]);
}

function nflog() {
  w.u8(r.pick([2, 10, 7]))
    .u8(0)
    .u16(0);
  const u16 = r.oneIn(2) ? (n) => w.le16(n) : (n) => w.u16(n);
  for (let n = r.oneIn(20) ? 80 : r.small(4); n > 0; n--) u16(said(8)).u16(0x0400).u32(0);
  u16(said(200));
  u16(9);
  next([anyIp]);
}

function pflog() {
  const length = r.pick([61, 64, 84, 100]);
  w.u8(said(length))
    .u8(r.pick([2, 24, 30]))
    .zeros(length - 2 + ((4 - (length % 4)) % 4));
  next([anyIp]);
}

function wlan() {
  w.u8(r.pick([0x08, 0x88, 0x08, 0x80]))
    .u8(r.int(256) & 0x8f)
    .zeros(22);
  if (r.oneIn(3)) w.zeros(r.pick([2, 6, 8]));
  next([llc]);
}

function radiotap() {
  const length = r.between(8, 40);
  w.u8(0)
    .u8(0)
    .le16(said(length))
    .le32(r.pick([0, 2, 0x80000000, 0x8000000e]))
    .zeros(length - 8);
  next([wlan]);
}

function ppi() {
  const length = r.between(8, 40);
  const [link, layer] = r.pick(LINKS);
  w.u16(0)
    .le16(said(length))
    .le32(link)
    .zeros(length - 8);
  next([layer]);
}

function sll() {
  w.u16(r.int(5))
    .u16(r.pick([1, 772, 778, 801, 824, 65534]))
    .u16(6)
    .zeros(8);
  etherType();
}

function sll2() {
  const [type, layer] = r.pick(TYPES);
  w.u16(type).u16(0).u32(r.int(4)).u16(1).u8(r.int(5)).u8(6).zeros(8);
  layer();
}

function loopback() {
  const [family, layer] = r.pick([
    [2, ipv4],
    [24, ipv6],
    [28, ipv6],
    [30, ipv6],
    [10, ipv6],
    [7, junk],
  ]);
  if (r.oneIn(2)) w.u32(family);
  else w.le32(family);
  layer();
}
