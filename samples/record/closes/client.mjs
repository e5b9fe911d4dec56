// How do well-behaved clients end connections? Each ending is one entry of the list below, from a port of its own.
//
// An entry says what it does, what must be found in the capture (`expect`), and does it. The log has a line for every
// act of the application, so that each connection can be checked one by one.

import { setTimeout as sleep } from "node:timers/promises";
import { dial } from "../dial.mjs";
import { openJournal } from "../journal.mjs";

const SERVER = "192.0.2.2";
const FIRST_PORT = 40001;
/** Endings start this far apart and run side by side. */
const STAGGER_MS = 60;

const journal = openJournal(process.env.JOURNAL);

const get = (target, more = "") => `GET ${target} HTTP/1.1\r\nHost: shop.example\r\n${more}\r\n`;
const exchange = (method, target, status, interim = 0) => ({ method, target, status, outcome: "answered", interim });
const HELLO = /\r\n\r\nhello\n$/;

const ENDINGS = [
  {
    name: "client-closes-first",
    what: "The client closes after the answer; the server follows at once.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("GET", "/a", 200)] },
    async run(c) {
      await c.send(get("/a"), HELLO);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "server-closes-first",
    what: "The client asks for Connection: close; the server closes, the client follows at once.",
    expect: { closed_first: "server", ending: "closed", exchanges: [exchange("GET", "/b", 200)] },
    async run(c) {
      await c.send(get("/b", "Connection: close\r\n"), HELLO);
      await c.sawFin();
      c.fin();
    },
  },
  {
    name: "client-follows-late",
    what: "The server closes first; the client is busy and closes 0.8 s later.",
    expect: { closed_first: "server", ending: "closed", exchanges: [exchange("GET", "/c", 200)] },
    async run(c) {
      await c.send(get("/c", "Connection: close\r\n"), HELLO);
      await c.sawFin();
      await sleep(800);
      c.fin();
    },
  },
  {
    name: "half-close-on-purpose",
    what: "The client sends its request and shuts down its sending side right behind it; the answer comes 1.5 s later, complete.",
    port: 8002,
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("GET", "/count", 200)] },
    async run(c) {
      const answered = c.send(get("/count"), /that was all\.\.\n$/);
      c.fin();
      await answered;
      await c.sawFin();
    },
  },
  {
    name: "half-close-with-upload",
    what: "The same after a request body in three segments, as `nc -N` does.",
    port: 8002,
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("POST", "/count", 200)] },
    async run(c) {
      c.write("POST /count HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 3000\r\n\r\n");
      for (let part = 0; part < 2; part++) {
        await sleep(20);
        c.write("x".repeat(1000));
      }
      await sleep(20);
      const answered = c.send("x".repeat(1000), /that was all\.\.\n$/);
      c.fin();
      await answered;
      await c.sawFin();
    },
  },
  {
    name: "close-delimited-http-1.0",
    what: "An HTTP/1.0 response without Content-Length: its body ends with the connection.",
    port: 8004,
    expect: { closed_first: "server", ending: "closed", exchanges: [exchange("GET", "/http-1.0", 200)] },
    async run(c) {
      await c.send("GET /http-1.0 HTTP/1.0\r\nHost: shop.example\r\n\r\n", /the end\n$/);
      await c.sawFin();
      c.fin();
    },
  },
  {
    name: "close-delimited-http-1.1",
    what: "An HTTP/1.1 response with Connection: close, neither Content-Length nor chunked.",
    port: 8004,
    expect: { closed_first: "server", ending: "closed", exchanges: [exchange("GET", "/http-1.1", 200)] },
    async run(c) {
      await c.send(get("/http-1.1"), /the end\n$/);
      await c.sawFin();
      c.fin();
    },
  },
  {
    name: "long-poll",
    what: "The answer comes after 3 s, in time.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("GET", "/long-poll", 200)] },
    async run(c) {
      await c.send(get("/long-poll"), /news\n/);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "websocket",
    what: "101, text frames both ways, closing handshake; then the server closes first.",
    port: 8005,
    expect: { closed_first: "server", ending: "closed", upgraded: true, exchanges: [exchange("GET", "/feed", 101)] },
    async run(c) {
      const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
      await c.send(get("/feed", `${upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`), /\r\n\r\n$/);
      for (let tick = 0; tick < 5; tick++) {
        await c.send(maskedFrame(1, "tick"), /echo: tick$/);
        await sleep(100);
      }
      c.write(maskedFrame(8, "\x03\xe8"));
      await c.sawFin();
      c.fin();
    },
  },
  ...[1, 2, 3].map((n) => ({
    name: `health-check-reset-${n}`,
    what: "A TCP health check: connect, then close with SO_LINGER 0, which sends RST and no request.",
    port: 8006,
    expect: { closed_first: null, ending: "reset", exchanges: [] },
    async run(c) {
      c.reset();
    },
  })),
  {
    name: "health-check-http-reset",
    what: "An HTTP health check that reads its answer and then resets the connection instead of closing it.",
    expect: { closed_first: null, ending: "reset", exchanges: [exchange("GET", "/health", 200)] },
    async run(c) {
      await c.send(get("/health"), HELLO);
      c.reset();
    },
  },
  {
    name: "health-check-close",
    what: "A TCP health check that closes with FIN at once.",
    port: 8006,
    expect: { closed_first: "client", ending: "closed", exchanges: [] },
    async run(c) {
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "idle-preconnect",
    what: "A browser's spare connection: opened, never used, closed by the client after 2 s.",
    port: 8006,
    expect: { closed_first: "client", ending: "closed", exchanges: [] },
    async run(c) {
      await sleep(2000);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "keep-alive",
    what: "Five requests one after another on one connection, with pauses.",
    expect: {
      closed_first: "client",
      ending: "closed",
      exchanges: [1, 2, 3, 4, 5].map((n) => exchange("GET", `/item?n=${n}`, 200)),
    },
    async run(c) {
      for (let n = 1; n <= 5; n++) {
        await c.send(get(`/item?n=${n}`), HELLO);
        await sleep(150);
      }
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "pipelined",
    what: "Four requests in one write; the answers come in order.",
    expect: {
      closed_first: "client",
      ending: "closed",
      exchanges: [1, 2, 3, 4].map((n) => exchange("GET", `/pipe?n=${n}`, 200)),
    },
    async run(c) {
      await c.send([1, 2, 3, 4].map((n) => get(`/pipe?n=${n}`)).join(""), /(?:hello\n[\s\S]*){4}$/);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "no-bodies",
    what: "HEAD, 204 and 304, which have headers of a body but none, and a GET behind them.",
    expect: {
      closed_first: "client",
      ending: "closed",
      exchanges: [
        exchange("HEAD", "/head", 200),
        exchange("GET", "/no-content", 204),
        exchange("GET", "/not-modified", 304),
        exchange("GET", "/d", 200),
      ],
    },
    async run(c) {
      await c.send("HEAD /head HTTP/1.1\r\nHost: shop.example\r\n\r\n", /\r\n\r\n$/);
      await c.send(get("/no-content"), /204[\s\S]*\r\n\r\n$/);
      await c.send(get("/not-modified", 'If-None-Match: "v1"\r\n'), /304[\s\S]*\r\n\r\n$/);
      await c.send(get("/d"), HELLO);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "expect-100-continue",
    what: "The client waits for 100 Continue before it sends its body.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("POST", "/upload", 201, 1)] },
    async run(c) {
      const head = "POST /upload HTTP/1.1\r\nHost: shop.example\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n";
      await c.send(head, /100 Continue\r\n\r\n$/);
      await c.send("hello world", /11 bytes\n/);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "early-hints",
    what: "103 Early Hints, then the answer.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("GET", "/hints", 200, 1)] },
    async run(c) {
      await c.send(get("/hints"), /hinted\n/);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "trailers",
    what: "A chunked response with a trailer, then a further request on the same connection.",
    expect: {
      closed_first: "client",
      ending: "closed",
      exchanges: [exchange("GET", "/trailers", 200), exchange("GET", "/e", 200)],
    },
    async run(c) {
      await c.send(get("/trailers", "TE: trailers\r\n"), /x-checksum: 5d41402a\r\n\r\n$/);
      await c.send(get("/e"), HELLO);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "connect-tunnel",
    what: "CONNECT through a proxy, then a request inside the tunnel, which is no exchange of this connection.",
    port: 3128,
    expect: {
      closed_first: "client",
      ending: "closed",
      upgraded: true,
      exchanges: [exchange("CONNECT", "192.0.2.2:8000", 200)],
    },
    async run(c) {
      await c.send("CONNECT 192.0.2.2:8000 HTTP/1.1\r\nHost: 192.0.2.2:8000\r\n\r\n", /established\r\n\r\n$/);
      await c.send(get("/inside"), HELLO);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "keep-alive-expires",
    what: "A pooled connection: the server closes it when idle for its keep-alive time; the client closes at once in response.",
    expect: { closed_first: "server", ending: "closed", exchanges: [exchange("GET", "/f", 200)] },
    async run(c) {
      await c.send(get("/f"), HELLO);
      await c.sawFin();
      c.fin();
    },
  },
  {
    name: "upload",
    what: "A request body of 40,000 bytes in eight writes, more than one segment each.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("POST", "/upload", 201)] },
    async run(c) {
      c.write("POST /upload HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 40000\r\n\r\n");
      for (let part = 1; part < 8; part++) {
        c.write("u".repeat(5000));
        await sleep(15);
      }
      await c.send("u".repeat(5000), /40000 bytes\n/);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "early-answer",
    what: "The response begins while the request's body is still being sent.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("POST", "/early-answer", 200)] },
    async run(c) {
      const head = "POST /early-answer HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 4000\r\n\r\n";
      await c.send(head + "e".repeat(1000), /early$/);
      for (let part = 1; part < 3; part++) {
        await sleep(50);
        c.write("e".repeat(1000));
      }
      await c.send("e".repeat(1000), /\.\.\.\n$/);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "head-in-pieces",
    what: "A request head that arrives in many small segments, one split inside a line end.",
    expect: { closed_first: "client", ending: "closed", exchanges: [exchange("GET", "/pieces", 200)] },
    async run(c) {
      for (const piece of [
        "GE",
        "T /pieces HTTP",
        "/1.1\r",
        "\nHost: shop.ex",
        "ample\r\nX-Request-Id: piece-1\r\n\r",
      ]) {
        c.write(piece);
        await sleep(30);
      }
      await c.send("\n", HELLO);
      c.fin();
      await c.sawFin();
    },
  },
  {
    name: "ipv6",
    what: "Two requests over IPv6.",
    host: "2001:db8::2",
    expect: {
      closed_first: "client",
      ending: "closed",
      exchanges: [exchange("GET", "/six?n=1", 200), exchange("GET", "/six?n=2", 200)],
    },
    async run(c) {
      await c.send(get("/six?n=1"), HELLO);
      await c.send(get("/six?n=2"), HELLO);
      c.fin();
      await c.sawFin();
    },
  },
];

/** A client's frame, masked as RFC 6455 §5.3 demands. */
function maskedFrame(opcode, text) {
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const payload = Buffer.from(text, "latin1").map((byte, i) => byte ^ mask[i & 3]);
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, payload]);
}

await Promise.all(
  ENDINGS.map(async (ending, i) => {
    await sleep(i * STAGGER_MS);
    const host = ending.host ?? SERVER;
    const local = { address: host.includes(":") ? "2001:db8::1" : "192.0.2.1", port: FIRST_PORT + i };
    const server = { address: host, port: ending.port ?? 8000 };
    const { name, what, expect } = ending;
    journal("starts", { name, what, client: local, server, expect });
    const connection = await dial(local, server, (event, facts) => journal(event, { port: local.port, ...facts }));
    await ending.run(connection);
    await connection.closed();
    journal("done", { port: local.port });
  }),
);
