// Are several captures one, in time order, with few of them open at once?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CaptureSource, sourceFromBytes } from "../../src/capture/source.ts";
import { concat, describeInterface, enhanced, fill, pcap, readAll, section, simple } from "./build.ts";

const capture = (...seconds: number[]) => pcap(seconds.map((at) => ({ seconds: at, data: fill(1, at & 0xff) })));

/** Sources that count how many of them are open. */
function watched(all: readonly Uint8Array[], once = false) {
  const watch = { open: 0, most: 0, opened: 0 };
  const sources = all.map((bytes, i): CaptureSource => {
    const source = sourceFromBytes(`${i}.pcap`, bytes);
    const open = async () => {
      watch.opened++;
      watch.most = Math.max(watch.most, ++watch.open);
      const stream = await source.open();
      return {
        read: stream.read,
        close() {
          watch.open--;
        },
      };
    };
    return { path: source.path, size: source.size, once, open };
  });
  return { watch, sources };
}

describe("several captures", () => {
  it("are merged by time, with file and frame kept", async () => {
    const { sources, watch } = watched([capture(5, 9), capture(1, 7, 8), capture(6)]);
    const { records, captures, clock, set } = await readAll(sources);
    expect(records.map(({ file, frame, epoch }) => [file, frame, Number(epoch / 1_000_000_000n)])).toEqual([
      [1, 1, 1],
      [0, 1, 5],
      [2, 1, 6],
      [1, 2, 7],
      [1, 3, 8],
      [0, 2, 9],
    ]);
    expect(clock.base).toBe(1_000_000_000n);
    expect(captures.map(({ packets }) => packets)).toEqual([2, 3, 1]);
    expect(new Set(records.map(({ file, tap }) => `${file} ${tap}`)).size).toBe(3);
    expect(watch.open).toBe(0);
    expect(set.bytesRead).toBe(set.bytesTotal);
  });

  it("of the same time come in the order given", async () => {
    const { records } = await readAll(watched([capture(3, 3), capture(3), capture(3, 3)]).sources);
    expect(records.map(({ file, frame }) => [file, frame])).toEqual([
      [0, 1],
      [0, 2],
      [1, 1],
      [2, 1],
      [2, 2],
    ]);
  });

  it("of a rotated set are open a few at a time", async () => {
    const files = Array.from({ length: 200 }, (_, i) => capture(10 * i, 10 * i + 5, 10 * i + 9));
    // Names sort other than times: tcpdump -W starts again at file 0.
    const { sources, watch } = watched([...files.slice(77), ...files.slice(0, 77)]);
    const { records } = await readAll(sources);
    expect(records.map(({ epoch }) => Number(epoch / 1_000_000_000n))).toEqual(
      files.flatMap((_, i) => [10 * i, 10 * i + 5, 10 * i + 9]),
    );
    // Four are looked at together; later there is the one that is read, the next one, and one that is being closed.
    expect(watch.most).toBeLessThanOrEqual(4);
    expect(watch.opened).toBe(400);
  });

  it("that are pipes are opened once and stay open", async () => {
    const pipes = watched([capture(2, 4), capture(1, 3)], true);
    const { records } = await readAll([...pipes.sources, sourceFromBytes("file", capture(0, 9))]);
    expect(records.map(({ epoch }) => Number(epoch / 1_000_000_000n))).toEqual([0, 1, 2, 3, 4, 9]);
    expect(pipes.watch).toEqual({ open: 0, most: 2, opened: 2 });
  });

  it("need not hold a record, or end whole", async () => {
    const cut = capture(4, 6).subarray(0, -1);
    const { records, captures } = await readAll(watched([capture(), cut, capture(5)]).sources);
    expect(records.map(({ file }) => file)).toEqual([1, 2]);
    expect(captures.map(({ problems }) => problems.map(({ code }) => code))).toEqual([[], ["record-cut-short"], []]);
  });

  it("may begin with a record that has no time: it is put at the base of the clock", async () => {
    const timeless = concat(
      section(),
      describeInterface(),
      simple(fill(3)),
      enhanced({ units: 9_000_000n, data: fill(2) }),
    );
    const { records, clock } = await readAll(watched([capture(5, 10), timeless]).sources);
    expect(clock.base).toBe(5_000_000_000n);
    expect(records.map(({ file, frame }) => [file, frame])).toEqual([
      [0, 1],
      [1, 1],
      [1, 2],
      [0, 2],
    ]);
  });

  it("come out as a sort of their records does, however they overlap", async () => {
    const times = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(times, { minLength: 2, maxLength: 12 }), fc.boolean(), async (files, once) => {
        const sorted = files.map((file) => [...file].sort((a, b) => a - b));
        const { sources, watch } = watched(
          sorted.map((file) => capture(...file)),
          once,
        );
        const { records } = await readAll(sources, { chunkBytes: 64 });
        const expected = sorted
          .flatMap((file, f) => file.map((at, i) => ({ file: f, frame: i + 1, at })))
          .sort((a, b) => a.at - b.at || a.file - b.file || a.frame - b.frame);
        expect(records.map(({ file, frame }) => ({ file, frame }))).toEqual(
          expected.map(({ file, frame }) => ({ file, frame })),
        );
        expect(watch.open).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("can be left in the middle", async () => {
    const { sources, watch } = watched([capture(1, 3), capture(2, 4)]);
    const { CaptureSet } = await import("../../src/capture/capture-set.ts");
    const { CaptureClock } = await import("../../src/core/clock.ts");
    const set = new CaptureSet(sources, new CaptureClock());
    await set.fill();
    await set.close();
    await set.close();
    expect(watch.open).toBe(0);
    expect(await set.fill()).toBe(false);
  });
});
