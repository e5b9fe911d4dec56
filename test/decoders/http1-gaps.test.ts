// What of HTTP/1 survives loss, a snap length, and joining late? (outcomes reasoned by hand)

import { describe, expect, it } from "vitest";
import { C, end, gap, play, S, type Step } from "./recorder.ts";

const get = (path: string): Step => C(`GET ${path} HTTP/1.1\r\n\r\n`);
const ok = S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
const status = (code: number): Step => S(`HTTP/1.1 ${code} X\r\nContent-Length: 0\r\n\r\n`);
const lines = (...steps: Step[]): string[] => play(steps).lines();

describe("missing bytes", () => {
  it("inside a body of known length are stepped over", () => {
    const begun = S("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\nabc");
    expect(lines(get("/1"), begun, gap(1, 2990), S("1234567"), get("/2"), status(404))).toEqual([
      "GET /1. > 200.",
      "GET /2. > 404.",
    ]);
    expect(lines(get("/1"), begun, gap(1, 2997), get("/2"), status(404))).toEqual(["GET /1. > 200.", "GET /2. > 404."]);
  });

  it("inside a chunk are stepped over, across chunks they are not", () => {
    const begun = S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E8\r\nabc");
    expect(lines(get("/1"), begun, gap(1, 990), S("1234567\r\n0\r\n\r\n"))).toEqual(["GET /1. > 200."]);
    expect(lines(get("/1"), begun, gap(1, 1200), S("yz\r\n0\r\n\r\n"), get("/2"), status(404))).toEqual([
      "GET /1. > 200",
      "GET /2. > 404.",
    ]);
  });

  it("leave a close-delimited body what it is", () => {
    const steps = [get("/1"), S("HTTP/1.0 200 OK\r\n\r\nabc"), gap(1, 1000), S("xyz"), end(1, "fin")];
    expect(lines(...steps)).toEqual(["GET /1. > 200."]);
  });

  it("that may hold the response put the request in doubt", () => {
    expect(lines(get("/1"), gap(1, 500), end(0, "fin"))).toEqual(["GET /1. > - (gap)"]);
    expect(lines(get("/1"), gap(1, 500), S("tail of a body"), end(0, "fin"))).toEqual(["GET /1. > - (gap)"]);
  });

  it("do not let the pairing slip: who asks again was answered", () => {
    expect(lines(get("/1"), gap(1, 500), get("/2"), status(404), get("/3"), status(500))).toEqual([
      "GET /1. > - (gap)",
      "GET /2. > 404.",
      "GET /3. > 500.",
    ]);
    // The same when the gap is only noticed as the next response comes.
    expect(
      lines(get("/1"), get("/2"), gap(1, 500), status(404), get("/3"), status(500)).map((l) => l.replace(" (gap)", "")),
    ).toEqual(["GET /1. > -", "GET /2. > 404.", "GET /3. > 500."]);
  });

  it("leave pipelined requests in doubt, all of them, in order", () => {
    const three = C("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
    const sink = play([three, status(201), gap(1, 100), status(203)]);
    expect(sink.lines()).toEqual(["GET /1. > 201.", "GET /2. > 203. (gap)", "GET /3. > - (gap)"]);
    expect(sink.exchanges.map((x) => x.doubts.length)).toEqual([0, 1, 1]);
  });

  it("in the request direction: an answer that is older than the next question is nobody's", () => {
    expect(lines(get("/1"), ok, gap(0, 200), status(404), get("/3"), status(500))).toEqual([
      "GET /1. > 200.",
      "? > 404.",
      "GET /3. > 500.",
    ]);
  });

  it("inside a request's head: it was asked", () => {
    expect(
      lines(
        C("GET /1 HTTP/1.1\r\nHost: x\r\nCookie: a"),
        gap(0, 1448),
        C("=b\r\n\r\n"),
        status(404),
        get("/2"),
        status(500),
      ),
    ).toEqual(["GET /1 @x. > 404.", "GET /2. > 500."]);
  });

  it("behind part of a start line leave nothing to name", () => {
    expect(lines(C("GET /a"), gap(0, 100), C("b HTTP/1.1\r\n\r\n"), status(404), get("/2"), status(500))).toEqual([
      "? > 404.",
      "GET /2. > 500.",
    ]);
  });

  it("inside a response's head: it was answered, and its end is unknown", () => {
    const sink = play([get("/1"), S("HTTP/1.1 200 OK\r\nContent-Le"), gap(1, 1000), S("body"), get("/2"), status(404)]);
    expect(sink.lines()).toEqual(["GET /1. > 200", "GET /2. > 404."]);
  });
});

describe("joining late", () => {
  it("finds the first message that starts a segment", () => {
    expect(lines(S("tail of a body"), C("x=1&y=2"), get("/1"), status(404))).toEqual(["GET /1. > 404."]);
    expect(lines(S("HTTP/1.1 is a protocol"), S("<p>HTTP/1.1 200 OK\r\n\r\n"), get("/1"), status(404))).toEqual([
      "GET /1. > 404.",
    ]);
  });

  it("a response to what was asked before the capture has no request", () => {
    expect(lines(status(200), get("/1"), status(404))).toEqual(["? > 200.", "GET /1. > 404."]);
  });

  it("a HEAD before the capture does not hide what follows", () => {
    expect(lines(S("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n"), get("/1"), status(404))).toEqual([
      "? > 200",
      "GET /1. > 404.",
    ]);
  });

  it("one direction only", () => {
    expect(lines(status(200), status(404))).toEqual(["? > 200.", "? > 404."]);
    expect(lines(get("/1"), get("/2"))).toEqual(["GET /1. > -", "GET /2. > -"]);
  });

  it("a line that began like a message and is none does not hide one in the next segment", () => {
    expect(lines(C("???"), C("and then"), get("/1"), status(404))).toEqual(["GET /1. > 404."]);
  });
});

describe("a snap length", () => {
  it("in the header fields: the request is known as far as it goes", () => {
    const steps = (i: number) => [
      C(`GET /${i} HTTP/1.1\r\nHost: shop.example\r\nX-Requ`),
      gap(0, 300, "snap"),
      S("HTTP/1.1 200 OK\r\nDate: Mon"),
      gap(1, 1400, "snap"),
      S("more of the body, of which nothing is known"),
      gap(1, 1400, "snap"),
    ];
    expect(lines(...steps(1), ...steps(2))).toEqual(["GET /1 @shop.example. > 200", "GET /2 @shop.example. > 200"]);
  });

  it("in the start line: the target so far", () => {
    expect(lines(C("GET /a/long/pa"), gap(0, 300, "snap"), S("HTTP/1.1 200"), gap(1, 300, "snap"))).toEqual([
      "GET /a/long/pa. > 200",
    ]);
  });

  it("before anything that can be told: no message, and the request is in doubt, not unanswered", () => {
    expect(lines(C("GE"), gap(0, 300, "snap"), S("HT"), gap(1, 300, "snap"))).toEqual([]);
    expect(lines(get("/1"), S("HTTP/1.1 2"), gap(1, 300, "snap"))).toEqual(["GET /1. > - (snap)"]);
    expect(lines(get("/1"), gap(1, 300, "snap"))).toEqual(["GET /1. > - (snap)"]);
  });

  it("leaves the response without a body complete, and the rest open", () => {
    expect(lines(get("/1"), S("HTTP/1.1 304 Not Mod"), gap(1, 100, "snap"))).toEqual(["GET /1. > 304."]);
    expect(lines(get("/ws"), S("HTTP/1.1 101 Swit"), gap(1, 100, "snap"), get("/no"))).toEqual(["GET /ws. > 101."]);
  });

  it("a POST that was cut goes on in the segments behind it", () => {
    const sink = play([C("POST /p HTTP/1.1\r\nContent-"), gap(0, 1000, "snap"), C("body"), gap(0, 900, "snap"), ok]);
    expect(sink.lines()).toEqual(["POST /p > 200."]);
    expect(sink.exchanges[0]!.requestEnd).toBe(2000);
  });

  it("behind a body of known length: the next request is found", () => {
    const post = C("POST /p HTTP/1.1\r\nContent-Length: 900\r\n\r\nabc");
    expect(lines(post, gap(0, 897, "snap"), status(201), get("/2"), status(404))).toEqual([
      "POST /p. > 201.",
      "GET /2. > 404.",
    ]);
  });
});

describe("what is not HTTP", () => {
  it("behind a response: the next one that starts a segment counts", () => {
    expect(
      lines(get("/1"), S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and too much"), get("/2"), status(404)),
    ).toEqual(["GET /1. > 200.", "GET /2. > 404."]);
  });

  it("as an answer leaves the request in doubt: something did come", () => {
    expect(lines(get("/1"), S("<html>HTTP/0.9</html>"), end(1, "fin"))).toEqual(["GET /1. > - (gap)"]);
  });

  it("where chunks were promised", () => {
    const bad = S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    expect(lines(get("/1"), bad, get("/2"), status(404))).toEqual(["GET /1. > 200", "GET /2. > 404."]);
  });

  it("a server that forgot Content-Length does not hide its next response", () => {
    expect(lines(get("/1"), S("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nok"), get("/2"), status(404))).toEqual([
      "GET /1. > 200",
      "GET /2. > 404.",
    ]);
  });

  it("after a reset that the peer ignored, a message is still one", () => {
    expect(lines(end(0, "reset"), get("/1"))).toEqual(["GET /1. > -"]);
  });
});
