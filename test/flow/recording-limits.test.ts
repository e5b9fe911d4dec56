// Is what is kept of a connection within its share, and does it hold the beginning, the end, and what is cited?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { frameOf } from "../../src/core/frame.ts";
import { Flag } from "../../src/core/packet.ts";
import { FlowLimit, shares } from "../../src/flow/recording-limits.ts";
import { investigate } from "../../src/investigate.ts";
import { OPEN, pcap, segments } from "./packet-script.ts";

describe("shares of a limit", () => {
  it.each([
    [[10, 10, 10], 30, [10, 10, 10]],
    [[10, 10, 10], 15, [5, 5, 5]],
    [[100, 2, 100], 50, [24, 2, 24]],
    [[1000], 7, [7]],
    [[5, 0], 3, [3, 0]],
    [[], 3, []],
  ])("%j of %d", (wanted, most, given) => {
    expect(shares(wanted, most)).toEqual(given);
  });

  it("never exceed the limit, nor what is wanted", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000)), fc.nat(50_000), (wanted, most) => {
        const given = shares(wanted, most);
        expect(given.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(most);
        for (const [i, n] of given.entries()) expect(n).toBeLessThanOrEqual(wanted[i]!);
      }),
    );
  });

  it("are kept packet by packet, but for what is cited", () => {
    const packet = fc.record({ size: fc.nat(2000), head: fc.nat(100), needed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(packet), fc.nat(40), fc.nat(20_000), (packets, mostPackets, mostBytes) => {
        const bytes = packets.reduce((sum, p) => sum + p.size, 0);
        const limit = new FlowLimit({ packets: packets.length, bytes }, { packets: mostPackets, bytes: mostBytes });
        let [n, kept] = [0, 0];
        for (const { size, head, needed } of packets) {
          const of = limit.take(size, Math.min(size, head), needed, false);
          if (of !== "none") n++;
          kept += of === "none" ? 0 : of === "whole" ? size : Math.min(size, head);
        }
        expect(n).toBeLessThanOrEqual(mostPackets);
        expect(kept).toBeLessThanOrEqual(mostBytes);
        expect(limit.take(1e6, 40, false, true)).toBe("whole");
      }),
    );
  });
});

describe("a connection beyond the limit", () => {
  // Frames 1 to 3 open it; then 1,000 requests of 500 bytes, each acknowledged; then FINs: 2,003 + 3 frames.
  const long = `${OPEN}${"c len=500\ns ACK\n".repeat(1000)}c FIN ACK\ns FIN ACK\nc ACK`;
  const capture = sourceFromBytes("long.pcap", pcap(segments(long)));
  const record = async (over: { cited?: number[]; maxPackets?: number; maxBytes?: number; bytes?: boolean }) => {
    const found = await investigate([capture]);
    const request = {
      flows: [0],
      bytes: true,
      maxBytes: 1e9,
      maxPackets: 1e9,
      ...over,
      cited: new Set(over.cited ?? []),
    };
    return (await found.record(request))[0]!;
  };

  it("keeps its beginning, its end, and what is cited with its neighbours", async () => {
    const { packets, omitted, holes } = await record({ cited: [1500], maxPackets: 100 });
    const frames = packets.map((p) => frameOf(p.frame));
    expect(frames.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(frames.slice(-3)).toEqual([2004, 2005, 2006]);
    expect(frames.filter((f) => f > 1400 && f < 1600)).toEqual([1497, 1498, 1499, 1500, 1501, 1502, 1503]);
    expect(frames.length).toBeLessThanOrEqual(100);
    expect(omitted.packets).toBe(2006 - frames.length);
    const kept = packets.reduce((sum, p) => sum + p.length, 0);
    expect(omitted.bytes).toBe(500_000 - kept);
    expect(holes!.map((h) => h.packets).reduce((sum, n) => sum + n, 0)).toBe(omitted.packets);
    for (const { before, packets: n } of holes!) expect(frames[before]! - frames[before - 1]!).toBe(n + 1);
  });

  it("keeps what is cited without room for anything else", async () => {
    const { packets, omitted } = await record({ cited: [900, 901], maxPackets: 0, maxBytes: 0 });
    expect(packets.map((p) => [frameOf(p.frame), p.record!.isCut, p.length])).toEqual([
      [900, false, 500],
      [901, false, 0],
    ]);
    expect(omitted).toEqual({ packets: 2004, bytes: 499_500, cut: 0 });
  });

  it("is cut behind its headers before packets are left out", async () => {
    // All headers are 2,006 × 40 bytes; with the payload it is 580,240.
    const { packets, omitted } = await record({ maxBytes: 300_000 });
    expect(omitted).toEqual({ packets: 0, bytes: 0, cut: packets.filter((p) => p.record!.isCut).length });
    expect(omitted.cut).toBeGreaterThan(0);
    for (const { record: r, captured } of packets) expect(r!.bytes.length).toBe(r!.isCut ? 40 : 40 + captured);
    expect(packets.reduce((sum, p) => sum + p.record!.bytes.length, 0)).toBeLessThanOrEqual(300_000);
    expect(packets.at(-3)!.flags & Flag.fin).toBe(Flag.fin);
  });

  it("has no bytes where only facts are wanted", async () => {
    const { packets } = await record({ bytes: false });
    expect([packets.length, packets.every((p) => p.record === null)]).toEqual([2006, true]);
  });

  it("tells who sent what, and what was sent again", async () => {
    const text = `${OPEN} c 'GET / HTTP/1.1\\r\\n\\r\\n'\n+300 c 'GET / HTTP/1.1\\r\\n\\r\\n' seq=1\ns ACK`;
    const found = await investigate([sourceFromBytes("again.pcap", pcap(segments(text)))]);
    const [flow] = await found.record({ flows: [0], cited: new Set(), bytes: false, maxBytes: 0, maxPackets: 100 });
    expect(flow!.packets.map((p) => [p.side, p.length, p.isRetransmission])).toEqual([
      [0, 0, false],
      [1, 0, false],
      [0, 0, false],
      [0, 18, false],
      [0, 18, true],
      [1, 0, false],
    ]);
  });
});

describe("a redirected connection", () => {
  // What s sends comes from 10.0.0.9:8080, which c had called, though its packets go to 10.0.0.2:80.
  const list = segments(
    `${OPEN} c 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\ns ACK\n+50 s 'HTTP/1.1 204 No Content\\r\\n\\r\\n'\nc ACK`,
  );
  const bytes = pcap(list);
  let at = 24;
  for (const s of list) {
    if (s.from === "s") {
      bytes[at + 16 + 15] = 9;
      bytes.set([8080 >> 8, 8080 & 255], at + 16 + 20);
    }
    at += 16 + 40 + s.captured;
  }

  it("is recorded with both its halves, whichever was asked for", async () => {
    const found = await investigate([sourceFromBytes("redirected.pcap", bytes)]);
    for (const flow of [0, 1]) {
      const recorded = await found.record({
        flows: [flow],
        cited: new Set(),
        bytes: true,
        maxBytes: 1e6,
        maxPackets: 100,
      });
      const byFlow = [...recorded].sort((a, b) => a.flow - b.flow);
      expect(byFlow.map((r) => r.packets.map((p) => frameOf(p.frame)))).toEqual([
        [1, 3, 4, 7],
        [2, 5, 6],
      ]);
      expect(byFlow.map((r) => r.row.answersOf)).toEqual([null, 0]);
      expect(byFlow[0]!.exchanges.map((e) => [e.flow, e.response!.status])).toEqual([[0, 204]]);
    }
  });
});
