// Does a ring keep exactly the latest packets, in files that anyone can read, within its limits?

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import { Ring, type RingLimits } from "../../src/live/ring/ring.ts";
import { readAll } from "../capture/build.ts";
import { type Given, recordsIn, START, setTimes, slotOf } from "./ring-records.ts";

const root = mkdtempSync(join(tmpdir(), "halfclose-ring-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(root, `r${folders++}`);

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
const ABOUT = { application: "halfclose 0.0.0", comment: "engine: none" };
const SECOND = 1e9;
const WIDE: RingLimits = { fileBytes: 1e6, fileNs: 300 * SECOND, keepBytes: 1e9, keepNs: null };
const UNKNOWN = { received: null, dropped: null };

const startedClock = (): CaptureClock => {
  const clock = new CaptureClock();
  clock.start(START);
  return clock;
};

const bytesOf = (n: number, seed = 0): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + seed) & 255);

async function ringIn(folder: string, limits: Partial<RingLimits> = {}, about = ABOUT) {
  const clock = startedClock();
  const times = setTimes(clock);
  const ring = await Ring.open(folder, { ...WIDE, ...limits }, about, clock, times);
  return { ring, times, clock };
}

const sizeOf = (path: string): number => statSync(path).size;

describe("Ring", () => {
  it("keeps packets byte for byte, with their times, lengths, link types and interfaces", async () => {
    const { ring } = await ringIn(newFolder());
    const given: Given[] = [
      { time: 0, data: bytesOf(0), original: 60 },
      { time: 1, data: bytesOf(61) },
      { time: 2_000_000_001, data: bytesOf(1500, 3), original: 9000 },
      { time: 1_999_999_999, data: bytesOf(25, 9), linkType: 276, tap: 4 },
    ];
    for (const one of given) ring.packet(slotOf(one), one.tap === 4 ? "any" : "lo");
    await ring.close({ received: 9, dropped: 5 });
    const { records, captures } = await readAll([sourceFromBytes("x", readFileSync(ring.files[0]!))]);
    expect(records.map((r) => [r.epoch - START, Uint8Array.from(r.data), r.original, r.linkType])).toEqual(
      given.map((g) => [BigInt(g.time), g.data, g.original ?? g.data.length, g.linkType ?? 1]),
    );
    expect(captures[0]!.interfaces.map((i) => i.name)).toEqual(["lo", "any"]);
    expect(captures[0]!.comments[0]).toBe("engine: none");
    expect(captures[0]!.drops).toEqual({ received: 9, interface: 5, os: 0 });
    expect(ring.covered).toEqual({ from: START, to: START + 2_000_000_001n });
    expect([ring.files.length, ring.removed, ring.notWritten, ring.state]).toEqual([
      1,
      { files: 0, packets: 0, forRoom: 0 },
      0,
      "writing",
    ]);
  });

  it("keeps a suffix of the packets in order, in files within the limits, whatever comes", async () => {
    const packet = fc.record({
      step: fc.integer({ min: -2, max: 40 }),
      length: fc.integer({ min: 0, max: 900 }),
      tap: fc.integer({ min: 0, max: 2 }),
      flush: fc.constantFrom("no", "waited for", "under way"),
    });
    const limits = fc.record({
      fileBytes: fc.integer({ min: 1200, max: 6000 }),
      files: fc.integer({ min: 2, max: 6 }),
      fileSeconds: fc.integer({ min: 5, max: 200 }),
      keepSeconds: fc.option(fc.integer({ min: 10, max: 400 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 120 }), limits, async (packets, l) => {
        const folder = newFolder();
        const keepBytes = l.fileBytes * l.files;
        const keepNs = l.keepSeconds === null ? null : l.keepSeconds * SECOND;
        const { ring, times } = await ringIn(folder, {
          fileBytes: l.fileBytes,
          fileNs: l.fileSeconds * SECOND,
          keepBytes,
          keepNs,
        });
        const given: Given[] = [];
        let seconds = 10;
        for (const [n, { step, length, tap, flush }] of packets.entries()) {
          seconds += step;
          const one = { time: seconds * SECOND, data: bytesOf(length, n), tap };
          given.push(one);
          times.ns = Math.max(times.ns, one.time);
          ring.packet(slotOf(one), `if${tap}`);
          if (flush === "under way") void ring.flush();
          if (flush !== "waited for") continue;
          await ring.flush();
          expect(ring.files.reduce((sum, path) => sum + sizeOf(path), 0)).toBeLessThanOrEqual(keepBytes);
        }
        await ring.close({ received: packets.length, dropped: 0 });
        const { files } = ring;
        // By number: a packet's time, and so a file's name, may go back.
        const names = readdirSync(folder).sort((a, b) => a.slice(-12).localeCompare(b.slice(-12)));
        expect(names).toEqual(files.map((path) => path.slice(folder.length + 1)));
        for (const path of files) {
          expect(sizeOf(path)).toBeLessThanOrEqual(l.fileBytes);
          const times = (await recordsIn([path])).map((r) => Number(r.epoch - START));
          if (times.length > 0) expect(times.at(-1)! - times[0]!).toBeLessThan(l.fileSeconds * SECOND);
        }
        const kept = await recordsIn(files);
        const expected = given.slice(given.length - kept.length);
        expect(kept.map((r) => [r.epoch - START, r.data])).toEqual(expected.map((g) => [BigInt(g.time), g.data]));
        expect(ring.removed.packets + kept.length).toBe(given.length);
        expect(ring.notWritten).toBe(0);
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 100 },
    );
  });

  it("gives up the oldest files only when what remains covers the time to be kept", async () => {
    const { ring, times } = await ringIn(newFolder(), { fileNs: 10 * SECOND, keepNs: 25 * SECOND });
    for (let second = 0; second <= 60; second++) {
      times.ns = second * SECOND;
      ring.packet(slotOf({ time: times.ns, data: bytesOf(60) }), "lo");
      await ring.flush();
      const { from, to } = ring.covered!;
      expect(to - from).toBeGreaterThanOrEqual(BigInt(Math.min(second, 25)) * 1_000_000_000n);
      expect(to - from).toBeLessThan(36_000_000_000n);
    }
    expect(ring.removed).toEqual({ files: 3, packets: 30, forRoom: 0 });
    await ring.close(UNKNOWN);
  });

  it("ends a file when nothing comes any more, and begins the next one with the next packet", async () => {
    const { ring, times } = await ringIn(newFolder(), { fileNs: 10 * SECOND });
    ring.packet(slotOf({ time: 0, data: bytesOf(60) }), "lo");
    await ring.flush();
    times.ns = 11 * SECOND;
    await ring.flush();
    ring.packet(slotOf({ time: 1 * SECOND, data: bytesOf(60) }), "lo");
    await ring.flush();
    expect((await Promise.all(ring.files.map((f) => recordsIn([f])))).map((r) => r.length)).toEqual([1, 1]);
    await ring.close(UNKNOWN);
  });

  it("tells in each file what the kernel counted in its time, and in the last what came after", async () => {
    let received = 0;
    const statistics = () => ({ received, dropped: received / 10 });
    const { ring, times } = await ringIn(newFolder(), { fileNs: 10 * SECOND }, {
      ...ABOUT,
      statistics,
    } as typeof ABOUT);
    for (let n = 0; n < 3; n++) {
      received += 100;
      times.ns = n * 20 * SECOND;
      ring.packet(slotOf({ time: times.ns, data: bytesOf(60) }), "lo");
    }
    await ring.flush();
    times.ns += 20 * SECOND;
    await ring.flush();
    received = 1000;
    await ring.close(statistics());
    const { captures } = await readAll(ring.files.map((f) => sourceFromBytes(f, readFileSync(f))));
    // Two ends of files are told when the packet behind them is there.
    expect(captures.map((c) => c.drops?.received)).toEqual([200, 100, 0]);
  });

  it("tells at the end what the whole capture counted when it could not be asked before, idle or not", async () => {
    for (const idle of [false, true]) {
      const { ring, times } = await ringIn(newFolder(), { fileNs: 10 * SECOND });
      ring.packet(slotOf({ time: 0, data: bytesOf(60) }), "lo");
      ring.packet(slotOf({ time: 10 * SECOND, data: bytesOf(60) }), "lo");
      times.ns = idle ? 50 * SECOND : 0;
      await ring.flush();
      await ring.close({ received: 70, dropped: 7 });
      const { captures } = await readAll(ring.files.map((f) => sourceFromBytes(f, readFileSync(f))));
      expect(captures.map((c) => c.drops)).toEqual([null, { received: 70, interface: 7, os: 0 }]);
      expect(captures.flatMap((c) => c.problems)).toEqual([]);
    }
  });

  it("leaves what was there before, counts its numbers on, and lets only the owner read", async () => {
    const folder = newFolder();
    const { ring: first } = await ringIn(folder);
    first.packet(slotOf({ time: 0, data: bytesOf(60) }), "lo");
    await first.close(UNKNOWN);
    const before = readFileSync(first.files[0]!);
    writeFileSync(join(folder, "halfclose-20200101T000000Z-00041.pcapng"), "of another day");
    writeFileSync(join(folder, "notes.txt"), "mine");
    const { ring } = await ringIn(folder, { fileBytes: 1200, keepBytes: 2400 });
    for (let n = 0; n < 50; n++) {
      ring.packet(slotOf({ time: n, data: bytesOf(300) }), "lo");
      await ring.flush();
    }
    await ring.snapshot("State Recv-Q\n", START);
    await ring.close(UNKNOWN);
    expect(readFileSync(first.files[0]!)).toEqual(before);
    expect(first.files[0]).toBe(join(folder, "halfclose-20260301T183405Z-00001.pcapng"));
    expect(ring.files[0]).toMatch(/-000\d\d\.pcapng$/);
    expect(ring.removed.files).toBeGreaterThan(3);
    expect(existsSync(join(folder, "notes.txt"))).toBe(true);
    expect(existsSync(join(folder, "halfclose-20200101T000000Z-00041.pcapng"))).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const path of [...ring.files, ...ring.snapshots]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("keeps snapshots beside the file of their time, and gives them up with it", async () => {
    const { ring, times } = await ringIn(newFolder(), { fileNs: 10 * SECOND, keepNs: 25 * SECOND });
    for (let second = 0; second < 60; second++) {
      times.ns = second * SECOND;
      ring.packet(slotOf({ time: times.ns, data: bytesOf(60) }), "lo");
      await ring.flush();
      if (second % 5 === 0) await ring.snapshot(`at ${second}\n`, START + BigInt(times.ns));
    }
    await ring.close(UNKNOWN);
    expect(ring.snapshots).toEqual(ring.files.map((path) => path.replace(/pcapng$/, "sockets.txt")));
    const texts = ring.snapshots.map((path) => readFileSync(path, "utf8"));
    expect(texts).toEqual(["at 30\nat 35\n", "at 40\nat 45\n", "at 50\nat 55\n"]);
    expect(readdirSync(join(ring.files[0]!, "..")).length).toBe(6);
  });

  it("keeps snapshots within the limits too, when nothing is on the wire", async () => {
    const { ring, times } = await ringIn(newFolder(), { fileBytes: 5000, keepBytes: 20_000 });
    for (let n = 0; n < 100; n++) {
      times.ns = n * 5 * SECOND;
      await ring.snapshot(`${n} ${"x".repeat(995)}\n`, START + BigInt(times.ns));
      await ring.flush();
      expect(ring.bytes).toBeLessThanOrEqual(20_000);
    }
    await ring.close(UNKNOWN);
    const numbers = ring.snapshots.flatMap((path) => readFileSync(path, "utf8").match(/^\d+/gm)!.map(Number));
    expect(numbers.at(-1)).toBe(99);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 100 - numbers.length + i));
    expect(numbers.length).toBeGreaterThan(10);
    expect(await recordsIn(ring.files)).toEqual([]);
    expect(ring.lostSnapshots).toBe(0);
  });

  it("says in one line why a folder cannot be written", async () => {
    const file = join(root, "a-file");
    writeFileSync(file, "");
    await expect(ringIn(file)).rejects.toThrow(`${file}: is not a folder; name another folder with -w`);
    await expect(ringIn(join(file, "below"))).rejects.toThrow(/a part of its path is a file/);
    await expect(ringIn("/proc/nowhere")).rejects.toThrow(/^\/proc\/nowhere: .*; name another folder with -w$/);
  });

  it("says so when the folder is removed under it, and goes on in a new file when a file is", async () => {
    const folder = newFolder();
    const { ring, times } = await ringIn(folder);
    const put = async (second: number) => {
      times.ns = second * SECOND;
      ring.packet(slotOf({ time: times.ns, data: bytesOf(60, second) }), "lo");
      await ring.flush();
    };
    await put(0);
    rmSync(ring.files[0]!);
    await put(6);
    await put(7);
    expect((await recordsIn(ring.files)).map((r) => r.data)).toEqual([bytesOf(60, 7)]);
    expect(ring.removed).toEqual({ files: 1, packets: 2, forRoom: 0 });
    rmSync(folder, { recursive: true });
    await expect(put(20)).rejects.toThrow(`${folder}: was removed while the capture went on`);
    await expect(ring.flush()).rejects.toThrow(/was removed/);
    mkdirSync(folder);
  });

  it.skipIf(!hasTshark)("writes what tshark reads, statistics included", async () => {
    const { ring } = await ringIn(
      newFolder(),
      {},
      { application: "halfclose 0.0.0", comment: "stamped by the kernel" },
    );
    for (let n = 0; n < 5; n++) ring.packet(slotOf({ time: n * 1e6 + 1, data: bytesOf(60 + n) }), "lo");
    await ring.close({ received: 12, dropped: 7 });
    const path = ring.files[0]!;
    const tshark = spawnSync("tshark", ["-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len"]);
    expect(tshark.status).toBe(0);
    expect(tshark.stdout.toString().trim().split("\n")).toEqual(
      [0, 1, 2, 3, 4].map((n) => `1772390045.00${n}000001\t${60 + n}`),
    );
    const info = spawnSync("capinfos", [path]);
    expect(info.status).toBe(0);
    expect(info.stdout.toString()).toMatch(/Number of stat entries = 1/);
    expect(info.stdout.toString()).toMatch(/stamped by the kernel/);
  });
});
