// Are MySQL commands and their answers told as the protocol has them? Packets by hand after MySQL Internals; the corpus and the
// samples are compared with tshark.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mysql } from "../../decoders/mysql.ts";
import {
  AUTOCOMMIT,
  bareErr,
  CURSOR,
  c,
  closeStatement,
  command,
  compressedLogin,
  count,
  DEPRECATE_EOF,
  definition,
  eof,
  err,
  execute,
  greeting,
  greetingWithCompression,
  IN_TRANSACTION,
  login,
  MORE,
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
import { type Cut, end, gap, play as playWith, type Recorder, type Step } from "./recorder.ts";

const play = (steps: Step[], cut?: Cut): Recorder => playWith(steps, cut, "one segment", mysql);
const open = [s(greeting()), c(login()), s(ok(2))];
const COMPRESS = 1 << 5;
const ZSTD = 1 << 26;
const oldOpen = [s(greeting(0)), c(login(0)), s(ok(2))];
const told = (r: Recorder): string[] =>
  r.exchanges.map((x) => {
    const asked = `${x.request!.method} ${x.request!.target}${x.requestComplete ? "." : ""}`.replace(" .", ".");
    const answer = x.response === null ? "-" : `${x.response.error?.code ?? "ok"}${x.responseComplete ? "." : ""}`;
    return `${asked} > ${answer}${x.inTransaction ? " in transaction" : ""}${x.doubt ? ` (${x.doubt})` : ""}`;
  });
const select = [c(query("SELECT 1")), s(count(1, 1), definition(2), row(3), row(4), okEof(5))];

describe("commands", () => {
  it("a status, an error, and a result set", () => {
    const r = play([
      ...open,
      c(query("UPDATE t SET a = 1")),
      s(ok()),
      c(query("SELECT x")),
      s(err(1, 1054, "Unknown column 'x'")),
      ...select,
    ]);
    expect(told(r)).toEqual(["QUERY UPDATE t SET a = 1. > ok.", "QUERY SELECT x. > 1054.", "QUERY SELECT 1. > ok."]);
    expect(r.exchanges[1]!.response!.error).toEqual({ code: "1054", text: "Unknown column 'x'" });
    expect(r.exchanges[0]!.request).toMatchObject({ frame: 4, time: 4000, host: "orders", id: null });
    expect(r.exchanges[2]!.response).toMatchObject({ frame: 9, status: null });
    expect([...r.labels]).toEqual([
      ["server", "8.0.36-example"],
      ["user", "app"],
      ["database", "orders"],
    ]);
  });

  it("a result set with EOFs, as before MySQL 5.7", () => {
    const r = play([
      ...oldOpen,
      c(query("SELECT 1")),
      s(count(1, 2), definition(2), definition(3), eof(4), row(5), eof(6, IN_TRANSACTION)),
      c(command(0x0e)),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1. > ok. in transaction", "PING. > ok."]);
  });

  it("is not complete before its last packet, and an error may end the rows", () => {
    expect(told(play([...open, c(query("SELECT 1")), s(count(1, 1), definition(2), row(3))]))).toEqual([
      "QUERY SELECT 1. > ok",
    ]);
    const r = play([...open, c(query("SELECT 1")), s(count(1, 1), definition(2), row(3), err(4, 1317, "interrupted"))]);
    expect(told(r)).toEqual(["QUERY SELECT 1. > 1317."]);
  });

  it("several results of one command", () => {
    const r = play([
      ...open,
      c(query("CALL p()")),
      s(ok(1, MORE), count(2, 1), definition(3), row(4), okEof(5, MORE)),
      s(ok(6)),
      c(command(0x0e)),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["QUERY CALL p(). > ok.", "PING. > ok."]);
  });

  it("prepared statements keep their text", () => {
    const r = play([
      ...open,
      c(prepare("SELECT a FROM t WHERE b = ?")),
      s(prepared(7, 1, 1), definition(2), definition(3)),
      c(execute(7)),
      s(count(1, 1), definition(2), packet(3, [0, 0, 1]), okEof(4)),
      c(closeStatement(7), execute(7)),
      s(err(1, 1243, "Unknown prepared statement handler")),
    ]);
    expect(told(r)).toEqual([
      "PREPARE SELECT a FROM t WHERE b = ?. > ok.",
      "EXECUTE SELECT a FROM t WHERE b = ?. > ok.",
      "EXECUTE statement 7. > 1243.",
    ]);
  });

  it("prepared statements with EOFs, and a cursor", () => {
    const r = play([
      ...oldOpen,
      c(prepare("SELECT ?")),
      s(prepared(1, 1, 1), definition(2), eof(3), definition(4), eof(5)),
      c(execute(1)),
      s(count(1, 1), definition(2), eof(3, CURSOR | AUTOCOMMIT)),
      c(command(0x1c, "\x01\0\0\0\x10\0\0\0")),
      s(packet(1, [0, 0, 1]), eof(2)),
    ]);
    expect(told(r)).toEqual(["PREPARE SELECT ?. > ok.", "EXECUTE SELECT ?. > ok.", "FETCH SELECT ?. > ok."]);
  });

  it("a local file goes the other way in between", () => {
    const r = play([
      ...open,
      c(query("LOAD DATA LOCAL INFILE 'a' INTO TABLE t")),
      s(packet(1, [0xfb, 97])),
      c(packet(2, [49, 10]), packet(3, [])),
      s(ok(4)),
      c(command(0x0e)),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["QUERY LOAD DATA LOCAL INFILE 'a' INTO TABLE t. > ok.", "PING. > ok."]);
  });

  it("the database in use", () => {
    const r = play([...open, c(command(2, "stock")), s(ok()), ...select]);
    expect(r.exchanges.map((x) => x.request!.host)).toEqual(["orders", "stock"]);
  });

  it("a statement of more than 16 MB is one command, and its text is cut", () => {
    const first = Uint8Array.of(
      0xff,
      0xff,
      0xff,
      0,
      3,
      ...[..."INSERT INTO t VALUES ('"].map((ch) => ch.charCodeAt(0)),
    );
    const body = new Uint8Array(0xffffff - (first.length - 4)).fill(0x61);
    const r = play([
      ...open,
      { side: 0, bytes: first },
      { side: 0, bytes: body },
      c(packet(1, [0x61, 0x27, 0x29])),
      s(ok(2)),
      ...select,
    ]);
    expect(told(r).map((l) => l.replace(/a{100,}/, "…"))).toEqual([
      expect.stringMatching(/^QUERY INSERT INTO t VALUES \('….*\. > ok\.$/),
      "QUERY SELECT 1. > ok.",
    ]);
    expect(r.exchanges[0]!.request!.target.length).toBe(2048);
  });

  it("attributes stand in front of a statement", () => {
    const withAttributes = DEPRECATE_EOF | (1 << 27);
    const named = [1, 1, 0, 1, 0xfd, 0, 3, 0x6b, 0x65, 0x79, 2, 0x76, 0x31]; // one, in one set, not null: key = "v1"
    const select = [..."SELECT 1"].map((ch) => ch.charCodeAt(0));
    const r = play([
      s(greeting(withAttributes)),
      c(login(withAttributes)),
      s(ok(2)),
      c(packet(0, [3, 0, 1, ...select])),
      s(ok()),
      c(packet(0, [3, ...named, ...select])),
      s(ok()),
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1. > ok.", "QUERY SELECT 1. > ok."]);
    expect(told(play([c(packet(0, [3, 0, 1, ...select])), s(ok())]))).toEqual(["QUERY SELECT 1. > ok."]);
  });

  it("the trace in a comment", () => {
    const id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const r = play([...open, c(query(`SELECT 1 /*traceparent='${id}'*/`)), s(ok())]);
    expect(r.exchanges[0]!.request!.id).toBe(id);
  });

  it("replication waits on purpose", () => {
    const r = play([
      ...open,
      c(command(0x12, "\x04\0\0\0\0\0\x01\0\0\0binlog.000001")),
      s(packet(1, [0, 1, 2, 3]), packet(2, [0, 1, 2])),
    ]);
    expect(r.exchanges[0]!.request).toMatchObject({ method: "BINLOG_DUMP", waits: true });
    expect(told(r)[0]).toMatch(/ > ok$/);
  });
});

describe("the ends of a connection", () => {
  it("says farewell with QUIT, which has no answer", () => {
    const r = play([...open, ...select, c(command(1)), end(0, "fin")]);
    expect(r.exchanges).toHaveLength(1);
    expect(r.remarks).toMatchObject([{ kind: "farewell", side: 0, frame: 6, text: "QUIT" }]);
  });
  it("is refused instead of greeted", () => {
    expect(play([s(bareErr(1040, "Too many connections"))]).remarks).toMatchObject([
      { kind: "refusal", side: 1, code: "1040", text: "Too many connections" },
    ]);
  });
  it("is refused at the login", () => {
    const r = play([s(greeting()), c(login()), s(err(2, 1045, "Access denied"))]);
    expect(r.remarks).toMatchObject([{ kind: "refusal", code: "1045" }]);
    expect(r.exchanges).toEqual([]);
  });
  it("is ended by the server without a command", () => {
    const r = play([
      ...open,
      ...select,
      s(err(0, 4031, "The client was disconnected by the server because of inactivity")),
    ]);
    expect(r.remarks).toMatchObject([{ kind: "refusal", code: "4031" }]);
  });
  it("turns into TLS, and hands on what is left of the segment", () => {
    const r = play([s(greeting()), c(sslRequest(), [22, 3, 1])]);
    expect(r.upgradedTo).toBe("tls");
    expect(r.labels.get("encrypted")).toBe("tls");
  });
  it("is left alone when it is compressed", () => {
    const r = play([
      s(greetingWithCompression()),
      c(compressedLogin()),
      s(ok(2)),
      c([9, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 14]),
    ]);
    expect(r.isUpgraded).toBe(true);
    expect(r.exchanges).toEqual([]);
    expect([r.labels.get("compressed"), r.labels.has("encrypted")]).toEqual(["zlib", false]);
  });
  it.each([
    ["zlib", COMPRESS],
    ["zstd", ZSTD],
    ["zlib", COMPRESS | ZSTD], // MySQL Internals, "Compression": with both, zlib is used
    [undefined, 0],
  ])("says by what it is compressed: %s", (name, flags) => {
    expect(play([s(greeting(flags)), c(login(flags)), s(ok(2))]).labels.get("compressed")).toBe(name);
  });
  it("is not compressed when the server does not offer it", () => {
    const r = play([s(greeting()), c(compressedLogin()), s(ok(2)), ...select]);
    expect([r.labels.has("compressed"), told(r)]).toEqual([false, ["QUERY SELECT 1. > ok."]]);
  });
  it("keeps no password of a statement", () => {
    const statements = [
      "CREATE USER a IDENTIFIED BY 'secr3t'",
      "SET PASSWORD = 'secr3t'",
      "SET PASSWORD FOR a = PASSWORD('secr3t')",
      "ALTER USER a IDENTIFIED WITH x AS 'secr3t'",
    ];
    for (const sql of statements) {
      const r = play([...open, c(query(sql)), s(err(1, 1064, `near 'secr3t' in password 'secr3t'`))]);
      expect(r.exchanges[0]!.request!.target).not.toContain("secr3t");
    }
  });
  it("keeps nothing of a password", () => {
    const r = play([
      s(greeting()),
      c(login()),
      s(packet(2, [0xfe, 1, 2])),
      c(packet(3, [0x73, 0x65, 0x63, 0x72])),
      s(ok(4)),
      ...select,
    ]);
    expect(told(r)).toEqual(["QUERY SELECT 1. > ok."]);
    expect(JSON.stringify([r.exchanges, [...r.labels], r.remarks])).not.toMatch(/secr|ZZZZ/);
  });
});

describe("joined midway, and across gaps", () => {
  it("begins with a statement", () => {
    expect(told(play([...select, c(command(0x0e)), s(ok())]))).toEqual(["QUERY SELECT 1. > ok.", "PING. > ok."]);
  });
  it("finds out whether EOFs are sent", () => {
    const old = [c(query("SELECT 1")), s(count(1, 1), definition(2), eof(3), row(4), eof(5))];
    expect(told(play([...old, ...old]))).toEqual(["QUERY SELECT 1. > ok.", "QUERY SELECT 1. > ok."]);
  });
  it("doubts what a lost answer belongs to, and goes on with the next command", () => {
    const r = play([...open, c(query("SELECT 1")), gap(1, 60), c(query("SELECT 2")), s(ok()), ...select]);
    expect(told(r)).toEqual(["QUERY SELECT 1. > - (gap)", "QUERY SELECT 2. > ok.", "QUERY SELECT 1. > ok."]);
  });
  it("is not confused by a lost command", () => {
    const r = play([...open, gap(0, 13), s(count(1, 1), definition(2), row(3), okEof(4)), ...select]);
    expect(r.exchanges[0]).toMatchObject({ request: null, responseComplete: true });
    r.exchanges.shift();
    expect(told(r)).toEqual(["QUERY SELECT 1. > ok."]);
  });
});

describe("what is recognised", () => {
  const verdict = (bytes: number[]): string => mysql.probe(Uint8Array.from(bytes), 0, bytes.length);
  it.each([
    ["a greeting", greeting()],
    ["an error instead", bareErr(1040, "Too many connections")],
    ["a statement", query("SELECT 1")],
    ["behind blanks, comments and brackets", query("  /* a */ (select 1)")],
    ["a statement with attributes", packet(0, [3, 0, 1, 83, 69, 76, 69, 67, 84, 32, 49])],
    ["an execution", execute(5)],
  ])("%s", (_, bytes) => {
    expect(verdict(bytes)).toBe("yes");
    for (let n = 1; n < 5; n++) expect(verdict(bytes.slice(0, n))).toBe("more");
  });
  it.each([
    ["HTTP", [..."GET / HTTP/1.1\r\n"].map((ch) => ch.charCodeAt(0))],
    ["TLS", [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]],
    ["Redis", [..."*1\r\n$4\r\nPING\r\n"].map((ch) => ch.charCodeAt(0))],
    ["a query of no language", query("HELLO world")],
    ["zeros", Array(64).fill(0)],
    ["MongoDB", [60, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xd4, 7, 0, 0, 4, 0, 0, 0]],
    ["nothing", []],
  ])("not %s", (_, bytes) => {
    expect(verdict(bytes)).toBe(bytes.length === 0 ? "more" : "no");
  });
});

describe("whatever comes", () => {
  const dialogue = [
    ...open,
    ...select,
    c(prepare("SELECT ?")),
    s(prepared(1, 1, 1), definition(2), definition(3)),
    c(execute(1)),
    s(count(1, 1), definition(2), packet(3, [0, 0]), okEof(4)),
    c(command(1)),
  ];

  it("is the same however it is cut", () => {
    const whole = play(dialogue).log;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (lengths) => {
        expect(play(dialogue, () => lengths).log).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it("does not throw, and keeps its promises to the sink", () => {
    const step = fc.oneof(
      fc.record({ side: fc.constantFrom<0 | 1>(0, 1), bytes: fc.uint8Array({ maxLength: 80 }) }),
      fc.constantFrom(...dialogue),
      fc.record({
        side: fc.constantFrom<0 | 1>(0, 1),
        gap: fc.integer({ min: 1, max: 5000 }),
        reason: fc.constantFrom<"missing" | "snap">("missing", "snap"),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, isOpen) => {
        play(isOpen ? [...open, ...steps] : steps);
      }),
      { numRuns: 2000 },
    );
  });

  it("probes without throwing, reading only what it may", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.uint8Array({ maxLength: 4 }), (bytes, junk) => {
        const around = new Uint8Array([...junk, ...bytes, ...junk]);
        expect(mysql.probe(around, junk.length, junk.length + bytes.length)).toBe(mysql.probe(bytes, 0, bytes.length));
      }),
      { numRuns: 2000 },
    );
  });
});
