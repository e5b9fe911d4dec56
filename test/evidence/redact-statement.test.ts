import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redactSql } from "../../src/core/redact-sql.ts";
import { redactStatement } from "../../src/evidence/redactors/redact-statement.ts";
import type { Dialect } from "../../src/evidence/redactors/sql-literals.ts";

const utf8 = new TextEncoder();

function redacted(text: string, dialect: Dialect = "mysql"): string {
  const b = utf8.encode(text);
  expect(redactStatement(b, 0, b.length, dialect, true, null)).toBe(b.length);
  return new TextDecoder("utf-8", { fatal: true }).decode(b);
}

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("literals become literals of the same length", () => {
  test.each([
    ["SELECT * FROM t WHERE a = 'secret' AND n = 42", "SELECT * FROM t WHERE a = 'xxxxxx' AND n = 00"],
    ["SELECT 'it''s', \"b\"", "SELECT 'xxxxx', \"x\""],
    ["SELECT E'a\\'b', 1.5e-3, 0x1F, .5, -7", "SELECT E'xxxx', 000000, 0000, 00, -0"],
    ["INSERT INTO `t1` (c2, d) VALUES ($1, ?)", "INSERT INTO `t1` (c2, d) VALUES ($1, ?)"],
    ["SELECT $tag$se'cret$tag$, $$x$$", "SELECT $xxx$xxxxxxx$xxx$, $$x$$"],
    ["SELECT 'open", "SELECT 'xxxx"],
    ["SELECT E'a\\'b', x'1F', N'ü'", "SELECT E'xxxx', x'xx', N'×'"],
    ["select '日本', '😀'", "select '◗◗', '\u{175d7}'"],
  ])("%s", (before, after) => {
    expect(redacted(before)).toBe(after);
    expect(redacted(before, "postgresql")).toBe(after);
    expect(redactSql(after)).toBe(redactSql(before));
  });
});

describe("comments", () => {
  test("a request's id stays, values do not", () => {
    const text = `SELECT 1 /*action='show',traceparent='${PARENT}'*/`;
    expect(redacted(text)).toBe(`SELECT 0 /*action='xxxx',traceparent='${PARENT}'*/`);
    expect(redactSql(redacted(text))).toBe(redactSql(text));
  });
  test("plain words stay, tokens do not", () => {
    expect(redacted("SELECT a -- for the shop key=hunter to4ken\nFROM b")).toBe(
      "SELECT a -- for the shop key=xxxxxx xxxxxx\nFROM b",
    );
  });
  test.each(["mysql", "postgresql"] as const)("a quote in one hides no literal (%s)", (dialect) => {
    expect(redacted("SELECT /* don't */ 'secret', b", dialect)).not.toContain("secret");
    expect(redacted("SELECT a -- don't\n, 'secret', b", dialect)).not.toContain("secret");
  });
  test("PostgreSQL: a backslash ends no literal, comments nest", () => {
    expect(redacted("SELECT 'C:\\', 'secret'", "postgresql")).not.toContain("secret");
    expect(redacted("SELECT /* a /* ' */ ' */ 'secret'", "postgresql")).not.toContain("secret");
  });
  test("hints and executable comments are read as code", () => {
    expect(redacted("SELECT /*+ INDEX(t i1) */ /*!40101 'secret' */ a")).toBe(
      "SELECT /*+ INDEX(t i1) */ /*!00000 'xxxxxx' */ a",
    );
  });
});

test("a password without quotes", () => {
  expect(redacted("ALTER SERVER s OPTIONS (password=hunter2)", "postgresql")).not.toContain("hunter");
});

const WORDS = [
  ...[
    "SELECT ",
    "a",
    "t1.c2",
    " ",
    "=",
    ",",
    "(",
    ")",
    "-",
    "--",
    "/*",
    "*/",
    "#",
    "\n",
    "$1",
    "$$",
    "$t$",
    "'",
    '"',
    "`",
  ],
  ...[
    "\\",
    "''",
    "42",
    "1e-3",
    "0x1F",
    ".5",
    "E",
    "x",
    "_utf8",
    "é",
    "日",
    "traceparent=",
    PARENT,
    "password = ",
    "secret",
  ],
];
const statements = fc.array(fc.constantFrom(...WORDS), { maxLength: 30 }).map((words) => words.join(""));
const dialects = fc.constantFrom("mysql" as const, "postgresql" as const);

test("any statement without comments, backslashes and passwords is shown as before", () => {
  fc.assert(
    fc.property(statements, dialects, (text, dialect) => {
      fc.pre(!/--|\/\*|#|\\|`|passw/.test(text));
      expect(redactSql(redacted(text, dialect))).toBe(redactSql(text));
    }),
    { numRuns: 2000 },
  );
});

test("what leaves of a beginning stays when more comes", () => {
  fc.assert(
    fc.property(statements, dialects, fc.nat(), (text, dialect, n) => {
      fc.pre(!text.includes("traceparent") && !text.includes("passw"));
      const whole = utf8.encode(text);
      const part = whole.slice(0, n % (whole.length + 1));
      const stable = redactStatement(part, 0, part.length, dialect, false, null);
      redactStatement(whole, 0, whole.length, dialect, true, null);
      expect([...part.subarray(0, stable)]).toEqual([...whole.subarray(0, stable)]);
    }),
    { numRuns: 2000 },
  );
});

test("arbitrary bytes: same length, valid UTF-8 stays valid and invalid stays invalid", () => {
  const valid = (b: Uint8Array): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(b);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), dialects, (bytes, quoted, dialect) => {
      const b = quoted ? Uint8Array.of(0x27, ...bytes, 0x27) : bytes;
      const was = valid(b);
      redactStatement(b, 0, b.length, dialect, true, null);
      expect(valid(b)).toBe(was);
    }),
    { numRuns: 2000 },
  );
});
