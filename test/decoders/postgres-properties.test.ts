// Does the PostgreSQL decoder hold against anything? (arbitrary bytes, gaps and cuts; bounded memory; linear time)

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { postgres } from "../../decoders/postgres.ts";
import type { Side } from "../../src/core/stream-decoder.ts";
import { b, bytes, c, cancelRequest, f, i32, lines, opened, run, s, sslRequest, startup } from "./postgres-script.ts";
import { Recorder, type Step } from "./recorder.ts";

const asks = [
  f.query("SELECT 1"),
  f.query(""),
  f.parse("s1", "SELECT $1"),
  f.parse("", "COPY t FROM STDIN"),
  f.bind("", "s1", "7"),
  f.bind("p", ""),
  f.describe("S", "s1"),
  f.describe("P"),
  f.execute(),
  f.execute("p", 1),
  f.close("S", "s1"),
  f.sync,
  f.sync,
  f.flush,
  f.call(1),
  f.data("abc"),
  f.copyDone,
  f.copyFail("x"),
  f.terminate,
  f.password("secret"),
];
const answers = [
  b.authOk,
  b.setting("server_version", "15"),
  b.ready("I"),
  b.ready("T"),
  b.ready("E"),
  b.columns("a"),
  b.row("1", null),
  b.row("x".repeat(300)),
  b.tag("SELECT 1"),
  b.error("22012", "division by zero"),
  b.error("57P01", "bye", "FATAL"),
  b.notice("n"),
  b.notify("ch"),
  b.parsed,
  b.bound,
  b.closed,
  b.noData,
  b.suspended,
  b.empty,
  b.parameters(23),
  b.copyIn,
  b.copyOut,
  b.copyBoth,
  b.data("abc"),
  b.copyDone,
  b.value("x"),
];
const of = (pieces: Uint8Array[]) =>
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 }).map((p) => bytes(...p));
const side = fc.constantFrom<Side>(0, 1);
const asked: fc.Arbitrary<Step> = of(asks).map((all) => ({ side: 0, bytes: all }));
const answered: fc.Arbitrary<Step> = of(answers).map((all) => ({ side: 1, bytes: all }));
const odd = [
  sslRequest,
  cancelRequest,
  startup(),
  bytes("S"),
  bytes("N"),
  bytes("E", i32(3)),
  bytes("D", i32(0x3fffffff)),
];
const damage: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ side, bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ side, bytes: of([...asks, ...answers, ...odd]) }),
  fc.record({
    side,
    gap: fc.integer({ min: 0, max: 60 }),
    reason: fc.constantFrom<"missing" | "snap">("missing", "snap"),
  }),
  fc.record({ side, end: fc.constantFrom<"fin" | "reset" | "capture">("fin", "reset", "capture") }),
);

describe("anything", () => {
  const steps = fc.array(fc.oneof({ weight: 4, arbitrary: asked }, { weight: 4, arbitrary: answered }, damage), {
    maxLength: 25,
  });

  it("never throws, and no exchange is answered, completed or doubted twice", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (all, fromStart) => {
        for (const x of run(fromStart ? [...opened, ...all] : all).exchanges) {
          expect(x.doubts.length).toBeLessThanOrEqual(1);
          if (x.request !== null && x.response !== null)
            expect(x.response.frame).toBeGreaterThanOrEqual(x.request.frame);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps no password", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const r = run([...opened, ...all]);
        expect(JSON.stringify([r.log, r.exchanges, [...r.labels], r.remarks])).not.toContain("secret");
      }),
      { numRuns: 300 },
    );
  });

  it("is read alike however it is cut, from the start of the connection on", () => {
    const whole = fc.array(fc.oneof(asked, answered), { maxLength: 20 });
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(whole, cuts, (all, lengths) => {
        const steps = [...opened, ...all];
        const expected = run(steps);
        for (const cut of [() => lengths, () => [1]]) {
          const got = run(steps, cut);
          expect(lines(got)).toEqual(lines(expected));
          expect(got.exchanges.map((x) => [x.responseBytes, x.requestEnd])).toEqual(
            expected.exchanges.map((x) => [x.responseBytes, x.requestEnd]),
          );
          expect([got.remarks, [...got.labels]]).toEqual([expected.remarks, [...expected.labels]]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is never taken for sure by a probe that reads on", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (all, n) => {
        const part = postgres.probe(all, 0, Math.min(n, all.length));
        if (part === "no") expect(postgres.probe(all, 0, all.length)).toBe("no");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("bounds", () => {
  it("holds a bounded number of statements, and forgets the oldest", () => {
    const steps: Step[] = [];
    for (let n = 0; n < 1100; n++) steps.push(c(f.parse(`s${n}`, `SELECT ${n}`), f.sync), s(b.parsed, b.ready()));
    const r = run([...opened, ...steps, c(f.bind("", "s0"), f.execute(), f.bind("", "s1099"), f.execute(), f.sync)]);
    expect(r.exchanges.slice(-2).map((x) => x.request!.target)).toEqual(["statement s0", "SELECT 1099"]);
  });

  it("lets go of commands that nobody answers", () => {
    const r = run([...opened, ...Array.from({ length: 65_537 }, () => c(f.query("x")))]);
    expect(r.exchanges.filter((x) => x.doubt !== null).length).toBe(65_536);
  });

  it("takes time in proportion to what it reads", () => {
    const flood = (n: number): number => {
      const session = postgres.open(new Recorder("postgresql"));
      const begun = performance.now();
      for (const step of opened) if ("bytes" in step) session.data(step.side, step.bytes, 0, step.bytes.length, 1, 0);
      const some = bytes(f.parse("", "x"), f.bind("", ""), f.execute());
      for (let k = 0; k < n; k++) session.data(0, some, 0, some.length, k + 2, k);
      for (let k = 0; k < n; k++) {
        session.gap(1, 10, "missing");
        session.data(1, b.ready(), 0, 6, n + k, n + k);
      }
      return performance.now() - begun;
    };
    flood(2_000);
    const small = flood(5_000);
    expect(flood(40_000)).toBeLessThan(small * 8 * 6 + 200);
  });
});
