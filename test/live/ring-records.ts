// Records as a reader hands them out, times that a test sets, and what stands in the files of a ring afterwards.

import { readFileSync } from "node:fs";
import { sourceFromBytes } from "../../src/capture/source.ts";
import type { CaptureClock } from "../../src/core/clock.ts";
import { Packet } from "../../src/core/packet.ts";
import type { RingTimes } from "../../src/live/ring/ring.ts";
import { readAll } from "../capture/build.ts";

/** 2026-03-01T18:34:05Z, by `date -d … +%s`. */
export const START = 1_772_390_045_000_000_000n;

export interface Given {
  /** Nanoseconds since the clock's base. */
  readonly time: number;
  readonly data: Uint8Array;
  readonly original?: number;
  readonly linkType?: number;
  readonly tap?: number;
}

/** In a buffer with other bytes around, as in a reader's. */
export function slotOf({ time, data, original, linkType = 1, tap = 0 }: Given): Packet {
  const p = new Packet();
  p.buf = new Uint8Array(data.length + 7).fill(0xee);
  p.buf.set(data, 3);
  p.start = 3;
  p.end = 3 + data.length;
  p.origLen = original ?? data.length;
  p.time = time;
  p.linkType = linkType;
  p.tap = tap;
  return p;
}

/** A clock on the wall and one that never jumps, both set by hand. */
export function setTimes(clock: CaptureClock): RingTimes & { ns: number } {
  return {
    ns: 0,
    wall() {
      return clock.base + BigInt(this.ns);
    },
    elapsed() {
      return this.ns;
    },
  };
}

/** All records of these files in the order given, read one file at a time. Fails when a file has a problem. */
export async function recordsIn(files: readonly string[]) {
  const all = [];
  for (const file of files) {
    const { records, captures } = await readAll([sourceFromBytes(file, readFileSync(file))]);
    const problems = captures.flatMap((capture) => capture.problems);
    if (problems.length > 0) throw new Error(`${file}: ${problems[0]!.message}`);
    for (const record of records) all.push({ ...record, data: Uint8Array.from(record.data) });
  }
  return all;
}
