// What is said in HTTP/1, Redis and memcached? Conversations of both sides, mostly true to the protocol; lengths lie now and then.

import { bytesOf } from "./writer.mjs";

const LIES = 20;
const said = (r, n) => (r.lies && r.oneIn(LIES) ? (r.oneIn(2) ? r.turn() : Math.max(0, n + r.between(-3, 3))) : n);
const word = (r) =>
  r.pick(["a", "shop", "orders", "k:1", "user:42", "x".repeat(r.int(40)), r.text(r.int(12)).replace(/ /g, "_")]);

// ── HTTP/1 (RFC 9112) ──

const METHODS = [
  "GET",
  "GET",
  "POST",
  "PUT",
  "HEAD",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "PATCH",
  "PRI",
  "get",
  "M-SEARCH",
];
const CODES = [100, 101, 103, 200, 200, 200, 204, 206, 301, 304, 404, 500, 503, 999, 99];
const TARGETS = ["/", "/a?token=abc&b=1", "*", "shop.example.com:443", "http://u:p@shop.example.com/x", "/..%2f%zz"];
const FIELDS = [
  "Host: shop.example.com",
  "Connection: close",
  "Connection: keep-alive, upgrade",
  "Upgrade: h2c",
  "Upgrade: websocket",
  "X-Request-Id: 7f3a",
  "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "Expect: 100-continue",
  "HTTP2-Settings: AAMAAABkAAQAAP__",
  "Authorization: Basic dXNlcjpwYXNz",
  "Cookie: sid=1; theme=dark",
  "Keep-Alive: timeout=5",
  " folded",
  "NoColon",
  ": empty",
  "X: \xff\xfe",
  "Trailer: x",
];
const eol = (r) => (r.oneIn(12) ? "\n" : "\r\n");

function httpBody(r, fields) {
  const body = r.text(r.small(200));
  const kind = r.int(5);
  if (kind === 0) return "";
  if (kind === 1) return body;
  if (kind < 4) {
    fields.push(
      `Content-Length: ${r.lies && r.oneIn(30) ? r.pick(["-1", "1,1", "+5", "99999999999999999999", "0x10", ""]) : said(r, body.length)}`,
    );
    return body;
  }
  fields.push(`Transfer-Encoding: ${r.pick(["chunked", "chunked", "gzip, chunked", "identity", "chunked, chunked"])}`);
  let out = "";
  for (let at = 0; at < body.length; ) {
    const n = 1 + r.int(40);
    const part = body.slice(at, at + n);
    out += `${said(r, part.length).toString(16)}${r.oneIn(8) ? ";ext=1" : ""}\r\n${part}\r\n`;
    at += n;
  }
  return `${out}0\r\n${r.oneIn(6) ? "X-Trailer: 1\r\n" : ""}\r\n`;
}

function httpMessage(r, start) {
  const fields = [];
  for (let n = r.small(6); n > 0; n--) fields.push(r.pick(FIELDS));
  if (r.oneIn(1500)) fields.push(`X-Long: ${"y".repeat(r.turn() & 0x3ffff)}`);
  const body = httpBody(r, fields);
  return bytesOf([start, ...fields, "", ""].join(eol(r)) + body);
}

export function http(r) {
  const out = [];
  for (let n = 1 + r.small(6); n > 0; n--) {
    if (!(r.lies && r.oneIn(8)))
      out.push([
        0,
        httpMessage(r, `${r.pick(METHODS)} ${r.pick(TARGETS)} HTTP/${r.pick(["1.1", "1.1", "1.0", "2.0", "x"])}`),
      ]);
    if (!(r.lies && r.oneIn(6)))
      out.push([1, httpMessage(r, `HTTP/1.${r.int(2)} ${r.pick(CODES)} ${r.pick(["OK", "", "No\xe9"])}`)]);
    if (r.lies && r.oneIn(20)) out.push([r.int(2), r.bytes(r.small(40))]);
  }
  return out;
}

// ── RESP (redis.io, RESP2 and RESP3) ──

const REDIS = [
  "GET",
  "SET",
  "MGET",
  "HELLO",
  "AUTH",
  "SELECT",
  "MULTI",
  "EXEC",
  "DISCARD",
  "SUBSCRIBE",
  "PSUBSCRIBE",
  "UNSUBSCRIBE",
  "BLPOP",
  "XREAD",
  "MONITOR",
  "QUIT",
  "RESET",
  "CLIENT",
  "PSYNC",
  "EVAL",
  "WATCH",
  "PING",
  "WAIT",
];
const bulk = (r, s) => `$${said(r, s.length)}\r\n${s}\r\n`;

function command(r) {
  const words = [r.pick(REDIS)];
  for (let n = r.small(4); n > 0; n--)
    words.push(r.oneIn(6) ? r.pick(["REPLY", "OFF", "ON", "SKIP", "BLOCK", "0", "3", "TRACKING"]) : word(r));
  if (r.oneIn(8)) return `${words.join(" ")}\r\n`;
  return `*${said(r, words.length)}\r\n${words.map((s) => bulk(r, s)).join("")}`;
}

function reply(r, depth = 0) {
  const many = (mark, per) => {
    const n = depth > 60 ? 0 : r.oneIn(60) ? 1 : r.small(4);
    let out = `${mark}${said(r, n)}\r\n`;
    for (let i = 0; i < n * per; i++) out += reply(r, depth + 1);
    return out;
  };
  switch (r.int(15)) {
    case 0:
      return `+${r.pick(["OK", "QUEUED", "PONG", "FULLRESYNC a 1", "CONTINUE"])}\r\n`;
    case 1:
      return `-${r.pick(["ERR x 'abc'", "MOVED 3999 127.0.0.1:6381", "WRONGTYPE", "NOAUTH", "EXECABORT"])}\r\n`;
    case 2:
      return `:${r.turn()}\r\n`;
    case 3:
      return r.pick(["$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", ",1.5e3\r\n", "(123456789\r\n"]);
    case 4:
      return many("*", 1);
    case 5:
      return many("%", 2);
    case 6:
      return many("~", 1);
    case 7:
      return many(">", 1);
    case 8:
      return `${many("|", 2)}${depth > 60 ? "" : reply(r, depth + 1)}`;
    case 9:
      return `=${said(r, 7)}\r\ntxt:abc\r\n`;
    case 10:
      return `!${said(r, 5)}\r\nERR x\r\n`;
    case 11:
      return r.oneIn(4) ? `$?\r\n;4\r\nabcd\r\n;0\r\n` : `*?\r\n:1\r\n.\r\n`;
    case 12:
      return `*3\r\n${bulk(r, r.pick(["message", "subscribe", "unsubscribe", "pmessage"]))}${bulk(r, "news")}:1\r\n`;
    default:
      return bulk(r, r.text(r.small(80)));
  }
}

export function redis(r) {
  const out = [];
  if (r.oneIn(400)) out.push([1, bytesOf("*1\r\n".repeat(r.int(5000)))]);
  for (let n = 1 + r.small(8); n > 0; n--) {
    if (!(r.lies && r.oneIn(8))) out.push([0, bytesOf(command(r))]);
    if (!(r.lies && r.oneIn(8))) out.push([1, bytesOf(reply(r))]);
    if (r.lies && r.oneIn(25)) out.push([r.int(2), r.bytes(r.small(30))]);
  }
  return out;
}

// ── memcached (protocol.txt) ──

function memcachedCommand(r) {
  const data = r.text(r.small(60));
  const quiet = r.oneIn(6) ? " noreply" : "";
  switch (r.int(8)) {
    case 0:
      return `${r.pick(["get", "gets", "gat 10"])} ${word(r)} ${word(r)}\r\n`;
    case 1:
      return `${r.pick(["set", "add", "replace", "append", "prepend"])} ${word(r)} 0 0 ${said(r, data.length)}${quiet}\r\n${data}\r\n`;
    case 2:
      return `cas ${word(r)} 1 2 ${said(r, data.length)} 77${quiet}\r\n${data}\r\n`;
    case 3:
      return `${r.pick(["delete", "touch", "incr", "decr"])} ${word(r)} 1${quiet}\r\n`;
    case 4:
      return `${r.pick(["stats", "stats items", "version", "flush_all", "verbosity 1", "quit", "watch", "mn", "lru_crawler metadump all"])}\r\n`;
    case 5:
      return `mg ${word(r)} ${r.pick(["v", "t f v k q O123", "q", "s c"])}\r\n`;
    case 6:
      return `ms ${word(r)} ${said(r, data.length)} ${r.pick(["", "q", "T60 F1"])}\r\n${data}\r\n`;
    default:
      return `${r.pick(["md", "ma", "me"])} ${word(r)} ${r.pick(["q", "N0", ""])}\r\n`;
  }
}

function memcachedAnswer(r) {
  const data = r.text(r.small(60));
  switch (r.int(6)) {
    case 0:
      return `VALUE ${word(r)} 0 ${said(r, data.length)}${r.oneIn(3) ? " 77" : ""}\r\n${data}\r\nEND\r\n`;
    case 1:
      return `${r.pick(["STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "DELETED", "TOUCHED", "OK", "END", "ERROR", "HD", "EN", "NS", "MN"])}\r\n`;
    case 2:
      return `${r.pick(["SERVER_ERROR out of memory", "CLIENT_ERROR bad data chunk", "VERSION 1.6.9", "BUSY", String(r.turn())])}\r\n`;
    case 3:
      return `VA ${said(r, data.length)} k${word(r)} O1\r\n${data}\r\n`;
    case 4:
      return `STAT ${word(r)} ${r.turn()}\r\nEND\r\n`;
    default:
      return "END\r\n";
  }
}

export function memcached(r) {
  const out = [];
  for (let n = 1 + r.small(8); n > 0; n--) {
    if (!(r.lies && r.oneIn(8))) out.push([0, bytesOf(memcachedCommand(r))]);
    if (!(r.lies && r.oneIn(8))) out.push([1, bytesOf(memcachedAnswer(r))]);
    if (r.lies && r.oneIn(25)) out.push([r.int(2), r.bytes(r.small(30))]);
  }
  return out;
}
