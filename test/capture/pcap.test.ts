// Are the records of pcap files of every sort read as they were written?

import { createRequire } from "node:module";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { concat, fill, type PcapRecord, pcap, pcapHeader, pcapRecord, readAll, Writer } from "./build.ts";

const read = (bytes: Uint8Array) => readAll([sourceFromBytes("a.pcap", bytes)]);
const SECOND = 1_000_000_000n;

describe("pcap", () => {
  for (const little of [true, false]) {
    const order = little ? "little-endian" : "big-endian";

    it(`reads microseconds, ${order}`, async () => {
      const records = [
        { seconds: 1_700_000_000, fraction: 123_456, data: Uint8Array.of(1, 2, 3), original: 90 },
        { seconds: 1_700_000_001, fraction: 999_999, data: fill(60) },
      ];
      const { records: seen, captures } = await read(pcap(records, { little, linkType: 113, snapLength: 96 }));
      expect(seen).toEqual([
        {
          file: 0,
          frame: 1,
          epoch: 1_700_000_000_123_456_000n,
          original: 90,
          linkType: 113,
          tap: 0,
          data: [1, 2, 3],
        },
        {
          file: 0,
          frame: 2,
          epoch: 1_700_000_001_999_999_000n,
          original: 60,
          linkType: 113,
          tap: 0,
          data: [...fill(60)],
        },
      ]);
      const [capture] = captures;
      expect(capture.format).toBe("pcap");
      expect(capture.linkTypes).toEqual(["LINUX_SLL"]);
      expect(capture.snapLength).toBe(96);
      expect(capture.packets).toBe(2);
      expect(capture.truncatedBySnap).toBe(1);
      expect(capture.firstTime).toBe(0);
      expect(capture.lastTime).toBe(1_876_543_000);
      expect(capture.problems).toEqual([]);
    });

    it(`reads nanoseconds, ${order}`, async () => {
      const records = [{ seconds: 1_700_000_000, fraction: 123_456_789, data: fill(4) }];
      const { records: seen } = await read(pcap(records, { little, magic: 0xa1b23c4d }));
      expect(seen[0].epoch).toBe(1_700_000_000_123_456_789n);
    });

    it(`reads the modified format with its 24-byte record headers, ${order}`, async () => {
      // Interface index, protocol, packet type, padding.
      const after = new Writer(little).u32(3).u16(0x0800).put(1, 4).put(1, 0).bytes;
      const first = pcapRecord({ seconds: 10, fraction: 1, data: fill(5, 1) }, little, after);
      const second = pcapRecord({ seconds: 11, fraction: 2, data: fill(6, 2) }, little, after);
      const { records } = await read(concat(pcapHeader({ little, magic: 0xa1b2cd34 }), first, second));
      expect(records.map(({ epoch, data }) => [epoch, data.length])).toEqual([
        [10n * SECOND + 1000n, 5],
        [11n * SECOND + 2000n, 6],
      ]);
    });
  }

  it("keeps exact nanoseconds for 104 days", async () => {
    const later = 104 * 86_400;
    const records = [
      { seconds: 1_700_000_000, fraction: 999_999_999, data: fill(1) },
      { seconds: 1_700_000_000 + later, fraction: 123_456_789, data: fill(1) },
    ];
    const { records: seen } = await read(pcap(records, { magic: 0xa1b23c4d }));
    expect(seen[1].epoch - seen[0].epoch).toBe(BigInt(later) * SECOND - 876_543_210n);
  });

  it("takes time stamps that run backwards, in file order, and seconds as unsigned", async () => {
    const records = [0xffff_ffff, 0xffff_fff0, 0xffff_fff5].map((seconds) => ({ seconds, data: fill(1) }));
    const { records: seen, captures } = await read(pcap(records));
    expect(seen.map(({ epoch }) => epoch)).toEqual([4294967295n * SECOND, 4294967280n * SECOND, 4294967285n * SECOND]);
    expect([captures[0].firstTime, captures[0].lastTime]).toEqual([-15e9, 0]);
  });

  it("finds the link type below the bits that tell the length of the frame check sequence", async () => {
    for (const [field, name] of [
      [0x1400_0001, "ETHERNET"],
      [0x4400_0071, "LINUX_SLL"],
      [0x3000_0084, "LINKTYPE 132"],
      [0x0224_0002, "LINKTYPE 35913730"],
    ] as const) {
      const { captures } = await read(pcap([{ seconds: 1, data: fill(1) }], { linkType: field }));
      expect(captures[0].linkTypes).toEqual([name]);
    }
  });

  it("knows that old versions swapped the lengths, and that 2.3 did so only in some files", async () => {
    // Written as 80, 60 by a version that puts the original length first.
    const swapped = { seconds: 1, data: fill(60), original: 80 };
    const header = new Writer(true).u32(1).u32(0).u32(80).u32(60).bytes;
    for (const version of [
      [2, 2],
      [2, 3],
      [543, 0],
    ] as const) {
      const { records } = await read(concat(pcapHeader({ version }), header, swapped.data));
      expect(records.map(({ original, data }) => [original, data.length])).toEqual([[80, 60]]);
    }
    const { records } = await read(pcap([swapped], { version: [2, 3] }));
    expect(records.map(({ original, data }) => [original, data.length])).toEqual([[80, 60]]);
  });

  it("takes records without bytes, and captures without records", async () => {
    const { records } = await read(pcap([{ seconds: 1, data: fill(0), original: 60 }]));
    expect(records.map(({ original, data }) => [original, data.length])).toEqual([[60, 0]]);
    const empty = await read(pcapHeader());
    expect(empty.records).toEqual([]);
    expect(empty.captures[0].problems).toEqual([]);
    expect(empty.captures[0].firstTime).toBeNull();
  });

  it("takes a record that claims more captured bytes than the packet had", async () => {
    const { records, captures } = await read(pcap([{ seconds: 1, data: fill(60), original: 20 }]));
    expect(records.map(({ original, data }) => [original, data.length])).toEqual([[20, 60]]);
    expect(captures[0].truncatedBySnap).toBe(0);
  });

  it("takes the longest record there is", async () => {
    const { records } = await read(pcap([1, 262_144, 2].map((length) => ({ seconds: 1, data: fill(length) }))));
    expect(records.map(({ data }) => data.length)).toEqual([1, 262_144, 2]);
  });
});

interface ForeignPacket {
  header: { timestampSeconds: number; timestampMicroseconds: number; originalLength: number };
  data: Uint8Array;
}

/** The npm package pcap-parser: a reader that nobody here wrote. It knows pcap 2.4 with microseconds. */
function readWithPcapParser(bytes: Uint8Array): Promise<ForeignPacket[]> {
  const { parse } = createRequire(import.meta.url)("pcap-parser");
  return new Promise((resolve, reject) => {
    const packets: ForeignPacket[] = [];
    const parser = parse(Readable.from([Buffer.from(bytes)]));
    parser.on("packet", (packet: ForeignPacket) => packets.push(packet));
    parser.on("error", reject);
    parser.on("end", () => resolve(packets));
  });
}

describe("beside pcap-parser", () => {
  it("sees the same records", async () => {
    const record: fc.Arbitrary<PcapRecord> = fc.record({
      seconds: fc.integer({ min: 1_699_999_000, max: 1_700_000_000 }),
      fraction: fc.integer({ min: 0, max: 999_999 }),
      data: fc.uint8Array({ maxLength: 300 }),
      original: fc.integer({ min: 300, max: 70_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 20 }), fc.boolean(), async (records, little) => {
        const bytes = pcap(records, { little });
        const theirs = await readWithPcapParser(bytes);
        const ours = (await read(bytes)).records;
        expect(theirs.length).toBe(records.length);
        expect(ours.map(({ epoch, original, data }) => ({ epoch, original, data }))).toEqual(
          theirs.map(({ header, data }) => ({
            epoch: BigInt(header.timestampSeconds) * SECOND + BigInt(header.timestampMicroseconds) * 1000n,
            original: header.originalLength,
            data: [...data],
          })),
        );
      }),
      { numRuns: 60 },
    );
  });
});
