// Does the second pass bring back the packets of a connection as the first pass and tshark count them?

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { analyze, readExchanges, readFlows } from "../src/analyze.ts";
import { decompress } from "../src/capture/decompress.ts";
import { openFileStream } from "../src/capture/file-stream.ts";
import { type CaptureSource, streamFromBytes } from "../src/capture/source.ts";
import { frameOf } from "../src/core/frame.ts";
import { Flag } from "../src/core/packet.ts";
import type { RecordingRequest } from "../src/core/recording.ts";
import { investigate } from "../src/investigate.ts";
import { exchangeObject } from "../src/report/objects.ts";

const SAMPLES = [
  "leaked-pool",
  "leaked-pool-any",
  "refused-and-unanswered",
  "healthy-closes",
  "healthy-grpc",
  "lossy-path",
];
const captureOf = (sample: string): string => {
  const folder = `${import.meta.dirname}/../samples/${sample}`;
  return `${folder}/${readdirSync(folder).find((name) => name.startsWith("capture.pcap"))!}`;
};
const EVERYTHING = { cited: new Set<number>(), bytes: true, maxBytes: 1 << 30, maxPackets: 1e9 };
const all = (flows: number, over: Partial<RecordingRequest> = {}): RecordingRequest => ({
  flows: Array.from({ length: flows }, (_, n) => n),
  ...EVERYTHING,
  ...over,
});
const hasTshark = existsSync("/usr/bin/tshark");

/** Frames by connection, in order, and the packets of each sender, as tshark has them. */
function tsharkStreams(path: string): Map<number, { frames: number[]; lengths: number[]; repeated: number }> {
  const fields = ["tcp.stream", "frame.number", "tcp.len", "tcp.analysis.retransmission", "frame.cap_len"];
  const args = ["-r", path, "-Y", "tcp", "-T", "fields", ...fields.flatMap((f) => ["-e", f])];
  const streams = new Map<number, { frames: number[]; lengths: number[]; repeated: number }>();
  for (const line of execFileSync("tshark", args, { encoding: "utf8", maxBuffer: 1 << 28 })
    .trim()
    .split("\n")) {
    const [stream, frame, length, again] = line.split("\t");
    const known = streams.get(Number(stream)) ?? { frames: [], lengths: [], repeated: 0 };
    known.frames.push(Number(frame));
    known.lengths.push(Number(length));
    if (again !== "") known.repeated++;
    streams.set(Number(stream), known);
  }
  return streams;
}

describe.each(SAMPLES)("all connections of %s", (sample) => {
  const path = captureOf(sample);

  it("have the packets, bytes, flags and retransmissions that `flows` counts", async () => {
    const [found, { flows }] = await Promise.all([investigate([path]), readFlows([path])]);
    const recorded = await found.record(all(found.view.flowCount));
    for (const [n, row] of [...flows].entries()) {
      const r = recorded[n]!;
      const of = (name: "client" | "server") => r.packets.filter((p) => p.side === r.row[name].side);
      const both = <T>(what: (name: "client" | "server") => T) => ({ client: what("client"), server: what("server") });
      const withFlag = (name: "client" | "server", mask: number, flags: number) =>
        of(name).filter((p) => (p.flags & mask) === flags).length;
      const synAck = Flag.syn | Flag.ack;
      expect({
        flow: r.flow,
        packets: both((name) => of(name).length),
        bytes: both((name) => of(name).reduce((sum, p) => sum + p.length, 0)),
        wire: both((name) => of(name).reduce((sum, p) => sum + p.record!.origLen, 0)),
        flags: both((name) => ({
          syn: withFlag(name, synAck, Flag.syn),
          syn_ack: withFlag(name, synAck, synAck),
          fin: withFlag(name, Flag.fin, Flag.fin),
          rst: withFlag(name, Flag.rst, Flag.rst),
        })),
        duplicates: both((name) => of(name).filter((p) => p.isCopy).length),
        repeated: both((name) => of(name).filter((p) => p.isRetransmission).length),
        omitted: r.omitted,
      }).toEqual({
        flow: row.flow,
        packets: row.packets,
        bytes: row.bytes,
        wire: row.wire_bytes,
        flags: row.flags,
        duplicates: row.duplicates,
        repeated: row.retransmissions,
        omitted: { packets: 0, bytes: 0, cut: 0 },
      });
      for (const { record, captured, length } of r.packets) {
        expect(record!.bytes.length - record!.payloadOffset).toBeGreaterThanOrEqual(captured);
        expect(record!.bytes[record!.ipOffset]! >> 4).toBe(record!.family);
        expect(captured).toBeLessThanOrEqual(length);
      }
    }
    await found.close();
  });

  it.skipIf(!hasTshark)("have the frames of tshark's streams", async () => {
    const found = await investigate([path]);
    const streams = tsharkStreams(path);
    const recorded = await found.record(all(found.view.flowCount, { bytes: false }));
    const byFrames = (list: { frames: number[]; lengths: number[] }[]) =>
      list.map(({ frames, lengths }) => ({ frames, lengths })).sort((a, b) => a.frames[0]! - b.frames[0]!);
    const ours = recorded.map((r) => ({
      frames: r.packets.map((p) => frameOf(p.frame)),
      lengths: r.packets.map((p) => p.length),
    }));
    expect(byFrames(ours)).toEqual(byFrames([...streams.values()]));
    expect(recorded.every((r) => r.packets.every((p) => p.record === null))).toBe(true);
  });

  it("have the exchanges that `exchanges` lists", async () => {
    const [found, { exchanges }] = await Promise.all([investigate([path]), readExchanges([path])]);
    const recorded = await found.record(all(found.view.flowCount, { bytes: false }));
    const { clock } = found.view;
    const ours = recorded.flatMap((r) => r.exchanges.map((e) => exchangeObject(e, r.row, clock, found.files)));
    const inOrder = (list: object[]) => list.map((e) => JSON.stringify(e)).sort();
    expect(inOrder(ours)).toEqual(inOrder([...exchanges]));
  });
});

/** The first records of a pcap in this machine's order of bytes. */
function firstRecords(bytes: Uint8Array, count: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 24;
  for (let n = 0; n < count; n++) at += 16 + view.getUint32(at + 8, true);
  return bytes.subarray(0, at);
}

describe("an investigation", () => {
  const path = captureOf("leaked-pool");

  it("comes to the report of `analyze`", async () => {
    const found = await investigate([path]);
    expect(found.report).toEqual(await analyze([path]));
    await found.close();
  });

  it("finds the cited frames again, and says why", async () => {
    const found = await investigate([path]);
    for (const { id, title, evidence } of found.report.findings) {
      const cited = found.citedOf(id)!;
      const frames = evidence.flatMap((e) => ("frames" in e ? e.frames : []));
      expect([...cited.frames.keys()].map(frameOf).sort()).toEqual([...new Set(frames)].sort());
      expect(cited.flows).toEqual([...new Set(evidence.flatMap((e) => ("flow" in e ? [e.flow] : [])))]);
      for (const why of cited.frames.values()) expect(why.startsWith(`${id}: ${title}`)).toBe(true);
      const recorded = await found.record({ ...EVERYTHING, flows: cited.flows, cited: new Set(cited.frames.keys()) });
      const there = new Set(recorded.flatMap((r) => r.packets.map((p) => p.frame)));
      for (const frame of cited.frames.keys()) expect(there.has(frame)).toBe(true);
    }
    expect(found.citedOf("no-such-finding#1")).toBeNull();
    const of = found.report.findings.flatMap((f) => [...found.citedOf(f.id)!.frames.keys()]);
    expect([...found.citedAll().frames.keys()].sort()).toEqual([...new Set(of)].sort());
    await found.close();
  });

  it("records nothing for flows that there are not", async () => {
    const found = await investigate([path]);
    expect(await found.record({ ...EVERYTHING, flows: [-1, 1.5, Number.NaN, 1e9] })).toEqual([]);
  });

  it("reads a pipe as it reads a file, compressed or not", async () => {
    const pipe = (): CaptureSource => {
      let opened = 0;
      return {
        path: "-",
        size: undefined,
        once: true,
        decompress,
        open() {
          if (opened++ > 0) throw new Error("opened twice");
          return openFileStream(path);
        },
      };
    };
    const [fromPipe, fromFile] = [await investigate([pipe()]), await investigate([path])];
    const [a, b] = [await fromPipe.record(all(20)), await fromFile.record(all(20))];
    const plain = (list: typeof a) => list.map(({ flow, packets, exchanges }) => ({ flow, packets, exchanges }));
    expect(plain(a)).toEqual(plain(b));
    expect(plain(await fromPipe.record(all(20)))).toEqual(plain(b));
    await fromPipe.close();
    await fromPipe.close();
    await expect(fromPipe.record(all(20))).rejects.toThrow(/cannot be read a second time/);
  });

  it("says so when the capture is another by then", async () => {
    let opened = 0;
    const other = captureOf("healthy-pool");
    const source: CaptureSource = {
      path: "x.pcap.gz",
      size: undefined,
      decompress,
      open: () => openFileStream(opened++ === 0 ? path : other),
    };
    const found = await investigate([source]);
    await expect(found.record(all(2))).rejects.toThrow(/x\.pcap\.gz: it could not be read a second time/);
  });

  it("reads no further than the first pass, though the capture goes on", async () => {
    const plain = gunzipSync(readFileSync(path));
    const cut = firstRecords(plain, 1000);
    let opened = 0;
    const source: CaptureSource = {
      path: "growing.pcap",
      size: undefined,
      open: () => streamFromBytes(opened++ === 0 ? cut : plain),
    };
    const found = await investigate([source]);
    const recorded = await found.record(all(found.view.flowCount, { bytes: false }));
    expect(recorded.reduce((sum, r) => sum + r.packets.length, 0)).toBe(1000);
  });

  it("reads with the options of the first pass, and files as one capture", async () => {
    const other = captureOf("healthy-closes");
    const options = { from: "+0.5s", to: "+20s", filter: "not port 8080", verifyChecksums: true };
    for (const [paths, over] of [
      [[path], options],
      [[path, other], {}],
      [[other, path], options],
    ] as const) {
      const found = await investigate(paths, over);
      const { flows } = await readFlows(paths, over);
      const recorded = await found.record(all(found.view.flowCount, { bytes: false }));
      const counts = recorded.map((r) => [r.packets.length, r.packets[0]!.frame, r.packets.at(-1)!.frame]);
      const theirs = [...flows].map((f) => f.packets.client + f.packets.server);
      expect(counts.map(([n]) => n)).toEqual(theirs);
      expect(counts.map(([, first, last]) => [first, last])).toEqual(
        recorded.map((r) => [r.row.first.frame, r.row.last.frame]),
      );
    }
  });

  it("knows hosts by pseudonyms and records the bytes of the wire", async () => {
    const both = captureOf("refused-and-unanswered");
    const hosts = ["192.0.2.1=windows", "2001:db8::/32=freebsd"];
    const [plain, strict] = [
      await investigate([both], { hosts }),
      await investigate([both], { hosts, redact: "strict", redactKey: "a key of this test" }),
    ];
    const names = strict.pseudonyms!;
    for (const [address, os] of [
      ["192.0.2.1", "windows"],
      ["2001:db8::1", "freebsd"],
      ["198.51.100.7", "linux"],
    ] as const) {
      expect(plain.view.hosts.of(address).os).toBe(os);
      expect(strict.view.hosts.of(names.address(address)).os).toBe(os);
    }
    const [a, b] = [await plain.record(all(plain.view.flowCount)), await strict.record(all(plain.view.flowCount))];
    expect(b.map((r) => r.packets)).toEqual(a.map((r) => r.packets));
    expect(a.some((r) => r.packets[0]!.record!.family === 6)).toBe(true);
    for (const [n, { row }] of b.entries()) {
      expect(row.client.address).toBe(names.address(a[n]!.row.client.address));
      expect(row.server.address).toBe(names.address(a[n]!.row.server.address));
    }
  });
});
