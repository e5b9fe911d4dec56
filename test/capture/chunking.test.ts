// Do the records depend on how the bytes arrive? Can any bytes make the reader throw, hang or read elsewhere?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CaptureError, sourceFromBytes } from "../../src/capture/source.ts";
import {
  block,
  concat,
  describeInterface,
  enhanced,
  fill,
  pcap,
  readAll,
  section,
  simple,
  sourceInPieces,
} from "./build.ts";

const sizes = [0, 1, 60, 1500, 65_549, 3];
const pcapBytes = pcap(sizes.map((size, i) => ({ seconds: 1000 + i, data: fill(size, i), original: size + 1 })));
const ngBytes = concat(
  section(),
  describeInterface(),
  ...sizes.map((size, i) => enhanced({ units: BigInt(1_000_000 + i), data: fill(size, i) })),
  block(0x7777, fill(5000)),
  block(0xbad, fill(20)),
  simple(fill(33)),
);
const captures: [string, Uint8Array][] = [
  ["pcap", pcapBytes],
  ["pcapng", ngBytes],
  ["a cut pcap", pcapBytes.subarray(0, -2)],
  ["a cut pcapng", ngBytes.subarray(0, -2)],
];

const story = ({ records, captures: [capture] }: Awaited<ReturnType<typeof readAll>>) => ({
  records,
  problems: capture.problems,
  packets: capture.packets,
  first: capture.firstTime,
});

describe.each(captures)("%s", (path, bytes) => {
  it("does not depend on the sizes of the pieces", async () => {
    const whole = story(await readAll([sourceFromBytes(path, bytes)]));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), { minLength: 1 }),
        fc.integer({ min: 64, max: 100_000 }),
        fc.boolean(),
        async (pieces, chunkBytes, later) => {
          const seen = await readAll([sourceInPieces(path, bytes, pieces, later)], { chunkBytes });
          expect(story(seen)).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("may come byte by byte", async () => {
    const whole = story(await readAll([sourceFromBytes(path, bytes)]));
    expect(story(await readAll([sourceInPieces(path, bytes, [1], false)]))).toEqual(whole);
    expect(story(await readAll([sourceFromBytes(path, bytes)], { chunkBytes: 1 }))).toEqual(whole);
  });
});

describe("arbitrary bytes", () => {
  /** Ends with records or with a CaptureError; readAll fails on anything that lies outside of the buffer. */
  const survives = async (bytes: Uint8Array) => {
    try {
      const { records, captures: seen } = await readAll([sourceFromBytes("any", bytes)]);
      const taken = records.reduce((sum, { data }) => sum + data.length, 0);
      expect(taken).toBeLessThanOrEqual(bytes.length);
      expect(seen[0].packets).toBe(records.length);
    } catch (error) {
      expect(error).toBeInstanceOf(CaptureError);
    }
  };

  it("of any sort", () => fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), survives), { numRuns: 300 }));

  it.each(captures)("in place of some of %s", (_, bytes) => {
    const small = bytes.subarray(0, 2000);
    const change = fc.tuple(fc.nat({ max: small.length - 1 }), fc.nat({ max: 255 }));
    return fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const changed = small.slice();
        for (const [at, value] of changes) changed[at] = value;
        await survives(changed);
      }),
      { numRuns: 300 },
    );
  });

  it.each(captures)("that are missing from the end of %s", async (_, bytes) => {
    for (let length = 0; length < 400; length++) await survives(bytes.subarray(0, length));
  });
});
