// Which capture files are there? pcap and pcapng in both byte orders, record by record, with packets or whole conversations in them.

import { packetOf } from "./grammar-links.mjs";
import { segment } from "./grammar-packets.mjs";
import { bytesOf, Writer } from "./writer.mjs";

const w = new Writer();
const LIES = 40;
const said = (r, n) => (r.oneIn(LIES) ? (r.oneIn(2) ? r.turn() : Math.max(0, n + r.between(-9, 9))) : n);
const START_S = 1_772_000_000;
const PACKETS = 12;
/** Link types whose packets pcap writes without a header of its own. */
const ETHERNET = 1;

let little = true;
const u16 = (n) => (little ? w.le16(n) : w.u16(n));
const u32 = (n) => (little ? w.le32(n) : w.u32(n));

/** Parts of a file, that a fuzzer may leave out or move: header, records or blocks. */
export function captureOf(r, packets = somePackets(r)) {
  little = !r.oneIn(4);
  return r.oneIn(2) ? pcap(r, packets) : pcapng(r, packets);
}

function somePackets(r) {
  const out = [];
  for (let n = r.small(PACKETS); n >= 0; n--) out.push({ ...packetOf(r), time: out.length / 1000 });
  return out;
}

const MAGICS = [0xa1b2c3d4, 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xa1b2c3d5];

function pcap(r, packets) {
  const linkType = packets[0]?.linkType ?? ETHERNET;
  const magic = r.pick(MAGICS);
  u32(magic);
  u16(said(r, 2));
  u16(said(r, 4));
  u32(0);
  u32(0);
  u32(said(r, r.pick([65535, 262144, 0, 96])));
  u32(r.oneIn(30) ? r.turn() : linkType & 0xffff);
  const parts = [w.take()];
  for (const p of packets) {
    u32(said(r, START_S + Math.floor(p.time)));
    u32(said(r, Math.floor((p.time % 1) * (magic === 0xa1b23c4d ? 1e9 : 1e6))));
    u32(said(r, p.bytes.length));
    u32(said(r, p.bytes.length));
    if (magic === 0xa1b2cd34) w.zeros(8);
    parts.push(w.bytes(p.bytes).take());
  }
  return parts;
}

// ── pcapng (draft-ietf-opsawg-pcapng) ──

function block(r, type, fill) {
  const start = w.at;
  u32(type);
  u32(0);
  fill();
  w.zeros((4 - (w.at % 4)) % 4);
  const length = said(r, w.at + 4 - start);
  if (little) w.patchLe(start + 4, length, 4);
  else w.patch32(start + 4, length);
  u32(said(r, length));
  return w.take();
}

function option(r, code, bytes) {
  u16(code);
  u16(said(r, bytes.length));
  w.bytes(bytes).zeros((4 - (bytes.length % 4)) % 4);
}

const section = (r) =>
  block(r, 0x0a0d0d0a, () => {
    u32(r.oneIn(40) ? 0x4d3c2b1a : 0x1a2b3c4d);
    u16(said(r, 1));
    u16(0);
    u32(r.oneIn(4) ? r.turn() : 0xffffffff);
    u32(0xffffffff);
    if (r.oneIn(3)) option(r, r.pick([1, 2, 3, 4]), bytesOf("Linux \x1b[2J"));
  });

const described = (r, linkType) =>
  block(r, 1, () => {
    u16(linkType);
    u16(0);
    u32(r.pick([0, 65535, 96]));
    if (r.oneIn(2)) option(r, 2, bytesOf("eth0"));
    if (r.oneIn(2)) option(r, 9, Uint8Array.of(r.pick([6, 9, 3, 0, 0x80 | 10, 0x8a, 0xff, 0x7f])));
    if (r.oneIn(5)) option(r, 14, r.bytes(8));
    if (r.oneIn(2)) option(r, 0, new Uint8Array(0));
  });

function pcapng(r, packets) {
  const parts = [section(r)];
  const interfaces = [];
  for (const p of packets) {
    let of = interfaces.indexOf(p.linkType);
    if (of < 0 || r.oneIn(20)) {
      of = interfaces.length;
      interfaces.push(p.linkType);
      parts.push(described(r, p.linkType & 0xffff));
    }
    parts.push(packetBlock(r, p, of));
    if (r.oneIn(8)) parts.push(other(r));
    if (r.oneIn(40)) {
      little = !little;
      interfaces.length = 0;
      parts.push(section(r));
    }
  }
  return parts;
}

function packetBlock(r, p, of) {
  const units = (START_S + p.time) * 1e6;
  const kind = r.int(8);
  if (kind === 0)
    return block(r, 3, () => {
      u32(said(r, p.bytes.length));
      w.bytes(p.bytes);
    });
  return block(r, kind === 1 ? 2 : 6, () => {
    if (kind === 1) {
      u16(said(r, of));
      u16(0);
    } else u32(said(r, of));
    u32(said(r, Math.floor(units / 2 ** 32)));
    u32(units % 2 ** 32);
    u32(said(r, p.bytes.length));
    u32(said(r, p.bytes.length));
    w.bytes(p.bytes).zeros((4 - (p.bytes.length % 4)) % 4);
    if (r.oneIn(4)) option(r, r.pick([1, 2, 4, 6]), bytesOf("a comment"));
  });
}

function other(r) {
  const type = r.pick([4, 5, 7, 8, 9, 10, 0xbad, 0x40000bad, r.turn()]);
  return block(r, type, () => {
    u32(said(r, 0));
    w.bytes(r.bytes(r.small(40)));
  });
}

// ── conversations ──

/** A connection that says `steps`, with a handshake, losses, copies and segments that overtake, as records. */
export function connection(r, steps, number) {
  const family = r.oneIn(5) ? 6 : 4;
  const ends = [
    {
      src: 0xc0000201,
      dst: 0xc0000202,
      srcPort: 40_000 + number,
      dstPort: r.pick([80, 3306, 5432, 6379, 443, 7000]),
      seq: r.turn(),
      id: 1,
    },
    { src: 0xc0000202, dst: 0xc0000201, srcPort: 0, dstPort: 40_000 + number, seq: r.turn(), id: 9 },
  ];
  ends[1].srcPort = ends[0].dstPort;
  // A caller may have the lower port, and what is redirected on its way is answered from another 4-tuple.
  const isLow = r.oneIn(12);
  if (isLow) ends[1].dstPort = ends[0].srcPort = 70 + number;
  if (r.oneIn(isLow ? 2 : 12))
    Object.assign(ends[1], { src: 0xc0000203, srcPort: r.pick([8080, 15_001, ends[0].dstPort]) });
  const packets = [];
  let time = number * 0.01;
  const nothing = new Uint8Array(0);
  const send = (side, flags, payload = nothing) => {
    const [mine, theirs] = [ends[side], ends[side ^ 1]];
    const bytes = segment({ ...mine, family, ack: theirs.seq, flags, window: r.oneIn(20) ? 0 : 501, payload });
    mine.id++;
    mine.seq = (mine.seq + payload.length + ((flags & 3) !== 0 ? 1 : 0)) >>> 0;
    time += r.oneIn(10) ? r.int(40) : 0.001;
    if (!r.oneIn(25)) packets.push({ linkType: ETHERNET, bytes, time });
    if (r.oneIn(25)) packets.push({ linkType: ETHERNET, bytes, time });
    if (r.oneIn(25) && packets.length > 1) packets.push(packets.splice(-2, 1)[0]);
  };
  if (!r.oneIn(4)) {
    send(0, 2);
    if (!r.oneIn(8)) send(1, 0x12);
    send(0, 0x10);
  }
  for (const s of steps) {
    if (s.bytes !== undefined) send(s.side, 0x18, s.bytes.subarray(0, 1400));
    else if (s.gap !== undefined) ends[s.side].seq = (ends[s.side].seq + s.gap) >>> 0;
    if (r.oneIn(3)) send(r.int(2), 0x10);
    if (r.oneIn(40)) send(r.int(2), r.int(64));
  }
  for (const side of r.pick([[0, 1], [1, 0], [0], [1], []])) send(side, r.pick([0x11, 0x11, 0x14, 4]));
  if (r.oneIn(2)) send(r.int(2), 0x10);
  return packets;
}
