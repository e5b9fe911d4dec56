// Do HTTP/1 conversations leave without their secrets, and still say the same? Requests and answers written after RFC 9112.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import { redactTarget } from "../../src/core/redact-target.ts";
import { redactHttp1 } from "../../src/evidence/redactors/redact-http1.ts";
import { bytesOf, C, end, gap, type Recorded, S, type Step } from "../decoders/recorder.ts";
import { expectSame, redactSteps, STRICT, segmented, twice } from "./redacted-stream.ts";

/** A report shows targets redacted: they must be the same. A method that no registry has is filled. */
const method = (m: string): string => (/^[A-Z-]+$/.test(m) ? m : "x".repeat(m.length));
const reported = (x: Recorded): Recorded => ({
  ...x,
  request: x.request && { ...x.request, method: method(x.request.method), target: redactTarget(x.request.target) },
});
const same = (steps: readonly Step[]) => {
  const result = twice(steps, http1, redactHttp1);
  expectSame(result, reported);
  expect(result.after.log.map((line) => line.replace(/^request .*/, "request"))).toEqual(
    result.before.log.map((line) => line.replace(/^request .*/, "request")),
  );
  return result.left;
};
/** The same at any cut of the segments. */
const sameAtAnyCut = (steps: readonly Step[]) => {
  for (const n of [1, 2, 3, 7, 64]) same(segmented(steps, () => [n]));
  return same(steps);
};

const login = [
  "POST /login?next=/a&token=s3cr3t-in-query HTTP/1.1",
  "Host: shop.example",
  "Authorization: Bearer s3cr3t-in-header",
  "Cookie: sid=s3cr3t-in-cookie",
  "X-Request-Id: 7f3a-11",
  "Content-Length: 20",
  "",
  "password=s3cr3t-body",
].join("\r\n");
const page = "HTTP/1.1 200 OK\r\nServer: nginx/1.24\r\nSet-Cookie: sid=s3cr3t\r\nContent-Length: 6\r\n\r\ns3cr3t";

describe("one request and its answer", () => {
  it("leaves with names, framing and harmless values, at the same length", () => {
    const left = sameAtAnyCut([C(login), S(page)]);
    expect(left.text(0)).toBe(
      [
        "POST /login?next=/a&token=xxxxxxxxxxxxxxx HTTP/1.1",
        "Host: shop.example",
        "Authorization: xxxxxxxxxxxxxxxxxxxxxxx",
        "Cookie: xxxxxxxxxxxxxxxxxxxx",
        "X-Request-Id: 7f3a-11",
        "Content-Length: 20",
        "",
        "xxxxxxxxxxxxxxxxxxxx",
      ].join("\r\n"),
    );
    expect(left.text(1)).toBe(
      "HTTP/1.1 200 OK\r\nServer: nginx/1.24\r\nSet-Cookie: xxxxxxxxxx\r\nContent-Length: 6\r\n\r\nxxxxxx",
    );
    // Authorization, Cookie and Set-Cookie; one parameter; bodies of 20 and 6 bytes.
    expect(Object.fromEntries(left.counts)).toEqual({ credentials: 3, "target secrets": 1, "payload bytes": 26 });
  });

  it("keeps no secret at any cut", () => {
    for (const n of [1, 2, 5, 11]) {
      const left = redactSteps(
        segmented([C(login), S(page)], () => [n]),
        redactHttp1,
      );
      expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
    }
  });

  it("gives hosts their pseudonyms with strict redaction, at the same length", () => {
    const left = redactSteps(
      [
        C("GET http://shop.example:8280/a HTTP/1.1\r\nHost: shop.example:8280\r\nVia: 1.1 edge.example\r\n\r\n"),
        S("HTTP/1.1 302 Found\r\nLocation: http://db.example/b\r\nContent-Length: 0\r\n\r\n"),
      ],
      redactHttp1,
      STRICT,
    );
    expect(left.text(0)).toBe(
      "GET http://qqqq.qqqqqqq:8280/a HTTP/1.1\r\nHost: qqqq.qqqqqqq:7777\r\nVia: 7.7 qqqq.qqqqqqq\r\n\r\n",
    );
    expect(left.text(1)).toBe("HTTP/1.1 302 Found\r\nLocation: http://qq.qqqqqqq/b\r\nContent-Length: 0\r\n\r\n");
  });
});

it("a user in front of a host is filled, the host stays; a password in a User-Agent, a token in an id do not", () => {
  const left = redactSteps(
    [
      C(
        "GET /a HTTP/1.1\r\nHost: jane:pw@shop.example\r\nUser-Agent: x/1 (password=s3cr3t)\r\nX-Request-Id: eyJhbGciOiJI\r\n\r\n",
      ),
    ],
    redactHttp1,
  );
  expect(left.text(0)).toBe(
    "GET /a HTTP/1.1\r\nHost: xxxxxxx@shop.example\r\nUser-Agent: x/1 (xxxxxxxxxxxxxxxx\r\nX-Request-Id: xxxxxxxxxxxx\r\n\r\n",
  );
});

describe("what a report shows of the slice is what it shows of the capture", () => {
  it.each([
    "/a?token=abc&b=1",
    "/a;jsessionid=0123456789ABCDEF0123456789ABCDEF/b?x=1",
    "http://user:pw@shop.example/a",
    "/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/done",
    "/u/jane.doe@shop.example/orders",
    "/u/jane.doe%40shop.example/orders?code=1&code=22",
    "/files/3c9909afec25354d551dae21590bb26e38d53f2173b8d3dc3eee4c047e7ab1c1",
    "/pay?card=4111111111111111&n=4111111111111111",
    "/a?q=basic%20dXNlcjpwdw%3D%3D",
    "/a?token=REDACTED&x=REDACTED",
    "/a?token",
    "*",
  ])("%s", (target) => {
    const left = sameAtAnyCut([C(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`)]);
    expect(left.text(0).length).toBe(target.length + 34);
  });
});

const ok = (body = "") => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const get = (path = "/a") => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
const chunked = (...chunks: string[]) =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks
    .map((c) => `${c.length.toString(16)};sig=s3cr3t\r\n${c}\r\n`)
    .join("")}0\r\nX-Sum: s3cr3t\r\nExpires: 0\r\n\r\n`;

describe("the exchanges are the same", () => {
  it.each<[string, Step[]]>([
    ["pipelining", [C(get("/a") + get("/b") + get("/c")), S(ok("s3cr3t") + ok() + ok("s3cr3t"))]],
    [
      "chunked, with extensions and trailers",
      [C(get()), S(chunked("s3cr3t s3cr3t", "GET /s3cr3t HTTP/1.1\r\n\r\n")), C(get())],
    ],
    [
      "HEAD has no body",
      [
        C(get().replace("GET", "HEAD") + get("/b")),
        S("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        S(ok("s3cr3t")),
      ],
    ],
    [
      "1xx come before",
      [C(login), S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: s3cr3t\r\n\r\n"), S(page)],
    ],
    [
      "101 ends it",
      [
        C("GET /s HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: s3cr3t\r\n\r\n"),
        S("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\ns3cr3t"),
        C("s3cr3t"),
      ],
    ],
    [
      "CONNECT opened",
      [
        C("CONNECT shop.example:443 HTTP/1.1\r\nProxy-Authorization: s3cr3t\r\n\r\ns3cr3t early"),
        S("HTTP/1.1 200 Connection established\r\n\r\n"),
        C("GET /s3cr3t HTTP/1.1\r\n\r\n"),
      ],
    ],
    [
      "CONNECT refused",
      [
        C(`CONNECT shop.example:443 HTTP/1.1\r\n\r\n${get("/early")}`),
        C(get("/more")),
        S("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"),
        S(ok()),
        S(ok("s3cr3t")),
      ],
    ],
    ["until the end", [C(get()), S("HTTP/1.0 200 OK\r\n\r\ns3cr3t"), S("s3cr3t"), end(1, "fin")]],
    [
      "an answer in a body without a length",
      [C(get()), S("HTTP/1.1 200 OK\r\n\r\ns3cr3t"), C(get("/b")), S(ok("s3cr3t"))],
    ],
    ["joined within a body", [S("s3cr3t end of a body"), C(get()), S(ok())]],
    ["no HTTP, short and long", [C("s3cr3t"), S("\x16\x03\x01s3cr3t"), C("s3cr3t".repeat(20)), C(get()), S(ok())]],
    [
      "gap in a head",
      [C("GET /a HTTP/1.1\r\nCookie: s3cr3t"), gap(0, 10), C("s3cr3t"), C(get("/b")), S(ok()), S(ok())],
    ],
    [
      "gap in a body",
      [
        C(get()),
        S("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\ns3cr3t"),
        gap(1, 4),
        S("s3cr3t"),
        C(get("/b")),
        S(ok()),
      ],
    ],
    [
      "snap length in a start line",
      [
        C("GET /abc?token=s3cr3t"),
        gap(0, 90, "snap"),
        S("HTTP/1.1 200 OK\r\nSet-Coo"),
        gap(1, 90, "snap"),
        C("GET /b"),
        gap(0, 5, "snap"),
      ],
    ],
    [
      "folded fields",
      [C("GET /a HTTP/1.1\r\nHost:\r\n a.example\r\nCookie: s3cr3t\r\n s3cr3t\r\nX-Request-Id: 1\r\n\r\n"), S(ok())],
    ],
    [
      "odd status lines",
      [
        C(get() + get() + get()),
        S("HTTP/1.1 s3cr3t\r\nContent-Length: 0\r\n\r\n"),
        S("HTTP/1.1 500 s3cr3t said no\r\nContent-Length: 0\r\n\r\n"),
        S("HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
      ],
    ],
    [
      "control characters in status lines",
      [
        C(get() + get()),
        S("HTTP/1.1\rs3cr3t\r\nContent-Length: 0\r\n\r\n"),
        S("HTTP/1.1\x100\0s3cr3t\r\nContent-Length: 0\r\n\r\n"),
      ],
    ],
    [
      "odd request lines",
      [
        C("GET /a b s3cr3t HTTP/1.1\r\n\r\n"),
        C("GET /old\r\n\r\n"),
        C("BREW /pot HTTP/1.1s3cr3t\r\n\r\n"),
        S(ok() + ok() + ok()),
      ],
    ],
    [
      "empty lines, bare LF, CR CR LF",
      [
        C(`\r\n\r\n${get()}`),
        S("HTTP/1.1 204 No Content\nA: s3cr3t\n\n"),
        C("GET /b HTTP/1.1\r\r\nHost: b.example\r\r\n\r\r\n"),
        S(ok()),
      ],
    ],
    [
      "lengths that are none",
      [
        C("POST /a HTTP/1.1\r\nContent-Length: 3s3cr3t\r\n\r\n"),
        S("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab"),
        C(get()),
        S(ok()),
      ],
    ],
    [
      "broken chunks",
      [C(get()), S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz s3cr3t\r\n"), C(get()), S(ok())],
    ],
    [
      "header lines that are none",
      [
        C("GET /a HTTP/1.1\r\ns3cr3t without colon\r\ns3cr3t s3cr3t: b\r\n: s3cr3t\r\nHost: a.example\r\n\r\n"),
        S(ok()),
      ],
    ],
  ])("%s", (_, steps) => {
    const left = sameAtAnyCut(steps);
    expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
  });

  it("names, at any length, and lines longer than a segment", () => {
    const long = `GET /a?token=${"s".repeat(70_000)} HTTP/1.1\r\nCookie: ${"s3cr3t".repeat(3_000)}\r\nHost: a.example\r\n\r\n`;
    for (const cut of [1_000, 9_000, 200_000]) {
      const left = same(segmented([C(long), S(ok())], () => [cut]));
      expect(left.text(0)).not.toContain("s3cr3t");
      expect(left.text(0)).toContain("\r\nHost: a.example\r\n\r\n");
    }
  });
});

describe("whatever comes", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      get(),
      ok("s3cr3t"),
      chunked("s3cr3t"),
      login,
      page,
      "HTTP/1.1 200 OK\r\n\r\n",
      "\r\n",
      "CONNECT a.example:1 HTTP/1.1\r\n\r\n",
    ),
    fc.uint8Array({ maxLength: 40 }).map((b) => String.fromCharCode(...b)),
    fc.constantFrom("GET /", "HTTP/1.", " ", "Content-Length: 5", "0\r\n", "5\r\n", ":", "\n", "s3cr3t"),
  );
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom(C, S), fc.array(piece, { minLength: 1, maxLength: 4 }))
        .map(([side, p]) => side(p.join(""))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(0 as const, 1 as const),
          fc.integer({ min: 1, max: 50 }),
          fc.constantFrom("missing" as const, "snap" as const),
        )
        .map(([side, n, why]) => gap(side, n, why)),
    },
  );
  const steps = fc.array(step, { maxLength: 8 }).map((all) => all.filter((s) => !("bytes" in s) || s.bytes.length > 0));

  it("nothing throws, and every segment keeps its length", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }), (all, cuts) => {
        const given = segmented(all, () => cuts);
        const left = redactSteps(given, redactHttp1);
        for (const [k, s] of given.entries()) {
          const other = left.steps[k]!;
          if ("bytes" in s && "bytes" in other) expect(other.bytes.length).toBe(s.bytes.length);
        }
      }),
    );
  });

  it("well-formed conversations with secrets in them are told the same at any cut", () => {
    const turn = fc.constantFrom<Step[]>(
      [C(get()), S(ok("s3cr3t"))],
      [C(login), S(page)],
      [C(get()), S(chunked("s3cr3t", "b"))],
      [C(get("/x?token=s3cr3t") + get()), S(ok() + ok("s3cr3t"))],
    );
    const lost = fc.constantFrom<Step[]>([], [], [gap(0, 9)], [gap(1, 9)], [gap(1, 9, "snap")]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(turn, lost), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 }),
        (turns, cuts) => {
          const left = same(segmented(turns.flat(2), () => cuts));
          expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
        },
      ),
    );
  });

  it("bytes that are no HTTP leave as fill", () => {
    const left = redactSteps([{ side: 0, bytes: bytesOf("\x01\x02s3cr3t\r\n") }], redactHttp1);
    expect(left.text(0)).toMatch(/^\0x+$/);
  });
});
