// What is said in TLS? Records, hellos and alerts (RFC 8446, RFC 5246), mostly true to the protocol; as in grammar-text.mjs.

import { Writer } from "./writer.mjs";

const w = new Writer();
const LIES = 20;
const said = (r, n) => (r.lies && r.oneIn(LIES) ? (r.oneIn(2) ? r.turn() : Math.max(0, n + r.between(-3, 3))) : n);

function extension(r, type, fill) {
  const at = w.u16(type).at;
  w.u16(0);
  fill();
  w.patch16(at, said(r, w.at - at - 2));
}

function hello(r, kind) {
  const at = w.u8(kind).at;
  w.u24(0).u16(0x0303).bytes(r.bytes(32)).u8(said(r, 0));
  if (kind === 1) w.u16(said(r, 4)).u32(0x13011302).u8(said(r, 1)).u8(0);
  else w.u16(0x1301).u8(0);
  const extensions = w.at;
  w.u16(0);
  for (let n = r.small(5); n > 0; n--) {
    const which = r.int(4);
    if (which === 0) extension(r, 0, () => w.u16(said(r, 19)).u8(0).u16(said(r, 16)).text("shop.example.com"));
    else if (which === 1) extension(r, 16, () => w.u16(said(r, 3)).u8(said(r, 2)).text("h2"));
    else if (which === 2) extension(r, 43, () => (kind === 1 ? w.u8(said(r, 2)).u16(0x0304) : w.u16(0x0304)));
    else extension(r, r.int(60), () => w.bytes(r.bytes(r.small(30))));
  }
  w.patch16(extensions, said(r, w.at - extensions - 2));
  w.patch24(at, said(r, w.at - at - 3));
}

function record(r, type, fill) {
  const at = w.u8(type).u16(r.lies && r.oneIn(20) ? r.turn() : 0x0303).at;
  w.u16(0);
  fill();
  w.patch16(at, said(r, w.at - at - 2));
}

export function tls(r) {
  const out = [];
  const say = (side, ...of) => {
    record(r, ...of);
    out.push([side, w.take()]);
  };
  if (r.oneIn(10)) out.push([0, Uint8Array.of(0x80, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16, ...r.bytes(37))]);
  else if (!(r.lies && r.oneIn(8))) say(0, 22, () => hello(r, 1));
  for (let n = r.small(8); n >= 0; n--) {
    const side = r.int(2);
    const kind = r.int(6);
    if (kind === 0) say(side, 22, () => hello(r, 2));
    else if (kind === 1) say(side, 21, () => w.u8(1 + r.int(2)).u8(r.pick([0, 40, 42, 48, 112, 120])));
    else if (kind === 2) say(side, 20, () => w.u8(1));
    else if (kind === 3)
      say(side, 22, () =>
        w
          .u8(r.pick([0, 4, 11, 12, 14, 16, 20]))
          .u24(said(r, 12))
          .zeros(12),
      );
    else if (kind === 4 && r.lies) out.push([side, r.bytes(r.small(30))]);
    else say(side, 23, () => w.bytes(r.bytes(r.small(80))));
  }
  return out;
}
