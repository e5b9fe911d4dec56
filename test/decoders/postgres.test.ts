// Which commands and answers does the PostgreSQL decoder find? Frames and values are counted by hand: segment k is frame k.

import { describe, expect, it } from "vitest";
import { postgres } from "../../decoders/postgres.ts";
import type { StreamSession } from "../../src/core/stream-decoder.ts";
import {
  b,
  bytes,
  c,
  cancelRequest,
  f,
  gssRequest,
  lines,
  message,
  opened,
  run,
  s,
  sslRequest,
  startup,
} from "./postgres-script.ts";
import { Recorder, type Step } from "./recorder.ts";

/** Frames 1 and 2 open the connection; the first of these segments is frame 3. */
const talk = (...steps: Step[]) => run([...opened, ...steps]);

describe("the start of a connection", () => {
  it("keeps who connects, and no password", () => {
    const r = run([
      c(startup({ user: "app", database: "shop", application_name: "api" })),
      s(b.authMd5),
      c(f.password("md5secret")),
      s(
        b.authOk,
        b.setting("server_version", "15.3 (Debian)"),
        b.setting("application_name", "api 2"),
        b.key,
        b.ready(),
      ),
    ]);
    expect(Object.fromEntries(r.labels)).toEqual({
      user: "app",
      database: "shop",
      application: "api 2",
      server: "15.3 (Debian)",
    });
    expect(r.exchanges).toEqual([]);
    expect(JSON.stringify([r.log, [...r.labels], r.remarks])).not.toContain("secret");
  });

  it("takes the user's name for the database when none is given", () => {
    expect(run([c(startup({ user: "app" }))]).labels.get("database")).toBe("app");
  });

  it("goes on in clear after N", () => {
    const r = run([c(gssRequest), s(bytes("N")), c(sslRequest), s(bytes("N")), ...opened, c(f.query("SELECT 1"))]);
    expect(lines(r)).toEqual(["QUERY SELECT 1 #7. > -"]);
    expect(r.isUpgraded).toBe(false);
  });

  it("hands over to TLS after S, with what is left of the segment", () => {
    const seen: unknown[] = [];
    const next: StreamSession = {
      data: (side, all, start, end, frame) => seen.push([side, [...all.slice(start, end)], frame]),
      gap: () => {},
      end: () => {},
    };
    const sink = new Recorder("postgresql", next);
    const session = postgres.open(sink);
    session.data(0, sslRequest, 0, 8, 1, 1);
    session.data(1, bytes("S", 22, 3, 3), 0, 4, 2, 2);
    expect(sink.upgradedTo).toBe("tls");
    expect(sink.labels.get("encrypted")).toBe("tls");
    expect(seen).toEqual([[1, [22, 3, 3], 2]]);
  });

  it("takes a TLS handshake behind a request for it as a yes", () => {
    expect(run([c(sslRequest), c(bytes(22, 3, 1, 2, 0))]).upgradedTo).toBe("tls");
  });

  it("gives up after GSSAPI encryption", () => {
    const r = run([c(gssRequest), s(bytes("G")), c(f.query("SELECT 1"))]);
    expect([r.isUpgraded, r.upgradedTo, r.labels.get("encrypted")]).toEqual([true, null, "gssapi"]);
    expect(r.exchanges).toEqual([]);
  });

  it("says nothing of a cancel request", () => {
    expect(run([c(cancelRequest)]).log).toEqual([]);
  });

  it.each([
    ["53300", "sorry, too many clients already"],
    ["57P03", "the database system is starting up"],
    ["28P01", 'password authentication failed for user "app"'],
  ])("remarks the refusal %s", (code, text) => {
    const r = run([c(startup()), s(b.error(code, text, "FATAL"))]);
    expect(r.remarks).toEqual([{ side: 1, frame: 2, time: 2000, kind: "refusal", code, text }]);
    expect(r.exchanges).toEqual([]);
  });
});

describe("simple queries", () => {
  it("are one exchange up to ReadyForQuery, however many commands they hold", () => {
    const r = talk(
      c(f.query("SELECT 1; SELECT 2")),
      s(b.columns("a"), b.row("1"), b.tag("SELECT 1")),
      s(b.columns("a"), b.row("22", null), b.tag("SELECT 1"), b.ready("T")),
    );
    expect(lines(r)).toEqual(["QUERY SELECT 1; SELECT 2 #3. > #4. in transaction"]);
    // Bodies of the two rows: count 2 + length 4 + "1"; count 2 + length 4 + "22" + length 4.
    expect(r.exchanges[0]!.responseBytes).toBe(7 + 12);
    expect(r.exchanges[0]!.request!.host).toBe("shop");
  });

  it("may fail, before or after rows; a failed transaction is still open", () => {
    const r = talk(
      c(f.query("SELECT nothing")),
      s(b.error("42703", "column does not exist"), b.ready()),
      c(f.query("SELECT 1/a FROM t")),
      s(b.columns("a"), b.row("1"), b.error("22012", "division by zero"), b.ready("E")),
    );
    expect(lines(r)).toEqual([
      "QUERY SELECT nothing #3. > #4 42703. idle",
      "QUERY SELECT 1/a FROM t #5. > #6 22012. in transaction",
    ]);
    expect(r.exchanges[0]!.response!.error).toEqual({ code: "42703", text: "column does not exist" });
    expect(r.remarks).toEqual([]);
  });

  it("may be empty", () => {
    expect(lines(talk(c(f.query("")), s(b.empty, b.ready())))).toEqual(["QUERY  #3. > #4. idle"]);
  });

  it("are not answered by what the server says unasked", () => {
    const r = talk(c(f.query("SELECT 1")), s(b.notice("hm"), b.setting("TimeZone", "UTC"), b.notify("ch")));
    expect(lines(r)).toEqual(["QUERY SELECT 1 #3. > -"]);
  });

  it("take the id from a comment", () => {
    const id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const r = talk(
      c(f.query(`SELECT 1 /*traceparent='${id}'*/`), f.query(`SELECT '${"x".repeat(5000)}' /*traceparent='${id}'*/`)),
    );
    expect(r.exchanges.map((x) => x.request!.id)).toEqual([id, id]);
    expect(r.exchanges[1]!.request!.target.length).toBe(2048);
  });

  it.each([
    ["ALTER ROLE app PASSWORD 'geheim'", "ALTER ROLE app PASSWORD '?'"],
    [
      "CREATE USER MAPPING FOR x SERVER y OPTIONS (user 'u', password 'geheim')",
      "CREATE USER MAPPING FOR x SERVER y OPTIONS (user 'u', password '?')",
    ],
    [
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=geheim user=u'",
      "CREATE SUBSCRIPTION s CONNECTION 'host=h password=? user=u'",
    ],
    ["UPDATE users SET password = $x$geheim$x$", "UPDATE users SET password = '?'"],
    ["ALTER ROLE app PASSWORD 'gehe", "ALTER ROLE app PASSWORD '?'"],
  ])("keep no password: %s", (sql, kept) => {
    expect(talk(c(f.query(sql))).exchanges[0]!.request!.target).toBe(kept);
  });

  it("and function calls are alike", () => {
    expect(lines(talk(c(f.call(1598)), s(b.value("abc"), b.ready())))).toEqual([
      "FUNCTION function 1598 #3. > #4. idle",
    ]);
  });

  it("that start a replication stream mean to wait", () => {
    const r = talk(
      c(f.query("START_REPLICATION SLOT s LOGICAL 0/0")),
      s(b.copyBoth, b.data("w12345")),
      c(f.data("r1")),
    );
    expect(lines(r)).toEqual(["QUERY START_REPLICATION SLOT s LOGICAL 0/0 #3. > #4"]);
    expect(r.exchanges[0]!.request!.waits).toBe(true);
    expect(talk(c(f.query("SELECT 1"))).exchanges[0]!.request!.waits).toBeUndefined();
  });
});

describe("the extended protocol", () => {
  const all = [f.parse("", "SELECT $1"), f.bind("", "", "7"), f.describe("P"), f.execute(), f.sync];
  const result = [b.parsed, b.bound, b.columns("a"), b.row("7"), b.tag("SELECT 1")];

  it("is one exchange from Parse to Execute", () => {
    expect(lines(talk(c(...all), s(...result, b.ready())))).toEqual(["EXECUTE SELECT $1 #3. > #4. idle"]);
  });

  it("prepares once, and names the statement ever after", () => {
    const r = talk(
      c(f.parse("s1", "SELECT $1"), f.describe("S", "s1"), f.sync),
      s(b.parsed, b.parameters(23), b.columns("a"), b.ready()),
      c(f.bind("", "s1", "7"), f.execute(), f.sync),
      s(b.bound, b.row("7"), b.tag("SELECT 1"), b.ready("T")),
      c(f.describe("S", "s1"), f.sync),
      s(b.parameters(23), b.noData, b.ready()),
      c(f.close("S", "s1"), f.sync),
      s(b.closed, b.ready()),
      c(f.bind("", "s1"), f.execute(), f.sync),
    );
    expect(lines(r)).toEqual([
      "PREPARE SELECT $1 #3. > #4. idle",
      "EXECUTE SELECT $1 #5. > #6. in transaction",
      "DESCRIBE SELECT $1 #7. > #8. idle",
      "CLOSE SELECT $1 #9. > #10. idle",
      "EXECUTE statement s1 #11. > -",
    ]);
  });

  it("reads a portal piece by piece", () => {
    const r = talk(
      c(f.parse("", "SELECT a FROM t"), f.bind("p1", ""), f.flush),
      s(b.parsed, b.bound),
      c(f.execute("p1", 1), f.flush),
      s(b.row("1"), b.suspended),
      c(f.execute("p1", 1), f.sync),
      s(b.row("2"), b.tag("SELECT 1"), b.ready()),
    );
    expect(lines(r)).toEqual([
      "PREPARE SELECT a FROM t #3. > #4.",
      "EXECUTE SELECT a FROM t #5. > #6.",
      "EXECUTE SELECT a FROM t #7. > #8. idle",
    ]);
  });

  it("pipelines several Syncs", () => {
    const r = talk(
      c(...all, ...all),
      c(...all),
      s(...result, b.ready()),
      s(...result, b.ready(), ...result),
      s(b.ready()),
    );
    expect(lines(r)).toEqual([
      "EXECUTE SELECT $1 #3. > #5. idle",
      "EXECUTE SELECT $1 #3. > #6. idle",
      "EXECUTE SELECT $1 #4. > #6. idle",
    ]);
  });

  it("owes no answer before Sync or Flush", () => {
    const steps = [c(f.parse("", "SELECT 1"), f.bind("", ""), f.execute())];
    expect(lines(talk(...steps))).toEqual(["EXECUTE SELECT 1 #3 > -"]);
    const r = talk(...steps, c(f.sync));
    expect(lines(r)).toEqual(["EXECUTE SELECT 1 #3. > -"]);
    expect(r.exchanges[0]!.requestEnd).toBe(4000);
  });

  it("skips to the Sync after an error, and what is skipped fails with ReadyForQuery", () => {
    const one = (sql: string) => [f.parse("", sql), f.bind("", ""), f.execute()];
    const r = talk(
      c(...one("SELECT 1"), ...one("SELECT 1/0"), ...one("SELECT 3")),
      c(...one("SELECT 4"), f.sync, ...one("SELECT 5"), f.sync),
      s(b.parsed, b.bound, b.row("1"), b.tag("SELECT 1"), b.parsed, b.bound, b.error("22012", "division by zero")),
      s(b.ready("E")),
      s(b.parsed, b.bound, b.row("5"), b.tag("SELECT 1"), b.ready()),
    );
    expect(lines(r)).toEqual([
      "EXECUTE SELECT 1 #3. > #5.",
      "EXECUTE SELECT 1/0 #3. > #5 22012.",
      "EXECUTE SELECT 3 #3. > #6 22012.",
      "EXECUTE SELECT 4 #4. > #6 22012. in transaction",
      "EXECUTE SELECT 5 #4. > #7. idle",
    ]);
  });

  it("fails while it is still being said", () => {
    const r = talk(
      c(f.parse("", "SELEC")),
      s(b.error("42601", "syntax error")),
      c(f.bind("", ""), f.execute(), f.sync),
      s(b.ready()),
    );
    expect(lines(r)).toEqual(["PREPARE SELEC #3. > #4 42601.", "EXECUTE SELEC #5. > #6 42601. idle"]);
  });

  it("fails at the end of the transaction, with the last command", () => {
    const r = talk(c(...all), s(...result, b.error("23505", "duplicate key"), b.ready()));
    expect(lines(r)).toEqual(["EXECUTE SELECT $1 #3. > #4 23505. idle"]);
  });

  it("may do nothing but ask whether the server is there", () => {
    expect(lines(talk(c(f.sync), s(b.ready())))).toEqual(["SYNC  #3. > #4. idle"]);
  });

  it("does not count closing what was used", () => {
    const r = talk(c(...all.slice(0, 4), f.close("P", "p"), f.sync), s(...result, b.closed, b.ready()));
    expect(lines(r)).toEqual(["EXECUTE SELECT $1 #3. > #4. idle"]);
  });
});

describe("COPY", () => {
  it("from the client is answered behind its data", () => {
    const r = talk(
      c(f.query("COPY t FROM STDIN")),
      s(b.copyIn),
      c(f.data("1\ta\n"), f.data("2\tb\n")),
      c(f.copyDone),
      s(b.tag("COPY 2"), b.ready()),
    );
    expect(lines(r)).toEqual(["QUERY COPY t FROM STDIN #3. > #7. idle"]);
    expect(r.exchanges[0]!.interim).toBe(1);
    expect(r.exchanges[0]!.requestEnd).toBe(6000);
  });

  it("waits for the client while the data is not complete", () => {
    const r = talk(c(f.query("COPY t FROM STDIN")), s(b.copyIn), c(f.data("1\ta\n")));
    expect(lines(r)).toEqual(["QUERY COPY t FROM STDIN #3 > -"]);
  });

  it("may be given up, by either side", () => {
    const r = talk(
      c(f.query("COPY t FROM STDIN")),
      s(b.copyIn),
      c(f.copyFail("no")),
      s(b.error("57014", "COPY from stdin failed: no"), b.ready()),
      c(f.query("COPY t FROM STDIN")),
      s(b.copyIn),
      c(f.data("x")),
      s(b.error("22P02", "invalid input")),
      c(f.data("y"), f.copyDone),
      s(b.ready()),
      c(f.query("SELECT 1")),
      s(b.tag("SELECT 1"), b.ready()),
    );
    expect(lines(r)).toEqual([
      "QUERY COPY t FROM STDIN #3. > #6 57014. idle",
      "QUERY COPY t FROM STDIN #7 > #10 22P02. idle",
      "QUERY SELECT 1 #13. > #14. idle",
    ]);
  });

  it("in the extended protocol overlooks the Sync before the data, as the server does", () => {
    const r = talk(
      c(f.parse("", "COPY t FROM STDIN"), f.bind("", ""), f.execute(), f.sync),
      s(b.parsed, b.bound, b.copyIn),
      c(f.data("1\n"), f.copyDone, f.sync),
      s(b.tag("COPY 1"), b.ready()),
      c(f.query("SELECT 1")),
      s(b.tag("SELECT 1"), b.ready()),
    );
    expect(lines(r)).toEqual(["EXECUTE COPY t FROM STDIN #3. > #6. idle", "QUERY SELECT 1 #7. > #8. idle"]);
  });

  it("to the client counts its bytes", () => {
    const r = talk(
      c(f.query("COPY t TO STDOUT")),
      s(b.copyOut, b.data("1\ta\n"), b.data("22\n"), b.copyDone, b.tag("COPY 2"), b.ready()),
    );
    expect(lines(r)).toEqual(["QUERY COPY t TO STDOUT #3. > #4. idle"]);
    expect(r.exchanges[0]!.responseBytes).toBe(4 + 3);
  });
});

describe("the end of a connection", () => {
  it("is the client's word", () => {
    expect(talk(c(f.terminate)).remarks).toEqual([
      { side: 0, frame: 3, time: 3000, kind: "farewell", code: null, text: "Terminate" },
    ]);
  });

  it("is the server's: a remark, and the answer to what waits", () => {
    const r = talk(c(f.query("SELECT 1")), s(b.error("57P01", "terminating connection", "FATAL")));
    expect(lines(r)).toEqual(["QUERY SELECT 1 #3. > #4 57P01"]);
    expect(r.remarks.map((x) => [x.kind, x.code, x.frame])).toEqual([["refusal", "57P01", 4]]);
  });

  it.each(["25P03", "57P05", "57P01"])("comes unasked: %s", (code) => {
    const r = talk(s(b.error(code, "terminating connection", "FATAL")));
    expect(r.exchanges).toEqual([]);
    expect(r.remarks.map((x) => x.code)).toEqual([code]);
  });

  it("is told by the severity that is never translated", () => {
    const r = talk(s(message("E", "SFATALE\0VFATAL\0C57P01\0MArret\0", 0)));
    expect(r.remarks.map((x) => [x.code, x.text])).toEqual([["57P01", "Arret"]]);
  });
});
