// What stays when the disk is full? A small tmpfs that is really full (root), and files that are really cut.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { CaptureClock } from "../../src/core/clock.ts";
import { Ring, type RingLimits } from "../../src/live/ring/ring.ts";
import { recordsIn, START, setTimes, slotOf } from "./ring-records.ts";

const folder = mkdtempSync(join(tmpdir(), "halfclose-full-"));
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", folder]).status === 0;
afterAll(() => {
  if (isMounted) spawnSync("umount", ["-l", folder]);
  rmSync(folder, { recursive: true, force: true });
});

const SECOND = 1e9;
const LIMITS: RingLimits = { fileBytes: 400_000, fileNs: 300 * SECOND, keepBytes: 1e9, keepNs: null };
const UNKNOWN = { received: null, dropped: null };
const bytesOf = (n: number): Uint8Array => Uint8Array.from({ length: 1000 }, (_, i) => (i + n) & 255);

async function ringHere(limits: Partial<RingLimits> = {}) {
  const clock = new CaptureClock();
  clock.start(START);
  const times = setTimes(clock);
  const about = { application: "halfclose 0.0.0", comment: "", statistics: () => ({ received: 1, dropped: 0 }) };
  const ring = await Ring.open(folder, { ...LIMITS, ...limits }, about, clock, times);
  let n = 0;
  /** So many packets, a write for each ten. */
  const put = async (count: number) => {
    for (let i = 0; i < count; i++) {
      times.ns = n * 1e6;
      ring.packet(slotOf({ time: times.ns, data: bytesOf(n++) }), "lo");
      if (i % 10 === 9) await ring.flush();
    }
    await ring.flush();
  };
  return { ring, times, put };
}

const numbersOf = (records: Awaited<ReturnType<typeof recordsIn>>): number[] =>
  records.map((r) => Number(r.epoch - START) / 1e6);
const run = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const isReadByTshark = (path: string): boolean => spawnSync("capinfos", [path]).status === 0;
const hasTshark = spawnSync("capinfos", ["--version"]).status === 0;

describe.skipIf(!isMounted)("a full disk (a tmpfs of 2 MB: needs root)", () => {
  beforeEach(() => {
    spawnSync("mount", ["-o", "remount,rw", folder]);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    spawnSync("mount", ["-o", "remount,size=2m", folder]);
  });

  it("gives up the oldest files one by one and goes on, with every packet of the rest", async () => {
    const { ring, put } = await ringHere();
    await put(5000);
    await ring.close(UNKNOWN);
    expect([ring.state, ring.notWritten]).toEqual(["writing", 0]);
    expect(ring.removed.files).toBeGreaterThan(5);
    const numbers = numbersOf(await recordsIn(ring.files));
    expect(numbers).toEqual(run(ring.removed.packets, 5000));
    expect(numbers.length).toBeGreaterThan(1200);
    if (hasTshark) for (const path of ring.files) expect(isReadByTshark(path)).toBe(true);
  });

  it("with none left to give up, keeps the file up to its last whole packet, counts, and begins again when there is room", async () => {
    const { ring, times, put } = await ringHere({ fileBytes: 100e6 });
    await put(3000);
    expect(ring.state).toBe("full");
    expect(ring.files.length).toBe(1);
    const kept = numbersOf(await recordsIn(ring.files));
    expect(kept).toEqual(run(0, kept.length));
    expect(statSync(ring.files[0]!).size).toBeGreaterThan(2 * 1024 * 1024 - 4096);
    expect(ring.notWritten).toBe(3000 - kept.length);
    expect(ring.covered!.to).toBe(START + BigInt(kept.length - 1) * 1_000_000n);
    if (hasTshark) expect(isReadByTshark(ring.files[0]!)).toBe(true);
    // Still full: no state but this one, nothing left behind.
    times.ns += 6 * SECOND;
    await ring.flush();
    expect([ring.state, readdirSync(folder).length]).toEqual(["full", 1]);
    await ring.snapshot("not to be kept\n", START);
    expect([ring.snapshots, ring.lostSnapshots]).toEqual([[], 1]);
    spawnSync("mount", ["-o", "remount,size=4m", folder]);
    times.ns += 6 * SECOND;
    await ring.flush();
    expect(ring.state).toBe("writing");
    const before = ring.notWritten;
    await put(100);
    await ring.close({ received: 50, dropped: 2 });
    expect(numbersOf(await recordsIn(ring.files))).toEqual([...kept, ...run(3000, 3100)]);
    expect([ring.files.length, ring.notWritten]).toEqual([2, before]);
  });

  it("never gives up files that were there before", async () => {
    writeFileSync(join(folder, "halfclose-20200101T000000Z-00001.pcapng"), new Uint8Array(1_500_000));
    const { ring, put } = await ringHere();
    await put(2000);
    await ring.close(UNKNOWN);
    expect(statSync(join(folder, "halfclose-20200101T000000Z-00001.pcapng")).size).toBe(1_500_000);
    expect(numbersOf(await recordsIn(ring.files))).toEqual(run(ring.removed.packets, 2000));
  });

  it("loses a snapshot for which there is no room, and nothing else", async () => {
    const { ring, put } = await ringHere({ fileBytes: 100e6 });
    await put(1000);
    await ring.snapshot("x".repeat(500_000), START);
    await ring.snapshot("y".repeat(900_000), START);
    expect(ring.lostSnapshots).toBe(1);
    expect(statSync(ring.snapshots[0]!).size).toBe(500_001);
    await put(100);
    await ring.close(UNKNOWN);
    expect(numbersOf(await recordsIn(ring.files))).toEqual(run(0, 1100));
  });

  it("says so when the disk can only be read", async () => {
    spawnSync("mount", ["-o", "remount,ro", folder]);
    const open = ringHere();
    await expect(open).rejects.toThrow(
      `${folder}: cannot be written: its file system is read-only; name another folder with -w`,
    );
    spawnSync("mount", ["-o", "remount,rw", folder]);
  });

  it("does not begin where there is no room at all", async () => {
    writeFileSync(join(folder, "all"), new Uint8Array(2 * 1024 * 1024));
    await expect(ringHere()).rejects.toThrow(
      `${folder}: no room left on its disk; free some, or name another folder with -w`,
    );
    expect(readdirSync(folder)).toEqual(["all"]);
  });
});
