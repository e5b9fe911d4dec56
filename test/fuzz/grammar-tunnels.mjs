// What carries packets in packets? Tunnels and labels, over IP and below it; as in grammar-packets.mjs.

import { behind, isDeep, junk, next, r, said, w } from "./grammar-layers.mjs";
import { anyIp, ethernet, ipv4, ipv6, PROTOCOLS, TYPES } from "./grammar-packets.mjs";

function vxlan() {
  const gpe = r.oneIn(3);
  const [code, layer] = r.pick([
    [1, ipv4],
    [2, ipv6],
    [3, ethernet],
    [4, nsh],
    [5, mpls],
    [0, ethernet],
  ]);
  w.u8(gpe ? 0x0c : 8)
    .u16(0)
    .u8(gpe ? code : 0)
    .u24(r.int(99))
    .u8(0);
  (gpe ? layer : ethernet)();
}

const PORTS = [
  [4789, vxlan],
  [4790, vxlan],
  [8472, vxlan],
  [6081, geneve],
  [2152, gtp],
  [3544, teredo],
  [1701, l2tp],
  [6635, mpls],
  [5072, ayiya],
  [4754, gre],
  [53, junk],
];

export function udp() {
  const start = w.at;
  const [port, layer] = r.pick(PORTS);
  if (r.oneIn(4)) w.u16(port).u16(50000);
  else w.u16(50000).u16(port);
  w.u16(0).u16(0);
  if (isDeep()) junk();
  else layer();
  w.patch16(start + 4, said(w.at - start));
}

export function gre() {
  const flags = r.pick([0, 0, 0x8000, 0x2000, 0x3000, 0x1000, 0x4000, 0x3081, 0xb000]);
  const [type, layer] = r.pick([
    ...TYPES,
    [0x88be, ethernet],
    [0x22eb, behind(12, ethernet)],
    [0x883e, behind(4, ipv4)],
  ]);
  w.u16(said(flags)).u16(type);
  for (const bit of [0x8000, 0x2000, 0x1000]) if ((flags & bit) !== 0) w.u32(r.turn());
  if ((flags & 0x4000) !== 0)
    for (let n = r.small(70); n >= 0; n--)
      w.u16(n === 0 ? 0 : 2)
        .u8(0)
        .u8(n === 0 ? 0 : 1)
        .zeros(n && 1);
  if (isDeep()) junk();
  else layer();
}

function geneve() {
  const options = r.oneIn(3) ? r.int(6) : 0;
  const [type, layer] = r.pick(TYPES);
  w.u8(said(options) & 63)
    .u8(0)
    .u16(type)
    .u32(0)
    .zeros(4 * options);
  next([layer]);
}

function gtp() {
  const start = w.at;
  const extended = r.oneIn(2);
  w.u8(extended ? 0x34 : 0x30)
    .u8(0xff)
    .u16(0)
    .u32(1);
  if (extended) {
    let more = r.small(5);
    w.u16(0)
      .u8(0)
      .u8(more > 0 ? 0x85 : 0);
    for (; more > 0; more--)
      w.u8(said(1))
        .u16(0)
        .u8(more > 1 ? 0x85 : 0);
  }
  next([anyIp]);
  w.patch16(start + 2, said(w.at - start - 8));
}

function teredo() {
  if (r.oneIn(3)) w.u16(1).u8(said(0)).u8(said(0)).zeros(9);
  if (r.oneIn(3)) w.u16(0).zeros(6);
  next([ipv6]);
}

function l2tp() {
  const flags = r.pick([0x0002, 0x4002, 0x4802, 0x0202, 0x4a02, 0x0003]);
  w.u16(flags);
  if ((flags & 0x4000) !== 0) w.u16(said(60));
  w.u32(1);
  if ((flags & 0x0800) !== 0) w.u32(0);
  if ((flags & 0x0200) !== 0) w.u16(said(2)).zeros(2);
  next([ppp]);
}

function ayiya() {
  w.u8(0x24)
    .u8(0x52)
    .u8(0x11)
    .u8(41)
    .u32(0)
    .zeros(r.pick([36, 36, 40]));
  next([ipv6]);
}

export function ah() {
  const words = r.between(1, 6);
  const [protocol, layer] = r.pick(PROTOCOLS);
  w.u8(protocol)
    .u8(said(words))
    .zeros(2 + 4 * words + 4);
  next([layer]);
}

export function mpls() {
  for (let n = r.oneIn(30) ? 70 : r.small(3); n > 0; n--) w.u32(0x10040);
  w.u32(r.pick([0x00010140, 0x00000140, 0x00002140]));
  next([ipv4, ipv6, behind(4, ethernet), ethernet]);
}

export function ppp() {
  const [code, layer] = r.pick([
    [0x21, ipv4],
    [0x57, ipv6],
    [0x0281, mpls],
    [0xc021, junk],
    [0x3d, junk],
  ]);
  if (r.oneIn(2)) w.u16(0xff03);
  if (r.oneIn(3) && code < 256) w.u8(code);
  else w.u16(code);
  next([layer]);
}

export function pppoe() {
  const start = w.at;
  w.u8(said(0x11))
    .u8(said(0))
    .u16(1)
    .u16(0)
    .u16(r.pick([0x21, 0x57]));
  next([anyIp]);
  w.patch16(start + 4, said(w.at - start - 6));
}

export function nsh() {
  const words = r.between(2, 6);
  const [code, layer] = r.pick([
    [1, ipv4],
    [2, ipv6],
    [3, ethernet],
    [5, mpls],
    [4, nsh],
  ]);
  w.u8(0x0f)
    .u8(0xc0 | said(words))
    .u8(2)
    .u8(code)
    .zeros(4 * words - 4);
  next([layer]);
}
