// Is what was written for another machine what it reads?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CaptureError } from "../../src/capture/source.ts";
import { ByteReader, ByteWriter } from "../../src/shares/bytes.ts";
import { readPlain, writePlain } from "../../src/shares/plain-data.ts";

describe("numbers and texts", () => {
  it("come back, in as many pieces as they were taken in", () => {
    const item = fc.oneof(
      fc.record({ kind: fc.constant("count" as const), value: fc.maxSafeNat() }),
      fc.record({ kind: fc.constant("number" as const), value: fc.double() }),
      // Any UTF-16 units, halves of pairs too.
      fc.record({ kind: fc.constant("text" as const), value: fc.option(fc.string({ unit: "binary" })) }),
      fc.record({ kind: fc.constant("text" as const), value: fc.constantFrom("GET", "10.0.0.1", "x".repeat(9000)) }),
      fc.record({ kind: fc.constant("take" as const), value: fc.constant(null) }),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const w = new ByteWriter();
        const r = new ByteReader();
        const pieces: Uint8Array[] = [];
        for (const { kind, value } of items) {
          if (kind === "count") w.count(value);
          else if (kind === "number") w.number(value);
          else if (kind === "text") w.text(value);
          else pieces.push(w.take());
        }
        pieces.push(w.take());
        r.give(pieces.shift()!);
        for (const { kind, value } of items) {
          while (kind !== "take" && r.isEmpty) r.give(pieces.shift()!);
          if (kind === "count") expect(r.count()).toBe(value);
          else if (kind === "number") expect(r.number()).toBe(value);
          else if (kind === "text") expect(r.text()).toBe(value);
        }
      }),
    );
  });

  it("knows no more texts than it may, and gives all of them back", () => {
    const w = new ByteWriter();
    const texts = Array.from({ length: 70_000 }, (_, n) => `/orders/${n}`);
    for (const text of [...texts, ...texts]) w.text(text);
    const r = new ByteReader();
    r.give(w.take());
    for (const text of [...texts, ...texts]) if (r.text() !== text) throw new Error(text);
    expect(r.isEmpty).toBe(true);
  });
});

/** What plain data may be. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, undefined, true, false, Number.NaN, -0, Number.NEGATIVE_INFINITY),
    fc.double(),
    fc.string(),
    fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
    fc.float64Array(),
    fc.uint8Array(),
    fc.int32Array(),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 5 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(fc.integer(), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value;

describe("plain data", () => {
  const written = (value: unknown): { bytes: Uint8Array; blobs: Uint8Array[] } => {
    const w = new ByteWriter();
    const blobs: Uint8Array[] = [];
    writePlain(w, value, (bytes) => blobs.push(bytes) - 1);
    return { bytes: w.take(), blobs };
  };
  const read = (bytes: Uint8Array, blobs: readonly Uint8Array[]): unknown => {
    const r = new ByteReader();
    r.give(bytes);
    return readPlain(r, (n) => blobs[n] ?? new Uint8Array(3));
  };

  it("comes back as it was", () => {
    fc.assert(
      fc.property(plain, (value) => {
        const { bytes, blobs } = written(value);
        expect(read(bytes, blobs)).toEqual(value);
      }),
    );
  });

  it("is data, or refused, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        plain,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (value, changes) => {
          const { bytes, blobs } = written(value);
          for (const [at, to] of changes) bytes[at % bytes.length] = to;
          try {
            read(bytes, blobs);
          } catch (error) {
            expect(error).toBeInstanceOf(CaptureError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
