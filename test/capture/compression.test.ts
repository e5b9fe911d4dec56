// Are compressed captures read as they are decompressed, as far as they go, without holding them?

import { spawnSync } from "node:child_process";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decompress } from "../../src/capture/decompress.ts";
import { type ByteStream, type CaptureSource, sourceFromBytes, streamFromBytes } from "../../src/capture/source.ts";
import { ZstdFrames } from "../../src/capture/zstd-frames.ts";
import { concat, fill, pcap, readAll, sourceInPieces, Writer } from "./build.ts";

const unpacked = (source: CaptureSource): CaptureSource => ({ ...source, decompress });
const read = (bytes: Uint8Array) => readAll([unpacked(sourceFromBytes("a", bytes))]);

/** Bytes that do not compress: a linear congruential generator's. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state >>> 24;
  });
}

const records = Array.from({ length: 400 }, (_, i) => ({ seconds: 1000 + i, data: noise(500, i) }));
const plain = pcap(records);
/** For what takes long. */
const short = pcap(records.slice(0, 12));
const RECORD = 516;

/** A frame of raw blocks (RFC 8878 §3.1.1), which needs no compressor: window 128 KiB, no checksum. */
function zstdFrame(bytes: Uint8Array, blockSize = 100_000): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += blockSize) {
    const piece = bytes.subarray(at, at + blockSize);
    const header = (piece.length << 3) | (at + blockSize >= bytes.length ? 1 : 0);
    blocks.push(Uint8Array.of(header & 0xff, (header >> 8) & 0xff, header >> 16), piece);
  }
  return concat(
    new Writer(true)
      .u32(0xfd2fb528)
      .put(1, 0)
      .put(1, 7 << 3).bytes,
    ...blocks,
  );
}
const skippable = (length: number) => concat(new Writer(true).u32(0x184d2a53).u32(length).bytes, fill(length));

const hasZstd = spawnSync("zstd", ["--version"]).status === 0;
/** Compressed blocks, literals, sequences: by the reference implementation where it is installed, else raw blocks. */
const zstd = (bytes: Uint8Array, ...args: string[]): Uint8Array =>
  hasZstd ? spawnSync("zstd", ["-q", "-c", ...args], { input: bytes, maxBuffer: 1 << 26 }).stdout : zstdFrame(bytes);

describe("gzip", () => {
  it("is looked through, whatever the sizes of the pieces", async () => {
    const trickle = await readAll([unpacked(sourceInPieces("a", gzipSync(short), [1]))]);
    expect([trickle.records.length, trickle.captures[0].problemCount]).toEqual([12, 0]);
    const bytes = gzipSync(plain);
    for (const sizes of [[bytes.length], [3, 1000, 17]]) {
      const { records: seen, captures, set } = await readAll([unpacked(sourceInPieces("a", bytes, sizes))]);
      expect(seen.length).toBe(400);
      expect(seen[399].data).toEqual([...records[399].data]);
      expect(captures[0]).toMatchObject({ format: "pcap.gz", problems: [] });
      expect(set.bytesRead).toBe(bytes.length);
    }
  });

  it("may have several members, and be compressed again", async () => {
    const members = (all: Uint8Array) =>
      concat(gzipSync(all.subarray(0, 5000)), gzipSync(all.subarray(5000, 5000)), gzipSync(all.subarray(5000)));
    for (const [all, sizes, count] of [
      [plain, [1 << 20], 400],
      [plain, [700], 400],
      [short, [1], 12],
    ] as const) {
      const { records: seen, captures } = await readAll([unpacked(sourceInPieces("a", members(all), sizes))]);
      expect([seen.length, captures[0].problemCount]).toEqual([count, 0]);
    }
    const again = await read(gzipSync(gzipSync(plain)));
    expect([again.records.length, again.captures[0].format]).toEqual([400, "pcap.gz.gz"]);
  });

  it("that is cut gives what was before", async () => {
    // Stored blocks, so that a byte of the capture is a byte of the file: 10 bytes of header, 5 of the first block.
    const bytes = gzipSync(plain, { level: 0 });
    for (const length of [1000, 5000, 60_000]) {
      const { records: seen, captures } = await read(bytes.subarray(0, length));
      const unpackedLength = length - 15;
      expect(seen.length).toBe(Math.floor((unpackedLength - 24) / RECORD));
      expect(captures[0].problems).toMatchObject([{ code: "gzip-cut-short", offset: unpackedLength, fatal: false }]);
    }
  });

  it("without its checksum is cut", async () => {
    const { records: seen, captures } = await read(gzipSync(plain).subarray(0, -5));
    expect([seen.length, captures[0].problems[0].code]).toEqual([400, "gzip-cut-short"]);
  });

  it("that is damaged in the middle gives what was before, up to a slice", async () => {
    // A full flush ends a block on a byte's boundary; what follows says it is a block of the reserved type.
    const options = { finishFlush: constants.Z_FULL_FLUSH };
    for (const good of [3000, 20_000, 150_000]) {
      const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
      const bytes = concat(header, deflateRawSync(plain.subarray(0, good), options), fill(3000, 0x07));
      const { records: seen, captures } = await read(bytes);
      const whole = Math.floor((good - 24) / RECORD);
      const slice = good < 1 << 15 ? 256 : 1 << 14;
      expect(seen.length).toBeLessThanOrEqual(whole);
      expect(seen.length).toBeGreaterThanOrEqual(Math.floor((good - 24 - slice) / RECORD) - 1);
      expect(captures[0].problems).toMatchObject([{ code: "gzip-damaged", fatal: false }]);
    }
  });

  it("with nothing in it, or with damage at its start, cannot be read", async () => {
    await expect(read(gzipSync(fill(0)))).rejects.toMatchObject({ code: "empty" });
    await expect(read(gzipSync("what tcpdump prints"))).rejects.toMatchObject({ code: "unsupported-format" });
    await expect(read(concat(gzipSync(plain).subarray(0, 10), fill(400, 0x07)))).rejects.toMatchObject({
      code: "gzip-damaged",
    });
    await expect(read(gzipSync(plain).subarray(0, 12))).rejects.toMatchObject({ code: "gzip-cut-short" });
  });

  it("gives the buffers of zlib back, and never what was not taken yet", async () => {
    // Repeats itself, but no two pages alike: one slice of input fills several buffers.
    const all = Uint8Array.from({ length: 3_000_000 }, (_, n) => (n >> 12) ^ (n % 7));
    const packed = gzipSync(all);
    const read = async (length: number): Promise<number> => {
      const stream = decompress("gz", streamFromBytes(packed));
      const into = new Uint8Array(length);
      let at = 0;
      for (;;) {
        const count = await stream.read(into, 0, length);
        if (count === 0) return at;
        if (Buffer.compare(into.subarray(0, count), all.subarray(at, at + count)) !== 0) return -1;
        at += count;
      }
    };
    expect(await Promise.all([100_003, 1 << 18, 999].map(read))).toEqual([all.length, all.length, all.length]);
  });

  it("is not held: a bomb is taken by the slice", async () => {
    const bomb = gzipSync(new Uint8Array(100_000_000));
    let taken = 0;
    const input: ByteStream = {
      read(into, offset, length) {
        const count = Math.min(length, bomb.length - taken);
        into.set(bomb.subarray(taken, taken + count), offset);
        taken += count;
        return count;
      },
      close() {},
    };
    const stream = decompress("gz", input);
    const into = new Uint8Array(1000);
    for (let i = 0; i < 10; i++) expect(await stream.read(into, 0, 1000)).toBe(1000);
    expect(taken).toBeLessThanOrEqual(1 << 14);
    await stream.close();
  });
});

describe("zstd", () => {
  it("is looked through, whatever the sizes of the pieces", async () => {
    for (const bytes of [zstd(plain), zstd(plain, "-19", "--check"), zstd(plain, "--no-check"), zstdFrame(plain)]) {
      for (const sizes of [[bytes.length], [1, 2, 70_000], [997]]) {
        const { records: seen, captures } = await readAll([unpacked(sourceInPieces("a", bytes, sizes))]);
        expect(captures[0]).toMatchObject({ format: "pcap.zst", problems: [] });
        expect(seen.length).toBe(400);
        expect(seen[399].data).toEqual([...records[399].data]);
      }
    }
  });

  it("may have several frames, and skippable ones among them", async () => {
    const bytes = concat(
      skippable(4),
      zstd(plain.subarray(0, 70_000)),
      skippable(200_000),
      zstdFrame(plain.subarray(70_000)),
      skippable(0),
    );
    const { records: seen, captures } = await read(bytes);
    expect([seen.length, captures[0].format, captures[0].problemCount]).toEqual([400, "pcap.zst", 0]);
  });

  it("that is cut gives the blocks before", async () => {
    const bytes = zstdFrame(plain, 10_000);
    // Six bytes of frame header; each block has three.
    const { records: seen, captures } = await read(bytes.subarray(0, 6 + 5 * 10_003 + 9000));
    expect(seen.length).toBe(Math.floor((50_000 - 24) / RECORD));
    expect(captures[0].problems).toMatchObject([{ code: "zstd-cut-short", offset: 50_000 }]);
  });

  it("that is damaged gives the blocks before", async () => {
    const bytes = zstdFrame(plain, 10_000);
    // The sixth block's header: last, of the reserved type.
    bytes[6 + 5 * 10_003] = 0x07;
    const { records: seen, captures } = await read(bytes);
    expect(seen.length).toBe(Math.floor((50_000 - 24) / RECORD));
    expect(captures[0].problems).toMatchObject([{ code: "zstd-damaged", offset: 50_000 }]);
    const trailing = await read(concat(zstdFrame(plain), fill(100)));
    expect([trailing.records.length, trailing.captures[0].problems[0].code]).toEqual([400, "zstd-damaged"]);
  });

  it("must not ask for a window, or a dictionary, that is not granted", async () => {
    const frame = (...bytes: number[]) =>
      concat(new Writer(true).u32(0xfd2fb528).bytes, Uint8Array.from(bytes), fill(40, 0));
    await expect(read(frame(0, 18 << 3))).rejects.toMatchObject({ code: "zstd-window" });
    await expect(read(frame(0xe0, 0, 0, 0, 0, 1, 0, 0, 0))).rejects.toMatchObject({ code: "zstd-window" });
    await expect(read(frame(1, 0, 7))).rejects.toMatchObject({ code: "zstd-dictionary" });
  });

  it("puts out a block at a time, however much it repeats", async () => {
    // Block type 1, one byte repeated 128 KiB times.
    const header = (131_072 << 3) | 2;
    const rle = Uint8Array.of(header & 0xff, (header >> 8) & 0xff, header >> 16, 0);
    const frames = new ZstdFrames(streamFromBytes(concat(zstdFrame(fill(0)).subarray(0, 6), rle, rle)));
    expect((await frames.next())?.bytes.length).toBe(6);
    expect(await frames.next()).toEqual({ bytes: rle, first: false, last: false });
    expect(await frames.next()).toEqual({ bytes: rle, first: false, last: false });
    await expect(frames.next()).rejects.toMatchObject({ code: "zstd-cut-short" });
  });
});
