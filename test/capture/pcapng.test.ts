// Are the records of pcapng files, and what they say besides, read as they were written?
// Which blocks are frames, and how time resolutions round, was tried out with tshark 4.0.17.

import { describe, expect, it } from "vitest";
import { sourceFromBytes } from "../../src/capture/source.ts";
import {
  block,
  concat,
  describeInterface,
  enhanced,
  fill,
  option,
  readAll,
  section,
  simple,
  text,
  Writer,
} from "./build.ts";

const read = (...parts: Uint8Array[]) => readAll([sourceFromBytes("a.pcapng", concat(...parts))]);
const US = 1_700_000_000_000_000n;
const packet = (microseconds = US) => enhanced({ units: microseconds, data: fill(60) });

describe("pcapng", () => {
  for (const little of [true, false]) {
    it(`reads enhanced, simple and old packet blocks, ${little ? "little" : "big"}-endian`, async () => {
      const old = new Writer(little)
        .u16(0)
        .u16(0xffff)
        .put(4, US >> 32n)
        .put(4, (US + 7n) & 0xffff_ffffn)
        .u32(3)
        .u32(1500).bytes;
      const { records, captures } = await read(
        section(little),
        describeInterface(1, option(2, text("eth0"), little), 80, little),
        enhanced({ units: US + 5n, data: fill(61, 1), original: 99 }, little),
        simple(fill(80, 2), 1400, little),
        block(2, concat(old, fill(3, 3)), little),
      );
      expect(records).toEqual([
        { file: 0, frame: 1, epoch: (US + 5n) * 1000n, original: 99, linkType: 1, tap: 0, data: [...fill(61, 1)] },
        // No time stamp of its own: that of the record before.
        { file: 0, frame: 2, epoch: (US + 5n) * 1000n, original: 1400, linkType: 1, tap: 0, data: [...fill(80, 2)] },
        { file: 0, frame: 3, epoch: (US + 7n) * 1000n, original: 1500, linkType: 1, tap: 0, data: [3, 3, 3] },
      ]);
      const [capture] = captures;
      expect(capture.format).toBe("pcapng");
      expect(capture.interfaces).toEqual([{ tap: 0, name: "eth0", linkType: "ETHERNET", snapLength: 80 }]);
      expect(capture.truncatedBySnap).toBe(3);
      expect(capture.problems).toEqual([]);
    });
  }

  it("starts the interfaces anew in each section, whose byte order may change, and never uses a tap number again", async () => {
    const { records, captures } = await read(
      section(true),
      describeInterface(1),
      describeInterface(113),
      enhanced({ interface: 1, units: US, data: fill(1) }),
      section(false),
      describeInterface(101, undefined, 0, false),
      enhanced({ interface: 0, units: US, data: fill(2) }, false),
    );
    expect(records.map(({ frame, linkType, tap }) => [frame, linkType, tap])).toEqual([
      [1, 113, 1],
      [2, 101, 2],
    ]);
    expect(captures[0].linkTypes).toEqual(["ETHERNET", "LINUX_SLL", "RAW"]);
  });

  const resolution = (value: number) => option(9, Uint8Array.of(value));
  const offset = (seconds: bigint) => option(14, new Writer(true).put(8, seconds).bytes);
  for (const [what, options, units, nanoseconds] of [
    ["microseconds unless stated", fill(0), 1_700_000_000_123_456n, 1_700_000_000_123_456_000n],
    ["10^-9", resolution(9), 1_700_000_000_123_456_789n, 1_700_000_000_123_456_789n],
    ["10^-3", resolution(3), 1_700_000_000_123n, 1_700_000_000_123_000_000n],
    ["10^0", resolution(0), 1_700_000_000n, 1_700_000_000_000_000_000n],
    ["10^-10, rounded down", resolution(10), 17_000_000_001_234_567_899n, 1_700_000_000_123_456_789n],
    ["2^-10", resolution(0x8a), 1_700_000_000n * 1024n + 512n, 1_700_000_000_500_000_000n],
    ["2^-32, rounded down", resolution(0xa0), (1_700_000_000n << 32n) + 1n, 1_700_000_000_000_000_000n],
    ["10^-20, of which 64 bits hold a fraction of a second", resolution(20), 1_000_000n, 0n],
    ["2^-127", resolution(0xff), 1_000_000n, 0n],
    ["an offset", offset(3600n), 1_000_000n, 3_601_000_000_000n],
    ["a negative offset", offset(-3600n), 10_000_000_000n, 6_400_000_000_000n],
  ] as const) {
    it(`reads time stamps in ${what}`, async () => {
      const { records } = await read(
        section(),
        describeInterface(1, options),
        enhanced({ units, data: fill(1) }),
        enhanced({ units, data: fill(1) }),
      );
      expect(records.map(({ epoch }) => epoch)).toEqual([nanoseconds, nanoseconds]);
    });
  }

  it("compares interfaces of different resolution exactly", async () => {
    const { records } = await read(
      section(),
      describeInterface(1, resolution(9)),
      describeInterface(1, resolution(0x94)),
      enhanced({ interface: 0, units: 1_700_000_000_000_000_001n, data: fill(1) }),
      enhanced({ interface: 1, units: (1_700_000_000n << 20n) + (1n << 19n), data: fill(1) }),
      enhanced({ interface: 0, units: 1_700_000_000_500_000_001n, data: fill(1) }),
    );
    expect(records.map(({ epoch }) => epoch % 1_000_000_000n)).toEqual([1n, 500_000_000n, 500_000_001n]);
  });

  it("skips what it does not know, and counts the blocks that are frames to Wireshark", async () => {
    const journal = text("__REALTIME_TIMESTAMP=1000\nMESSAGE=hi\n\n");
    const blocks: [number, Uint8Array, boolean][] = [
      [4, fill(8), false],
      [7, fill(16), false],
      [9, journal, true],
      [10, concat(new Writer(true).u32(0x544c534b).u32(4).bytes, fill(4)), false],
      [0xbad, fill(12), true],
      [0x4000_0bad, fill(12), true],
      [0x201, fill(40), false],
      [0x204, fill(32), true],
      [0x208, fill(40), false],
      [0x216, fill(40), true],
      [0x217, fill(40), false],
      [0x221, fill(40), true],
      [0x222, fill(40), false],
      [0x7777, fill(3_000_000), false],
    ];
    for (const [type, body, counted] of blocks) {
      const { records, captures } = await read(section(), describeInterface(), packet(), block(type, body), packet());
      expect(captures[0].problems).toEqual([]);
      expect(records.map(({ frame, linkType }) => [frame, linkType])).toEqual(
        counted
          ? [
              [1, 1],
              [2, -1],
              [3, 1],
            ]
          : [
              [1, 1],
              [2, 1],
            ],
      );
      if (counted) expect(records[1].data).toEqual([]);
    }
  });

  it("tells the drops of each interface's last statistics, added up", async () => {
    const count = (code: number, value: number) => option(code, new Writer(true).put(8, value).bytes);
    const statistics = (index: number, ...options: Uint8Array[]) =>
      block(5, concat(new Writer(true).u32(index).u32(0).u32(0).bytes, ...options));
    const { captures } = await read(
      section(),
      describeInterface(),
      describeInterface(),
      packet(),
      statistics(0, count(4, 100), count(5, 3), count(7, 1)),
      statistics(0, count(4, 200), count(5, 5)),
      statistics(1, count(4, 50), count(5, 2), count(7, 4)),
      statistics(9, count(5, 1000)),
    );
    expect(captures[0].drops).toEqual({ received: 250, interface: 7, os: 5 });
    const none = await read(section(), describeInterface(), packet(), statistics(0));
    expect(none.captures[0].drops).toBeNull();
  });

  it("keeps the first comments, and counts all", async () => {
    const options = concat(option(1, text("the pool ran dry here")), option(1, text("naïve 🙂\0")));
    const commented = enhanced({ units: US, data: fill(61), options });
    const many = Array.from({ length: 30 }, () =>
      enhanced({ units: US, data: fill(1), options: option(1, text("x")) }),
    );
    const { captures } = await read(section(), describeInterface(1, option(1, text("a tap"))), commented, ...many);
    expect(captures[0].comments.slice(0, 4)).toEqual(["a tap", "the pool ran dry here", "naïve 🙂", "x"]);
    expect(captures[0].comments.length).toBe(20);
    expect(captures[0].commentCount).toBe(33);
  });

  it("takes a length that is not padded, as Wireshark does", async () => {
    const body = fill(12, 0);
    for (const trailer of [21, 24]) {
      const odd = concat(new Writer(true).u32(0x7777).u32(21).bytes, body, new Writer(true).u32(trailer).bytes);
      const { records, captures } = await read(section(), describeInterface(), packet(), odd, packet());
      expect([records.length, captures[0].problemCount]).toEqual([2, 0]);
    }
  });

  it("takes simple packets before any time is known", async () => {
    const { records } = await read(section(), describeInterface(), simple(fill(4)), packet());
    expect(records.map(({ epoch }) => epoch)).toEqual([US * 1000n, US * 1000n]);
  });
});
