import { describe, expect, test } from "vitest";
import { mysql } from "../../decoders/mysql.ts";
import { redactMysql } from "../../src/evidence/redactors/redact-mysql.ts";
import * as m from "../decoders/mysql-script.ts";
import type { Step } from "../decoders/recorder.ts";
import { testDamaged } from "./damaged-dialogue.ts";
import { expectSame, STRICT, segmented, twice } from "./redacted-stream.ts";
import { shownAs } from "./shown-as.ts";

const { c, s } = m;
const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const SECRETS = ["hunter2", "jane", "Swordfish"];
const words = shownAs("mysql");

const text = (t: string): number[] => [...t].map((x) => x.charCodeAt(0));
const lenenc = (t: string): number[] => [t.length, ...text(t)];
const named = (sequence: number, name: string): number[] =>
  m.packet(sequence, [
    ...["def", "shop", "t", "t", name, name].flatMap(lenenc),
    ...[12, 33, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0],
  ]);
const executed = (id: number, ...values: string[]): number[] =>
  m.packet(0, [0x17, id, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 253, 0, ...values.flatMap(lenenc)]);

const dialogue: Step[] = [
  s(m.greeting()),
  c(m.login()),
  s(m.ok(2)),
  c(m.query("SELECT a FROM t WHERE name = 'hunter2' AND n = 17")),
  s(m.count(1, 2), named(2, "jane"), named(3, "b"), m.packet(4, [...lenenc("Swordfish"), 0xfb]), m.okEof(5)),
  c(m.query(`INSERT INTO t VALUES ('jane', 5) /*traceparent='${PARENT}'*/`)),
  s(m.err(1, 1062, "Duplicate entry 'jane' for key 'PRIMARY'")),
  c(m.query("BEGIN")),
  s(m.ok(1, m.IN_TRANSACTION | m.AUTOCOMMIT)),
  c(m.prepare("SELECT b FROM t WHERE c = ? AND d = 'jane'")),
  s(m.prepared(3, 1, 1), named(2, "Swordfish"), named(3, "b")),
  c(executed(3, "hunter2")),
  s(m.count(1, 1), named(2, "b"), m.packet(3, [0, 0, ...lenenc("Swordfish")]), m.okEof(4)),
  c(m.closeStatement(3)),
  c(m.command(2, "orders")),
  s(m.ok()),
  c(m.query("LOAD DATA LOCAL INFILE 'jane.csv' INTO TABLE t")),
  s(m.packet(1, [0xfb, ...text("jane.csv")])),
  c(m.packet(2, text("jane,hunter2")), m.packet(3, [])),
  s(m.ok(4)),
  c(m.command(0x0e)),
  s(m.ok()),
  c(m.command(1)),
];
const cuts = {
  whole: (n: number) => [n],
  "byte by byte": () => [1],
  "by three and seven": () => [3, 7],
};

describe("what is decoded stays the same, what is secret does not", () => {
  test.each(Object.entries(cuts))("%s", (_, cut) => {
    const both = twice(segmented(dialogue, cut), mysql, redactMysql);
    expect(both.before.exchanges).toHaveLength(8);
    expectSame(both, words);
    expect(both.after.labels).toEqual(both.before.labels);
    for (const side of [0, 1] as const)
      for (const secret of SECRETS) expect(both.left.text(side)).not.toContain(secret);
    expect(both.left.text(0)).toContain("FROM t WHERE name = 'xxxxxxx' AND n = 00");
    expect(both.left.text(0)).toContain(PARENT);
    expect(both.left.text(1)).toContain("#42000Duplicate entry 'xxxx' for key");
  });
  test("the scramble and the answer to it", () => {
    const { left } = twice(dialogue, mysql, redactMysql);
    expect(left.text(0)).not.toContain("ZZ");
    expect(left.text(1)).not.toContain("abcdefgh");
    expect(left.text(1)).not.toContain("ijklm");
    expect(left.text(1)).toContain("8.0.36-example");
    expect(left.text(0)).toContain("app\0\x14");
  });
  test("lengths in rows stay", () => {
    const { left } = twice(dialogue, mysql, redactMysql);
    expect(left.text(1)).toContain("\x09xxxxxxxxx\xfb");
  });
  test("strict: user and database by pseudonyms of the same length", () => {
    const { left, before, after } = twice(dialogue, mysql, redactMysql, STRICT);
    expect(after.labels.get("user")).toBe("qqq");
    expect(after.labels.get("database")).toBe("qqqqqq");
    expect(left.text(0)).not.toContain("orders");
    expect(after.exchanges.map((e) => e.response?.error?.code)).toEqual(
      before.exchanges.map((e) => e.response?.error?.code),
    );
  });
});

describe("the end of what is read", () => {
  test("TLS: the request for it, and nothing behind", () => {
    const steps = [s(m.greeting()), c(m.sslRequest(), text("hunter2hunter2"))];
    const both = twice(steps, mysql, redactMysql);
    expectSame(both);
    expect(both.left.text(0)).not.toContain("hunter");
  });
  test("compression", () => {
    const steps = [s(m.greetingWithCompression()), c(m.compressedLogin()), s(m.ok(2)), c(m.query("SELECT 'hunter2'"))];
    const both = twice(steps, mysql, redactMysql);
    expectSame(both);
    expect(both.left.text(0)).not.toContain("SELECT");
  });
});

testDamaged({ steps: dialogue, decoder: mysql, redaction: redactMysql, words, secrets: SECRETS });
