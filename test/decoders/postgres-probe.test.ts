// Which first bytes does the PostgreSQL decoder take for its own?

import { describe, expect, it } from "vitest";
import { postgres } from "../../decoders/postgres.ts";
import { b, bytes, cancelRequest, f, gssRequest, i32, message, sslRequest, startup } from "./postgres-script.ts";

const probe = (...pieces: (Uint8Array | string | number)[]) => {
  const all = bytes("\n", ...pieces, "\n");
  return postgres.probe(all, 1, all.length - 1);
};

describe("yes", () => {
  it.each<[string, Uint8Array[]]>([
    ["a startup packet", [startup()]],
    ["one of protocol 3.2", [bytes(i32(18), i32(0x30002), "user\0app\0\0")]],
    ["a request for TLS", [sslRequest]],
    ["a request for GSSAPI encryption", [gssRequest]],
    ["a cancel request", [cancelRequest]],
    ["a query", [f.query("vacuum")]],
    ["a statement that goes on in the next segment", [f.query(`SELECT '${"x".repeat(2000)}'`).subarray(0, 1400)]],
    ["a Parse that does", [f.parse("s1", ` insert into t values (${"x".repeat(2000)})`).subarray(0, 1400)]],
    ["an extended query", [f.parse("", "x"), f.bind("", "", "1"), f.describe("P"), f.execute(), f.sync]],
    ["ReadyForQuery", [b.ready("T")]],
    ["a result", [b.columns("id", "name"), b.row("1", null), b.tag("SELECT 1"), b.ready()]],
    ["a result that goes on", [b.columns("id"), b.row("x".repeat(2000)).subarray(0, 500)]],
    ["an error", [b.error("42P01", "no such table")]],
    ["a query and its goodbye", [f.query("x"), f.terminate]],
  ])("%s", (_, messages) => expect(probe(...messages)).toBe("yes"));
});

describe("no", () => {
  it.each<[string, (Uint8Array | string | number)[]]>([
    ["HTTP", ["GET / HTTP/1.1\r\n"]],
    ["text that starts with a type and a length", ["Quit now please"]],
    ["TLS", [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]],
    ["a MySQL greeting", [i32(0x4a000000), 10, "8.0.33\0", 1, 0, 0, 0]],
    ["RESP", ["*1\r\n$4\r\nPING\r\n"]],
    ["a query with control characters", [f.query("SEL\u0001ECT")]],
    ["a query longer than it says", [message("Q", "abc\0d", 0)]],
    ["an unknown transaction status", [message("Z", "Q")]],
    ["a startup packet without a user", [startup({ database: "x" })]],
    ["a startup packet of protocol 2", [bytes(i32(16), i32(0x20000), "user\0a\0\0")]],
    ["messages, then something else", [b.parsed, b.bound, "hello world"]],
    ["zeros", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])("%s", (_, pieces) => expect(probe(...pieces)).toBe("no"));
});

describe("more", () => {
  const whole: [string, Uint8Array][] = [
    ["a startup packet", startup()],
    ["a request for TLS", sslRequest],
    ["a query", f.query("VACUUM")],
    ["an extended query", bytes(f.parse("", "x"), f.bind("", "", "1"), f.describe("P"), f.execute(), f.sync)],
    ["a result", bytes(b.columns("id"), b.row("1"), b.tag("SELECT 1"), b.ready())],
    ["an error", b.error("42P01", "no such table")],
  ];
  it.each(whole)("any beginning of %s", (_, all) => {
    let before = "more";
    for (let n = 1; n <= all.length; n++) {
      const answer = probe(all.subarray(0, n));
      expect(answer === "yes" || answer === before, `${n} bytes: ${answer}`).toBe(true);
      before = answer;
    }
    expect(before).toBe("yes");
  });

  it("CopyData alone", () => expect(probe(f.data("GET"), f.data("/"))).toBe("more"));
  it("one message that says little", () => expect(probe(f.sync)).toBe("more"));
});

it("reads only between start and end", () => {
  const all = bytes("SELECT", f.query("x"), f.query("y"));
  expect(postgres.probe(all, 6, 13)).toBe("yes");
  expect(postgres.probe(all, 6, 12)).toBe("more");
});
