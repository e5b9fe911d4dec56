// Does the HTTP/1 decoder hold against anything? (arbitrary bytes, gaps and ends; linear time; bounded memory)

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import type { Exchange, ExchangeSink, StreamDecoder } from "../../src/core/stream-decoder.ts";
import { bytesOf, C, play, Recorder, S, type Step } from "./recorder.ts";

const pieces = [
  ...[
    "GET ",
    "POST ",
    "HEAD ",
    "CONNECT ",
    "/a ",
    "HTTP/1.1",
    "HTTP/1.0 200 OK",
    "HTTP/1.1 304",
    "HTTP/1.1 100",
    "\r\n",
  ],
  ...[
    "\n",
    "\r",
    "\r\n\r\n",
    "Content-Length: 3",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "0\r\n\r\n",
  ],
  ...["5;x\r\n", "Host: x", " ", "\t", ":", "\u0000", "\u00ff", "x", "x-request-id: 7", "HTTP/1.1 101", "ICY 200"],
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((p) => bytesOf(p.join("")));
const side = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ side, bytes: text }) },
  { weight: 1, arbitrary: fc.record({ side, bytes: fc.uint8Array({ maxLength: 40 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      side,
      gap: fc.integer({ min: 0, max: 50 }),
      reason: fc.constantFrom<"missing" | "snap">("missing", "snap"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ side, end: fc.constantFrom<"fin" | "reset" | "capture">("fin", "reset", "capture") }),
  },
);

describe("anything", () => {
  it("never throws, and no exchange is answered, completed or doubted twice", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        for (const x of play(steps).exchanges) expect(x.doubts.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });

  it("is the same from either side", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const swapped = steps.map((s) => ({ ...s, side: (s.side ^ 1) as 0 | 1 }));
        expect(play(swapped).log).toEqual(play(steps).log);
      }),
      { numRuns: 500 },
    );
  });

  it("probes without throwing, reading only what it may", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 80 })), fc.uint8Array({ maxLength: 4 }), (bytes, junk) => {
        const around = new Uint8Array([...junk, ...bytes, ...junk]);
        const verdict = http1.probe(around, junk.length, junk.length + bytes.length);
        expect(verdict).toBe(http1.probe(bytes, 0, bytes.length));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Keeps nothing, so that only the session's own memory and time count. */
class Counter implements ExchangeSink {
  requests = 0;
  paired = 0;
  request(_side: 0 | 1, request: Exchange["request"]): Exchange {
    return { request, flow: this.requests++ } as Exchange;
  }
  requestBytes(): void {}
  response(exchange: Exchange | null): Exchange {
    if (exchange !== null && exchange.flow === this.paired) this.paired++;
    return exchange ?? ({ request: null, flow: -1 } as Exchange);
  }
  responseComplete(): void {}
  interim(): void {}
  doubt(): void {}
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
  const seconds = (run: () => void): number => {
    const from = performance.now();
    run();
    return (performance.now() - from) / 1000;
  };

  it("is linear in hostile input (each takes milliseconds; a quadratic one would take minutes)", () => {
    const inputs: Uint8Array[] = ["a", "GET ", "GET /", "GET / HTTP/1.1\r\n", "HTTP/1.1 200", "\r\n", " ", "A /"].map(
      (prefix) => {
        const bytes = new Uint8Array(8 << 20).fill(0x61);
        bytes.set(bytesOf(prefix));
        return bytes;
      },
    );
    inputs.push(
      bytesOf("GET / HTTP/1.1\r\n".repeat(1 << 19)),
      bytesOf("GET / H\r\n".repeat(1 << 19)),
      bytesOf("HTTP/1.1 ".repeat(1 << 19)),
    );
    for (const bytes of inputs) {
      const took = seconds(() => {
        const whole = http1.open(new Recorder());
        for (let at = 0, frame = 1; at < bytes.length; at += 1460) {
          whole.data(0, bytes, at, Math.min(bytes.length, at + 1460), frame++, 0);
        }
        const single = http1.open(new Recorder());
        for (let at = 0; at < 1 << 16; at++) single.data(0, bytes, at, at + 1, at + 1, 0);
        http1.open(new Recorder()).data(0, bytes, 0, bytes.length, 1, 0);
      });
      expect(took).toBeLessThan(5);
    }
  });

  it("a million pipelined requests are paired in order, in linear time", () => {
    const count = 1_000_000;
    const asked = bytesOf("GET /a HTTP/1.1\r\n\r\n".repeat(1000));
    const answered = bytesOf("HTTP/1.1 204 X\r\n\r\n".repeat(1000));
    const sink = new Counter();
    const session = http1.open(sink);
    const took = seconds(() => {
      for (let k = 0; k < count / 1000; k++) session.data(0, asked, 0, asked.length, k + 1, k);
      for (let k = 0; k < count / 1000; k++) session.data(1, answered, 0, answered.length, k + 5000, k + 5000);
    });
    expect(sink.requests).toBe(count);
    expect(sink.paired).toBe(count);
    expect(took).toBeLessThan(20);
  });

  it("many gaps over many waiting requests are linear too", () => {
    const asked = bytesOf("GET /a HTTP/1.1\r\n\r\n".repeat(100_000));
    const sink = new Recorder();
    const session = http1.open(sink);
    const took = seconds(() => {
      session.data(0, asked, 0, asked.length, 1, 0);
      for (let k = 0; k < 100_000; k++) session.gap(1, 10, "missing");
    });
    expect(sink.exchanges.every((x) => x.doubts.length === 1)).toBe(true);
    expect(took).toBeLessThan(5);
  });
});

describe("a session that is asked whether a segment may pass", () => {
  let passed = 0;
  /** Hands over only what does not pass. */
  const asking: StreamDecoder = {
    protocol: "http",
    probe: (bytes, start, end) => http1.probe(bytes, start, end),
    open: (sink) => {
      const session = http1.open(sink);
      return {
        data: (at, bytes, start, end, frame, time) => {
          if (session.passes(at, end - start)) passed++;
          else session.data(at, bytes, start, end, frame, time);
        },
        gap: (at, length, reason) => session.gap(at, length, reason),
        end: (at, how) => session.end(at, how),
      };
    },
  };
  const body = "b".repeat(90);
  const talk = fc.constantFrom(
    C("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"),
    C(`POST /b HTTP/1.1\r\nContent-Length: 90\r\n\r\n${body}`),
    C("HEAD /c HTTP/1.1\r\n\r\n"),
    C("CONNECT d:443 HTTP/1.1\r\n\r\n"),
    S(`HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n${body}`),
    S(`HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n5a;x\r\n${body}\r\n1\r\nb\r\n0\r\n\r\n`),
    S(`HTTP/1.0 200 OK\r\n\r\n${body}`),
    S("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    S(body),
  );

  it("says the same as one that sees every byte", () => {
    const steps = fc.array(fc.oneof({ weight: 5, arbitrary: talk }, { weight: 1, arbitrary: step }), { maxLength: 12 });
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(steps, sizes, (list, cut) => {
        const seen = play(list, () => cut, "segments");
        const asked = play(list, () => cut, "segments", asking);
        expect(asked.log).toEqual(seen.log);
        expect(asked.exchanges).toEqual(seen.exchanges);
      }),
      { numRuns: 3000 },
    );
    expect(passed).toBeGreaterThan(1000);
  });
});
