// Do requests that differ in numbers and values only get the same words, and does no literal get through?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactSql } from "../../src/core/redact-sql.ts";
import { kindOf } from "../../src/core/request-kind.ts";
import { request } from "../flow/exchange-script.ts";

describe("SQL literals", () => {
  it.each([
    ["SELECT * FROM users WHERE name = 'O''Brien' AND age > 42", "SELECT * FROM users WHERE name = ? AND age > ?"],
    [String.raw`SELECT 'a\'b', "c\"d", x'1F', 0xff, 1.5e-3, -7`, "SELECT ?, …"],
    ["INSERT INTO t1 (a, b2) VALUES (1, 'x'), (2, 'y')", "INSERT INTO t1 (a, b2) VALUES (?, …), (?, …)"],
    ["SELECT a - 1, b+2 FROM t WHERE c = -3", "SELECT a - ?, b+? FROM t WHERE c = ?"],
    ["SELECT $1, $2 FROM a.b WHERE c = $tag$it's$tag$ AND d = N'x'", "SELECT $1, $2 FROM a.b WHERE c = ? AND d = ?"],
    ["SELECT id FROM t WHERE k IN (1,2,3) LIMIT 10", "SELECT id FROM t WHERE k IN (?, …) LIMIT ?"],
    ["SELECT 'never closed", "SELECT ?"],
    ["UPDATE t SET token = _utf8mb4'secret' WHERE id = 5", "UPDATE t SET token = ? WHERE id = ?"],
    ["SELECT `col 1` FROM `t-2`", "SELECT `col 1` FROM `t-2`"],
    ["/* 'x' */ SELECT 1", "/* ? */ SELECT ?"],
  ])("%s", (statement, redacted) => {
    expect(redactSql(statement)).toBe(redacted);
  });

  it.each([
    ["mysql", "SELECT 1 /* don't */ FROM t WHERE a = 'secret'", "SELECT ?   FROM t WHERE a = ?"],
    ["mysql", "SELECT a -- it's\nFROM t WHERE b = 'secret' # don't", "SELECT a  FROM t WHERE b = ?"],
    ["mysql", "/*traceparent='00-1-2-01'*/ SELECT a--1", "SELECT a--?"],
    ["mysql", "SELECT /*! 'secret' */ \"secret\"", "SELECT /*! ? */ ?"],
    ["postgresql", String.raw`SELECT 'C:\', 'secret', E'it\'s', b # 5`, "SELECT ?, …, b # ?"],
    ["postgresql", "SELECT /* a /* don't */ b */ 'secret'--'x", "SELECT   ?"],
    ["postgresql", 'SELECT $q$ -- \'no comment $q$, `secret` FROM "T"', "SELECT ?, `secret` FROM ?"],
  ] as const)("as %s reads them: %s", (dialect, statement, redacted) => {
    expect(redactSql(statement, dialect)).toBe(redacted);
  });

  const PIECES = {
    mysql: [
      ...["'hunter2'", "'it''s hunter2'", String.raw`'a\'hunter2'`, '"hunter2"', '"a\\"hunter2"', "/*! 'hunter2' */"],
      ...["/* don't */", "-- it's\n", '# don"t\n', "`na'me`", "--1", "a", ",", "=", "42"],
    ],
    postgresql: [
      ...["'hunter2'", "'it''s hunter2'", String.raw`'C:\'`, String.raw`E'it\'s hunter2'`, "$q$it's hunter2$q$"],
      ...["/* a /* don't */ b */", "-- it's\n", `"na'me"`, "#", "a", ",", "=", "42"],
    ],
  };
  it.each(["mysql", "postgresql"] as const)("of %s never show, and once replaced stay as they are", (dialect) => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES[dialect]), { maxLength: 12 }), (pieces) => {
        const once = redactSql(pieces.join(" "), dialect);
        expect(once).not.toContain("hunter2");
        expect(redactSql(once, dialect)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  it("are found in one pass, whatever the quotes", () => {
    const parts = ["'", "\"\\'", "$a$", "1,", "$", "-", "x'", ", ", "$1", "`"];
    for (const part of parts) expect(redactSql(part.repeat(300_000)).length).toBeLessThanOrEqual(part.length * 300_000);
    for (const dialect of ["mysql", "postgresql"] as const)
      for (const part of [...parts, "/*", "--", "#", "\\", "/*a*/", "$a", "e'"])
        expect(redactSql(part.repeat(100_000), dialect).length).toBeLessThanOrEqual(part.length * 200_000);
  });
});

describe("a kind of request", () => {
  it.each([
    ["/orders/42?coupon=SPRING&page=2", "GET /orders/*?coupon&page"],
    ["/users/9b2d4c1e-7a33-4f0e-9d7a-0c6f0d1e2f3a/cart", "GET /users/*/cart"],
    ["/v1/items", "GET /v1/items"],
    ["/healthz", "GET /healthz"],
    ["*", "GET *"],
  ])("%s", (target, kind) => {
    expect(kindOf(request(0, target))).toBe(kind);
  });
  it("of a statement is the statement without its literals", () => {
    const e = request(0, "SELECT a\n  FROM t WHERE b = 'x'", { method: "QUERY", protocol: "mysql" });
    expect(kindOf(e)).toBe("QUERY SELECT a FROM t WHERE b = ?");
  });
});
