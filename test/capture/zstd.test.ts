// Does the Zstandard decompressor of ours give what the reference implementation compressed, and hold against anything else?

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompress } from "../../src/capture/decompress.ts";
import { CaptureError, streamFromBytes } from "../../src/capture/source.ts";
import { MAX_BLOCK } from "../../src/capture/zstd-literals.ts";
import { fseOf, newFseTable, readFse, ZstdDamage } from "../../src/capture/zstd-tables.ts";
import { ZstdUnpacker } from "../../src/capture/zstd-unpacker.ts";
import { concat } from "./build.ts";

const hasZstd = spawnSync("zstd", ["--version"]).status === 0;
const compress = (bytes: Uint8Array, ...args: string[]): Uint8Array =>
  spawnSync("zstd", ["-q", "-c", ...args], { input: bytes, maxBuffer: 1 << 27 }).stdout;

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = decompress("zst", streamFromBytes(bytes));
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = new Uint8Array(1 << 16);
    const count = await stream.read(piece, 0, piece.length);
    if (count === 0) break;
    pieces.push(piece.subarray(0, count));
  }
  await stream.close();
  return concat(...pieces);
}

/** Always the same. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
}

const WORDS = ["flow ", "segment ", "half-closed ", "reset ", "window ", "acknowledges ", "FIN\n", "0x1f "];

/** Each makes other literals, offsets and lengths. */
const CONTENTS: Record<string, (length: number, next: (below: number) => number) => Uint8Array> = {
  words: (length, next) => {
    let text = "";
    while (text.length < length) text += WORDS[next(WORDS.length)];
    return new TextEncoder().encode(text).subarray(0, length);
  },
  noise: (length, next) => Uint8Array.from({ length }, () => next(256)),
  "few symbols": (length, next) => Uint8Array.from({ length }, () => next(1 + next(7))),
  "counters and noise": (length, next) => Uint8Array.from({ length }, (_, i) => (next(3) ? i >> 5 : next(5))),
  "copies from near and far": (length, next) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const offset = at > 10 && next(3) > 0 ? 1 + next(Math.min(at, 1 + next(at))) : 0;
      for (let left = 1 + next(3000); left > 0 && at < length; left--, at++) {
        bytes[at] = offset === 0 ? next(200) : bytes[at - offset];
      }
    }
    return bytes;
  },
  "one byte": (length) => new Uint8Array(length).fill(7),
};

describe.runIf(hasZstd)("what zstd compressed", () => {
  for (const [name, make] of Object.entries(CONTENTS)) {
    it.each(["--fast=5", "-1", "-3", "-9", "-19"])(`${name}, %s`, async (level) => {
      for (const length of [0, 1, 7, 200, 5000, 140_000, 700_000]) {
        const bytes = make(length, random(length + 1));
        expect(Buffer.compare(await unpacked(compress(bytes, level)), bytes), `${length} bytes`).toBe(0);
      }
    });
  }

  it("with copies from beyond what is kept at once", { timeout: 60_000 }, async () => {
    // The same noise again, each time from as far back as a window of 1 MiB, and of 16 MiB, lets it.
    const noise = CONTENTS.noise(900_000, random(1));
    const bytes = concat(noise, noise, noise, CONTENTS.words(3_000_000, random(2)), noise, noise);
    for (const args of [
      ["-3", "--zstd=wlog=20"],
      ["-9", "--zstd=wlog=24"],
      ["-1", "--long=27"],
    ]) {
      const packed = compress(bytes, ...args);
      expect(Buffer.compare(await unpacked(packed), bytes), args.join(" ")).toBe(0);
    }
  });

  it("and then was changed: ends with an error or with other bytes, never with more than its blocks can hold", async () => {
    const packed = compress(CONTENTS.words(30_000, random(3)), "-9", "--no-check");
    const change = fc.tuple(fc.nat({ max: packed.length - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const changed = packed.slice();
        for (const [at, value] of changes) changed[at] = value;
        try {
          const bytes = await unpacked(changed);
          expect(bytes.length).toBeLessThanOrEqual(MAX_BLOCK * Math.ceil(packed.length / 3));
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("a block", () => {
  const block = (type: number, size: number, ...content: number[]): Uint8Array => {
    const header = (size << 3) | (type << 1) | 1;
    return Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16, ...content);
  };
  const begun = (window = 1 << 20): ZstdUnpacker => {
    const unpacker = new ZstdUnpacker();
    unpacker.begin(window);
    return unpacker;
  };

  it("as it is, of one byte repeated, and of eight literals copied on (by zstd, 160 bytes)", () => {
    const unpacker = begun();
    expect([...unpacker.unpack(block(0, 3, 1, 2, 3))]).toEqual([1, 2, 3]);
    expect([...unpacker.unpack(block(1, 5, 9))]).toEqual([9, 9, 9, 9, 9]);
    const bytes = [0x40, ...new TextEncoder().encode("abcdefgh"), 0x01, 0x00, 0x95, 0x51, 0x85, 0x0b];
    const copied = unpacker.unpack(block(2, bytes.length, ...bytes));
    expect(new TextDecoder().decode(copied)).toBe("abcdefgh".repeat(20));
  });

  it.each([
    ["no literals and no sequences", [0]],
    ["more literals than there are", [0x40, 1, 2]],
    ["more literals than a block has", [0x0d, 0xff, 0xff]],
    ["literals by a table that there is not", [0x83, 0x80, 0x00, 1, 0]],
    ["a Huffman table of nothing", [0x82, 0x80, 0x00, 0x80, 0, 0]],
    ["sequences without their number", [0x08, 1]],
    ["sequences without their modes", [0x00, 1]],
    ["a reserved mode", [0x00, 1, 3, 1]],
    ["tables to repeat that there are not", [0x00, 1, 0xfc, 1]],
    ["a stream without its end", [0x00, 1, 0, 0]],
    ["a copy from before the start", [0x00, 1, 0x54, 0, 5, 0, 1]],
  ])("that cannot be, %s, is damage", (_, bytes) => {
    expect(() => begun().unpack(block(2, bytes.length, ...bytes))).toThrow(ZstdDamage);
  });

  it("of any bytes puts out 128 KiB at most, or is damage", () => {
    const unpacker = begun(1 << 17);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(unpacker.unpack(block(2, bytes.length, ...bytes)).length).toBeLessThanOrEqual(MAX_BLOCK);
        } catch (error) {
          expect(error).toBeInstanceOf(ZstdDamage);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("an FSE table", () => {
  it("is read as it was meant: the predefined one of offsets, as the format writes tables", () => {
    const described = Uint8Array.of(32, 132, 16, 66, 102, 70, 68, 68, 68, 68, 36, 73, 2, 0);
    const table = newFseTable(8);
    readFse(table, described, 0, described.length, { maxLog: 8, maxSymbol: 31 });
    const meant = fseOf([1, 1, 1, 1, 1, 1, 2, 2, 2, ...new Array(15).fill(1), -1, -1, -1, -1, -1], 5);
    expect(table.log).toBe(5);
    // RFC 8878, Appendix A.3: the first and the last states.
    expect([...table.symbols.subarray(0, 4)]).toEqual([0, 6, 9, 15]);
    expect([...table.symbols.subarray(27, 32)]).toEqual([28, 27, 26, 25, 24].slice(0, 5));
    for (const part of ["symbols", "bits", "bases"] as const) {
      expect([...table[part].subarray(0, 32)]).toEqual([...meant[part]]);
    }
  });

  it("that is too large, of too many symbols, or cut short is damage", () => {
    const limits = { maxLog: 6, maxSymbol: 3 };
    for (const bytes of [[15, 0, 0], [0x10], [], [0x20, 132, 16, 66, 102, 70, 68, 68, 68, 68, 36, 73, 2, 0]]) {
      const described = Uint8Array.from(bytes);
      expect(() => readFse(newFseTable(6), described, 0, described.length, limits)).toThrow(ZstdDamage);
    }
  });
});
