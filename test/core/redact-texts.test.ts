// Which values are secrets, and which only look like one? Keys and error texts too.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactErrorText } from "../../src/core/redact-error.ts";
import { redactKey } from "../../src/core/redact-key.ts";
import { looksSecret } from "../../src/core/redact-secrets.ts";
import { redactTarget } from "../../src/core/redact-target.ts";

const none = (): void => {};

describe("looksSecret", () => {
  it.each([
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    // Keys that their vendors print in documentation.
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "Bearer abcdef",
    "Basic%20dXNlcjpwYXNz",
    "postgres://shop:pw@db.example/x",
    "jane@mail.example",
    // Numbers of payment networks' own test cards.
    "4111111111111111",
    "378282246310005",
    "5555 5555 5555 4444",
    "6011111111111117",
    // openssl rand -hex 16, -base64 24; a token of 24 letters and digits.
    "9f86d081884c7d659a2feaa0c55ad015",
    "kJ8mQ2xW5nR9tY3vB6cD1fG4hL7pS0aZ",
    "u6sKc1Z3k0qv2m8D4n5xT7yR",
    "3f9k2m8x7q1w5z0r",
  ])("%s", (value) => expect(looksSecret(value)).toBe(true));

  it.each([
    "",
    "orders",
    "17",
    "1772390045250",
    "12345678901234567890",
    "4111111111111112",
    "550e8400-e29b-41d4-a716-446655440000",
    "ProductDetailPageController",
    "report-2026-03-01-final-version",
    "2026-03-01T18:34:05.123456Z",
    "internationalisation",
    "shop.orders.v1.OrderService",
    "main.9f8e7d6c.js",
    "application/vnd.shop.order+json",
    "GetCustomerOrdersByDateRange",
    "x264-720p",
    "utf8mb4_general_ci",
    "de_DE-formal-variant-a",
  ])("not %s", (value) => expect(looksSecret(value)).toBe(false));

  it("answers for whatever it is given, in linear time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => typeof looksSecret(text) === "boolean"),
    );
    for (const part of ["a", "eyJ", "a@", "4", "%41", "a1", "://", "-"])
      expect(() => looksSecret(part.repeat(200_000))).not.toThrow();
  });
});

describe("redactTarget", () => {
  it.each([
    ["/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln/now", "/reset/REDACTED/now"],
    ["/users/jane@mail.example/orders", "/users/REDACTED/orders"],
    ["/orders/17/550e8400-e29b-41d4-a716-446655440000", "/orders/17/550e8400-e29b-41d4-a716-446655440000"],
    ["/find?q=jane@mail.example&page=2", "/find?q=REDACTED&page=2"],
    ["/find?q=jane%40mail.example", "/find?q=REDACTED"],
    ["/pay?n=4111111111111111&amount=100", "/pay?n=REDACTED&amount=100"],
    ["/x?next=https://u:pw@shop.example/", "/x?next=REDACTED"],
    ["/x?AKIAIOSFODNN7EXAMPLE", "/x?REDACTED"],
    ["shop.example:443", "shop.example:443"],
    ["/a@b?user=x", "/a@b?user=x"],
  ])("%s", (target, expected) => expect(redactTarget(target)).toBe(expected));

  it("what is redacted stays as it is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary-ascii", maxLength: 200 }),
        fc.constantFrom("http", "mysql", "redis"),
        (text, protocol) => {
          const once = redactTarget(`/${text}`, protocol);
          return redactTarget(once, protocol) === once;
        },
      ),
    );
  });
});

describe("redactKey", () => {
  it.each([
    ["session:9f86d081884c7d65", "session:*"],
    ["user:17:cart", "user:*:cart"],
    ["{user1000}.following", "{*}.following"],
    ["cache_page_3", "cache_page_*"],
    ["orderTotals", "orderTotals"],
    ["mail:jane@mail.example", "mail:*"],
    ["t:Zk-vQ_xL9Lr7TbW2mYp8Hc5NdJ", "t:*"],
    ["*", "*"],
    ["", ""],
    ["schlüssel:ü", "*:*"],
  ])("%s", (key, expected) => expect(redactKey(key, none)).toBe(expected));
});

describe("redactErrorText", () => {
  it.each([
    // MySQL
    ["Duplicate entry 'jane' for key 'users.email'", "Duplicate entry '?' for key '?'"],
    ["Table 'shop.coupons' doesn't exist", "Table '?' doesn't exist"],
    ["You can't specify target table 'x' for update", "You can't specify target table '?' for update"],
    ["near ''secret' AND b = 'other' at line 1", "near '?' at line ?"],
    ["Data too long for column 'note' at row 17", "Data too long for column '?' at row ?"],
    ["Duplicate entry 'o'brien' for key 'a'", "Duplicate entry '?' for key '?'"],
    ["Incorrect value: 'cut in the mid", "Incorrect value: '?'"],
    // PostgreSQL
    ['invalid input syntax for type integer: "sesame"', 'invalid input syntax for type integer: "?"'],
    ["Key (email)=(jane@mail.example) already exists.", "Key (email)=(?) already exists."],
    ["doppelter Wert »a« und „b“", "doppelter Wert »?« und „?“"],
    ["valeur « sesame » invalide", "valeur «?» invalide"],
    // Redis
    [
      "unknown command 'FOO', with args beginning with: 'sesame' ",
      "unknown command '?', with args beginning with: '?' ",
    ],
    [
      "unknown command `FOO`, with args beginning with: `sesame`, ",
      "unknown command `?`, with args beginning with: `?`, ",
    ],
    [
      "Operation against a key holding the wrong kind of value",
      "Operation against a key holding the wrong kind of value",
    ],
    ["Host '10.0.0.5' is blocked", "Host '?' is blocked"],
    ["from 10.0.0.5 utf8mb4", "from 10.0.0.5 utf8mb4"],
    ["Too many connections", "Too many connections"],
    ["", ""],
  ])("%s", (text, expected) => expect(redactErrorText(text, none)).toBe(expected));

  it("a name that the statement shows anyway stays", () => {
    const shown = ["SELECT percent FROM coupons WHERE code = ?", "shop"];
    expect(redactErrorText("Unknown column 'percent' in 'SELECT'", none, shown)).toBe(
      "Unknown column 'percent' in 'SELECT'",
    );
    expect(redactErrorText("Table 'shop.coupons' doesn't exist", none, shown)).toBe(
      "Table 'shop.coupons' doesn't exist",
    );
    expect(redactErrorText("Unknown column 'other' in 'SELECT'", none, shown)).toBe("Unknown column '?' in 'SELECT'");
  });

  it("whatever stands in quotes goes, whatever stands around it", () => {
    const noise = fc.string({
      unit: fc.constantFrom("a", "'", '"', "`", " ", "1", ".", "=", "(", ")", "«"),
      maxLength: 12,
    });
    fc.assert(
      fc.property(noise, fc.constantFrom("'", '"', "`"), noise, (before, quote, after) => {
        const text = `${before} ${quote}sesame${quote} ${after}`;
        return !redactErrorText(text, none).includes("sesame");
      }),
    );
  });

  it("takes linear time", () => {
    for (const part of ["'", "''", "a'", " 'a", "=(", "1", "1.", "«", '`"']) redactErrorText(part.repeat(2048), none);
  });
});
