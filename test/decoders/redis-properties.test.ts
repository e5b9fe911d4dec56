// Does the Redis decoder hold against anything? (arbitrary bytes, cuts, gaps and ends; linear time; bounded memory)

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redis } from "../../decoders/redis.ts";
import { bytesOf, play, Recorder, type Step } from "./recorder.ts";

const pieces = [
  ...["*1\r\n$4\r\nPING\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"],
  ...[
    "+OK\r\n",
    "-ERR bad\r\n",
    ":1\r\n",
    "$-1\r\n",
    "$5\r\nhello\r\n",
    "*2\r\n:1\r\n:2\r\n",
    "*-1\r\n",
    "%1\r\n+a\r\n:1\r\n",
  ],
  ...[
    ">3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n",
    "*2\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n",
    "|1\r\n+a\r\n:1\r\n",
    "*?\r\n",
    ".\r\n",
  ],
  ...[
    "$?\r\n",
    ";3\r\nabc\r\n",
    ";0\r\n",
    "PING\r\n",
    "set a b\n",
    "\r\n",
    "*",
    "$",
    "\r",
    "\n",
    "9999999999999\r\n",
    "$999\r\n",
    "-",
  ],
  ...[
    "*1\r\n$5\r\nMULTI\r\n",
    "*1\r\n$4\r\nEXEC\r\n",
    "+QUEUED\r\n",
    "*1\r\n$7\r\nMONITOR\r\n",
    "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n",
  ],
  ...[
    "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n",
    "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n",
    "\u0000",
    "\u00ff",
    "x",
  ],
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
        for (const x of play(steps, undefined, undefined, redis).exchanges)
          expect(x.doubts.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });

  it("never throws in a probe, and reads nothing outside", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        const padded = new Uint8Array(bytes.length + 8).fill(0x2a);
        padded.set(bytes, 4);
        expect(redis.probe(padded, 4, 4 + bytes.length)).toBe(redis.probe(bytes, 0, bytes.length));
      }),
      { numRuns: 3000 },
    );
  });
});

const word = fc.oneof(fc.constantFrom("k", "key:1", "ü", "message", "subscribe"), fc.string({ maxLength: 12 }));
const utf8 = new TextEncoder();
const encode = (words: string[]): number[] => [
  ...bytesOf(`*${words.length}\r\n`),
  ...words.flatMap((w) => [...bytesOf(`$${utf8.encode(w).length}\r\n`), ...utf8.encode(w), 13, 10]),
];
const commands = fc.array(
  fc.tuple(fc.constantFrom("MGET", "SET", "LPUSH", "EVAL", "NOSUCH", "AUTH"), fc.array(word, { maxLength: 5 })),
  {
    minLength: 1,
    maxLength: 6,
  },
);
const value: fc.Memo<string> = fc.memo((n) =>
  n <= 1
    ? fc.constantFrom(
        "+OK\r\n",
        "-ERR no\r\n",
        ":12\r\n",
        "$-1\r\n",
        "$3\r\na\r\n\r\n",
        "_\r\n",
        "#t\r\n",
        ",1.5\r\n",
        "*0\r\n",
        "!3\r\nBAD\r\n",
      )
    : fc.oneof(
        value(1),
        fc.array(value(n - 1), { minLength: 1, maxLength: 3 }).map((v) => `*${v.length}\r\n${v.join("")}`),
        fc.tuple(value(1), value(n - 1)).map(([k, v]) => `%1\r\n${k}${v}`),
        fc.tuple(value(1), value(n - 1)).map(([k, v]) => `|1\r\n${k}${k}${v}`),
        fc.array(value(n - 1), { maxLength: 3 }).map((v) => `*?\r\n${v.join("")}.\r\n`),
      ),
);

describe("any cut", () => {
  it("of any dialogue tells the same, and every command is answered to its end", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(commands, fc.array(value(3), { minLength: 6, maxLength: 6 })), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        (rounds, n) => {
          const hello: Step[] = [
            { side: 0, bytes: bytesOf("*1\r\n$4\r\nPING\r\n") },
            { side: 1, bytes: bytesOf("+PONG\r\n") },
          ];
          const talk = rounds.flatMap(([c, answers]): Step[] => [
            { side: 0, bytes: Uint8Array.from(c.flatMap(([name, words]) => encode([name, ...words]))) },
            { side: 1, bytes: bytesOf(answers.slice(0, c.length).join("")) },
          ]);
          const steps = [...hello, ...talk];
          const whole = play(steps, undefined, undefined, redis);
          expect(whole.exchanges.length).toBe(rounds.reduce((sum, [c]) => sum + c.length, 1));
          for (const x of whole.exchanges)
            expect([x.requestComplete, x.responseComplete, x.doubt]).toEqual([true, true, null]);
          const cut = play(steps, () => [n], "segments", redis);
          const told = (r: Recorder) =>
            r.exchanges.map((x) => [
              x.request!.method,
              x.request!.target,
              x.response!.error,
              x.responseBytes,
              x.inTransaction,
            ]);
          expect(told(cut)).toEqual(told(whole));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("bounds", () => {
  it("reads a nesting without end up to a limit", () => {
    const bytes = bytesOf("*1\r\n".repeat(100_000));
    const r = play(
      [
        { side: 0, bytes: bytesOf("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") },
        { side: 1, bytes },
      ],
      undefined,
      undefined,
      redis,
    );
    expect(r.exchanges.length).toBe(1);
    expect(r.exchanges[0]!.responseComplete).toBe(false);
  });

  it("keeps no value and no endless line", () => {
    const session = redis.open(new Recorder("redis"));
    const bytes = new Uint8Array(65_536).fill(0x61);
    session.data(0, bytesOf("*2\r\n$3\r\nGET\r\n$9999999999\r\n"), 0, 26, 1, 1);
    session.data(1, bytesOf("-"), 0, 1, 2, 2);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 2_000; i++) {
      session.data(0, bytes, 0, bytes.length, 3 + i, 3 + i);
      session.data(1, bytes, 0, bytes.length, 3 + i, 3 + i);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});
