// What is said in MySQL, PostgreSQL and frames that somebody described? As in grammar-text.mjs.

import { bytesOf, Writer } from "./writer.mjs";

const w = new Writer();
const LIES = 20;
const said = (r, n) => (r.lies && r.oneIn(LIES) ? (r.oneIn(2) ? r.turn() : Math.max(0, n + r.between(-3, 3))) : n);
const STATEMENTS = [
  "SELECT 1",
  "SELECT * FROM t WHERE a = 'x''y' AND b = 3",
  "BEGIN",
  "COMMIT",
  'INSERT INTO o VALUES (1,"z")',
  "",
  "SET NAMES utf8mb4",
  "LOAD DATA LOCAL INFILE 'x'",
  "/* traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' */ SELECT $1",
  "COPY t FROM STDIN",
  "SELECT $a$ b $a$ -- c",
  "KILL 7",
  "'".repeat(20),
];

// ── MySQL (MySQL Internals) ──

const CAPABILITIES = 0x0200 | 0x8000 | 8;

function mysqlPacket(r, sequence, fill) {
  const at = w.at;
  w.le24(0).u8(sequence);
  fill();
  w.patchLe(at, said(r, w.at - at - 4), 3);
}

const lenenc = (r, s) => {
  if (r.lies && r.oneIn(30)) w.u8(r.pick([0xfb, 0xfc, 0xfd, 0xfe, 0xff])).text(s);
  else w.u8(said(r, s.length)).text(s);
};
const ok = (r) =>
  w
    .u8(r.pick([0, 0, 0xfe]))
    .u8(0)
    .u8(0)
    .le16(r.int(0x4010))
    .le16(0);
const err = (r) =>
  w
    .u8(0xff)
    .le16(r.pick([1040, 1146, 1205, 2013]))
    .text(r.oneIn(4) ? "x" : "#42S02No table 'x'");
const eof = (r) =>
  w
    .u8(0xfe)
    .le16(0)
    .le16(r.pick([2, 8, 10, 0x40]));

function mysqlAnswer(r, push) {
  let sequence = 1;
  const one = (fill) => mysqlPacket(r, sequence++, fill);
  const kind = r.int(8);
  if (kind < 2) one(() => ok(r));
  else if (kind === 2) one(() => err(r));
  else if (kind === 3) one(() => w.u8(0xfb).text("file.csv"));
  else if (kind === 4) {
    one(() => w.u8(0).le32(1).le16(r.int(3)).le16(r.int(3)).u8(0).le16(0));
    if (r.oneIn(2)) one(() => eof(r));
  } else {
    const columns = r.small(4) + 1;
    one(() => w.u8(columns));
    for (let i = 0; i < columns; i++)
      one(() => {
        for (const s of ["def", "shop", "t", "t", "a", "a"]) lenenc(r, s);
        w.u8(12).le16(33).le32(20).u8(3).zeros(5);
      });
    if (r.oneIn(2)) one(() => eof(r));
    for (let n = r.small(5); n > 0; n--)
      one(() => {
        for (let i = 0; i < columns; i++) lenenc(r, r.text(r.small(30)));
      });
    one(() => eof(r));
  }
  push(1, w.take());
}

export function mysql(r) {
  const out = [];
  const push = (side, bytes) => out.push([side, bytes]);
  const flags =
    (CAPABILITIES | (r.oneIn(2) ? 1 << 24 : 0) | (r.oneIn(8) ? 1 << 5 : 0) | (r.oneIn(8) ? 1 << 11 : 0)) >>> 0;
  if (!(r.lies && r.oneIn(4))) {
    mysqlPacket(r, 0, () => {
      w.u8(10)
        .text("8.0.36-example\0")
        .le32(77)
        .text("abcdefgh\0")
        .le16(flags & 0xffff)
        .u8(33)
        .le16(2)
        .le16(flags >>> 16);
      w.u8(21).zeros(10).text("ijklmnopqrst\0").text("mysql_native_password\0");
    });
    push(1, w.take());
    mysqlPacket(r, 1, () => {
      w.le32(flags)
        .le32(0x1000000)
        .u8(33)
        .zeros(23)
        .text("app\0")
        .u8(said(r, 20))
        .zeros(20)
        .text("shop\0caching_sha2_password\0");
    });
    push(0, w.take());
    mysqlPacket(r, 2, () => r.pick([ok, ok, err])(r));
    push(1, w.take());
  }
  for (let n = 1 + r.small(6); n > 0; n--) {
    mysqlPacket(r, r.lies && r.oneIn(30) ? r.int(256) : 0, () => {
      const kind = r.pick([3, 3, 3, 0x16, 0x17, 0x19, 0x1c, 1, 2, 0x0e, 0x11, 0x1f, 4, 0x1b, 0x12, r.int(40)]);
      w.u8(kind);
      if (kind === 3 || kind === 0x16 || kind === 2) w.text(r.pick(STATEMENTS));
      else
        w.le32(1)
          .u8(0)
          .le32(1)
          .bytes(r.bytes(r.small(20)));
    });
    push(0, w.take());
    if (!(r.lies && r.oneIn(8))) mysqlAnswer(r, push);
    if (r.lies && r.oneIn(25)) push(r.int(2), r.bytes(r.small(30)));
  }
  return out;
}

// ── PostgreSQL (Frontend/Backend Protocol 3.0) ──

function pgMessage(r, type, fill) {
  if (type !== "") w.text(type);
  const at = w.at;
  w.u32(0);
  fill();
  w.patch32(at, said(r, w.at - at));
}

const FRONT = {
  Q: (r) => w.text(r.pick(STATEMENTS)).u8(0),
  P: (r) =>
    w
      .text(`s${r.int(3)}\0`)
      .text(r.pick(STATEMENTS))
      .u8(0)
      .u16(said(r, 1))
      .u32(23),
  B: (r) =>
    w
      .text(`\0s${r.int(3)}\0`)
      .u16(0)
      .u16(said(r, 1))
      .u32(said(r, 4))
      .text("1234")
      .u16(0),
  D: (r) => w.text(r.pick(["S", "P"])).text("s1\0"),
  E: () => w.text("\0").u32(0),
  S: () => {},
  H: () => {},
  X: () => {},
  C: () => w.text("Ss1\0"),
  d: (r) => w.bytes(r.bytes(r.small(40))),
  c: () => {},
  f: () => w.text("no\0"),
  p: () => w.text("md5abc\0"),
  F: (r) => w.u32(1).u16(0).u16(0).u16(r.int(3)),
};
const BACK = {
  R: (r) => w.u32(r.pick([0, 3, 5, 10, 11, 12])).zeros(r.int(6)),
  S: () => w.text("server_version\x0015\0"),
  K: () => w.u32(7).u32(9),
  Z: (r) => w.text(r.pick(["I", "T", "E"])),
  T: (r) => w.u16(said(r, 1)).text("id\0").u32(0).u16(1).u32(23).u16(4).u32(0xffffffff).u16(0),
  D: (r) => w.u16(said(r, 1)).u32(said(r, 3)).text("abc"),
  C: (r) => w.text(r.pick(["SELECT 1", "INSERT 0 1", "BEGIN", "COPY 3"])).u8(0),
  E: (r) => w.text(`SERROR\0VERROR\0C${r.pick(["42P01", "53300", "57P01"])}\0Mno "x"\0\0`),
  N: () => w.text("SNOTICE\0Mhm\0\0"),
  I: () => {},
  1: () => {},
  2: () => {},
  3: () => {},
  n: () => {},
  s: () => {},
  t: () => w.u16(1).u32(23),
  G: () => w.u8(0).u16(1).u16(0),
  H: () => w.u8(0).u16(1).u16(0),
  W: () => w.u8(0).u16(0),
  d: (r) => w.bytes(r.bytes(r.small(40))),
  c: () => {},
  A: () => w.u32(7).text("ch\0hello\0"),
};

export function postgres(r) {
  const out = [];
  if (r.oneIn(5)) {
    pgMessage(r, "", () => w.u32(r.pick([80877103, 80877104, 80877102])).zeros(0));
    out.push([0, w.take()], [1, bytesOf(r.pick(["S", "N", "G", "E"]))]);
  }
  if (!(r.lies && r.oneIn(4))) {
    pgMessage(r, "", () => w.u32(0x30000).text("user\0app\0database\0shop\0application_name\0x\0\0"));
    out.push([0, w.take()]);
  }
  for (let n = 2 + r.small(10); n > 0; n--) {
    const side = r.int(2);
    const kinds = side === 0 ? FRONT : BACK;
    for (let m = r.small(5); m >= 0; m--) {
      const type = r.pick(Object.keys(kinds));
      pgMessage(r, type, () => kinds[type](r));
    }
    out.push([side, w.take()]);
    if (r.lies && r.oneIn(25)) out.push([r.int(2), r.bytes(r.small(30))]);
  }
  return out;
}

// ── frames by --frame ──

export const FRAMES = [
  "port=7000,length=u32be",
  "port=7000,length=u16le,header=8,offset=2,id=4:u32be,magic=4d5a",
  "port=7000,length=varint",
  "port=7000,length=u32be,includes=all,max=64KiB,reply=yes",
  "port=7000,length=u64be,header=16,type=8:u8",
];

export function framed(r) {
  const out = [];
  const format = r.int(FRAMES.length);
  for (let n = 1 + r.small(10); n > 0; n--) {
    const payload = r.bytes(r.small(60));
    const length = said(r, payload.length);
    if (format === 0) w.u32(length);
    else if (format === 1) w.text("MZ").le16(length).u32(r.int(5));
    else if (format === 2) w.u8(length & 127);
    else if (format === 3) w.u32(length + 4);
    else w.u32(0).u32(length).u8(r.int(4)).zeros(7);
    out.push([r.int(2), w.bytes(payload).take()]);
  }
  return out;
}
