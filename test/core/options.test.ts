// Do times and filters mean what people write? And are addresses and instants written as the RFCs ask?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv4, formatIpv6 } from "../../src/core/address.ts";
import { CaptureClock, isoFromEpoch } from "../../src/core/clock.ts";
import { fileOf, frameOf, frameRef } from "../../src/core/frame.ts";
import { Packet } from "../../src/core/packet.ts";
import { parseFilter } from "../../src/core/packet-filter.ts";
import { constantOf, median, nthSmallest, percentile, timelineOf } from "../../src/core/statistics.ts";
import { parseTime, resolveTime } from "../../src/core/time-option.ts";

describe("--from, --to", () => {
  const clock = new CaptureClock();
  clock.start(1_772_390_000_000_000_000n); // 2026-03-01T18:33:20Z
  const at = (text: string) => resolveTime(parseTime(text, "--from"), clock, 5e9, 90e9);

  it.each([
    ["2026-03-01T18:33:21Z", 1e9],
    ["2026-03-01T19:33:21.250+01:00", 1.25e9],
    ["2026-03-01 18:33:21.000000001", 1e9 + 1],
    ["1772390001", 1e9],
    ["1772390001.5", 1.5e9],
    ["+12.5s", 17.5e9],
    ["+250ms", 5.25e9],
    ["+1m", 65e9],
    ["end", 90e9],
  ])("%s", (text, ns) => expect(at(text)).toBe(ns));

  it.each(["", "noon", "12:30", "-5s", "2026-13-01T00:00:00Z", "1e9"])("%j is no time", (text) => {
    expect(() => parseTime(text, "--from")).toThrow(/not a time; write/);
  });
});

describe("--filter", () => {
  const v4 = Object.assign(new Packet(), {
    family: 4,
    src: 0x0a000005,
    dst: 0xc0000201 | 0,
    srcPort: 40_000,
    dstPort: 8280,
  });
  const bytes = new Uint8Array(32);
  bytes.set([0x20, 0x01, 0x0d, 0xb8], 0);
  bytes[15] = 2;
  bytes[31] = 1;
  const v6 = Object.assign(new Packet(), {
    family: 6,
    buf: bytes,
    srcOffset: 0,
    dstOffset: 16,
    srcPort: 443,
    dstPort: 50_000,
  });

  it.each([
    ["host 10.0.0.5", true, false],
    ["10.0.0.5", true, false],
    ["net 10.0.0.0/8", true, false],
    ["192.0.2.0/24", true, false],
    ["port 8280", true, false],
    ["192.0.2.1:8280", true, false],
    ["10.0.0.5:8280", false, false],
    ["host 10.0.0.5 and not port 8280", false, false],
    ["port 443 or port 8280", true, true],
    ["not (port 443 or port 8280)", false, false],
    ["host 2001:db8::2", false, true],
    ["2001:db8::/32", false, true],
    ["[2001:db8::2]:443", false, true],
    ["::1", false, true],
    ["net 0.0.0.0/0", true, false],
  ])("%s", (text, first, second) => {
    expect([parseFilter(text)(v4), parseFilter(text)(v6)]).toEqual([first, second]);
  });

  it.each([
    "",
    "host",
    "port x",
    "port 99999",
    "10.0.0.256",
    "host 10.0.0.5 and",
    "(port 1",
    "port 1)",
    "tcp",
    "10.0.0.0/33",
  ])("%j is refused", (text) => expect(() => parseFilter(text)).toThrow(/--filter .*; write for example/));
});

describe("written forms", () => {
  it.each([
    // RFC 5952 §4
    [[0x2001, 0xdb8, 0, 0, 0, 0, 2, 1], "2001:db8::2:1"],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], "2001:0:0:1::1"],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1"],
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[1, 0, 0, 0, 0, 0, 0, 0], "1::"],
    [[0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201], "::ffff:192.0.2.1"],
  ])("%j", (groups, text) => expect(formatIpv6(groups)).toBe(text));

  it("IPv4 from a signed number", () => expect(formatIpv4(-1)).toBe("255.255.255.255"));

  it.each([
    [0n, "1970-01-01T00:00:00.000000000Z"],
    [-1n, "1969-12-31T23:59:59.999999999Z"],
    [1_772_390_000_123_456_789n, "2026-03-01T18:33:20.123456789Z"],
    [10n ** 30n, "9999-12-31T23:59:59.000000000Z"],
  ])("%s", (ns, iso) => expect(isoFromEpoch(ns)).toBe(iso));

  it("a frame and its file in one number", () => {
    const ref = frameRef(999, 4_000_000_000);
    expect([fileOf(ref), frameOf(ref)]).toEqual([999, 4_000_000_000]);
  });
});

describe("statistics", () => {
  it("are values that did occur", () => {
    expect(median([4, 1, 3, 2])).toBe(2);
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99)).toBe(10);
    expect(median([])).toBeNaN();
  });

  it("know a timer from chance", () => {
    expect(constantOf([1.0, 1.001, 0.999, 1.002])).toBe(1.0);
    expect(constantOf([1, 2, 3])).toBeNull();
    expect(constantOf([1, 1])).toBeNull();
  });

  it("have an n-th smallest, as if they were sorted", () => {
    const values = fc.array(
      fc.oneof(
        fc.nat(5),
        fc.double({ noNaN: true }).map((x) => x + 0),
      ),
      { minLength: 1, maxLength: 80 },
    );
    fc.assert(
      fc.property(values, fc.nat(79), (list, at) => {
        const n = at % list.length;
        expect(nthSmallest(Float64Array.from(list), n)).toBe(Float64Array.from(list).sort()[n]);
      }),
      { numRuns: 2000 },
    );
    const same = new Float64Array(300_000).fill(7);
    expect(nthSmallest(same, 150_000)).toBe(7);
  });

  it("count over time", () => expect(timelineOf([0, 1, 99, 100], 0, 100, 4)).toEqual([2, 0, 0, 2]));
});
