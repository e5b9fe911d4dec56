// Are HTTP/2 streams read as the standard writes them? (RFC 9113)

import { describe, expect, it } from "vitest";
import { LET_GO, MAX_STREAMS } from "../../decoders/http2-streams.ts";
import {
  block,
  C,
  crumbs,
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
  PRIORITY,
  rst,
  run,
  S,
  settings,
  u32,
  windowUpdate,
} from "./http2-wire.ts";
import { bytesOf, gap, type Step } from "./recorder.ts";

describe("one stream", () => {
  it("is one exchange: method, target, host, id, status, bytes, first frames and times", () => {
    const sink = run([
      ...hello,
      C(get(1, "/a?b", { "x-request-id": "r1", traceparent: "00-t" })),
      S(ok(1)),
      S(data(1, 30)),
      S(data(1, 12, END_STREAM)),
    ]);
    expect(sink.lines()).toEqual(["GET /a?b @a.example. > 200."]);
    const [x] = sink.exchanges;
    // Segments 1 to 3 are the greeting.
    expect(x).toMatchObject({ requester: 0, requestEnd: 4000, responseBytes: 42 });
    expect(x!.request).toEqual({ frame: 4, time: 4000, method: "GET", target: "/a?b", host: "a.example", id: "r1" });
    expect(x!.response).toEqual({ frame: 5, time: 5000, status: 200, error: null });
  });

  it("is the same with the server as the first side", () => {
    const swapped = [...hello, C(get(1, "/a")), S(ok(1, END_STREAM))].map((s) => ({
      ...s,
      side: (s.side ^ 1) as 0 | 1,
    }));
    const sink = run(swapped);
    expect(sink.lines()).toEqual(["GET /a @a.example. > 200."]);
    expect(sink.exchanges[0]!.requester).toBe(1);
  });

  it("takes traceparent where there is no x-request-id, and host where there is no :authority", () => {
    const fields = { ":method": "GET", ":scheme": "http", ":path": "/", host: "h.example", traceparent: "00-ab-cd-01" };
    const sink = run([...hello, C(headers(1, fields, END_STREAM))]);
    expect(sink.exchanges[0]!.request).toMatchObject({ host: "h.example", id: "00-ab-cd-01" });
  });

  it("CONNECT has its authority for a target (§8.5)", () => {
    const sink = run([...hello, C(headers(1, { ":method": "CONNECT", ":authority": "db.example:5432" })), S(ok(1))]);
    expect(sink.lines()).toEqual(["CONNECT db.example:5432 @db.example:5432 > 200"]);
  });

  it("a body ends with END_STREAM, and so does the request", () => {
    const post = headers(1, { ":method": "POST", ":scheme": "http", ":path": "/up", ":authority": "a" });
    const steps = [...hello, C(post), C(data(1, 900)), S(ok(1)), C(data(1, 0, END_STREAM)), S(data(1, 1, END_STREAM))];
    const sink = run(steps);
    expect(sink.log).toEqual(["request POST /up", "response 200", "request complete", "response complete"]);
    expect(sink.exchanges[0]!.requestEnd).toBe(7000);
  });

  it("counts no padding as body (§6.1)", () => {
    const padded = frame(0, PADDED | END_STREAM, 1, join([5], bytesOf("hello"), new Uint8Array(5)));
    expect(run([...hello, C(get(1, "/")), S(ok(1), padded)]).exchanges[0]!.responseBytes).toBe(5);
    expect(crumbs([...hello, C(get(1, "/")), S(ok(1), padded)]).exchanges[0]!.responseBytes).toBe(5);
  });

  it("1xx are interim (§8.1)", () => {
    const sink = run([...hello, C(get(1, "/")), S(headers(1, { ":status": "103" })), S(ok(1, END_STREAM))]);
    expect(sink.lines()).toEqual(["GET / @a.example. +1 > 200."]);
  });

  it("trailers end a request and a response, and are no second head", () => {
    const post = headers(1, { ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a" });
    const trailers = headers(1, { "x-checksum": "1" }, END_STREAM);
    const sink = run([...hello, C(post, data(1, 4), trailers), S(ok(1), data(1, 4), trailers)]);
    expect(sink.log).toEqual(["request POST /", "request complete", "response 200", "response complete"]);
  });

  it("a response may end before the request (§8.1)", () => {
    const post = headers(1, { ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a" });
    const sink = run([...hello, C(post), S(headers(1, { ":status": "413" }, END_STREAM), rst(1, 0)), C(data(1, 9, 1))]);
    expect(sink.lines()).toEqual(["POST / @a > 413."]);
    expect(sink.exchanges[0]!.response!.error).toBeNull();
  });
});

describe("streams side by side", () => {
  it("answers pair by stream, in any order", () => {
    const sink = run([
      ...hello,
      C(get(1, "/a"), get(3, "/b"), get(5, "/c")),
      S(ok(5, END_STREAM), headers(1, { ":status": "404" }, END_STREAM)),
    ]);
    expect(sink.lines()).toEqual(["GET /a @a.example. > 404.", "GET /b @a.example. > -", "GET /c @a.example. > 200."]);
  });

  it("what the server pushes is no exchange, but its fields keep the table in step (§8.4)", () => {
    // PUSH_PROMISE adds x: y to the table (01000000 …); the response on stream 1 then refers to it.
    const promise = frame(5, END_HEADERS, 1, join(u32(2), [0x82, 0x84, 0x86], hex("40 01 78 01 79")));
    const response = frame(1, END_HEADERS | END_STREAM, 1, [0x88, 0xbe]);
    const sink = run([...hello, C(get(1, "/")), S(promise, response, ok(2), data(2, 50, END_STREAM))]);
    expect(sink.lines()).toEqual(["GET / @a.example. > 200."]);
    expect(sink.exchanges[0]!.responseBytes).toBe(0);
  });

  it("of more than are kept, the oldest are let go, in doubt", () => {
    const requests: Step[] = Array.from({ length: MAX_STREAMS + 1 }, (_, n) => C(get(2 * n + 1, "/")));
    const sink = run([...hello, ...requests, S(ok(2 * LET_GO + 1, END_STREAM))]);
    const doubted = sink.exchanges.filter((x) => x.doubt !== null).map((x) => x.request!.frame);
    expect(doubted).toEqual(Array.from({ length: LET_GO }, (_, n) => n + 4));
    expect(sink.lines()[LET_GO]).toBe("GET / @a.example. > 200.");
  });
});

describe("header blocks", () => {
  const fields = { ":method": "GET", ":scheme": "http", ":path": `/${"p".repeat(700)}`, ":authority": "a" };
  const whole = block(fields);
  const line = `GET /${"p".repeat(700)} @a. > 200.`;

  it.each([
    ["CONTINUATION", frame(1, END_STREAM, 1, whole.subarray(0, 3)), frame(9, 0, 1, whole.subarray(3, 400))],
    ["an empty HEADERS frame", frame(1, END_STREAM, 1), frame(9, 0, 1, whole.subarray(0, 400))],
    [
      "priority and padding",
      frame(1, END_STREAM | PADDED | PRIORITY, 1, join([7], u32(0), [15], whole.subarray(0, 9), new Uint8Array(7))),
      frame(9, 0, 1, whole.subarray(9, 400)),
    ],
  ])("%s", (_, first, second) => {
    const steps = [...hello, C(first, second), C(frame(9, END_HEADERS, 1, whole.subarray(400))), S(ok(1, END_STREAM))];
    expect(run(steps).lines()).toEqual([line]);
    expect(crumbs(steps).lines()).toEqual([line]);
    // The request begins with its first frame, and ends with its last.
    expect(run(steps).exchanges[0]).toMatchObject({ request: { frame: 4, time: 4000 }, requestEnd: 5000 });
  });

  it("with priority and padding in one frame", () => {
    const payload = join([3], u32(0x80000000), [15], block({ ...fields, ":path": "/" }), new Uint8Array(3));
    const flags = END_HEADERS | END_STREAM | PADDED | PRIORITY;
    expect(run([...hello, C(frame(1, flags, 1, payload))]).lines()).toEqual(["GET / @a. > -"]);
    expect(crumbs([...hello, C(frame(1, flags, 1, payload))]).lines()).toEqual(["GET / @a. > -"]);
  });

  it("of a block that is too long the beginning is read, and the connection goes on", () => {
    const flood: Step[] = Array.from({ length: 20 }, () => C(frame(9, 0, 1, block({ x: "y".repeat(9000) }))));
    const steps = [
      ...hello,
      C(frame(1, END_STREAM, 1, block({ ...fields, ":path": "/flood" }))),
      ...flood,
      C(frame(9, END_HEADERS, 1)),
      C(get(3, "/after")),
      S(ok(1, END_STREAM), ok(3, END_STREAM)),
    ];
    expect(run(steps).lines()).toEqual(["GET /flood @a. > 200.", "GET /after @a.example. > 200."]);
  });

  it("another frame within a block ends it (§4.3)", () => {
    const steps = [...hello, C(frame(1, END_STREAM, 1, whole.subarray(0, 20)), get(3, "/b")), S(ok(3, END_STREAM))];
    expect(run(steps).lines()).toEqual(["GET ?. > -", "GET /b @a.example. > 200."]);
  });
});

describe("the end of a stream before its time", () => {
  it("RST_STREAM by the client takes the request back; what the server had sent already comes late", () => {
    const sink = run([...hello, C(get(1, "/slow")), C(rst(1, 8)), S(ok(1)), S(data(1, 10, END_STREAM))]);
    expect(sink.log).toEqual(["request GET /slow", "request complete", "cancelled", "late 200"]);
    expect(sink.cancelled).toEqual([{ exchange: sink.exchanges[0], side: 0, frame: 5 }]);
    expect(sink.late).toEqual([
      { exchange: sink.exchanges[0], side: 1, head: { frame: 6, time: 6000, status: 200, error: null } },
    ]);
    expect(sink.exchanges).toHaveLength(1);
  });

  it("what is said of a late answer: the head once, no interim one, no body, no trailers", () => {
    const taken = [...hello, C(get(1, "/slow")), C(rst(1, 8))];
    const log = (...more: Step[]) => run([...taken, ...more]).log.slice(3);
    expect(log(S(headers(1, { ":status": "103" })))).toEqual([]);
    expect(log(S(headers(1, { ":status": "103" }), ok(1)))).toEqual(["late 200"]);
    expect(log(S(ok(1), data(1, 5)), S(headers(1, { "grpc-status": "0" }, END_STREAM)))).toEqual(["late 200"]);
    expect(log(S(headers(1, { "grpc-status": "0" }, END_STREAM)))).toEqual([]);
    expect(log(S(data(1, 5, END_STREAM)))).toEqual([]);
    expect(log(S(rst(1, 2)))).toEqual([]);
    expect(log(gap(1, 50), S(settings, ok(1)))).toEqual(["late 200"]);
  });

  it("an answer to one of very many that were taken back long ago is let pass", () => {
    const ids = Array.from({ length: 3000 }, (_, n) => 2 * n + 1);
    const sink = run([...hello, ...ids.map((id) => C(get(id, "/"), rst(id, 8))), S(ok(1)), S(ok(5999)), S(ok(6001))]);
    expect(sink.late.map((l) => sink.exchanges.indexOf(l.exchange as (typeof sink.exchanges)[number]))).toEqual([2999]);
    // Stream 6001 was not seen to be opened: an answer without its request.
    expect(sink.exchanges.slice(3000).map((x) => x.request)).toEqual([null]);
  });

  it("the client may take back what it has half read: that is an answer", () => {
    const sink = run([...hello, C(get(1, "/big")), S(ok(1), data(1, 10)), C(rst(1, 8))]);
    expect(sink.lines()).toEqual(["GET /big @a.example. > 200"]);
    expect(sink.cancelled).toEqual([]);
    expect(sink.exchanges[0]!.response!.error).toBeNull();
  });

  it.each([
    [7, "REFUSED_STREAM"],
    [2, "INTERNAL_ERROR"],
    [0xb, "ENHANCE_YOUR_CALM"],
    [99, "99"],
  ])("RST_STREAM %i by the server is the answer, with the error %s", (code, name) => {
    const sink = run([...hello, C(get(1, "/")), S(rst(1, code))]);
    expect(sink.exchanges[0]!.response).toEqual({
      frame: 5,
      time: 5000,
      status: null,
      error: { code: name, text: "" },
    });
  });

  it("RST_STREAM by the server within the response cuts it", () => {
    const sink = run([...hello, C(get(1, "/")), S(ok(1), data(1, 10)), S(rst(1, 2))]);
    expect(sink.exchanges[0]).toMatchObject({
      responseComplete: false,
      response: { error: { code: "INTERNAL_ERROR" } },
    });
  });
});

describe("GOAWAY", () => {
  it("without an error is a farewell, from either side", () => {
    const sink = run([...hello, S(goaway(0, 0)), C(goaway(0, 0, "bye"))]);
    expect(sink.remarks).toEqual([
      { side: 1, frame: 4, time: 4000, kind: "farewell", code: null, text: "GOAWAY" },
      { side: 0, frame: 5, time: 5000, kind: "farewell", code: null, text: "bye" },
    ]);
  });

  it("with an error is a refusal, with its name and its text", () => {
    const sink = crumbs([...hello, S(goaway(0, 11, "too_many_pings"))]);
    expect(sink.remarks).toMatchObject([{ kind: "refusal", code: "ENHANCE_YOUR_CALM", text: "too_many_pings" }]);
  });

  it("refuses the streams above the last one taken, those already sent and those still to come (§6.8)", () => {
    const sink = run([
      ...hello,
      C(get(1, "/a"), get(3, "/b")),
      S(goaway(0x7fffffff, 0)),
      S(goaway(1, 0)),
      C(get(5, "/c")),
      S(ok(1, END_STREAM)),
    ]);
    const refused = { status: null, error: { code: "REFUSED_STREAM" } };
    expect(sink.exchanges.map((x) => x.response)).toMatchObject([{ status: 200 }, refused, refused]);
    expect(sink.exchanges[1]!.response!.frame).toBe(6);
  });
});

describe("frames that are none of the above", () => {
  it("PING, PRIORITY, WINDOW_UPDATE, unknown types and long frames are stepped over", () => {
    const others = [
      frame(6, 0, 0, new Uint8Array(8)),
      frame(2, 0, 1, [...u32(0), 200]),
      windowUpdate(0),
      windowUpdate(1),
      frame(0xa, 0, 0, bytesOf("alt-svc")),
      frame(0xf7, 0xff, 9, new Uint8Array(40)),
    ];
    const steps = [
      ...hello,
      C(...others, get(1, "/"), ...others),
      S(...others, ok(1), ...others, data(1, 100_000, END_STREAM), ...others),
      C(get(3, "/b")),
      S(ok(3, END_STREAM)),
    ];
    const lines = ["GET / @a.example. > 200.", "GET /b @a.example. > 200."];
    expect(run(steps).lines()).toEqual(lines);
    expect(crumbs(steps).lines()).toEqual(lines);
  });
});
