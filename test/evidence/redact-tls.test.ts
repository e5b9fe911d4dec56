// Do TLS connections leave without keys and payload, and still say the same? Handshakes of OpenSSL (test/decoders/tls-bytes.ts).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tls } from "../../decoders/tls.ts";
import { redactTls } from "../../src/evidence/redactors/redact-tls.ts";
import { bytesOf, gap, type Step } from "../decoders/recorder.ts";
import {
  CLIENT_12,
  CLIENT_13,
  CLIENT_FINISHED_12,
  DATA_13,
  ENCRYPTED_ALERT,
  HIDDEN_ALERT,
  RETRY_13,
  SERVER_12,
  SERVER_13,
} from "../decoders/tls-bytes.ts";
import { expectSame, redactSteps, STRICT, segmented, twice } from "./redacted-stream.ts";

const C = (bytes: Uint8Array): Step => ({ side: 0, bytes });
const S = (bytes: Uint8Array): Step => ({ side: 1, bytes });
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));
/** Remarks of TLS are words of the standard: they too must be the same. */
const same = (steps: readonly Step[]) => {
  const result = twice(steps, tls, redactTls);
  expectSame(result);
  expect(result.after.remarks).toEqual(result.before.remarks);
  expect([...result.after.labels]).toEqual([...result.before.labels]);
  return result;
};
const sameAtAnyCut = (steps: readonly Step[]) => {
  for (const n of [1, 2, 3, 7, 64]) same(segmented(steps, () => [n]));
  return same(steps);
};

const FATAL = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);
const CLOSE = Uint8Array.of(21, 3, 3, 0, 2, 1, 0);
/** Certificate (type 11) of 300 bytes, in two records, as "s3cr3t" over and over. */
const certificate = bytesOf("s3cr3t".repeat(50));
const CERTIFICATE = join(
  Uint8Array.of(22, 3, 3, 0, 104, 11, 0, 1, 44),
  certificate.subarray(0, 100),
  Uint8Array.of(22, 3, 3, 0, 200),
  certificate.subarray(100),
);
const APPLICATION = join(Uint8Array.of(23, 3, 3, 0, 12), bytesOf("s3cr3ts3cr3t"));
/** SSL 2.0 form of a ClientHello: version 3.1, one suite, no session, a challenge of 16. */
const V2_CLIENT = join(Uint8Array.of(0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 4), bytesOf("s3cr3ts3cr3ts3cr"));

describe("the connections are the same", () => {
  it.each<[string, Step[], Record<string, string>, number]>([
    [
      "TLS 1.2",
      [C(CLIENT_12), S(SERVER_12), S(CERTIFICATE), C(CLIENT_FINISHED_12), S(APPLICATION), S(ENCRYPTED_ALERT)],
      { sni: "shop.example", version: "TLS 1.2", alpn: "http/1.1" },
      1,
    ],
    [
      "TLS 1.3",
      [C(CLIENT_13), S(SERVER_13), S(DATA_13), C(APPLICATION), C(HIDDEN_ALERT)],
      { sni: "db.example", version: "TLS 1.3" },
      0,
    ],
    [
      "TLS 1.3 asked again",
      [C(CLIENT_13), S(RETRY_13), C(CLIENT_13), S(SERVER_13)],
      { sni: "db.example", version: "TLS 1.3" },
      0,
    ],
    ["refused", [C(CLIENT_12), S(FATAL)], { sni: "shop.example" }, 1],
    [
      "closed in clear",
      [C(CLIENT_12), S(SERVER_12), C(CLOSE)],
      { sni: "shop.example", version: "TLS 1.2", alpn: "http/1.1" },
      1,
    ],
    ["a hello of SSL 2.0", [C(V2_CLIENT), S(SERVER_12)], { version: "TLS 1.2", alpn: "http/1.1" }, 0],
    ["plain HTTP", [C(CLIENT_12), S(bytesOf("HTTP/1.1 400 Bad Request\r\n\r\ns3cr3t"))], { sni: "shop.example" }, 0],
    ["joined midway", [C(bytesOf("s3cr3t s3cr3t")), S(APPLICATION), C(CLOSE)], {}, 1],
  ])("%s", (_, steps, labels, remarks) => {
    const { before, left } = sameAtAnyCut(steps);
    expect(Object.fromEntries(before.labels)).toEqual(labels);
    expect(before.remarks.length).toBe(remarks);
    expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
  });

  it("across gaps", () => {
    const all = [CLIENT_12, SERVER_12, CERTIFICATE, CLIENT_FINISHED_12, APPLICATION, CLOSE];
    for (let k = 0; k < all.length; k++) {
      for (const at of [1, 5, 9, 60]) {
        const bytes = all[k]!;
        const rest = Math.max(1, bytes.length - at - 4);
        const cut: Step[] = [C(bytes.slice(0, at)), gap(0, Math.min(4, bytes.length)), C(bytes.slice(-rest))];
        sameAtAnyCut([...all.slice(0, k).map(C), ...cut, ...all.slice(k + 1).map(C)]);
      }
    }
  });
});

describe("what leaves", () => {
  it("of a ClientHello: no random, no session id, no key; the name, the suites, the versions", () => {
    const left = redactSteps([C(CLIENT_13)], redactTls);
    const text = left.text(0);
    expect(text.length).toBe(CLIENT_13.length);
    // Record and handshake headers, version; then 32 bytes of random, and 32 of session id.
    expect(text.slice(0, 11)).toBe(String.fromCharCode(...CLIENT_13.subarray(0, 11)));
    expect(text.slice(11, 43)).toBe("x".repeat(32));
    expect(text.slice(43, 76)).toBe(` ${"x".repeat(32)}`);
    // Four cipher suites, and no compression.
    expect(text.slice(76, 88)).toBe("\x00\x08\x13\x02\x13\x03\x13\x01\x00\xff\x01\x00");
    expect(text).toContain("\x00\x0a".concat("db.example"));
    // key_share: x25519, 32 bytes of key.
    expect(text.slice(-42)).toBe(`\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20${"x".repeat(32)}`);
  });

  it("with strict redaction the name asked for is a pseudonym", () => {
    const { after, left } = twice([C(CLIENT_12), S(SERVER_12)], tls, redactTls, STRICT);
    expect(Object.fromEntries(after.labels)).toEqual({ sni: "qqqq.qqqqqqq", version: "TLS 1.2", alpn: "http/1.1" });
    expect(left.counts.get("host names")).toBe(1);
  });

  it("of certificates and data: their lengths", () => {
    const left = redactSteps([S(CERTIFICATE), S(APPLICATION)], redactTls);
    expect(left.text(1)).toBe(
      `\x16\x03\x03\x00\x68\x0b\x00\x01\x2c${"x".repeat(100)}\x16\x03\x03\x00\xc8${"x".repeat(200)}\x17\x03\x03\x00\x0c${"x".repeat(12)}`,
    );
  });
});

describe("whatever comes", () => {
  const part = fc.oneof(
    fc.constantFrom(
      CLIENT_12,
      SERVER_12,
      CLIENT_13,
      SERVER_13,
      CERTIFICATE,
      APPLICATION,
      FATAL,
      CLOSE,
      V2_CLIENT,
      CLIENT_FINISHED_12,
    ),
    fc.uint8Array({ maxLength: 30 }),
    fc
      .tuple(fc.integer({ min: 20, max: 24 }), fc.uint8Array({ minLength: 1, maxLength: 40 }))
      .map(([type, b]) => join(Uint8Array.of(type, 3, 3, 0, b.length), b)),
    fc
      .tuple(fc.constantFrom(1, 2), fc.uint8Array({ minLength: 1, maxLength: 90 }))
      .map(([type, b]) => join(Uint8Array.of(22, 3, 1, 0, b.length + 6, type, 0, 0, b.length + 2, 3, 3), b)),
  );
  const side = fc.constantFrom<0 | 1>(0, 1);
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ side, bytes: fc.array(part, { minLength: 1, maxLength: 4 }).map((p) => join(...p)) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ side, gap: fc.integer({ min: 1, max: 50 }), reason: fc.constant("missing" as const) }),
    },
  );

  it("nothing throws, every segment keeps its length, and the decoder says the same", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 }),
        (all, cuts) => {
          const given = segmented(all, () => cuts).filter((s) => !("bytes" in s) || s.bytes.length > 0);
          const { left, before, after } = twice(given, tls, redactTls);
          for (const [k, s] of given.entries()) {
            const other = left.steps[k]!;
            if ("bytes" in s && "bytes" in other) expect(other.bytes.length).toBe(s.bytes.length);
          }
          expect(after.remarks).toEqual(before.remarks);
          expect(after.labels.get("version")).toBe(before.labels.get("version"));
          expect(left.text(0) + left.text(1)).not.toContain("s3cr3t");
        },
      ),
      { numRuns: 500 },
    );
  });
});
