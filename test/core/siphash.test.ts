// Is it SipHash-2-4? The test vectors of the paper and of its reference implementation.

import { describe, expect, test } from "vitest";
import { SipHash } from "../../src/core/siphash.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const hex = (h: SipHash): string => [h.high, h.low].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

describe("SipHash-2-4 with the key 00 01 … 0f", () => {
  /** Messages 00 01 02 … of each length. Length 15: the paper's Appendix A; the others: vectors.h of the reference implementation. */
  test.each([
    [0, "726fdb47dd0e0e31"],
    [1, "74f839c593dc67fd"],
    [2, "0d6c8009d9a94f5a"],
    [3, "85676696d7fb7e2d"],
    [4, "cf2794e0277187b7"],
    [5, "18765564cd99a68d"],
    [6, "cbc9466e58fee3ce"],
    [7, "ab0200f58b01d137"],
    [8, "93f5f5799a932462"],
    [15, "a129ca6149be45e5"],
  ])("of %i bytes", (length, expected) => {
    const message = Uint8Array.from({ length }, (_, i) => i);
    expect(hex(new SipHash(KEY).hash(message))).toBe(expected);
  });

  test("a hash does not depend on the ones before it, nor on bytes behind the message", () => {
    const sip = new SipHash(KEY);
    sip.hash(Uint8Array.of(1, 2, 3));
    expect(
      hex(
        sip.hash(
          Uint8Array.from({ length: 40 }, (_, i) => i),
          15,
        ),
      ),
    ).toBe("a129ca6149be45e5");
  });

  test("another key, another hash; a key of another length is refused", () => {
    expect(hex(new SipHash(new Uint8Array(16)).hash(new Uint8Array(0)))).not.toBe("726fdb47dd0e0e31");
    expect(() => new SipHash(new Uint8Array(15))).toThrow(RangeError);
  });
});
