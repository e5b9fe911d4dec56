// Do packets that come without a header become a stream that our own reader takes for what they were?

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fileHeader,
  linkTypeOf,
  monotonicZero,
  originalLength,
  PacketTime,
  RECORD_HEADER,
} from "../../src/capture/live/cap-records.ts";
import { RecordQueue } from "../../src/capture/live/record-queue.ts";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { concat, readAll } from "../capture/build.ts";

test("the words for link types", () => {
  expect(["NULL", "ETHERNET", "LINKTYPE_LINUX_SLL", "RAW", "IEEE802_11_RADIO"].map(linkTypeOf)).toEqual([
    0, 1, 113, 101, 127,
  ]);
  expect(["Unknown linktype 276", "Unknown linktype 12", "Unknown linktype -1", "else"].map(linkTypeOf)).toEqual([
    276,
    101,
    null,
    null,
  ]);
});

describe("original length", () => {
  const cut = (ip: number, ...header: number[]): Uint8Array => {
    const bytes = new Uint8Array(65_535);
    bytes.set(header, ip);
    return bytes;
  };

  test("a packet shorter than cap's snap length is whole", () => {
    expect(originalLength(1, cut(14, 0x45, 0, 0xff, 0xff), 1000)).toBe(1000);
  });

  test("at it, the IP header tells: 14 bytes of Ethernet before 65,535 of IP", () => {
    expect(originalLength(1, cut(14, 0x45, 0, 0xff, 0xff), 65_535)).toBe(65_549);
    expect(originalLength(1, cut(14, 0x60, 0, 0, 0, 0xff, 0xff), 65_535)).toBe(14 + 40 + 65_535);
    expect(originalLength(113, cut(16, 0x45, 0, 0xff, 0xfa), 65_535)).toBe(16 + 0xfffa);
  });

  test("never less than what is there, nor a guess of what is no IP", () => {
    expect(originalLength(1, cut(14, 0x45, 0, 0, 20), 65_535)).toBe(65_535);
    expect(originalLength(1, cut(14, 0), 65_535)).toBe(65_535);
    expect(originalLength(127, cut(0, 0x45, 0, 0xff, 0xff), 65_535)).toBe(65_535);
  });
});

describe("time", () => {
  const at = (zeroMs: number, ms: number): [number, number] => {
    const time = new PacketTime(zeroMs);
    time.set(ms);
    return [time.seconds, time.nanos];
  };

  test("nanoseconds, over the edges of seconds", () => {
    expect(at(1_700_000_000_000, 0.000001)).toEqual([1_700_000_000, 1]);
    expect(at(1_700_000_000_999.5, 0.5)).toEqual([1_700_000_001, 0]);
    expect(at(1_700_000_000_250, 86_400_000.123456)).toEqual([1_700_086_400, 250_123_456]);
  });

  test("it never goes back, and a nanosecond is one after a year too", () => {
    const steps = fc.array(fc.double({ min: 0, max: 3.2e10, noNaN: true }), { minLength: 2 });
    fc.assert(
      fc.property(steps, (moments) => {
        const times = [...moments].sort((a, b) => a - b).map((ms) => at(1_700_000_000_123.456, ms));
        for (let i = 1; i < times.length; i++) {
          const step = (times[i][0] - times[i - 1][0]) * 1e9 + times[i][1] - times[i - 1][1];
          expect(step).toBeGreaterThanOrEqual(0);
        }
        for (const [, nanos] of times) expect(nanos >= 0 && nanos < 1e9).toBe(true);
      }),
    );
  });

  test("the wall clock's milliseconds are found to a microsecond, however slow a look is", () => {
    // A look at either clock takes 0.1 to 0.7 µs, and one in four thousand 200 µs, as when the process has to wait.
    const zero = 1_700_000_000_000.25;
    let now = 5;
    let looks = 0;
    const look = (): number => (now += ++looks % 4000 === 0 ? 0.2 : 0.0001 + (looks % 7) * 0.0001);
    const found = monotonicZero(
      () => Math.floor(zero + look()),
      () => look(),
    );
    expect(Math.abs(found - zero)).toBeLessThan(0.001);
  });

  test.each([1, 2, 3, 5, 8, 13])("nor does a wait between any two looks mislead it: every %ith is slow", (every) => {
    const zero = 1_700_000_000_000.25;
    let now = 5;
    let looks = 0;
    const look = (): number => (now += ++looks % every === 0 ? 0.13 : 0.0001);
    const found = monotonicZero(
      () => Math.floor(zero + look()),
      () => look(),
    );
    // Two slow looks and those between them.
    expect(Math.abs(found - zero)).toBeLessThan(0.27);
  });

  test("a wall clock that is set meanwhile makes no edge", () => {
    let now = 0;
    let looks = 0;
    const wall = (): number => Math.floor(1000 + (now += 0.001)) + (++looks > 300 ? 5000 : 0);
    expect(Math.abs(monotonicZero(wall, () => now) - 6000)).toBeLessThan(0.01);
  });
});

describe("the queue", () => {
  const time = new PacketTime(1_700_000_000_000);

  test("is read as a capture: times, lengths, bytes", async () => {
    const queue = new RecordQueue(1 << 16);
    queue.add(fileHeader(113, 4));
    time.set(1.000001);
    queue.record(time, Uint8Array.of(1, 2, 3, 4, 5, 6), 4, 6);
    time.set(2000);
    queue.record(time, Uint8Array.of(7), 1, 1);
    const { records } = await readAll([sourceFromBytes("cap", queue.front.slice())]);
    expect(
      records.map(({ epoch: time, linkType, data: bytes, original }) => ({ time, linkType, bytes, original })),
    ).toEqual([
      { time: 1_700_000_000_001_000_001n, linkType: 113, bytes: [1, 2, 3, 4], original: 6 },
      { time: 1_700_000_002_000_000_000n, linkType: 113, bytes: [7], original: 1 },
    ]);
  });

  test("whatever is added and taken in whatever steps: whole records in order, the rest counted, no more room than given", () => {
    const step = fc.oneof(
      fc.record({ size: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ take: fc.integer({ min: 0, max: 300 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new RecordQueue(256);
        const read: Uint8Array[] = [];
        const wanted: Uint8Array[] = [];
        let offered = 0;
        for (const one of steps) {
          if ("take" in one) {
            const piece = queue.front.slice(0, one.take);
            read.push(piece);
            queue.shift(piece.length);
          } else {
            offered++;
            const bytes = new Uint8Array(one.size).fill(offered);
            const before = queue.taken;
            queue.record(time, bytes, one.size, one.size);
            if (queue.taken > before) wanted.push(bytes);
          }
          expect(queue.waiting).toBeLessThanOrEqual(256);
        }
        read.push(queue.front.slice());
        expect(queue.taken + queue.dropped).toBe(offered);
        const all = concat(...read);
        let at = 0;
        for (const bytes of wanted) {
          expect(all.subarray(at + RECORD_HEADER, at + RECORD_HEADER + bytes.length)).toEqual(bytes);
          at += RECORD_HEADER + bytes.length;
        }
        expect(at).toBe(all.length);
      }),
    );
  });

  test("an empty queue takes as much as it has room for", () => {
    const queue = new RecordQueue(100);
    for (let n = 0; n < 5; n++) queue.record(time, new Uint8Array(20), 20, 20);
    expect([queue.taken, queue.dropped]).toEqual([2, 3]);
    queue.shift(72);
    queue.record(time, new Uint8Array(20), 20, 20);
    expect([queue.taken, queue.dropped]).toEqual([3, 3]);
  });
});
