// Does the HTTP/2 decoder hold against anything? (arbitrary bytes, cuts, gaps and ends; linear time; bounded memory)

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http2 } from "../../decoders/http2.ts";
import type { Exchange, ExchangeSink } from "../../src/core/stream-decoder.ts";
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
  join,
  ok,
  PADDED,
  PREFACE,
  rst,
  run,
  S,
  settings,
  windowUpdate,
} from "./http2-wire.ts";
import { end, gap, type Step } from "./recorder.ts";

const id = fc.constantFrom(1, 2, 3, 5, 7);
const flags = fc.constantFrom(0, 1, 4, 5, 8, 9, 12, 13, 0x25, 0x2d);
const piece = fc.oneof(
  fc.constantFrom(PREFACE, settings, windowUpdate(0), PREFACE.subarray(0, 9)),
  id.map((n) => get(n, "/a")),
  fc.tuple(id, fc.constantFrom(0, END_STREAM)).map(([n, f]) => ok(n, f)),
  fc.tuple(id, fc.nat({ max: 60 }), fc.constantFrom(0, END_STREAM)).map(([n, length, f]) => data(n, length, f)),
  fc.tuple(id, fc.constantFrom(0, 2, 7, 8)).map(([n, code]) => rst(n, code)),
  fc.tuple(fc.nat({ max: 9 }), fc.constantFrom(0, 11)).map(([n, code]) => goaway(n, code, "x")),
  fc.tuple(fc.nat({ max: 12 }), flags, fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 30 })).map((f) => frame(...f)),
  fc.tuple(id, flags, fc.uint8Array({ maxLength: 30 })).map(([n, f, b]) => frame(1, f, n, b)),
  fc.tuple(id, flags, fc.uint8Array({ maxLength: 30 })).map(([n, f, b]) => frame(9, f, n, b)),
);
const side = fc.constantFrom<0 | 1>(0, 1);
const reason = fc.constantFrom<"missing" | "snap">("missing", "snap");
const how = fc.constantFrom<"fin" | "reset" | "capture">("fin", "reset", "capture");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ side, bytes: fc.array(piece, { maxLength: 4 }).map((p) => join(...p)) }) },
  { weight: 1, arbitrary: fc.record({ side, bytes: fc.uint8Array({ maxLength: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ side, gap: fc.integer({ min: 0, max: 50 }), reason }) },
  { weight: 1, arbitrary: fc.record({ side, end: how }) },
);
const steps = fc.array(step, { maxLength: 16 });
const cut = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });

describe("anything", () => {
  it("never throws, and no exchange is answered, completed or doubted twice", () => {
    fc.assert(
      fc.property(steps, cut, (script, lengths) => {
        const greeted = [...hello, ...script];
        for (const x of run(script).exchanges) expect(x.doubts.length).toBeLessThanOrEqual(1);
        for (const x of run(greeted, () => lengths, "segments").exchanges)
          expect(x.doubts.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });

  it("is the same from either side", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const swapped = script.map((s) => ({ ...s, side: (s.side ^ 1) as 0 | 1 }));
        expect(run(swapped).log).toEqual(run(script).log);
      }),
      { numRuns: 500 },
    );
  });

  it("probes without throwing, reading only what it may", () => {
    const bytes = fc.array(piece, { maxLength: 4 }).map((p) => join(...p));
    fc.assert(
      fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 80 })), fc.uint8Array({ maxLength: 4 }), (some, junk) => {
        const around = join(junk, some, junk);
        const verdict = http2.probe(around, junk.length, junk.length + some.length);
        expect(verdict).toBe(http2.probe(some, 0, some.length));
        if (verdict === "more") expect(PREFACE.subarray(0, some.length)).toEqual(some);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("segmentation", () => {
  const dialogue: readonly Step[] = [
    ...hello,
    C(get(1, "/a", { "x-request-id": "one" }), get(3, "/b")),
    S(ok(3), data(3, 70, END_STREAM), headers(1, { ":status": "103" })),
    C(
      frame(1, 0, 5, block({ ":method": "POST" })),
      frame(9, END_HEADERS, 5, block({ ":path": "/c", ":authority": "a" })),
    ),
    C(frame(0, PADDED, 5, [3, 1, 2, 0, 0, 0]), data(5, 40, END_STREAM)),
    S(
      ok(1),
      windowUpdate(0),
      data(1, 9),
      headers(5, { ":status": "200", "grpc-status": "14", "grpc-message": "no" }, 1),
    ),
    C(get(7, "/d")),
    C(rst(7, 8)),
    S(data(1, 5, END_STREAM), goaway(7, 0, "done"), rst(9, 1)),
  ];

  it("any cuts give the same exchanges and remarks", () => {
    const whole = run(dialogue);
    expect(whole.lines()).toEqual([
      "GET /a @a.example. +1 > 200.",
      "GET /b @a.example. > 200.",
      "POST /c @a. > 200.",
      "GET /d @a.example. > -",
    ]);
    const facts = (r: ReturnType<typeof run>) => ({
      log: r.log,
      lines: r.lines(),
      bytes: r.exchanges.map((x) => x.responseBytes),
      errors: r.exchanges.map((x) => x.response?.error ?? null),
      remarks: r.remarks.map(({ kind, text }) => `${kind} ${text}`),
    });
    expect(facts(run(dialogue, () => [1], "segments"))).toEqual(facts(whole));
    fc.assert(
      fc.property(cut, fc.constantFrom("segments" as const, "one segment" as const), (lengths, pieces) => {
        expect(facts(run(dialogue, () => lengths, pieces))).toEqual(facts(whole));
      }),
      { numRuns: 300 },
    );
  });
});

/** Keeps nothing, so that only the session's own memory and time count. */
class Counter implements ExchangeSink {
  requests = 0;
  paired = 0;
  doubts = 0;
  request(_side: 0 | 1, request: Exchange["request"]): Exchange {
    return { request, response: null, doubt: null, requester: 0, flow: this.requests++ } as Exchange;
  }
  requestBytes(): void {}
  response(exchange: Exchange | null, _side: 0 | 1, response: Exchange["response"]): Exchange {
    if (exchange === null) return { request: null, response, requester: 0, flow: -1 } as Exchange;
    this.paired++;
    exchange.response = response;
    return exchange;
  }
  responseComplete(): void {}
  interim(): void {}
  doubt(): void {
    this.doubts++;
  }
  cancel(): void {}
  answeredLate(): void {}
  remark(): void {}
  label(): void {}
  intact(): void {}
  broken(): void {}
  upgraded(): null {
    return null;
  }
}

describe("cost", () => {
  const seconds = (work: () => void): number => {
    const from = performance.now();
    work();
    return (performance.now() - from) / 1000;
  };
  const greeting = join(PREFACE, settings);
  const repeat = (bytes: Uint8Array, times: number) => {
    const all = new Uint8Array(bytes.length * times);
    for (let k = 0; k < times; k++) all.set(bytes, k * bytes.length);
    return all;
  };

  it("is linear in hostile input (each takes a fraction of a second; a quadratic one would take minutes)", () => {
    const inputs: Record<string, Uint8Array> = {
      "a header block without end": join(frame(1, 0, 1, [0x82]), repeat(frame(9, 0, 1, [0x82]), 100_000)),
      "empty CONTINUATION": join(frame(1, 0, 1), repeat(frame(9, 0, 1), 200_000)),
      "rapid reset": repeat(join(get(1, "/"), rst(1, 8)), 20_000),
      "tiny DATA": join(get(1, "/"), repeat(data(1, 1), 200_000)),
      "header blocks of references": repeat(frame(1, END_HEADERS, 1, new Uint8Array(16_000).fill(0xbe)), 60),
      "Huffman code": repeat(frame(1, END_HEADERS, 1, join([0x44, 0x7f, 0xff, 0x7c], new Uint8Array(16_100))), 60),
      GOAWAY: repeat(goaway(1, 0), 200_000),
      junk: new Uint8Array(4 << 20).fill(0x61),
    };
    for (const [what, bytes] of Object.entries(inputs)) {
      const took = seconds(() => {
        for (const size of [1460, 64]) {
          const session = http2.open(new Counter());
          session.data(0, greeting, 0, greeting.length, 1, 0);
          for (let at = 0, k = 2; at < bytes.length; at += size) {
            session.data(0, bytes, at, Math.min(bytes.length, at + size), k++, k);
          }
        }
      });
      expect(took, what).toBeLessThan(5);
    }
  });

  it("a hundred thousand open streams, gaps and GOAWAYs among them", () => {
    const sink = new Counter();
    const session = http2.open(sink);
    const took = seconds(() => {
      session.data(0, greeting, 0, greeting.length, 1, 0);
      for (let k = 0; k < 100_000; k++) {
        const request = get(2 * k + 1, "/");
        session.data(0, request, 0, request.length, k + 2, k);
      }
      for (let k = 0; k < 50_000; k++) {
        const away = goaway(200_000 - k, 0);
        session.gap(1, 10, "missing");
        session.data(1, away, 0, away.length, 200_000 + k, 200_000);
      }
    });
    expect(sink.requests).toBe(100_000);
    // Those that were let go, and those that the gap may hide: each once.
    expect(sink.doubts).toBe(100_000);
    expect(took).toBeLessThan(10);
  });

  it("keeps no more than its bounds: a block without end, a table without end", () => {
    const session = http2.open(new Counter());
    session.data(0, greeting, 0, greeting.length, 1, 0);
    const block1 = frame(1, 0, 1, [0x3f, 0xe1, 0xff, 0xff, 0x7f]);
    session.data(0, block1, 0, block1.length, 2, 0);
    const more = frame(9, 0, 1, join([0x44, 0x7f, 0x85, 0x1e], new Uint8Array(4101 - 128).fill(0x62)));
    for (let k = 0; k < 2000; k++) session.data(0, more, 0, more.length, 3 + k, 0);
    // 8 MB went in; the session in JSON shows the block's buffer as numbers, a handful of characters each.
    expect(JSON.stringify(session, (key, value) => (key === "sink" ? undefined : value)).length).toBeLessThan(
      64 * 1024 * 14,
    );
  });
});

describe("a script with every kind of event", () => {
  it("ends where it should", () => {
    const sink = run([
      ...hello,
      C(get(1, "/a")),
      gap(1, 5),
      S(settings, ok(1, END_STREAM)),
      end(1, "fin"),
      end(0, "fin"),
    ]);
    expect(sink.lines()).toEqual(["GET /a @a.example. > 200. (gap)"]);
  });
});
