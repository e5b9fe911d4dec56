// Which packets are there? Ethernet, IP and TCP, in one another at random, mostly true to their format, so that depth is reached.

import { begin, behind, isDeep, junk, r, said, w } from "./grammar-layers.mjs";
import { ah, gre, mpls, nsh, ppp, pppoe, udp } from "./grammar-tunnels.mjs";

export function ethernet() {
  w.zeros(12);
  if (r.oneIn(12)) {
    const at = w.at;
    w.u16(0);
    llc();
    w.patch16(at, said(w.at - at - 2));
  } else etherType();
}

export const TYPES = [
  [0x0800, ipv4],
  [0x0800, ipv4],
  [0x86dd, ipv6],
  [0x86dd, ipv6],
  [0x8100, vlan],
  [0x88a8, vlan],
  [0x8926, behind(4, etherType)],
  [0x892f, behind(4, etherType)],
  [0x893f, behind(6, etherType)],
  [0x8909, behind(6, etherType)],
  [0x8903, behind(2, ethernet)],
  [0x8870, llc],
  [0x894f, nsh],
  [0x88e7, behind(4, ethernet)],
  [0x8847, mpls],
  [0x8864, pppoe],
  [0x880b, ppp],
  [0x6558, ethernet],
  [0x0806, junk],
];

export function etherType() {
  if (isDeep()) return junk();
  const [type, layer] = r.pick(TYPES);
  w.u16(said(type));
  layer();
}

function vlan() {
  w.u16(r.int(4096));
  etherType();
}

export function llc() {
  w.u8(0xaa).u8(0xaa).u8(3).u24(said(0));
  etherType();
}

export function anyIp() {
  if (r.oneIn(2)) ipv4();
  else ipv6();
}

export const PROTOCOLS = [
  [6, tcp],
  [6, tcp],
  [6, tcp],
  [6, tcp],
  [17, udp],
  [17, udp],
  [4, ipv4],
  [41, ipv6],
  [47, gre],
  [51, ah],
  [97, behind(2, ethernet)],
  [137, mpls],
  [1, junk],
];

export function ipv4() {
  const start = w.at;
  const options = r.oneIn(8) ? r.int(11) * 4 : 0;
  const [protocol, layer] = r.pick(PROTOCOLS);
  const fragment = r.oneIn(6) ? (r.oneIn(2) ? 0x2000 : 0) | r.pick([0, 1, 2, 3, 4, 8, r.int(8192)]) : 0;
  w.u8((said(4) << 4) | (said(5 + options / 4) & 15))
    .u8(0)
    .u16(0)
    .u16(r.int(3))
    .u16(fragment)
    .u8(64)
    .u8(said(protocol));
  w.u16(0).u32(0xc0000201).u32(0xc0000202).bytes(r.bytes(options));
  if (isDeep()) junk();
  else layer();
  w.patch16(start + 2, said(r.oneIn(20) ? 0 : w.at - start));
}

/** Ethernet and IPv4 headers of {@link segment}. */
const FRAME_AND_IP = 34;
const ADDRESS = new Uint8Array(15).fill(0x20);

export function ipv6() {
  const start = w.at;
  w.u32((said(6) << 28) >>> 0)
    .u16(0)
    .u8(0)
    .u8(64);
  w.bytes(ADDRESS).u8(1).bytes(ADDRESS).u8(2);
  let at = start + 6;
  for (let n = r.oneIn(40) ? 40 : r.small(4); n > 0; n--) {
    const kind = r.pick([0, 43, 44, 60, 135, 139, 140]);
    w.buf[at] = kind;
    at = w.at;
    const units = r.small(3);
    if (kind === 44)
      w.u16(0)
        .u16((r.pick([0, 0, 1, 2, 3, 185]) << 3) | r.int(2))
        .u32(r.int(3));
    else {
      w.u8(0)
        .u8(said(units))
        .u8(r.pick([0, 2, 4, 0xc2]))
        .u8(r.pick([0, 1, 4]))
        .u32(r.turn());
      w.zeros(8 * units);
    }
  }
  const [protocol, layer] = r.pick(PROTOCOLS);
  w.buf[at] = said(protocol);
  if (isDeep()) junk();
  else layer();
  w.patch16(start + 4, said(r.oneIn(20) ? 0 : w.at - start - 40));
}

function tcp() {
  const options = r.oneIn(4) ? r.int(11) * 4 : 0;
  w.u16(r.pick([80, 443, 3306, 40000]))
    .u16(r.pick([80, 40001, 6379]))
    .u32(r.turn())
    .u32(r.turn());
  w.u8((said(5 + options / 4) & 15) << 4)
    .u8(r.int(64))
    .u16(r.turn())
    .u32(0)
    .bytes(r.bytes(options));
  junk();
}

export function segment(f) {
  w.at = 0;
  w.zeros(12).u16(f.family === 6 ? 0x86dd : 0x0800);
  const length = 20 + f.payload.length;
  if (f.family === 6) w.u32(0x60000000).u16(length).u8(6).u8(64).zeros(12).u32(f.src).zeros(12).u32(f.dst);
  else
    w.u16(0x4500)
      .u16(20 + length)
      .u16(f.id)
      .u16(0x4000)
      .u8(64)
      .u8(6)
      .u16(0)
      .u32(f.src)
      .u32(f.dst);
  w.u16(f.srcPort).u16(f.dstPort).u32(f.seq).u32(f.ack).u8(0x50).u8(f.flags).u16(f.window).u32(0);
  return w.bytes(f.payload).take();
}

/** A segment in fragments: in any order, some twice, some over others. */
export function fragments(random) {
  begin(random);
  const isV6 = r.oneIn(2);
  const id = r.int(3);
  const body = segment({
    src: 0,
    dst: 0,
    id,
    srcPort: 40_000,
    dstPort: 80,
    seq: 1,
    ack: 1,
    flags: 0x18,
    window: 9,
    payload: r.bytes(r.int(80)),
  });
  const datagram = body.subarray(FRAME_AND_IP);
  const out = [];
  for (let at = 0; at < datagram.length; ) {
    const end = Math.min(datagram.length, at + 8 * r.between(1, 6));
    const from = Math.max(0, at - (r.oneIn(12) ? 8 : 0));
    const more = end < datagram.length ? 1 : 0;
    const part = datagram.subarray(from, end);
    w.at = 0;
    w.zeros(12);
    if (isV6)
      w.u16(0x86dd)
        .u32(0x60000000)
        .u16(8 + part.length)
        .u8(44)
        .u8(64)
        .zeros(32)
        .u8(6)
        .u8(0)
        .u16(said(from) | more)
        .u32(id);
    else
      w.u16(0x0800)
        .u16(0x4500)
        .u16(20 + part.length)
        .u16(id)
        .u16((more << 13) | (said(from) >> 3))
        .u16(0x4006)
        .u16(0)
        .zeros(8);
    out.push({ linkType: 1, bytes: w.bytes(part).take() });
    if (r.oneIn(12)) out.push(out[r.int(out.length)]);
    at = end;
  }
  if (r.oneIn(2)) out.sort(() => r.int(3) - 1);
  return out;
}
