// Do Wireshark and our own reader see in a written file what was put into it?

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PcapngWriter, packetBlockSize, timeOffset } from "../../src/capture/pcapng-writer.ts";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { readAll } from "./build.ts";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "halfclose-writer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 2026-03-01T15:30:11.204000001Z, by `date -d … +%s`. */
const TIME = 1_772_379_011_204_000_001n;
const packet = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i & 255);

function small(offsetSeconds = 0n): PcapngWriter {
  const writer = new PcapngWriter({ application: "halfclose 0.0.0", comment: "an évidence", offsetSeconds });
  writer.interface({ linkType: 1, name: "0: a.pcap" });
  writer.interface({ linkType: 101, name: "1: b.pcap", description: "the other host" });
  return writer;
}

describe("PcapngWriter", () => {
  it("writes blocks byte for byte as the draft has them", () => {
    const writer = new PcapngWriter({ application: "hc", comment: "" });
    writer.interface({ linkType: 1, name: "a" });
    writer.packet(0, 0x1_0000_0002n, Uint8Array.of(1, 2, 3, 4, 5), 9, ["why"]);
    const hex = Buffer.from(writer.bytes()).toString("hex");
    // Laid out by hand from draft-ietf-opsawg-pcapng §4.1, §4.2, §4.3, little-endian.
    expect(hex).toBe(
      [
        "0a0d0d0a 28000000 4d3c2b1a 0100 0000 ffffffffffffffff 0400 0200 6863 0000 0000 0000 28000000",
        "01000000 28000000 0100 0000 00000000 0200 0100 61 000000 0900 0100 09 000000 0000 0000 28000000",
        "06000000 34000000 00000000 01000000 02000000 05000000 09000000 0102030405 000000 0100 0300 776879 00 0000 0000 34000000",
      ]
        .join("")
        .replaceAll(" ", ""),
    );
    expect(writer.size).toBe(0x28 + 0x28 + 0x34);
    expect(packetBlockSize(5, ["why"])).toBe(0x34);
    expect(packetBlockSize(4, [])).toBe(36);
  });

  it("writes the same block for a record in a buffer, piece by piece or whole", () => {
    const whole = small();
    const pieces = small();
    const taken: number[] = [];
    for (const [n, length] of [0, 1, 2, 3, 4, 39, 40, 41, 1500, 70_000].entries()) {
      const time = TIME + BigInt(n);
      const buffer = new Uint8Array(length + 9).fill(0xee);
      buffer.set(packet(length), 5);
      whole.packet(n % 2, time, packet(length), 10, []);
      pieces.record(n % 2, Number(time >> 32n), Number(time & 0xffff_ffffn), buffer, 5, 5 + length, 10);
      if (n % 3 === 0) taken.push(...pieces.take());
    }
    expect(pieces.size).toBe(whole.size);
    taken.push(...pieces.take());
    expect(Buffer.from(taken).equals(whole.bytes())).toBe(true);
    expect([pieces.take().length, pieces.size]).toEqual([0, whole.size]);
    pieces.release();
    expect(pieces.interface({ linkType: 1, name: "later" })).toBe(2);
    expect(pieces.take().length).toBe(pieces.size - whole.size);
  });

  it("writes interface statistics byte for byte as the draft has them", () => {
    const writer = new PcapngWriter({ application: "", comment: "" });
    writer.take();
    const counts = { from: 0x1_0000_0002n, to: 0x3_0000_0004n, received: 258, dropped: null, comment: "" };
    writer.statistics(1, counts);
    // Laid out by hand from draft-ietf-opsawg-pcapng §4.6, little-endian; times are high half, low half.
    expect(Buffer.from(writer.take()).toString("hex")).toBe(
      [
        "05000000 40000000 01000000 03000000 04000000",
        "0200 0800 01000000 02000000 0300 0800 03000000 04000000 0400 0800 0201000000000000 0000 0000 40000000",
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });

  it("is read back by our own reader: times, taps, lengths, comments", async () => {
    const writer = small();
    writer.packet(0, TIME, packet(61), 1500, ["one", "two"]);
    writer.packet(1, TIME + 999n, packet(0), 0, []);
    const { records, captures } = await readAll([sourceFromBytes("x.pcapng", writer.bytes())]);
    expect(records.map((r) => [r.data.length, r.original, r.linkType])).toEqual([
      [61, 1500, 1],
      [0, 0, 101],
    ]);
    expect(records.map((r) => r.epoch)).toEqual([TIME, TIME + 999n]);
    expect(captures[0]!.comments).toEqual(["an évidence", "one", "two"]);
    expect(captures[0]!.problems).toEqual([]);
  });

  it.skipIf(!hasTshark)("is opened by tshark", () => {
    const writer = small();
    writer.packet(0, TIME, packet(60), 1500, ["first words", "second words"]);
    writer.packet(1, TIME + 1_000_000_000n, packet(33), 33, []);
    const path = join(folder, "small.pcapng");
    writeFileSync(path, writer.bytes());
    const fields = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name", "frame.comment"];
    const run = spawnSync(
      "tshark",
      ["-n", "-r", path, "-T", "fields", "-E", "aggregator=;", ...fields.flatMap((f) => ["-e", f])],
      { encoding: "utf8" },
    );
    expect(run.status).toBe(0);
    expect(run.stdout.split("\n").slice(0, 2)).toEqual([
      "1772379011.204000001\t1500\t60\t0: a.pcap\tfirst words;second words",
      "1772379012.204000001\t33\t33\t1: b.pcap\t",
    ]);
  });

  it("writes times that nanoseconds since 1970 do not hold", async () => {
    // 1960-01-01T00:00:00.5Z and 2700-01-01T00:00:00Z, by `date -u -d … +%s`.
    for (const time of [-315_619_199_500_000_000n, 23_036_572_800_000_000_000n]) {
      const writer = small(timeOffset(time, time));
      writer.packet(0, time, packet(60), 60, []);
      const { records } = await readAll([sourceFromBytes("x.pcapng", writer.bytes())]);
      expect(records[0]!.epoch).toBe(time);
    }
    expect(timeOffset(0n, 1n)).toBe(0n);
    expect(timeOffset(-1n, 5n)).toBe(-1n);
  });

  it("cuts a text that no option holds between characters, and clamps times that lie too far apart", async () => {
    const writer = small();
    writer.packet(0, TIME, packet(4), 4, ["é".repeat(40_000)]);
    writer.packet(0, 1n << 70n, packet(4), 4, []);
    writer.packet(0, -5n, packet(4), 4, []);
    const { records, captures } = await readAll([sourceFromBytes("x.pcapng", writer.bytes())]);
    expect(records.length).toBe(3);
    expect(captures[0]!.problems).toEqual([]);
  });
});
