// Is every string replaced by one of as many octets, coded and decoded? (RFC 7541 §5.2)

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CODE_LENGTHS, huffmanDecode } from "../../decoders/hpack-huffman.ts";
import { codedBits, fitOctets, huffmanEncode } from "../../src/evidence/redactors/hpack-fit.ts";
import { Veiled } from "../../src/evidence/redactors/veiled.ts";
import { hex } from "../decoders/http2-wire.ts";
import { bytesOf } from "../decoders/recorder.ts";

const octetsOf = (bytes: Uint8Array): number => Math.ceil(codedBits(bytes) / 8);
const decode = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(4 * bytes.length);
  const n = huffmanDecode(bytes, 0, bytes.length, out);
  expect(n).toBeGreaterThanOrEqual(0);
  return out.slice(0, n);
};

/** Fills the places of `was`, and fits it. */
function replaced(was: Uint8Array, isSecret: (place: number) => boolean): Uint8Array {
  const octets = octetsOf(was);
  const veiled = new Veiled(was);
  for (let i = 0; i < was.length; i++) if (isSecret(i)) veiled.fill(i, i + 1);
  expect(fitOctets(veiled, octets)).toBe(true);
  const coded = huffmanEncode(veiled.bytes, octets);
  expect(coded.length).toBe(octets);
  expect(decode(coded)).toEqual(veiled.bytes);
  expect(veiled.bytes.length).toBe(was.length);
  return veiled.bytes;
}

describe("the code", () => {
  it.each([
    ["www.example.com", "f1e3 c2e5 f23a 6ba0 ab90 f4ff"],
    ["no-cache", "a8eb 1064 9cbf"],
    ["custom-value", "25a8 49e9 5bb8 e8b4 bf"],
    ["Mon, 21 Oct 2013 20:13:21 GMT", "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff"],
  ])("%s is as RFC 7541 Appendix C has it", (text, coded) => {
    expect(huffmanEncode(bytesOf(text), hex(coded).length)).toEqual(hex(coded));
  });
});

describe("a string in the place of another", () => {
  /** A symbol for each length of a code: of three symbols, every sum that can occur. */
  const symbols = [...new Set(CODE_LENGTHS)].map((length) => CODE_LENGTHS.indexOf(length)).filter((s) => s < 256);

  it("exists for every sum of codes of one, two and three symbols", () => {
    for (const a of symbols) {
      replaced(Uint8Array.of(a), () => true);
      for (const b of symbols) {
        replaced(Uint8Array.of(a, b), () => true);
        for (const c of symbols) replaced(Uint8Array.of(a, b, c), () => true);
      }
    }
  });

  it("exists for any bytes, and touches none but those to be replaced", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.stringMatching(/^[ -~]{0,80}$/).map(bytesOf)),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (was, secret) => {
          const isSecret = (i: number) => secret[i % secret.length]!;
          const is = replaced(was, isSecret);
          for (let i = 0; i < was.length; i++) if (!isSecret(i)) expect(is[i]).toBe(was[i]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("depends on the number of octets only, not on the order of what was there", () => {
    const one = replaced(bytesOf("Bearer aZ~0Q{9"), () => true);
    const other = replaced(bytesOf("9{Q0~Za reraeB"), () => true);
    expect(other).toEqual(one);
  });

  it("is letters where letters do", () => {
    expect(String.fromCharCode(...replaced(bytesOf("s3cr3t-in-cookie-42"), () => true))).toMatch(/^[ogxX]+$/);
  });
});
