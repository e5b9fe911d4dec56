import { describe, expect, test } from "vitest";
import { postgres } from "../../decoders/postgres.ts";
import { redactPostgres } from "../../src/evidence/redactors/redact-postgres.ts";
import { b, bytes, cancelRequest, f, i16, i32, message, sslRequest, startup } from "../decoders/postgres-script.ts";
import type { Step } from "../decoders/recorder.ts";
import { testDamaged } from "./damaged-dialogue.ts";
import { expectSame, STRICT, segmented, twice } from "./redacted-stream.ts";
import { shownAs } from "./shown-as.ts";

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const SECRETS = ["hunter2", "jane", "Swordfish"];
const words = shownAs("postgresql");
const c = (...messages: Uint8Array[]): Step => ({ side: 0, bytes: bytes(...messages) });
const s = (...messages: Uint8Array[]): Step => ({ side: 1, bytes: bytes(...messages) });

const dialogue: Step[] = [
  c(startup({ user: "app", database: "shop", application_name: "orders", options: "-c x.y=hunter2" })),
  s(message("R", i32(5), "salt")),
  c(f.password("md5hunter2")),
  s(b.authOk, b.setting("server_version", "16.2"), b.setting("x.secret", "hunter2"), b.key, b.ready()),
  c(f.query(`SELECT a FROM t WHERE name = 'hunter2' AND n = 17 /*traceparent='${PARENT}'*/`)),
  s(b.columns("jane", "b"), b.row("Swordfish", null), b.row("", "jane"), b.tag("SELECT 2"), b.ready()),
  c(f.query("BEGIN")),
  s(b.tag("BEGIN"), b.ready("T")),
  c(f.parse("s1", "INSERT INTO t VALUES ($1, 'jane')"), f.bind("", "s1", "hunter2"), f.execute(), f.sync),
  s(
    b.parsed,
    b.bound,
    message(
      "E",
      'SERROR\0VERROR\0C23505\0Mduplicate key value violates unique constraint "t_pkey"\0',
      "DKey (email)=(jane) already exists.\0",
      0,
    ),
    b.ready("E"),
  ),
  c(f.bind("", "s1", "hunter2"), f.describe("P"), f.execute(), f.sync),
  s(b.bound, b.columns("jane"), b.row("Swordfish"), b.tag("SELECT 1"), b.ready("T")),
  c(f.query("COPY t FROM STDIN")),
  s(b.copyIn),
  c(f.data("jane\thunter2\n"), f.copyDone),
  s(b.tag("COPY 1"), b.ready()),
  s(b.notice('jane\'s: "Swordfish"'.replace("jane's", "it's")), b.notify("jane")),
  c(f.call(77)),
  s(message("V", i32(4), "jane"), b.ready()),
  c(message("F", i32(78), i16(0), i16(1), i32(7), "hunter2", i16(0))),
  s(message("V", i32(-1)), b.ready()),
  c(f.terminate),
];
const cuts = {
  whole: (n: number) => [n],
  "byte by byte": () => [1],
  "by three and seven": () => [3, 7],
};

describe("what is decoded stays the same, what is secret does not", () => {
  test.each(Object.entries(cuts))("%s", (_, cut) => {
    const both = twice(segmented(dialogue, cut), postgres, redactPostgres);
    expect(both.before.exchanges).toHaveLength(7);
    expectSame(both, words);
    expect(both.after.labels).toEqual(both.before.labels);
    for (const side of [0, 1] as const)
      for (const secret of SECRETS) expect(both.left.text(side)).not.toContain(secret);
    expect(both.left.text(0)).toContain("FROM t WHERE name = 'xxxxxxx' AND n = 00");
    expect(both.left.text(0)).toContain(PARENT);
    expect(both.left.text(0)).toContain("\0\0\0\x07xxxxxxx");
    expect(both.left.text(1)).toContain('C23505\0Mduplicate key value violates unique constraint "xxxxxx"');
    expect(both.left.text(1)).toContain("DKey (email)=(xxxx) already exists.");
    expect(both.left.text(1)).not.toContain("salt");
  });
  test("strict: names by pseudonyms of the same length", () => {
    const { after } = twice(dialogue, postgres, redactPostgres, STRICT);
    expect(after.labels.get("user")).toBe("qqq");
    expect(after.labels.get("database")).toBe("qqqq");
    expect(after.labels.get("application")).toBe("qqqqqq");
  });
  test("a request to cancel keeps no key", () => {
    const both = twice([c(cancelRequest)], postgres, redactPostgres);
    expectSame(both);
    expect(both.left.text(0)).toBe("\0\0\0\x10\x04\xd2\x16\x2exxxxxxxx");
  });
  test("TLS: the request for it, the answer, and nothing behind", () => {
    const both = twice([c(sslRequest), s(bytes("S")), c(bytes("hunter2"))], postgres, redactPostgres);
    expectSame(both);
    expect(both.left.text(1)).toBe("S");
    expect(both.left.text(0)).not.toContain("hunter");
  });
});

testDamaged({ steps: dialogue, decoder: postgres, redaction: redactPostgres, words, secrets: SECRETS });
