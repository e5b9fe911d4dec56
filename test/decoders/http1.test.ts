// Are the messages of HTTP/1 streams found, framed and paired, however they are cut? (values from RFC 9112 and by hand)

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import { MAX_TEXT } from "../../src/core/stream-decoder.ts";
import { bytesOf, C, type Cut, end, play, S, type Step } from "./recorder.ts";

const GET = "GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Case {
  name: string;
  steps: Step[];
  lines: string[];
  upgraded?: boolean;
}

const cases: Case[] = [
  { name: "one exchange", steps: [C(GET), S(OK)], lines: ["GET /a @shop.example. > 200."] },
  {
    name: "the response side first",
    steps: [S(OK), C(GET), S(OK)],
    lines: ["? > 200.", "GET /a @shop.example. > 200."],
  },
  {
    name: "keep-alive",
    steps: [
      C(GET),
      S(OK),
      C("GET /b HTTP/1.1\r\nHost: x\r\n\r\n"),
      S("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ],
    lines: ["GET /a @shop.example. > 200.", "GET /b @x. > 404."],
  },
  {
    name: "pipelining, answers in one segment",
    steps: [
      C(`${GET}HEAD /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n`),
      S(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx`),
    ],
    lines: ["GET /a @shop.example. > 200.", "HEAD /b. > 200.", "GET /c. > 404."],
  },
  {
    name: "request body by Content-Length, and a second request behind it",
    steps: [
      C("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\nGET /no HTTP/1.1\rGET /b HTTP/1.1\r\n\r\n"),
      S(OK),
      S(OK),
    ],
    lines: ["POST /p @x. > 200.", "GET /b. > 200."],
  },
  {
    name: "CR LF behind a body, as old browsers send",
    steps: [C("POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\n"), C(GET), S(OK + OK)],
    lines: ["POST /p. > 200.", "GET /a @shop.example. > 200."],
  },
  {
    name: "chunked with extensions and trailers",
    steps: [
      C(GET),
      S(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c="d"\r\nhello\r\n00A \r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-More: HTTP/1.1 500\r\n\r\n',
      ),
      C(GET),
      S(OK),
    ],
    lines: ["GET /a @shop.example. > 200.", "GET /a @shop.example. > 200."],
  },
  {
    name: "chunked wins over Content-Length, in either order",
    steps: [
      C("POST /p HTTP/1.1\r\nContent-Length: 400\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
      S("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\ncontent-length: 1\r\n\r\n2\nok\n0\n\n"),
      C(GET),
      S(OK),
    ],
    lines: ["POST /p. > 200.", "GET /a @shop.example. > 200."],
  },
  {
    name: "xchunked is not chunked",
    steps: [C(GET), S("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n0\n"), C(GET), S(OK)],
    lines: ["GET /a @shop.example. > 200.", "GET /a @shop.example. > 200."],
  },
  {
    name: "HEAD, 204, 304 have no body whatever the headers say",
    steps: [
      C("HEAD / HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"),
      S(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nHTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n" +
          OK,
      ),
    ],
    lines: ["HEAD /. > 200.", "GET /1. > 204.", "GET /2. > 304.", "GET /3. > 200."],
  },
  {
    name: "interim responses are counted, not paired",
    steps: [
      C("POST /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
      S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\n"),
      C("hi"),
      S(OK),
    ],
    lines: ["POST /p. +2 > 200."],
  },
  {
    name: "the response begins before the request has ended",
    steps: [
      C("POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"),
      S("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
      C("cde"),
      C(GET),
      S(OK),
    ],
    lines: ["POST /p. > 413.", "GET /a @shop.example. > 200."],
  },
  {
    name: "close-delimited, ended by FIN",
    steps: [C(GET), S("HTTP/1.0 200 OK\r\n\r\nall of\r\nHTTP/1.1 500 this"), end(1, "fin")],
    lines: ["GET /a @shop.example. > 200."],
  },
  {
    name: "close-delimited, cut by RST",
    steps: [C(GET), S("HTTP/1.0 200 OK\r\n\r\nall of this"), end(1, "reset")],
    lines: ["GET /a @shop.example. > 200"],
  },
  {
    name: "close-delimited, the capture ends first",
    steps: [C(GET), S("HTTP/1.0 200 OK\r\n\r\n"), end(1, "capture")],
    lines: ["GET /a @shop.example. > 200"],
  },
  {
    name: "a body cut short by FIN",
    steps: [C(GET), S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), end(1, "fin")],
    lines: ["GET /a @shop.example. > 200"],
  },
  {
    name: "a head cut short is no exchange",
    steps: [C("GET /a HTTP/1.1\r\nHost: x\r\n"), end(0, "fin")],
    lines: [],
  },
  {
    name: "101 turns the flow into something else",
    steps: [
      C("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
      S("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
      C(GET),
      end(0, "fin"),
    ],
    lines: ["GET /ws. > 101."],
    upgraded: true,
  },
  {
    name: "CONNECT that is refused stays HTTP; one that succeeds does not",
    steps: [
      C("CONNECT db.example:443 HTTP/1.1\r\n\r\n"),
      S("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno"),
      C("CONNECT db.example:443 HTTP/1.1\r\n\r\n"),
      S("HTTP/1.1 200 Connected\r\nContent-Length: 2\r\n\r\n"),
      C(GET),
    ],
    lines: ["CONNECT db.example:443. > 407.", "CONNECT db.example:443. > 200."],
    upgraded: true,
  },
  {
    name: "odd but readable: blanks, no reason, lower-case names, bare LF, folded and empty fields",
    steps: [
      C("GET   /a   HTTP/1.1  \nhOST:\n  shop.example \nX-Empty:\n\n"),
      S("HTTP/1.1\t 200\ncontent-length:2\n\nok"),
      C("PROPFIND /b%20 HTTP/1.0\r\nContent-Length:\r\n 3\r\n\r\n<a>"),
      S("HTTP/1 207  \r\nContent-Length: 2 , 2\r\n\r\nok"),
    ],
    lines: ["GET /a @shop.example. > 200.", "PROPFIND /b%20. > 207."],
  },
  {
    name: "a response whose status cannot be read is an answer",
    steps: [
      C(GET),
      S("HTTP/1.1 2xx ok\r\nContent-Length: 2\r\n\r\nok"),
      C(GET),
      S("HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    ],
    lines: ["GET /a @shop.example. > 0.", "GET /a @shop.example. > 0."],
  },
  {
    name: "Content-Length that is no number is none; a field name with a blank is another field; the last number counts",
    steps: [
      C("POST /p HTTP/1.1\r\nContent-Length: -5\r\n\r\n"),
      C("POST /q HTTP/1.1\r\nContent-Length : 500\r\n\r\n"),
      C("POST /r HTTP/1.1\r\nContent-Length: 500\r\nContent-Length: 2\r\n\r\nab"),
      S(OK + OK + OK),
    ],
    lines: ["POST /p. > 200.", "POST /q. > 200.", "POST /r. > 200."],
  },
  {
    name: "SHOUTcast's ICY answers a request",
    steps: [C("GET /radio HTTP/1.0\r\n\r\n"), S("ICY 200 OK\r\nicy-name: x\r\n\r\nmp3"), end(1, "fin")],
    lines: ["GET /radio. > 200."],
  },
  {
    name: "both sides may ask (UPnP events on one connection)",
    steps: [C("SUBSCRIBE /e HTTP/1.1\r\n\r\n"), S(`NOTIFY /n HTTP/1.1\r\n\r\n${OK}`), C(OK)],
    lines: ["SUBSCRIBE /e. > 200.", "NOTIFY /n. > 200."],
  },
  {
    name: "a 4 GB body costs nothing to count",
    steps: [
      C(GET),
      S("HTTP/1.1 200 OK\r\nContent-Length: 4294967297\r\n\r\n"),
      { side: 1, gap: 4294967296, reason: "missing" },
      S("x"),
      C(GET),
      S(OK),
    ],
    lines: ["GET /a @shop.example. > 200.", "GET /a @shop.example. > 200."],
  },
  {
    name: "a length beyond 2^53 never ends",
    steps: [C(GET), S("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n"), S(OK), end(1, "fin")],
    lines: ["GET /a @shop.example. > 200"],
  },
];

const random: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });

describe("every case, whole, byte by byte, and cut anywhere", () => {
  for (const { name, steps, lines, upgraded } of cases) {
    it(name, () => {
      const check = (cut: Cut | undefined, pieces: "one segment" | "segments") => {
        const sink = play(steps, cut, pieces);
        expect(sink.lines()).toEqual(lines);
        expect(sink.isUpgraded).toBe(upgraded ?? false);
      };
      check(undefined, "one segment");
      check(() => [1], "one segment");
      check(() => [1], "segments");
      fc.assert(
        fc.property(random, fc.boolean(), (lengths, own) => check(() => lengths, own ? "segments" : "one segment")),
        { numRuns: 60 },
      );
    });

    it(`${name}; and the next message has begun`, () => {
      const next = (side: 0 | 1, text: string): Step => ({ side, bytes: bytesOf(text) });
      const ended = steps.some((s) => "end" in s) || name.includes("2^53");
      if (ended) return;
      const sink = play([...steps, next(0, "GET /next HTTP/1.1\r\nHo"), next(1, "HTTP/1.1 20")], () => [3]);
      expect(sink.lines()).toEqual(lines);
    });
  }
});

describe("what is kept of a message", () => {
  it("has the frame and time of its first byte, and the request ends with its last", () => {
    const sink = play([
      C("\r\nG"),
      C("ET /a HTTP/1.1\r\nContent-Length: 2\r\n"),
      C("\r\na"),
      C("b"),
      S("H"),
      S("TTP/1.1 200 OK\r\n\r\n"),
    ]);
    const [x] = sink.exchanges;
    expect(x!.request).toEqual({ frame: 1, time: 1000, method: "GET", target: "/a", host: null, id: null });
    expect(x!.requestEnd).toBe(4000);
    expect(x!.response).toEqual({ frame: 5, time: 5000, status: 200, error: null });
  });

  it("takes x-request-id before traceparent, trimmed", () => {
    const heads = [
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX-Request-ID:  r-7 \r\n",
      "Traceparent:00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
      "X-Request-Identity: no\r\n",
    ];
    const sink = play(heads.map((h) => C(`GET / HTTP/1.1\r\n${h}\r\n`)));
    expect(sink.exchanges.map((x) => x.request!.id)).toEqual([
      "r-7",
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      null,
    ]);
  });

  it("keeps targets as sent, control characters included", () => {
    const targets = ["http://shop.example/a?b=c", "*", "/a\u0001\t\u001b[31m", "/a\u00c3\u00a9", "/a\u00ff"];
    const sink = play(targets.map((t) => C(`OPTIONS ${t} HTTP/1.1\r\n\r\n`)));
    // é in UTF-8, and a byte that is not UTF-8 by itself.
    expect(sink.exchanges.map((x) => x.request!.target)).toEqual([...targets.slice(0, 3), "/aé", "/aÿ"]);
  });

  it("does not mistake equal bytes of different texts for each other", () => {
    const targets = ["/\u00c3\u0083\u00c2\u00a9", "/\u00c3\u00a9", "/\u00c3\u0083\u00c2\u00a9"];
    const sink = play(targets.map((t) => C(`GET ${t} HTTP/1.1\r\n\r\n`)));
    expect(sink.exchanges.map((x) => x.request!.target)).toEqual(["/Ã©", "/é", "/Ã©"]);
  });

  it("cuts texts at MAX_TEXT characters and still finds the message's end", () => {
    const long = `/${"x".repeat(40_000)}`;
    const steps = [
      C(`GET ${long} HTTP/1.1\r\nHost: ${"h".repeat(9000)}\r\nContent-Length: 1\r\n\r\nx${GET}`),
      S(OK + OK),
    ];
    for (const cut of [undefined, () => [1], () => [1460]]) {
      const [first, second] = play(steps, cut).exchanges;
      expect(first!.request!.target).toBe(long.slice(0, MAX_TEXT));
      expect(first!.request!.host).toBe("h".repeat(MAX_TEXT));
      expect(first!.response!.status).toBe(200);
      expect(second!.request!.target).toBe("/a");
      expect(second!.response!.status).toBe(200);
    }
    const accents = play([C(`GET /${"\u00c3\u00a9".repeat(5000)} HTTP/1.1\r\n\r\n`)]).exchanges[0]!;
    expect(accents.request!.target).toBe(`/${"é".repeat(MAX_TEXT - 1)}`);
  });

  it("finds the end of a head of any size", () => {
    const head = `GET / HTTP/1.1\r\n${"X-Filler: 0123456789\r\n".repeat(50_000)}Content-Length: 1\r\n\r\nx`;
    expect(play([C(head), C(GET), S(OK)], () => [1460], "segments").lines()).toEqual([
      "GET /. > 200.",
      "GET /a @shop.example. > -",
    ]);
  });
});

describe("probe", () => {
  const probe = (text: string) => http1.probe(bytesOf(`\n${text}\n`), 1, 1 + text.length);
  it.each([
    "GET /a HTTP/1.1\r\n",
    "\r\nGET /a HTTP/1.1\r\nHost: x",
    "BREW /pot HTTP/1.1\r\n",
    "M-SEARCH * HTTP/1.1\r\n",
    "CONNECT shop.example:443 HTTP/1.0\n",
    "GET /old\r\n",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 404",
    `GET /${"x".repeat(5000)}`,
  ])("%j is HTTP/1", (text) => expect(probe(text)).toBe("yes"));

  it.each([
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "OPTIONS rtsp://cam.example/1 RTSP/1.0\r\n",
    "NOTIFY sip:a@example.com SIP/2.0\r\n",
    "RTSP/1.0 200 OK\r\n",
    "SIP/2.0 200 OK\r\n",
    "ICY 200 OK\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "220 mail.example ESMTP\r\n",
    "EHLO mail.example\r\n",
    "GET key\r\n",
    "get key\r\n",
    'CONNECT {"verbose":false}\r\n',
    "*1\r\n$4\r\nPING\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001",
    "\r\n\r\n\r\n\r\n",
    "BREW coffee HTTP/1.1\r\n",
    "HTTP/x.y 200 OK\r\n",
    "HTTPS is something else\r\n",
    "a".repeat(33),
  ])("%j is not", (text) => expect(probe(text)).toBe("no"));

  it.each(["", "G", "GET", "GET ", "GET /a HTT", "HTT", "HTTP/1.1 20", "\r\n", "FOO /a HTTP/1."])(
    "%j may become",
    (text) => expect(probe(text)).toBe("more"),
  );

  it("never goes back on itself as more bytes come", () => {
    for (const text of [GET, OK, "PRI * HTTP/2.0\r\n", "OPTIONS rtsp://cam.example/1 RTSP/1.0\r\n"]) {
      const verdicts = Array.from({ length: text.length + 1 }, (_, n) => probe(text.slice(0, n)));
      const settled = verdicts.findIndex((v) => v !== "more");
      expect(new Set(verdicts.slice(settled)).size).toBe(1);
    }
  });
});
