// What does the HTTP/2 decoder make of captures with holes? (joined midway, lost segments, snap lengths, ends)

import { describe, expect, it } from "vitest";
import { http2 } from "../../decoders/http2.ts";
import {
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
  run,
  S,
  windowUpdate,
} from "./http2-wire.ts";
import { end, gap, type Step } from "./recorder.ts";

/** Indexed fields: POST, http, :path and :authority as first added (index 63, 62 after both were). */
const ADD = join([0x83, 0x86], hex("44 02 2f 70"), hex("41 01 61"));
const AGAIN = [0x83, 0x86, 0xbf, 0xbe];
const added = (stream: number) => frame(1, END_HEADERS | END_STREAM, stream, ADD);
const again = (stream: number) => frame(1, END_HEADERS | END_STREAM, stream, AGAIN);

describe("joined midway", () => {
  it("what the table would say is unknown, but streams pair", () => {
    const steps = [C(again(7), windowUpdate(0)), S(frame(1, END_HEADERS, 7, [0x88, 0xc3]), data(7, 5, END_STREAM))];
    const [first] = steps;
    expect(http2.probe((first as { bytes: Uint8Array }).bytes, 0, (first as { bytes: Uint8Array }).bytes.length)).toBe(
      "yes",
    );
    expect(run(steps).lines()).toEqual(["POST ?. > 200."]);
  });

  it("fields added since are known", () => {
    const sink = run([C(again(7), added(9)), C(again(11))]);
    expect(sink.lines()).toEqual(["POST ?. > -", "POST /p @a. > -", "POST /p @a. > -"]);
  });

  it("a status from the unknown table answers nevertheless", () => {
    const sink = run([C(added(7)), S(frame(1, END_HEADERS, 7, [0xbe, 0xbf])), S(data(7, 3, END_STREAM))]);
    expect(sink.lines()).toEqual(["POST /p @a. > null."]);
  });

  it("with unknown methods too, once it is known who asks", () => {
    const sink = run([
      S(ok(5, END_STREAM)),
      C(frame(1, END_HEADERS | END_STREAM, 7, [0xc5, 0xc4, 0xc3])),
      S(ok(7, END_STREAM)),
    ]);
    expect(sink.lines()).toEqual(["? > 200.", "? ?. > 200."]);
  });

  it("a response whose request went by unseen has none; its trailers alone are nothing", () => {
    const sink = run([
      C(get(9, "/")),
      S(ok(7), data(7, 9), headers(7, { "grpc-status": "13" }, END_STREAM)),
      S(headers(5, { "grpc-status": "0" }, END_STREAM)),
      S(data(3, 4, END_STREAM)),
    ]);
    expect(sink.lines()).toEqual(["GET / @a.example. > -", "? > 200."]);
    expect(sink.exchanges[1]).toMatchObject({ responseBytes: 9, response: { error: { code: "INTERNAL" } } });
  });

  it("in the middle of a body: frames are found where a segment starts with them", () => {
    const sink = run([
      S(new Uint8Array(1000).fill(0x61)),
      C(get(9, "/x")),
      S(new Uint8Array(1000).fill(0x62)),
      S(ok(9, END_STREAM)),
      C(get(11, "/y")),
      S(ok(11), data(11, 20_000).subarray(0, 700)),
    ]);
    expect(sink.lines()).toEqual(["GET /x @a.example. > 200. (gap)", "GET /y @a.example. > 200"]);
  });
});

describe("gaps", () => {
  const asked: readonly Step[] = [...hello, C(get(1, "/a"), get(3, "/b"))];

  it("within a body hide nothing", () => {
    const sink = run([
      ...asked,
      S(ok(1), data(1, 500).subarray(0, 100)),
      gap(1, 409),
      S(data(1, 5, END_STREAM)),
      S(ok(3, END_STREAM)),
    ]);
    expect(sink.lines()).toEqual(["GET /a @a.example. > 200.", "GET /b @a.example. > 200."]);
    expect(sink.exchanges.map((x) => x.doubts)).toEqual([[], []]);
    expect(sink.exchanges[0]!.responseBytes).toBe(505);
  });

  it("to the very end of a body keep its END_STREAM", () => {
    const sink = run([...asked, S(ok(1), data(1, 500, END_STREAM).subarray(0, 100)), gap(1, 409)]);
    expect(sink.exchanges[0]!.responseComplete).toBe(true);
  });

  it("between frames put what waits for an answer in doubt, once; an answer that comes is an answer", () => {
    const sink = run([...asked, S(ok(1)), gap(1, 50), gap(1, 50), S(new Uint8Array(40)), S(ok(3, END_STREAM))]);
    expect(sink.exchanges.map((x) => x.doubts)).toEqual([[], ["gap"]]);
    expect(sink.lines()[1]).toMatch(/> 200\./);
  });

  it("in the requests doubt no answer", () => {
    const sink = run([...asked, gap(0, 30), C(get(7, "/d")), S(ok(7, END_STREAM), ok(5, END_STREAM))]);
    expect(sink.exchanges.map((x) => x.doubts)).toEqual([[], [], [], []]);
    expect(sink.lines().slice(2)).toEqual(["GET /d @a.example. > 200.", "? > 200."]);
  });

  it("cost what the table held: unknown, never wrong", () => {
    const sink = run([
      ...hello,
      C(added(1)),
      C(again(3)),
      gap(0, 40),
      C(again(5), windowUpdate(0)),
      C(added(7)),
      C(again(9)),
    ]);
    expect(sink.lines()).toEqual([
      "POST /p @a. > -",
      "POST /p @a. > -",
      "POST ?. > -",
      "POST /p @a. > -",
      "POST /p @a. > -",
    ]);
  });

  it("within a header block leave its beginning, and the frame's place", () => {
    const whole = get(1, "/a/long/path");
    const cut = whole.length - 12;
    const sink = run([...hello, C(whole.subarray(0, cut)), gap(0, 12), C(get(3, "/b")), S(ok(1, END_STREAM))]);
    expect(sink.lines()).toEqual(["GET /a/long/path. > 200.", "GET /b @a.example. > -"]);
  });

  it("of whole frames behind a header block that goes on say what was known of it", () => {
    const begun = frame(1, END_STREAM, 1, ADD.subarray(0, 6));
    const sink = run([...hello, C(begun), gap(0, 100), C(get(3, "/b"))]);
    expect(sink.lines()).toEqual(["POST /p. > -", "GET /b @a.example. > -"]);
  });

  it("in GOAWAY leave its code", () => {
    const whole = goaway(0, 11, "too_many_pings");
    const sink = run([...hello, S(whole.subarray(0, 20)), gap(1, whole.length - 20), S(ok(1))]);
    expect(sink.remarks).toMatchObject([{ kind: "refusal", code: "ENHANCE_YOUR_CALM", text: "too" }]);
  });

  it("a snap length that cuts every segment: each shows the head of its first frame", () => {
    const short = (step: Step, n: number): Step[] => {
      const { side, bytes } = step as { side: 0 | 1; bytes: Uint8Array };
      return [{ side, bytes: bytes.subarray(0, n) }, gap(side, bytes.length - n, "snap")];
    };
    const sink = run([
      ...hello,
      ...short(C(added(1), data(1, 400)), 12),
      ...short(S(ok(1), data(1, 3000)), 12),
      ...short(C(added(3)), 12),
      ...short(S(ok(3), data(3, 3000, END_STREAM)), 12),
    ]);
    expect(sink.lines().map((l) => l.split(" > ")[1])).toEqual(["null", "null"]);
    expect(sink.exchanges.map((x) => x.request!.method)).toEqual(["POST", "POST"]);
  });
});

describe("the end of a direction", () => {
  it("drops what is incomplete; segments that come nevertheless are read", () => {
    const sink = run([
      ...hello,
      C(get(1, "/a")),
      S(ok(1).subarray(0, 12)),
      end(1, "fin"),
      S(ok(1, END_STREAM)),
      end(0, "capture"),
    ]);
    expect(sink.lines()).toEqual(["GET /a @a.example. > 200."]);
  });
});
