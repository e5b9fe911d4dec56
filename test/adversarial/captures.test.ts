// Do the capture readers hold against files that unpack to gigabytes, options and clocks that lie, and tables without end? Bounds are
// on bytes held and on what is told.

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/core/report.ts";
import { analyze } from "../../src/index.ts";
import {
  block,
  concat,
  describeInterface,
  enhanced,
  fill,
  option,
  pcap,
  pcapHeader,
  section,
  text,
  Writer,
} from "../capture/build.ts";
import { ipv4, tcp } from "../decoders/frames.ts";
import { alive, capture, LINKTYPE_IPV4, MadeSource, record } from "./made.ts";

const MIB = 1 << 20;
/** All of it with HALFCLOSE_ADVERSARIAL=all: minutes. */
const BOMB_BYTES = process.env.HALFCLOSE_ADVERSARIAL === "all" ? 10_000 * MIB : 64 * MIB;
/** The reader's buffers and the decompressor's, and what no collector has looked at yet. */
const MOST_HELD = 24 * MIB;
/** Looking at memory costs more than reading a chunk. */
const LOOKS = 48;

async function reading(source: MadeSource): Promise<{ report: Report; held: number }> {
  const before = alive();
  let most = 0;
  let turns = 0;
  const onProgress = (): void => {
    if (turns++ > 4 && turns % LOOKS !== 0) return;
    most = Math.max(most, alive() - before);
  };
  const report = await analyze([source], { onProgress });
  return { report, held: most };
}

describe("bombs", () => {
  const MEMBER = 16 * MIB;
  const syn = record(0, ipv4(tcp()));
  const begin = concat(pcapHeader({ linkType: LINKTYPE_IPV4 }), syn);

  function* gzipped(content: (size: number) => Uint8Array): Iterable<Uint8Array> {
    yield gzipSync(begin);
    const member = gzipSync(content(MEMBER));
    for (let left = BOMB_BYTES; left > 0; left -= MEMBER) yield member;
  }

  /** zstd's own: blocks of one byte, repeated 128 KiB times each (RFC 8878 §3.1.1.2). */
  function* zstd(): Iterable<Uint8Array> {
    const header = (bits: number) => Uint8Array.of(bits & 255, (bits >> 8) & 255, bits >> 16);
    yield Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3);
    yield concat(header(begin.length << 3), begin);
    const repeated = concat(header((131_072 << 3) | 2), Uint8Array.of(0));
    for (let left = BOMB_BYTES; left > 0; left -= 131_072) yield repeated;
    yield concat(header((1 << 3) | 3), Uint8Array.of(0));
  }

  /** Sixteen zeros are a record of no bytes, at no time: all of them are read, counted, and named for what they are. */
  const zeros = (report: Report): void => {
    const [read] = report.captures;
    expect(read!.packets).toBe(1 + BOMB_BYTES / 16);
    expect(report.totals).toMatchObject({ flows: 1, tcp_segments: 1 });
    expect(JSON.stringify(report).length).toBeLessThan(20_000);
  };

  it("gzip: zeros", { timeout: 600_000 }, async () => {
    const source = new MadeSource(() => gzipped((size) => new Uint8Array(size)));
    const { report, held } = await reading(source);
    zeros(report);
    expect(source.taken).toBeLessThan(BOMB_BYTES / 500);
    expect(held).toBeLessThan(MOST_HELD);
  });

  it("gzip: a record that claims more than any has ends it, and what was read is said", async () => {
    const source = new MadeSource(() => gzipped((size) => fill(size, 0xff)));
    const { report, held } = await reading(source);
    expect(report.captures[0]).toMatchObject({ packets: 1, format: "pcap.gz" });
    expect(report.captures[0]!.problems.length).toBe(1);
    expect(held).toBeLessThan(MOST_HELD);
  });

  it("zstd: blocks of one byte repeated", { timeout: 600_000 }, async () => {
    const source = new MadeSource(zstd);
    const { report, held } = await reading(source);
    expect(report.captures[0]!.packets).toBeGreaterThanOrEqual(1 + BOMB_BYTES / 16);
    expect(source.taken).toBeLessThan(BOMB_BYTES / 10_000);
    expect(held).toBeLessThan(MOST_HELD);
  });

  it("in each other, a third time: refused", async () => {
    let bytes = gzipSync(pcap([]));
    for (let n = 0; n < 3; n++) bytes = gzipSync(bytes);
    await expect(analyze([new MadeSource(() => [bytes])])).rejects.toMatchObject({ exit: 3 });
  });
});

describe("clocks", () => {
  const SECONDS = [1_700_000_000, 0, 0xffffffff, 1, 0x80000000, 1_700_000_000];

  it("that run backwards and jump years: each packet is read, each time can be written", async () => {
    const data = ipv4(tcp());
    const report = await analyze(
      [
        pcap(
          SECONDS.map((seconds) => ({ seconds, data })),
          { linkType: LINKTYPE_IPV4 },
        ),
      ],
      {
        detail: true,
      },
    );
    expect(report.totals.tcp_segments).toBe(SECONDS.length);
    expect(report.captures[0]).toMatchObject({
      first_time: "1970-01-01T00:00:00.000000000Z",
      last_time: "2106-02-07T06:28:15.000000000Z",
    });
    expect(report.failed).toEqual([]);
  });

  it.each([
    ["2⁻¹²⁷ s", 0xff],
    ["10⁻¹²⁷ s", 127],
    ["a second", 0],
    ["2⁰ s", 0x80],
  ])("whose unit is %s, from the first to the last 64-bit number", async (_, resolution) => {
    for (const offset of [-(2n ** 63n), 0n, 2n ** 63n - 1n]) {
      const options = concat(option(9, Uint8Array.of(resolution)), option(14, new Writer(true).put(8, offset).bytes));
      const data = ipv4(tcp());
      const packets = [0n, 2n ** 64n - 1n, 1n].map((units) => enhanced({ units, data }));
      const report = await analyze([concat(section(), describeInterface(LINKTYPE_IPV4, options), ...packets)], {
        detail: true,
      });
      expect(report.totals.tcp_segments).toBe(3);
      expect(report.captures[0]!.first_time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{18}Z$/);
      expect(report.failed).toEqual([]);
    }
  });
});

describe("pcapng without end", () => {
  const data = ipv4(tcp());
  const packet = (n = 0) => enhanced({ units: 1_700_000_000_000_000n, interface: n, data });

  it("65,535 interfaces, each of another link type, with a packet of each", async () => {
    const file = function* () {
      yield section();
      for (let n = 0; n < 65_535; n++) yield describeInterface(n === 0 ? LINKTYPE_IPV4 : n);
      for (let n = 0; n < 65_535; n++) yield packet(n);
    };
    const report = await analyze([new MadeSource(file)]);
    expect(report.captures[0]).toMatchObject({ packets: 65_535 });
    expect(report.totals.tcp_segments).toBeGreaterThan(0);
    expect(report.captures[0]!.problems.length).toBeLessThanOrEqual(100);
    expect(report.failed).toEqual([]);
  });

  it("a million interfaces: the file is left there, and says so", async () => {
    const one = describeInterface(LINKTYPE_IPV4);
    const pieces = function* () {
      yield section();
      for (let n = 0; n < 1_000_000; n++) yield one;
    };
    const { report, held } = await reading(new MadeSource(pieces));
    expect(report.captures[0]!.problems.map((p) => p.code)).toEqual(["too-many-interfaces"]);
    expect(held).toBeLessThan(MOST_HELD);
  });

  it("65,535 records of names, in as many blocks and in one: skipped, not held", async () => {
    const name = (n: number) => concat(new Writer(true).u16(1).u16(10).u32(n).bytes, text("a.test"), fill(2, 0));
    const file = function* () {
      yield section();
      yield describeInterface(LINKTYPE_IPV4);
      for (let n = 0; n < 65_535; n++) yield block(4, concat(name(n), new Uint8Array(4)));
      const all = new Uint8Array(65_535 * 16 + 4);
      for (let n = 0; n < 65_535; n++) all.set(name(n), n * 16);
      yield block(4, all);
      yield packet();
    };
    const report = await analyze([new MadeSource(file)]);
    expect(report.captures[0]).toMatchObject({ packets: 1, problems: [] });
    expect(report.totals.tcp_segments).toBe(1);
  });

  it("a hundred thousand comments in one packet: the first few kept, however long", async () => {
    const comments = concat(...Array.from({ length: 100_000 }, () => option(1, text("note"))));
    const big = enhanced({ units: 1n, data, options: comments });
    const report = await analyze([concat(section(), describeInterface(LINKTYPE_IPV4), big, packet())]);
    expect(report.captures[0]!.packets).toBe(2);
    expect(JSON.stringify(report.captures[0]).length).toBeLessThan(40_000);
  });

  it.each([
    ["longer than its block", (o: Uint8Array) => o.fill(0xff, 2, 4)],
    ["of a length that ends within the trailer", (o: Uint8Array) => o.fill(12, 2, 3)],
  ])("an option %s: reading stops there, and says so", async (_, lie) => {
    const lying = option(2, text("eth0"));
    lie(lying);
    const report = await analyze([
      concat(section(), describeInterface(LINKTYPE_IPV4), packet(), describeInterface(LINKTYPE_IPV4, lying), packet()),
    ]);
    expect(report.captures[0]).toMatchObject({ packets: 1 });
    expect(report.captures[0]!.problems.map((p) => p.code)).toEqual(["bad-option"]);
  });
});

describe("records", () => {
  it("longer than the snap length says: read as they are", async () => {
    const payload = text("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    const data = ipv4(tcp({ flags: 0x18, payload }));
    const shape = { snapLength: 16, linkType: LINKTYPE_IPV4 };
    const ng = concat(
      section(),
      describeInterface(LINKTYPE_IPV4, new Uint8Array(0), 16),
      enhanced({ units: 1n, data }),
    );
    for (const file of [pcap([{ seconds: 1, data }], shape), ng]) {
      const report = await analyze([file]);
      expect(report.totals).toMatchObject({ tcp_segments: 1, requests: 1 });
      expect(report.captures[0]).toMatchObject({ truncated_packets: 0, problems: [] });
    }
  });

  it("a million of one flow, 72 MB: memory goes by flows, not by packets", async () => {
    const THOUSAND = concat(...Array.from({ length: 1000 }, () => record(1e15, ipv4(tcp({ flags: 16, seq: 1 })))));
    const { report, held } = await reading(
      capture(function* () {
        for (let n = 0; n < 1000; n++) yield THOUSAND;
      }),
    );
    expect(report.totals).toMatchObject({ flows: 1, tcp_segments: 1_000_000 });
    expect(held).toBeLessThan(MOST_HELD);
  });
});
