// What could a stranger write into a capture? The same conversations in every protocol that is read, with texts of the test's own
// wherever a protocol has room for one.

import type { Message, Talk } from "./talk.ts";
import { latin1 } from "./talk.ts";

/** Texts for the places of a capture, by what they are for. */
export interface Words {
  /** Within a request target, behind the slash; without blanks. */
  path: string;
  query: string;
  host: string;
  id: string;
  headers: readonly string[];
  body: string;
  /** Within quotes of SQL. */
  literal: string;
  /** An identifier of SQL; without backquotes. */
  table: string;
  user: string;
  database: string;
  password: string;
  errorText: string;
  key: string;
  value: string;
  sni: string;
}

const c = (bytes: Message["bytes"], after?: number): Message => ({
  from: "client",
  bytes,
  ...(after === undefined ? {} : { after }),
});
const s = (bytes: Message["bytes"], after?: number): Message => ({
  from: "server",
  bytes,
  ...(after === undefined ? {} : { after }),
});
const bytesOf = (text: string): number[] => [...latin1(text)];
const u16 = (n: number): number[] => [n >> 8, n & 255];
const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

// ── HTTP/1 ──

const httpRequest = (w: Words, method = "GET"): string =>
  `${method} /${w.path}?${w.query} HTTP/1.1\r\nHost: ${w.host}\r\nX-Request-Id: ${w.id}\r\n${w.headers.map((h) => `${h}\r\n`).join("")}` +
  (method === "POST" ? `Content-Length: ${latin1(w.body).length}\r\n\r\n${w.body}` : "\r\n");
const httpAnswer = (w: Words, status: number): string =>
  `HTTP/1.1 ${status} ${w.errorText}\r\n${w.headers.map((h) => `${h}\r\n`).join("")}Content-Length: ${latin1(w.body).length}\r\n\r\n${w.body}`;

// ── HTTP/2, prior knowledge (RFC 9113 §3.3), literals without Huffman ──

const frame = (type: number, flags: number, stream: number, payload: readonly number[]): number[] => [
  (payload.length >> 16) & 255,
  (payload.length >> 8) & 255,
  payload.length & 255,
  type,
  flags,
  ...u32(stream),
  ...payload,
];
const hpackText = (text: string): number[] => {
  const bytes = bytesOf(text);
  if (bytes.length < 127) return [bytes.length, ...bytes];
  const rest = bytes.length - 127;
  return rest < 128 ? [127, rest, ...bytes] : [127, (rest & 127) | 128, rest >> 7, ...bytes];
};
const field = (name: string, value: string): number[] => [0x40, ...hpackText(name), ...hpackText(value)];
const preface = bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const h2Headers = (w: Words): number[] => [
  ...field(":method", "GET"),
  ...field(":scheme", "http"),
  ...field(":path", `/${w.path}?${w.query}`),
  ...field(":authority", w.host),
  ...field("x-request-id", w.id),
  ...w.headers.flatMap((line) => field(line.split(": ")[0]!.toLowerCase(), line.slice(line.indexOf(": ") + 2))),
];

// ── MySQL ("MySQL Internals") ──

const little = (n: number, size: number): number[] => Array.from({ length: size }, (_, i) => (n >>> (8 * i)) & 255);
const mysqlPacket = (sequence: number, payload: readonly number[]): number[] => [
  ...little(payload.length, 3),
  sequence,
  ...payload,
];
const CAPABILITIES = (1 << 9) | (1 << 15) | (1 << 3) | (1 << 24) | 1;
const greeting = mysqlPacket(0, [
  ...[10, ...bytesOf("8.0.36-example"), 0, ...little(77, 4), ...bytesOf("abcdefgh"), 0],
  ...[...little(CAPABILITIES & 0xffff, 2), 33, 2, 0, ...little(CAPABILITIES >>> 16, 2), 21, ...Array(10).fill(0)],
  ...[...bytesOf("ijklmnopqrst"), 0, ...bytesOf("mysql_native_password"), 0],
]);
const mysqlLogin = (w: Words): number[] => {
  const scramble = bytesOf(w.password).slice(0, 20);
  return mysqlPacket(1, [
    ...[...little(CAPABILITIES, 4), ...little(1 << 24, 4), 33, ...Array(23).fill(0), ...bytesOf(w.user), 0],
    ...[scramble.length, ...scramble, ...bytesOf(w.database), 0],
  ]);
};
const mysqlOk = (sequence: number): number[] => mysqlPacket(sequence, [0, 0, 0, 2, 0, 0, 0]);
const mysqlError = (text: string): number[] => mysqlPacket(1, [0xff, ...little(1062, 2), ...bytesOf(`#23000${text}`)]);
const sqlOf = (w: Words): string => `SELECT * FROM \`${w.table}\` WHERE name = '${w.literal}' AND n = 4242424242`;

// ── PostgreSQL (protocol 3.0) ──

const pg = (type: string, payload: readonly number[]): number[] => [
  ...bytesOf(type),
  ...u32(payload.length + 4),
  ...payload,
];
const pgStartup = (w: Words): number[] => {
  const pairs = [...bytesOf(`user\0${w.user}\0database\0${w.database}\0application_name\0${w.user}\0`), 0];
  return [...u32(pairs.length + 8), ...u32(196_608), ...pairs];
};
const pgError = (text: string): number[] =>
  pg("E", [...bytesOf(`SERROR\0VERROR\0C23505\0M${text}\0DKey (name)=(${text}) already exists.\0`), 0]);
const pgReady = pg("Z", bytesOf("I"));

// ── Redis and memcached ──

const resp = (...words: readonly string[]): number[] =>
  bytesOf(`*${words.length}\r\n${words.map((word) => `$${latin1(word).length}\r\n${word}\r\n`).join("")}`);

// ── TLS 1.2 ClientHello with a server name (RFC 6066 §3) ──

function clientHello(sni: string): number[] {
  const name = bytesOf(sni);
  const list = [0, ...u16(name.length), ...name];
  const extension = [0, 0, ...u16(list.length + 2), ...u16(list.length), ...list];
  const body = [3, 3, ...Array(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0, ...u16(extension.length), ...extension];
  return [22, 3, 1, ...u16(body.length + 4), 1, 0, ...u16(body.length), ...body];
}

/** Every protocol: something answered, something that failed, and requests that were never answered. */
export function conversations(w: Words): Talk[] {
  const ends = (serverPort: number, n: number, server: number) => ({
    client: 1,
    server,
    clientPort: 40_000 + n,
    serverPort,
  });
  const unanswered = Array.from(
    { length: 6 },
    (_, n): Talk => ({
      ...ends(8080, n, 2),
      at: 1 + n * 0.2,
      messages: [c(httpRequest(w, "POST"))],
      closedBy: "client",
      closedAfter: 1,
    }),
  );
  const answered: Talk = {
    ...ends(8080, 90, 2),
    at: 0.1,
    messages: [c(httpRequest(w)), s(httpAnswer(w, 200)), c(httpRequest(w, "POST")), s(httpAnswer(w, 500))],
  };
  const h2: Talk = {
    ...ends(8443, 100, 3),
    at: 0.2,
    messages: [
      c([...preface, ...frame(4, 0, 0, []), ...frame(1, 5, 1, h2Headers(w))]),
      s([...frame(4, 0, 0, []), ...frame(1, 4, 1, [0x88, ...field("server", w.errorText)])]),
      s(frame(0, 1, 1, bytesOf(w.body))),
      c(frame(1, 5, 3, h2Headers(w))),
    ],
    closedBy: "client",
    closedAfter: 2,
  };
  const mysql: Talk = {
    ...ends(3306, 110, 4),
    at: 0.3,
    messages: [
      s(greeting),
      c(mysqlLogin(w)),
      s(mysqlOk(2)),
      c(mysqlPacket(0, [3, ...bytesOf(sqlOf(w))])),
      s(mysqlOk(1)),
      c(mysqlPacket(0, [3, ...bytesOf(sqlOf(w))])),
      s(mysqlError(w.errorText)),
      c(mysqlPacket(0, [3, ...bytesOf(sqlOf(w))])),
    ],
    closedBy: "client",
    closedAfter: 2,
  };
  const bound = bytesOf(w.literal);
  const postgres: Talk = {
    ...ends(5432, 120, 5),
    at: 0.4,
    messages: [
      c(pgStartup(w)),
      s(pg("R", u32(3))),
      c(pg("p", [...bytesOf(w.password), 0])),
      s([
        ...pg("R", u32(0)),
        ...pg("S", bytesOf(`server_version\0${w.user}\0`)),
        ...pg("K", [...u32(1), ...u32(2)]),
        ...pgReady,
      ]),
      c([
        ...pg("P", [0, ...bytesOf(`SELECT * FROM "${w.table}" WHERE name = $1 AND x = '${w.literal}'`), 0, 0, 0]),
        ...pg("B", [0, 0, 0, 0, 0, 1, ...u32(bound.length), ...bound, 0, 0]),
        ...pg("E", [0, 0, 0, 0, 0]),
        ...pg("S", []),
      ]),
      s([...pg("1", []), ...pg("2", []), ...pgError(w.errorText), ...pgReady]),
      c(pg("Q", [...bytesOf(`SELECT '${w.literal}'`), 0])),
      s([...pg("D", [0, 1, ...u32(bound.length), ...bound]), ...pg("C", [...bytesOf("SELECT 1"), 0]), ...pgReady]),
      c(pg("Q", [...bytesOf(`SELECT '${w.literal}'`), 0])),
    ],
    closedBy: "client",
    closedAfter: 2,
  };
  const redis: Talk = {
    ...ends(6379, 130, 6),
    at: 0.5,
    messages: [
      c(resp("AUTH", w.user, w.password)),
      s("+OK\r\n"),
      c(resp("SET", w.key, w.value)),
      s("+OK\r\n"),
      c(resp("GET", w.key)),
      s(`$${latin1(w.value).length}\r\n${w.value}\r\n`),
      c(resp("INCR", w.key)),
      s(`-ERR ${w.errorText}\r\n`),
      c(resp("GET", w.key)),
    ],
    closedBy: "client",
    closedAfter: 2,
  };
  const memcached: Talk = {
    ...ends(11_211, 140, 7),
    at: 0.6,
    messages: [
      c(`set ${w.key.replace(/\s/g, "")} 0 0 ${latin1(w.value).length}\r\n${w.value}\r\n`),
      s("STORED\r\n"),
      c(`get ${w.key.replace(/\s/g, "")}\r\n`),
      s(`VALUE ${w.key.replace(/\s/g, "")} 0 ${latin1(w.value).length}\r\n${w.value}\r\nEND\r\n`),
      c(`get ${w.key.replace(/\s/g, "")}\r\n`),
    ],
    closedBy: "client",
    closedAfter: 2,
  };
  const secret = bytesOf(w.body);
  const tls: Talk = {
    ...ends(443, 150, 8),
    at: 0.7,
    messages: [c(clientHello(w.sni)), c([23, 3, 3, ...u16(secret.length), ...secret])],
    closedBy: "server",
  };
  const nobody: Talk = {
    ...ends(9999, 160, 9),
    at: 0.8,
    messages: [c(`${w.password} ${w.body}`), s(`${w.value} ${w.literal}`)],
    closedBy: "server",
  };
  return [...unanswered, answered, h2, mysql, postgres, redis, memcached, tls, nobody];
}
