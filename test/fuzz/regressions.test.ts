// Does what once broke a decoder, found by the fuzzer beside, still do so? The input as it was left after minimising, and what is right.

import { describe, expect, it } from "vitest";
import { postgres } from "../../decoders/postgres.ts";
import { isHeader } from "../../decoders/postgres-messages.ts";
import { CaptureSet } from "../../src/capture/capture-set.ts";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import { hex, join } from "../decoders/frames.ts";
import { Recorder } from "../decoders/recorder.ts";

/** Bytes around each piece in its buffer. */
const AROUND = [0x00, 0x0a, 0x53, 0xff];
const BEFORE = 9;

describe("a PostgreSQL message of a type that there is not, with the length 0", () => {
  // Found as "depends on bytes around": such a message had −4 bytes of body, so reading went back, in front of the segment.
  const steps = [hex("50 0000001f 733000 434f5059207420535444494e00 0001 00000017 63 00000004"), hex("00 00000000 00")];

  function linesOf(around: number): string[] {
    const sink = new Recorder("postgresql");
    const session = postgres.open(sink);
    steps.forEach((bytes, n) => {
      for (let at = 0; at < bytes.length; at += 2) {
        const piece = bytes.subarray(at, at + 2);
        const buffer = join(new Uint8Array(BEFORE).fill(around), piece, new Uint8Array(BEFORE).fill(around));
        session.data(0, buffer, BEFORE, BEFORE + piece.length, n + 1, 1000 * (n + 1));
      }
    });
    return sink.log;
  }

  it("is no message", () => {
    for (const role of ["frontend", "backend"] as const) {
      expect(isHeader(role, 0, 0)).toBe(false);
      for (let type = 0; type < 256; type++)
        for (const length of [0, 1, 2, 3]) expect(isHeader(role, type, length)).toBe(false);
    }
  });

  it("is read alike whatever stands in front of the segment", () => {
    const first = linesOf(AROUND[0]!);
    for (const around of AROUND) expect(linesOf(around)).toEqual(first);
    expect(first.filter((line) => line.startsWith("request"))).toEqual(["request PREPARE COPY t STDIN"]);
  });
});

describe("what is no capture, and looks like text as far as one read goes", () => {
  // Found as "read in pieces": a NUL behind the first 24 bytes made it text or not, by the length of a read.
  const bytes = hex("28505e0d0a340d0a293743430d0a340d0a29377d240d0a3400");

  it("is named alike however it is read", async () => {
    for (const chunkBytes of [24, 1000]) {
      const set = new CaptureSet([sourceFromBytes("x", bytes)], new CaptureClock(), { chunkBytes });
      await expect(set.fill().then(() => set.fill())).rejects.toThrow("it is not a capture: the first bytes");
    }
  });
});
