// What is said when nobody lies? Conversations that make sense, from their first byte: however they are cut, they are read alike.

import { bytesOf, Writer } from "./writer.mjs";

const w = new Writer();
const some = (r) => r.text(r.small(60), "abcdefghijklmnopqrstuvwxyz");

/** Questions and answers, of `ask` and `answer`, behind what opens the connection. */
function turns(r, opening, ask, answer) {
  const out = [...opening];
  for (let n = 1 + r.small(6); n > 0; n--) {
    const k = ask(out, n);
    answer(out, k);
  }
  return out;
}

function http(r) {
  return turns(
    r,
    [],
    (out) => {
      const body = r.oneIn(2) ? some(r) : "";
      const method = body === "" ? r.pick(["GET", "HEAD", "OPTIONS"]) : "POST";
      const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
      out.push([
        0,
        `${method} /${some(r)} HTTP/1.1\r\nHost: shop.example.com\r\nX-Request-Id: 7f3a\r\n${length}\r\n${body}`,
      ]);
      return method;
    },
    (out, method) => {
      const body = method === "HEAD" ? "" : some(r);
      const chunked = r.oneIn(2) && method !== "HEAD";
      const head = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
      const sent = !chunked ? body : body === "" ? "0\r\n\r\n" : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const interim = r.oneIn(6) ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "";
      out.push([1, `${interim}HTTP/1.1 ${r.pick([200, 404, 503])} It\r\nServer: example\r\n${head}\r\n\r\n${sent}`]);
    },
  );
}

const frame = (type, flags, stream, payload) =>
  w.u24(payload.length).u8(type).u8(flags).u32(stream).bytes(payload).take();
const literal = (name, value) =>
  `\x00${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`;

function http2(r) {
  const opening = [
    [0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    [0, frame(4, 0, 0, [])],
    [1, frame(4, 0, 0, [])],
    [1, frame(4, 1, 0, [])],
  ];
  let stream = -1;
  return turns(
    r,
    opening,
    (out) => {
      stream += 2;
      const hasBody = r.oneIn(2);
      const head = `\x83\x86${literal(":path", `/${some(r)}`)}${literal(":authority", "shop.example.com")}`;
      out.push([0, frame(1, hasBody ? 4 : 5, stream, bytesOf(head))]);
      if (hasBody) out.push([0, frame(0, 1, stream, bytesOf(some(r)))]);
      if (r.oneIn(4)) out.push([0, frame(6, 0, 0, bytesOf("12345678"))], [1, frame(6, 1, 0, bytesOf("12345678"))]);
      return stream;
    },
    (out, id) => {
      out.push([1, frame(1, 4, id, bytesOf(`\x88${literal("content-type", "application/json")}`))]);
      out.push([1, frame(0, 1, id, bytesOf(some(r)))]);
    },
  );
}

const packet = (sequence, payload) =>
  w
    .le24(payload.length)
    .u8(sequence)
    .bytes(typeof payload === "string" ? bytesOf(payload) : payload)
    .take();
const OK = "\x00\x00\x00\x02\x00\x00\x00";
const EOF = "\xfe\x00\x00\x02\x00";
const lenenc = (s) => String.fromCharCode(s.length) + s;

function mysql(r) {
  const capabilities = "\x08\x82";
  const opening = [
    [
      1,
      packet(
        0,
        `\x0a8.0.36-example\0\x4d\0\0\0abcdefgh\0${capabilities}\x21\x02\x00\x00\x00\x15${"\0".repeat(10)}ijklmnopqrst\0mysql_native_password\0`,
      ),
    ],
    [0, packet(1, `${capabilities}\0\0\0\0\0\x01\x21${"\0".repeat(23)}app\0\x14${"z".repeat(20)}shop\0`)],
    [1, packet(2, OK)],
  ];
  return turns(
    r,
    opening,
    (out) => {
      const rows = r.oneIn(2);
      out.push([0, packet(0, rows ? `\x03SELECT '${some(r)}'` : r.pick(["\x0e", "\x03BEGIN", "\x02shop"]))]);
      return rows;
    },
    (out, rows) => {
      if (!rows) out.push([1, r.oneIn(4) ? packet(1, "\xff\x7a\x04#42S02No such table") : packet(1, OK)]);
      else {
        const column = `${["def", "shop", "t", "t", "a", "a"].map(lenenc).join("")}\x0c\x21\0\x14\0\0\0\xfd\0\0\0\0\0`;
        const all = ["\x01", column, EOF, ...Array.from({ length: r.small(5) }, () => lenenc(some(r))), EOF];
        for (const [i, payload] of all.entries()) out.push([1, packet(i + 1, payload)]);
      }
    },
  );
}

const message = (type, payload) =>
  w
    .text(type)
    .u32(4 + payload.length)
    .text(payload)
    .take();
const READY = message("Z", "I");

function postgresql(r) {
  const start = "\0\x03\0\0user\0app\0database\0shop\0\0";
  const opening = [
    [
      0,
      w
        .u32(start.length + 4)
        .text(start)
        .take(),
    ],
    [1, message("R", "\0\0\0\0")],
    [1, message("S", "server_version\x0015\0")],
    [1, message("K", "\0\0\0\x07\0\0\0\x09")],
    [1, READY],
  ];
  return turns(
    r,
    opening,
    (out) => void out.push([0, message("Q", `SELECT '${some(r)}'\0`)]),
    (out) => {
      if (r.oneIn(4)) out.push([1, message("E", 'SERROR\0VERROR\0C42P01\0Mno "x"\0\0')]);
      else {
        out.push([1, message("T", "\0\x01id\0\0\0\0\0\0\x01\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0")]);
        for (let n = r.small(4); n > 0; n--) out.push([1, message("D", `\0\x01\0\0\0\x03abc`)]);
        out.push([1, message("C", "SELECT 1\0")]);
      }
      out.push([1, READY]);
    },
  );
}

const bulk = (s) => `$${s.length}\r\n${s}\r\n`;

const redis = (r) =>
  turns(
    r,
    [],
    (out) => {
      const words = r.pick([["GET", some(r)], ["SET", "k:1", some(r)], ["PING"], ["HGETALL", "h"]]);
      out.push([0, `*${words.length}\r\n${words.map(bulk).join("")}`]);
      return words[0];
    },
    (out, name) => {
      const answers = {
        GET: bulk(some(r)),
        SET: "+OK\r\n",
        PING: "+PONG\r\n",
        HGETALL: `*2\r\n${bulk("a")}${bulk(some(r))}`,
      };
      out.push([1, r.oneIn(6) ? "-ERR no such thing\r\n" : answers[name]]);
    },
  );

const memcached = (r) =>
  turns(
    r,
    [],
    (out) => {
      const data = some(r);
      const [kind, line] = r.pick([
        ["get", "get k:1\r\n"],
        ["set", `set k:1 0 0 ${data.length}\r\n${data}\r\n`],
        ["delete", "delete k:1\r\n"],
      ]);
      out.push([0, line]);
      return kind;
    },
    (out, kind) => {
      const data = some(r);
      const answers = {
        get: `VALUE k:1 0 ${data.length}\r\n${data}\r\nEND\r\n`,
        set: "STORED\r\n",
        delete: "DELETED\r\n",
      };
      out.push([1, answers[kind]]);
    },
  );

function framed(r, format) {
  const out = [];
  for (let n = 1 + r.small(10); n > 0; n--) {
    const payload = bytesOf(some(r));
    if (format === 0) w.u32(payload.length);
    else if (format === 1) w.text("MZ").le16(payload.length).u32(n);
    else if (format === 2) w.u8(payload.length);
    else if (format === 3) w.u32(payload.length + 4);
    else w.u32(0).u32(payload.length).u8(1).zeros(7);
    out.push([n & 1, w.bytes(payload).take()]);
  }
  return out;
}

const TRUE = { http, http2, mysql, postgresql, redis, memcached, framed };

/** Steps; null of a protocol whose grammar tells no lies by itself. `format`: of frames. */
export function trueConversation(r, protocol, format) {
  const said = TRUE[protocol]?.(r, format);
  return said?.map(([side, b]) => ({ side, bytes: typeof b === "string" ? bytesOf(b) : b })) ?? null;
}
