// What is known of a MySQL connection of which something is missing, that pipelines, or that ends early? Packets by hand after
// MySQL Internals; MariaDB 10.11 was seen to send each of these.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mysql } from "../../decoders/mysql.ts";
import type { Side } from "../../src/core/stream-decoder.ts";
import {
  c,
  command,
  count,
  DEPRECATE_EOF,
  definition,
  eof,
  err,
  execute,
  greeting,
  IN_TRANSACTION,
  login,
  ok,
  okEof,
  packet,
  prepare,
  prepared,
  query,
  row,
  s,
  sslRequest,
} from "./mysql-script.ts";
import { type Cut, end, gap, play as playWith, Recorder, type Step } from "./recorder.ts";

const play = (steps: Step[], cut?: Cut, pieces?: "one segment" | "segments"): Recorder =>
  playWith(steps, cut, pieces, mysql);
const open = [s(greeting()), c(login()), s(ok(2))];
const told = (r: Recorder): string[] =>
  r.exchanges.map((x) => {
    const asked = x.request === null ? "?" : `${x.request.method} ${x.request.target}`.trim();
    const answer = x.response === null ? "-" : `${x.response.error?.code ?? "ok"}${x.responseComplete ? "." : ""}`;
    return `${asked} > ${answer}${x.inTransaction ? " in transaction" : ""}${x.doubt ? ` (${x.doubt})` : ""}`;
  });
const result = (...rows: string[]): number[] => [
  ...count(1, 1),
  ...definition(2),
  ...rows.flatMap((value, i) => row(3 + i, value)),
  ...okEof(3 + rows.length),
];

describe("commands sent together", () => {
  it("are answered in order", () => {
    const r = play([
      ...open,
      c(query("SELECT 1"), query("SELECT x"), command(0x0e)),
      s(result("1"), err(1, 1054, "Unknown column"), ok(1, IN_TRANSACTION)),
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > ok.", "QUERY SELECT x > 1054.", "PING > ok. in transaction"]);
    expect(r.exchanges.map((x) => x.response!.frame)).toEqual([5, 5, 5]);
  });
  it("execute what is being prepared (MariaDB: statement −1)", () => {
    const r = play([
      ...open,
      c(prepare("SELECT ?"), execute(0xffffffff)),
      s(prepared(3, 1, 0), definition(2), result("1")),
    ]);
    expect(told(r)).toEqual(["PREPARE SELECT ? > ok.", "EXECUTE SELECT ? > ok."]);
  });
  it("are in doubt when an answer is lost, until the client has had its turn", () => {
    const r = play([
      ...open,
      c(query("SELECT 1"), query("SELECT 2")),
      gap(1, 80),
      s(ok()),
      c(query("SELECT 3")),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > - (gap)", "QUERY SELECT 2 > - (gap)", "QUERY SELECT 3 > ok."]);
  });
});

describe("answers", () => {
  it("are not begun by MariaDB's news of how far an ALTER TABLE is", () => {
    const news = packet(1, [0xff, 0xff, 0xff, 1, 1, 2, 0, 0, 0, 3, 65, 66, 67]);
    const r = play([...open, c(query("ALTER TABLE t ADD x INT")), s(news), s(ok(2))]);
    expect(told(r)).toEqual(["QUERY ALTER TABLE t ADD x INT > ok."]);
    expect(r.exchanges[0]!.response!.frame).toBe(6);
  });
  it("may come without definitions, where the client has them already", () => {
    const r = play([
      ...open,
      c(execute(1)),
      s(packet(1, [2, 0]), packet(2, [0, 0, 1, 1]), okEof(3)),
      c(command(0x0e)),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["EXECUTE statement 1 > ok.", "PING > ok."]);
  });
  it("change the database only when they say OK", () => {
    const names = (...steps: Step[]) => play([...open, ...steps, c(command(0x0e))]).exchanges.at(-1)!.request!.host;
    expect(names(c(command(2, "stock")), s(err(1, 1049, "Unknown database")))).toBe("orders");
    expect(names(c(command(2, "stock")), s(ok()))).toBe("stock");
    expect(names(c(query("use `my ``stock`")), s(ok()))).toBe("my `stock");
    // A change the server tells: kind 1, "stock", behind an empty text.
    expect(
      names(
        c(query("CALL p()")),
        s(packet(1, [0, 0, 0, 2, 0x40, 0, 0, 0, 8, 1, 6, 5, ...[..."stock"].map((x) => x.charCodeAt(0))])),
      ),
    ).toBe("stock");
  });
  it("to a change of user are its OK, not the question before it", () => {
    const change = command(0x11, "ann\0\x00stock\0");
    const r = play([
      ...open,
      c(change),
      s(packet(1, [0xfe, 97, 0, 98])),
      c(packet(2, [1, 2])),
      s(ok(3)),
      c(query("SELECT 1")),
    ]);
    expect(told(r)).toEqual(["CHANGE_USER ann > ok.", "QUERY SELECT 1 > -"]);
    expect(r.exchanges[0]!.response!.frame).toBe(7);
    expect(r.exchanges[1]!.request!.host).toBe("stock");
  });
  it("with which the server ends the connection are refusals, too", () => {
    const r = play([...open, c(query("SELECT 1")), s(err(1, 1927, "Connection was killed"))]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > 1927."]);
    expect(r.remarks).toMatchObject([{ kind: "refusal", code: "1927", side: 1, frame: 5 }]);
  });
  it("count what they hold", () => {
    const r = play([...open, c(query("SELECT 1")), s(result("1", "22"))]);
    // A number, a definition of 24 bytes, rows of 2 and 3, an OK of 7.
    expect(r.exchanges[0]!.responseBytes).toBe(1 + 24 + 2 + 3 + 7);
  });
});

describe("what is missing", () => {
  const long = result("1".repeat(200), "2", "3");
  const head = (n: number): Step => ({ side: 1, bytes: Uint8Array.from(long.slice(0, n)) });
  const tail = (n: number): Step => ({ side: 1, bytes: Uint8Array.from(long.slice(n)) });

  it("within a row is stepped over", () => {
    const r = play([...open, c(query("SELECT 1")), head(60), gap(1, 100), tail(160)]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > ok."]);
  });
  it("behind a row: the end of the result is known by what it looks like", () => {
    const cut = long.length - 15;
    const r = play([...open, c(query("SELECT 1")), head(60), gap(1, cut - 60), tail(cut)]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > ok."]);
  });
  it("an answer that is lost is not the next one", () => {
    const r = play([
      ...open,
      c(query("SELECT 1")),
      c(query("SELECT 2")),
      gap(1, 11),
      s(ok()),
      c(query("SELECT 3")),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > - (gap)", "QUERY SELECT 2 > ok. (gap)", "QUERY SELECT 3 > ok."]);
  });
  it("a command whose answer was told before it is in doubt", () => {
    const sink = new Recorder("mysql");
    const session = mysql.open(sink);
    const at = (side: Side, bytes: number[], time: number): void =>
      session.data(side, Uint8Array.from(bytes), 0, bytes.length, time, time);
    at(1, greeting(), 1);
    at(0, login(), 2);
    at(1, ok(2), 3);
    at(1, err(1, 1146, "no such table"), 7);
    session.gap(0, 13, "missing");
    at(0, query("SELECT 2"), 6);
    at(0, query("SELECT 3"), 8);
    at(1, ok(), 9);
    expect(told(sink)).toEqual(["QUERY SELECT 2 > - (gap)", "QUERY SELECT 3 > ok."]);
    expect(sink.remarks).toEqual([]);
  });
  it("an error without a command, behind a lost one, is no refusal", () => {
    const r = play([...open, gap(0, 20), s(err(1, 1146, "no such table"))]);
    expect(r.remarks).toEqual([]);
    expect(told(r)).toEqual(["? > 1146."]);
  });
  it("the end of a command, cut by the snap length: what is known of it is told", () => {
    const r = play([...open, c(query("SELECT 1234").slice(0, 12)), gap(0, 4, "snap"), s(ok())]);
    expect(told(r)).toEqual(["QUERY SELECT > ok."]);
    expect(r.exchanges[0]!.requestComplete).toBe(true);
  });
  it("the end of every answer, cut by the snap length", () => {
    const r = play([
      ...open,
      c(query("SELECT 1")),
      head(20),
      gap(1, long.length - 20, "snap"),
      c(query("SELECT 2")),
      head(20),
      gap(1, long.length - 20, "snap"),
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > ok.", "QUERY SELECT 2 > ok"]);
  });
  it("all of the client", () => {
    const r = play([s(greeting()), s(ok(2)), s(result("1")), s(err(1, 1146, "no such table")), s(ok())]);
    expect(told(r)).toEqual(["? > ok.", "? > 1146.", "? > ok."]);
  });
  it("all of the server", () => {
    const r = play([c(login()), c(query("SELECT 1")), c(query("SELECT 2")), c(command(1))]);
    expect(told(r)).toEqual(["QUERY SELECT 1 > -", "QUERY SELECT 2 > -"]);
    expect(r.labels.get("user")).toBe("app");
  });
  it("a long command at the end of the capture", () => {
    const bytes = query(`INSERT INTO t VALUES ('${"x".repeat(5000)}')`).slice(0, 1000);
    const r = play([...open, c(bytes), end(0, "capture")]);
    expect(r.exchanges[0]).toMatchObject({ requestComplete: false, request: { method: "QUERY" } });
  });
});

describe("joined midway", () => {
  const verdict = (...bytes: number[][]): string => mysql.probe(Uint8Array.from(bytes.flat()), 0, bytes.flat().length);
  it.each([
    ["a ping", [command(0x0e)]],
    ["a farewell", [command(1)]],
    ["a login", [login()]],
    ["a login that asks for TLS", [sslRequest()]],
    ["statements closed and executed", [packet(0, [0x19, 1, 0, 0, 0]), execute(2)]],
    ["an OK", [ok()]],
    ["an error with its state", [err(1, 1146, "Table 'a.b' doesn't exist")]],
    ["a result set", [count(1, 1), definition(2)]],
    ["attributes of a query", [packet(0, [3, 1, 1, 0, 1, 0xfd, 0, 1, 97, 1, 98, 83])]],
  ])("begins with %s", (_, bytes) => {
    expect(verdict(...bytes)).toBe("yes");
    for (let n = 1; n < 5; n++) expect(verdict(bytes.flat().slice(0, n))).toBe("more");
  });
  it.each([
    ["a length of another protocol before a name", packet(0, [2, 97, 98, 99])],
    ["a ping with something behind it", [...command(0x0e), 1, 2, 3, 4, 5, 6]],
    ["a text that is no statement", query("selected")],
    ["a statement with control characters", query("SELECT \x01\x02")],
    ["a greeting of another version", packet(0, [9, ...Array(60).fill(48)])],
    ["an answer without a status", packet(1, [0, 0, 0, 0, 0, 0, 0])],
    ["AMQP's frames", [1, 0, 0, 0, 0, 0, 5, 0, 10, 0, 40, 0xce]],
  ])("does not begin with %s", (_, bytes) => {
    expect(verdict(bytes)).toBe("no");
  });
  it("in small segments", () => {
    const r = play([c(query("SELECT 1")), s(result("1"))], () => [3], "segments");
    expect(told(r)).toEqual(["QUERY SELECT 1 > ok."]);
  });
  it("with an answer, then goes on", () => {
    const r = play([s(ok()), c(command(0x0e)), s(ok()), c(execute(9)), s(result("1"))]);
    expect(told(r)).toEqual(["? > ok.", "PING > ok.", "EXECUTE statement 9 > ok."]);
  });
  it("finds out that a prepared statement's definitions end with an EOF", () => {
    const r = play([
      c(prepare("SELECT a")),
      s(prepared(1, 1, 0), definition(2), eof(3, IN_TRANSACTION)),
      c(query("SELECT 1")),
      s(count(1, 1), definition(2), eof(3), row(4), eof(5)),
    ]);
    expect(told(r)).toEqual(["PREPARE SELECT a > ok. in transaction", "QUERY SELECT 1 > ok."]);
  });
});

describe("whatever comes", () => {
  const dialogue = [
    ...open,
    c(query("SELECT 1"), query("SELECT 2")),
    s(result("1"), result("1", "2")),
    c(prepare("SELECT ?")),
    s(prepared(1, 1, 1), definition(2), definition(3)),
    c(execute(1)),
    s(count(1, 1), definition(2), packet(3, [0, 0]), okEof(4)),
    c(query("LOAD DATA LOCAL INFILE 'a' INTO TABLE t")),
    s(packet(1, [0xfb, 97])),
    c(packet(2, [3, 83, 69]), packet(3, [])),
    s(ok(4)),
    c(command(1)),
  ];
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

  it("is the same in whatever segments", () => {
    const whole = play(dialogue).log;
    fc.assert(
      fc.property(cuts, (lengths) => {
        expect(play(dialogue, () => lengths, "segments").log).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
  it("a hole makes nothing up: each answer told is the command's own", () => {
    const steps = [
      ...open,
      ...Array.from({ length: 8 }, (_, i) => [c(query(`SELECT ${i}`)), s(err(1, 1100 + i, "that one"))]).flat(),
    ];
    fc.assert(
      fc.property(fc.subarray(steps.map((_, i) => i)), (lost) => {
        const r = play(
          steps.map((step, i) => (lost.includes(i) && "bytes" in step ? gap(step.side, step.bytes.length) : step)),
        );
        for (const x of r.exchanges) {
          const code = x.response?.error?.code;
          if (x.request !== null && code !== undefined)
            expect(code).toBe(String(1100 + Number(x.request.target.slice(7))));
        }
      }),
      { numRuns: 500 },
    );
  });
  it("does not throw, whatever is missing", () => {
    const step = fc.oneof(
      fc.record({ side: fc.constantFrom<0 | 1>(0, 1), bytes: fc.uint8Array({ maxLength: 80 }) }),
      fc.constantFrom(...dialogue),
      fc.record({
        side: fc.constantFrom<0 | 1>(0, 1),
        gap: fc.integer({ min: 1, max: 5000 }),
        reason: fc.constantFrom<"missing" | "snap">("missing", "snap"),
      }),
      fc.record({
        side: fc.constantFrom<0 | 1>(0, 1),
        end: fc.constantFrom<"fin" | "reset" | "capture">("fin", "reset", "capture"),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), cuts, (steps, isOpen, lengths) => {
        play(isOpen ? [...open, ...steps] : steps, () => lengths, "segments");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a login", () => {
  it("tells the program, and never the password", () => {
    const text = (value: string): number[] => [...value].map((ch) => ch.charCodeAt(0));
    const attributes = [
      ...[3, ...text("_os"), 5, ...text("Linux")],
      ...[12, ...text("program_name"), 6, ...text("orders")],
    ];
    const flags = DEPRECATE_EOF | (1 << 9) | (1 << 15) | (1 << 19) | (1 << 20);
    const body = [
      ...[0, 8, 16, 24].map((shift) => (flags >>> shift) & 255),
      ...[0, 0, 0, 1, 33],
      ...Array(23).fill(0),
      ...text("app\0"),
      ...[4, ...text("s3cr")],
      ...text("mysql_native_password\0"),
      attributes.length,
      ...attributes,
    ];
    const r = play([s(greeting((1 << 19) | (1 << 20))), c(packet(1, body)), s(ok(2))]);
    expect([...r.labels]).toEqual([
      ["server", "8.0.36-example"],
      ["user", "app"],
      ["application", "orders"],
    ]);
    expect(JSON.stringify([[...r.labels], r.log])).not.toContain("s3cr");
  });
});
