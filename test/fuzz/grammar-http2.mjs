// What is said in HTTP/2? Frames and header blocks (RFC 9113, RFC 7541), mostly true to the protocol; as in grammar-text.mjs.

import { bytesOf, Writer } from "./writer.mjs";

const w = new Writer();
const LIES = 20;
const said = (r, n) => (r.lies && r.oneIn(LIES) ? (r.oneIn(2) ? r.turn() : Math.max(0, n + r.between(-3, 3))) : n);

const PREFACE = bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const NAMES = [
  ":method",
  ":path",
  ":status",
  ":authority",
  "content-type",
  "grpc-status",
  "grpc-message",
  "x-request-id",
  "cookie",
  "te",
];
const VALUES = [
  "GET",
  "POST",
  "/shop.v1.Cart/Add",
  "200",
  "503",
  "shop.example.com",
  "application/grpc",
  "0",
  "14",
  "trailers",
];

function hpackNumber(r, prefix, bits, value) {
  const most = (1 << bits) - 1;
  if (value < most) return w.u8(prefix | value);
  w.u8(prefix | most);
  for (
    let rest = value - most, n = r.oneIn(40) ? 12 : 0;
    rest >= 0;
    rest = rest >= 128 ? Math.floor(rest / 128) : -1, n--
  )
    w.u8(rest >= 128 || n > 0 ? (rest % 128) | 128 : rest);
}

function hpackText(r, s) {
  const huffman = r.oneIn(5);
  hpackNumber(r, huffman ? 0x80 : 0, 7, said(r, s.length));
  if (huffman) w.bytes(r.bytes(s.length));
  else w.text(s);
}

function block(r) {
  for (let n = r.small(8) + 1; n > 0; n--) {
    const kind = r.int(6);
    if (kind < 2) hpackNumber(r, 0x80, 7, r.oneIn(3) ? r.int(80) : r.pick([2, 3, 4, 5, 6, 7, 8, 62, 63]));
    else if (kind === 2 && r.oneIn(4)) hpackNumber(r, 0x20, 5, r.pick([0, 30, 4096, 65536]));
    else {
      const [prefix, bits] = r.pick([
        [0x40, 6],
        [0x40, 6],
        [0, 4],
        [0x10, 4],
      ]);
      const isNamed = r.oneIn(2);
      hpackNumber(r, prefix, bits, isNamed ? r.int(70) : 0);
      if (!isNamed) hpackText(r, r.pick(NAMES));
      hpackText(r, r.oneIn(5) ? r.text(r.small(120)) : r.pick(VALUES));
    }
  }
}

function frame(r, type, flags, stream, fill) {
  const at = w.at;
  w.u24(0).u8(type).u8(flags).u32(stream);
  fill();
  w.patch24(at, said(r, w.at - at - 9));
}

function headers(r, side, stream) {
  const isWhole = !r.oneIn(4);
  const [padded, priority] = [r.oneIn(8), r.oneIn(8)];
  const flags = (isWhole ? 4 : 0) | (r.oneIn(2) ? 1 : 0) | (padded ? 8 : 0) | (priority ? 32 : 0);
  frame(r, 1, flags, stream, () => {
    if (padded) w.u8(said(r, 3));
    if (priority) w.u32(0).u8(9);
    block(r);
    if (padded) w.zeros(3);
  });
  if (!isWhole)
    for (let n = r.oneIn(30) ? 200 : r.small(3); n >= 0; n--) frame(r, 9, n === 0 ? 4 : 0, stream, () => block(r));
  return [side, w.take()];
}

export function http2(r) {
  const out = [];
  if (!(r.lies && r.oneIn(8))) {
    out.push([0, PREFACE]);
    for (const side of [0, 1]) {
      frame(r, 4, 0, 0, () => w.u16(3).u32(100));
      out.push([side, w.take()]);
    }
  }
  const add = (side, ...of) => {
    frame(r, ...of);
    out.push([side, w.take()]);
  };
  for (let n = 1 + r.small(12); n > 0; n--) {
    const side = r.int(2);
    const stream = r.oneIn(20) ? r.turn() & 0x7fffffff : 1 + 2 * r.int(4);
    const kind = r.int(r.lies ? 12 : 9);
    if (kind < 4) out.push(headers(r, side, stream));
    else if (kind < 6) add(side, 0, r.pick([0, 1, 8, 9]), stream, () => w.bytes(r.bytes(r.small(90))));
    else if (kind === 6)
      add(side, 4, r.int(2), 0, () => {
        for (let i = r.small(5); i > 0; i--) w.u16(1 + r.int(7)).u32(r.turn());
      });
    else if (kind === 7) add(side, 3, 0, stream, () => w.u32(r.int(15)));
    else if (kind === 8)
      add(side, 7, 0, 0, () =>
        w
          .u32(r.int(9))
          .u32(r.int(14))
          .text(r.pick(["", "bye", "too_many_pings"])),
      );
    else if (kind === 9)
      add(side, 5, 4, stream, () => {
        w.u32(2 + 2 * r.int(4));
        block(r);
      });
    else if (kind === 10)
      add(side, r.pick([6, 8, 2, 10, 16, 33]), r.int(2), r.oneIn(2) ? 0 : stream, () => w.zeros(r.pick([4, 5, 8])));
    else out.push([side, r.bytes(r.small(20))]);
  }
  return out;
}
