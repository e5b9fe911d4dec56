// Do HTTP/2 connections leave without their secrets, and still say the same? Frames written after RFC 9113, and Node's nghttp2.

import { once } from "node:events";
import { connect, createServer } from "node:http2";
import { type AddressInfo, createServer as createRelay, connect as dial } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../decoders/hpack.ts";
import { TextCache } from "../../decoders/http1-text.ts";
import { http2 } from "../../decoders/http2.ts";
import { makePseudonyms } from "../../src/core/pseudonyms.ts";
import { redactTarget } from "../../src/core/redact-target.ts";
import { redactHttp2 } from "../../src/evidence/redactors/redact-http2.ts";
import type { RedactionPolicy } from "../../src/evidence/stream-redactor.ts";
import {
  block,
  C,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  get,
  goaway,
  headers,
  hello,
  hex,
  join,
  ok,
  PADDED,
  PREFACE,
  PRIORITY,
  rst,
  S,
  settings,
  u32,
  windowUpdate,
} from "../decoders/http2-wire.ts";
import { bytesOf, end, gap, type Recorded, type Step } from "../decoders/recorder.ts";
import { expectSame, redactSteps, STRICT, segmented, twice } from "./redacted-stream.ts";

const KEYED: RedactionPolicy = { level: "strict", pseudonyms: makePseudonyms("a key of the test") };
const reported = (x: Recorded): Recorded => ({
  ...x,
  request: x.request && { ...x.request, target: redactTarget(x.request.target) },
  // The server's words are filled.
  response: x.response && { ...x.response, error: x.response.error && { ...x.response.error, text: "" } },
});
const same = (steps: readonly Step[]) => {
  const result = twice(steps, http2, redactHttp2);
  expectSame(result, reported);
  return result.left;
};
const sameAtAnyCut = (steps: readonly Step[]) => {
  for (const n of [1, 2, 3, 7, 64]) same(segmented(steps, () => [n]));
  return same(steps);
};

const login = { ":method": "POST", ":scheme": "http", ":path": "/login?token=s3cr3t", ":authority": "shop.example" };
const secrets = { authorization: "Bearer s3cr3t", cookie: "sid=s3cr3t", "x-request-id": "7f3a-11", "x-own": "s3cr3t" };
const both = { ...login, ...secrets };
/** A header block cut into HEADERS, two CONTINUATIONs, with padding and priority in the first. */
const parted = (stream: number) => {
  const b = block(both);
  const first = [4, ...u32(0), 9, ...b.subarray(0, 30), ...bytesOf("s3cr")];
  return join(
    frame(1, END_STREAM | PADDED | PRIORITY, stream, first),
    frame(9, 0, stream, b.subarray(30, 60)),
    frame(9, END_HEADERS, stream, b.subarray(60)),
  );
};

describe("one request and its answer", () => {
  const steps = [
    ...hello,
    C(headers(1, both), data(1, 0), frame(0, END_STREAM | PADDED, 1, [3, ...bytesOf("s3cr3tpad")])),
    S(
      headers(1, { ":status": "200", "set-cookie": "s3cr3t", server: "nginx" }),
      frame(0, END_STREAM, 1, bytesOf("s3cr3t")),
    ),
  ];

  it("leaves with names, framing and harmless values", () => {
    const left = sameAtAnyCut(steps);
    const request = join(
      headers(1, {
        ...{ ":method": "POST", ":scheme": "http", ":path": "/login?token=xxxxxx", ":authority": "shop.example" },
        ...{ authorization: "xxxxxxxxxxxxx", cookie: "xxxxxxxxxx", "x-request-id": "7f3a-11", "x-own": "xxxxxx" },
      }),
      data(1, 0),
      frame(0, END_STREAM | PADDED, 1, [3, ...bytesOf("xxxxxx"), 0, 0, 0]),
    );
    expect(left.steps[3]).toEqual(C(request));
    expect(left.steps[4]).toEqual(
      S(
        headers(1, { ":status": "200", "set-cookie": "xxxxxx", server: "nginx" }),
        frame(0, END_STREAM, 1, bytesOf("xxxxxx")),
      ),
    );
    // authorization, cookie, set-cookie; x-own; bodies of six bytes each.
    expect(Object.fromEntries(left.counts)).toEqual({
      "target secrets": 1,
      credentials: 3,
      "header values": 1,
      "payload bytes": 12,
    });
  });

  it("gives hosts their pseudonyms with strict redaction", () => {
    const left = redactSteps(steps, redactHttp2, STRICT);
    expect(left.text(0)).toContain(":authority\x0cqqqq.qqqqqqq");
  });
});

/** RFC 7541 C.6.1, with Huffman code: :status 302, cache-control private, date, location https://www.example.com. */
const c61 = hex(`
  4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae
  82ae 43d3`);
/** C.6.3's set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1, as the field before it left the table. */
const setCookie = hex(`
  77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`);

describe("Huffman code and the dynamic table", () => {
  it("a secret literal is replaced by one that takes as much of the table, so that later indices mean the same", () => {
    const steps = [
      ...hello,
      C(get(1, "/a"), get(3, "/b")),
      S(frame(1, END_HEADERS | END_STREAM, 1, c61)),
      // set-cookie enters the table as 62; :status, now 66, and set-cookie are named by their indices.
      S(frame(1, END_HEADERS | END_STREAM, 3, [0x80 | 65, ...setCookie, 0x80 | 62])),
    ];
    const left = sameAtAnyCut(steps);
    const original = String.fromCharCode(...setCookie.subarray(2));
    expect(left.text(1)).not.toContain(original.slice(0, 8));
    expect(left.text(1).length).toBe(
      steps.reduce((n, s) => n + ("bytes" in s && s.side === 1 ? s.bytes.length : 0), 0),
    );
    // As it was, but for the value of set-cookie.
    expect(left.steps[4]).toEqual(steps[4]);
    expect(left.counts.get("credentials")).toBe(1);
  });

  it("of a field that entered the table unseen, the name is not known, and its value is replaced", () => {
    // Joined midway: a literal whose name is entry 70 of the dynamic table.
    const literal = [0x7f, 70 - 63, 6, ...bytesOf("s3cr3t")];
    const left = sameAtAnyCut([
      C(frame(1, 5, 7, [...block({ ":method": "GET" }), ...literal]), windowUpdate(0), windowUpdate(0)),
    ]);
    expect(left.text(0)).not.toContain("s3cr3t");
  });
});

describe("the exchanges are the same", () => {
  const trailers = headers(1, { "grpc-status": "14", "grpc-message": "s3cr3t" }, END_STREAM);
  it.each<[string, Step[]]>([
    ["a block of three frames, padded", [...hello, C(parted(1)), S(ok(1, END_STREAM))]],
    ["gRPC that fails in its trailers", [...hello, C(headers(1, both)), S(ok(1), data(1, 5), trailers)]],
    [
      "several at once, in any order",
      [
        ...hello,
        C(get(1, "/a"), get(3, "/b?sig=s3cr3t"), get(5, "/c")),
        S(ok(5, 1), ok(1)),
        S(ok(3, 1), data(1, 3, 1)),
      ],
    ],
    [
      "taken back, late, refused",
      [
        ...hello,
        C(get(1, "/a"), get(3, "/b"), get(5, "/c")),
        C(rst(1, 8)),
        S(ok(1, 1), rst(3, 7)),
        S(goaway(3, 11, "s3cr3t")),
      ],
    ],
    [
      "PING, PRIORITY, unknown frames",
      [
        ...hello,
        C(
          frame(6, 0, 0, u32(1).concat(u32(2))),
          frame(2, 0, 1, [0, 0, 0, 0, 1]),
          frame(77, 0, 0, bytesOf("s3cr3t")),
          get(1, "/a"),
        ),
      ],
    ],
    ["a push", [...hello, C(get(1, "/a")), S(frame(5, 4, 1, [...u32(2), ...block(both)]), ok(1, 1))]],
    ["joined midway", [S(data(1, 9), ok(3, 1)), C(get(5, "/a"), windowUpdate(0)), S(ok(5, 1))]],
    [
      "no HTTP/2 before",
      [C(bytesOf("s3cr3t s3cr3t s3cr3t")), S(bytesOf("s3cr3t")), ...hello, C(get(1, "/a")), S(ok(1, 1))],
    ],
    [
      "gap in DATA",
      [...hello, C(get(1, "/a")), S(ok(1), frame(0, 1, 1, bytesOf("s3cr3t")).subarray(0, 12)), gap(1, 3), S(ok(3, 1))],
    ],
    [
      "gap in a block",
      [
        ...hello,
        C(headers(1, both).subarray(0, 90)),
        gap(0, headers(1, both).length - 90),
        C(get(3, "/b")),
        S(ok(1, 1), ok(3, 1)),
      ],
    ],
    [
      "gap between frames",
      [...hello, C(get(1, "/a"), get(3, "/b")), gap(1, 400), S(ok(1, 1), ok(3, 1)), C(get(5, "/c")), S(ok(5, 1))],
    ],
    [
      "snap length within a block",
      [
        ...hello,
        C(headers(1, both).subarray(0, 70)),
        gap(0, headers(1, both).length - 70, "snap"),
        S(ok(1).subarray(0, 10)),
        gap(1, 200, "snap"),
        S(ok(1, 1)),
      ],
    ],
    [
      "a block that is none",
      [...hello, C(frame(1, 5, 1, [...block(login), 0x40, ...bytesOf("s3cr3t")])), C(get(3, "/b")), S(ok(3, 1))],
    ],
    [
      "another frame within a block",
      [...hello, C(frame(1, 1, 1, block(both)), windowUpdate(0), get(3, "/b")), S(ok(3, 1))],
    ],
    ["CONNECT", [...hello, C(headers(1, { ":method": "CONNECT", ":authority": "db.example:5432" })), S(ok(1))]],
    [
      "fields that are odd",
      [
        ...hello,
        C(headers(1, { ":method": "GET", ":path": "?x", "x s3cr3t": "s3cr3t", "": "s3cr3t" }, 5)),
        S(headers(1, { ":status": "s3cr3t" }, 1)),
        end(1, "fin"),
      ],
    ],
  ])("%s", (_, steps) => {
    const left = sameAtAnyCut(steps);
    expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
  });

  it("of a block that is too long the beginning is read", () => {
    const long = block({ ...both, "x-long": "s3cr3t".repeat(20_000) });
    const parts = Array.from({ length: Math.ceil(long.length / 16_000) }, (_, k) =>
      long.subarray(k * 16_000, (k + 1) * 16_000),
    );
    const frames = parts.map((p, k) => frame(k === 0 ? 1 : 9, k === parts.length - 1 ? 4 : 0, 1, p));
    const left = same(segmented([...hello, C(...frames), C(get(3, "/b")), S(ok(1, 1), ok(3, 1))], () => [1_400]));
    expect(left.text(0)).not.toContain("s3cr3t");
  });
});

describe("whatever comes", () => {
  const id = fc.constantFrom(1, 2, 3, 5, 7);
  const flags = fc.constantFrom(0, 1, 4, 5, 8, 9, 12, 13, 0x25, 0x2d);
  const piece = fc.oneof(
    fc.constantFrom(PREFACE, settings, windowUpdate(0), PREFACE.subarray(0, 9)),
    id.map((n) => get(n, "/a?token=s3cr3t")),
    id.map((n) => headers(n, both)),
    id.map((n) => parted(n)),
    fc.tuple(id, fc.constantFrom(0, END_STREAM)).map(([n, f]) => ok(n, f)),
    fc.tuple(id, fc.nat({ max: 60 }), fc.constantFrom(0, END_STREAM)).map(([n, length, f]) => data(n, length, f)),
    fc.tuple(fc.nat({ max: 9 }), fc.constantFrom(0, 11)).map(([n, code]) => goaway(n, code, "s3cr3t")),
    fc.tuple(fc.nat({ max: 12 }), flags, fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 30 })).map((f) => frame(...f)),
    fc.tuple(id, flags, fc.uint8Array({ maxLength: 30 })).map(([n, f, b]) => frame(1, f, n, b)),
  );
  const side = fc.constantFrom<0 | 1>(0, 1);
  const sent = fc.record({ side, bytes: fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => join(...p)) });
  const lost = fc.record({
    side,
    gap: fc.integer({ min: 1, max: 50 }),
    reason: fc.constantFrom<"missing" | "snap">("missing", "snap"),
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });

  it("nothing throws, and every segment keeps its length", () => {
    const junk = fc.record({ side, bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 8, arbitrary: sent }, junk, lost), { maxLength: 8 }),
        cuts,
        (all, pieces) => {
          const given = segmented(all, () => pieces);
          const left = redactSteps(given, redactHttp2);
          for (const [k, s] of given.entries()) {
            const other = left.steps[k]!;
            if ("bytes" in s && "bytes" in other) expect(other.bytes.length).toBe(s.bytes.length);
          }
          expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
        },
      ),
      { numRuns: 300 },
    );
  });

  it("where the place of frames was guessed wrong, no text passes for a header or for settings", () => {
    // A GOAWAY with a text, in segments of which one looks like a frame; then a byte too many, which makes all that follows a SETTINGS.
    const text = [115, 51, 99, 114, 51, 116];
    const twice = [...[0, 0, 14, 7, 0, 0, 0, 0, 0], ...[0, 0, 0, 0, 0, 0, 0, 0], ...text];
    const goaways = Uint8Array.from([
      0,
      0,
      2,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...twice,
      0,
      0,
      14,
      7,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
    ]);
    const cases = [
      segmented([{ side: 0, bytes: join(goaways, Uint8Array.from([0, 0, 0, 0, ...text, 0, 0, 0])) }], () => [9, 1]),
      segmented(
        [{ side: 0, bytes: join(get(1, "/a"), Uint8Array.of(222), windowUpdate(0), get(3, "/s3cr3t")) }],
        () => [90],
      ),
    ];
    for (const given of cases) expect(redactSteps(given, redactHttp2).text(0)).not.toContain("s3cr3t");
  });

  it("conversations of well-formed frames are told the same at any cut, with gaps", () => {
    const frames = fc.oneof(
      fc.tuple(id, fc.constantFrom("/a", "/b?sig=s3cr3t")).map(([n, path]) => get(n, path)),
      id.map((n) => headers(n, both)),
      id.map((n) => parted(n)),
      fc.tuple(id, fc.constantFrom(0, END_STREAM)).map(([n, f]) => ok(n, f)),
      fc.tuple(id, fc.nat({ max: 60 })).map(([n, length]) => data(n, length, END_STREAM)),
      fc.constantFrom(settings, windowUpdate(0), rst(1, 8), rst(3, 7)),
    );
    const segment = fc.record({ side, bytes: fc.array(frames, { minLength: 1, maxLength: 4 }).map((p) => join(...p)) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 8, arbitrary: segment }, lost), { maxLength: 8 }),
        cuts,
        (all, pieces) => {
          same([...hello, ...segmented(all, () => pieces)]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Every field of every HEADERS frame of one direction: nghttp2 sends these blocks in one frame. */
function fieldsOf(text: string): [string | null, string | null][] {
  const bytes = bytesOf(text);
  const hpack = new HpackDecoder(null, new TextCache());
  const fields: [string | null, string | null][] = [];
  const out = { field: (name: string | null, value: string | null) => fields.push([name, value]) };
  for (let i = 0; i + 9 <= bytes.length; ) {
    const length = bytes[i]! * 65_536 + bytes[i + 1]! * 256 + bytes[i + 2]!;
    const front = (bytes[i + 4]! & PRIORITY) === 0 ? 0 : 5;
    if (bytes[i + 3] === 1) expect(hpack.decode(bytes, i + 9 + front, i + 9 + length, out)).toBe(true);
    i += 9 + length;
  }
  return fields;
}

describe("Node's client and server", () => {
  it("say the same, and no secret, at any cut", async () => {
    const steps: (Step & { bytes: Uint8Array })[] = [];
    const server = createServer({ settings: { headerTableSize: 512 } });
    server.on("stream", (stream, head) => {
      stream.resume();
      stream.on("end", () => {
        stream.respond({
          ":status": 200,
          "set-cookie": `s=${head[":path"]!.length}-wholly-s3cr3t`,
          etag: "s3cr3t",
          server: "n",
        });
        stream.end("s3cr3t body");
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const relay = createRelay((client) => {
      const upstream = dial((server.address() as AddressInfo).port, "127.0.0.1");
      for (const socket of [client, upstream]) socket.on("error", () => {});
      client.on("data", (b: Buffer) => upstream.write(b) && steps.push({ side: 0, bytes: new Uint8Array(b) }));
      upstream.on("data", (b: Buffer) => client.write(b) && steps.push({ side: 1, bytes: new Uint8Array(b) }));
    });
    await once(relay.listen(0, "127.0.0.1"), "listening");
    const { port } = relay.address() as AddressInfo;
    const session = connect(`http://127.0.0.1:${port}`);
    const values = ["s3cr3t", "A very l0ng s3cr3t {~|}".repeat(9), "ÄÖ s3cr3t", "0123456789"];
    for (let k = 0; k < 40; k++) {
      const value = values[k % values.length]!;
      const request = session.request({
        ...{
          ":method": "POST",
          ":authority": `shop.example:${port}`,
          ":path": `/p/${k % 5}?token=${encodeURIComponent(value)}&k=${k}`,
          authorization: `Bearer ${value}`,
        },
        ...{ cookie: [`a=${value}`, `b=${k}`], "x-request-id": `id-${k}`, "x-own": value },
      });
      request.end("s3cr3t");
      request.resume();
      await once(request, "close");
    }
    session.close();
    relay.close();
    server.close();
    const left = same(steps);
    for (const n of [1, 13, 1_400]) same(segmented(steps, () => [n]));
    const { before, after } = twice(steps, http2, redactHttp2);
    expect(before.exchanges.length).toBe(40);
    // What was asked is what Node was told to ask, but for the token.
    expect(after.exchanges.map((x) => x.request!.target.replace(/token=[^&]*/, "token="))).toEqual(
      Array.from({ length: 40 }, (_, k) => `/p/${k % 5}?token=&k=${k}`),
    );
    expect(after.exchanges.map((x) => x.request!.id)).toEqual(Array.from({ length: 40 }, (_, k) => `id-${k}`));
    expect(left.counts.get("credentials")).toBeGreaterThan(0);
    // With strict redaction neither does it name the host, in a literal of the same length.
    const named = fieldsOf(redactSteps(steps, redactHttp2, KEYED).text(0).slice(PREFACE.length));
    const authority = `shop.example:${port}`;
    const given = named.find(([name]) => name === ":authority")![1]!;
    expect(given).not.toContain("shop");
    expect(given.length).toBe(authority.length);
    // Nor does it say so in Huffman code.
    const fields = fieldsOf(left.text(0).slice(PREFACE.length)).concat(fieldsOf(left.text(1)));
    expect(fields.filter(([name]) => name === "x-request-id").map(([, value]) => value)).toContain("id-39");
    expect(fields.filter(([name]) => name === "authorization").length).toBe(40);
    for (const secret of ["s3cr3t", "l0ng", "0123456789", "%C3%84"])
      expect(JSON.stringify(fields)).not.toContain(secret);
    expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
  });
});
