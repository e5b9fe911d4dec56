// What leaves of a dialogue? Runs a stream redactor over the steps of a test (test/decoders/recorder.ts), as the slice does.

import { expect } from "vitest";
import type { Pseudonyms } from "../../src/core/pseudonyms.ts";
import type { Side, StreamDecoder } from "../../src/core/stream-decoder.ts";
import { FILL, type Redacted, type RedactionPolicy, type StreamRedaction } from "../../src/evidence/stream-redactor.ts";
import { type Cut, play, type Recorded, type Recorder, type Step } from "../decoders/recorder.ts";

export const DEFAULT: RedactionPolicy = { level: "default", pseudonyms: null };

/** A stand-in for pseudonyms that a reader can follow: every letter becomes "q", every digit 7, the length stays. */
const veil = (text: string): string => text.replace(/[A-Za-z]/g, "q").replace(/[0-9]/g, "7");
export const veils: Pseudonyms = {
  key: new Uint8Array(16),
  packet: () => {},
  ipv4: (address) => address,
  ipv6: () => {},
  mac: () => {},
  address: veil,
  hostName: veil,
  within: (text) => text.replace(/[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/g, veil),
};
export const STRICT: RedactionPolicy = { level: "strict", pseudonyms: veils };

export interface Left {
  /** The same segments, gaps and ends, with the bytes that leave. */
  readonly steps: Step[];
  readonly counts: ReadonlyMap<Redacted, number>;
  /** All that leaves of a side, one character a byte; gaps are left out. */
  text(side: Side): string;
}

/** Each piece a segment of its own. */
export function segmented(steps: readonly Step[], cut: Cut): Step[] {
  return steps.flatMap((step) => {
    if (!("bytes" in step)) return [step];
    const lengths = cut(step.bytes.length);
    const pieces: Step[] = [];
    for (let at = 0, k = 0; at < step.bytes.length; k++) {
      const n = Math.max(1, lengths[k % lengths.length] ?? 1);
      pieces.push({ side: step.side, bytes: step.bytes.slice(at, at + n) });
      at += n;
    }
    return pieces;
  });
}

/** Every step with bytes is one segment. What the redactor asks for outside of what it was given fails the test. */
export function redactSteps(steps: readonly Step[], redaction: StreamRedaction, policy = DEFAULT): Left {
  const counts = new Map<Redacted, number>();
  /** By side: where each segment given lies in the stream, what it was, and what leaves of it. */
  const given: [Piece[], Piece[]] = [[], []];
  const length: [number, number] = [0, 0];
  const write = (side: Side, from: number, to: number, byte: (offset: number, piece: Piece) => number) => {
    expect(from).toBeLessThanOrEqual(to);
    let written = 0;
    for (const piece of given[side].slice(firstReaching(given[side], from))) {
      if (piece.at >= to) break;
      for (let i = Math.max(from, piece.at); i < Math.min(to, piece.at + piece.was.length); i++, written++) {
        piece.is[i - piece.at] = byte(i, piece);
      }
    }
    expect(written, "kept or replaced bytes that were not given").toBe(to - from);
  };
  const redactor = redaction.open(
    {
      keep: (side, from, to) => write(side, from, to, (i, piece) => piece.was[i - piece.at]!),
      replace: (side, from, bytes) => write(side, from, from + bytes.length, (i) => bytes[i - from]!),
      count: (what, n = 1) => counts.set(what, (counts.get(what) ?? 0) + n),
    },
    policy,
  );
  let frame = 0;
  const left = steps.map((step): Step => {
    if ("gap" in step) {
      redactor.gap(step.side, step.gap, length[step.side], step.reason);
      length[step.side] += step.gap;
      return step;
    }
    if ("end" in step) {
      redactor.end?.(step.side, step.end);
      return step;
    }
    const { side, bytes } = step;
    const at = length[side];
    const piece = { at, was: bytes, is: new Uint8Array(bytes.length).fill(FILL) };
    given[side].push(piece);
    length[side] += bytes.length;
    // Another buffer each time, junk around: only bytes[start, end) may be read, and only during the call.
    const buffer = new Uint8Array(bytes.length + 6).fill(0x0a);
    buffer.set(bytes, 3);
    frame++;
    redactor.data(side, buffer, 3, 3 + bytes.length, at, frame, frame * 1000);
    buffer.fill(0x21);
    return { side, bytes: piece.is };
  });
  const text = (side: Side) =>
    left.map((s) => ("bytes" in s && s.side === side ? String.fromCharCode(...s.bytes) : "")).join("");
  return { steps: left, counts, text };
}

interface Piece {
  readonly at: number;
  readonly was: Uint8Array;
  readonly is: Uint8Array;
}

/** The first piece that ends behind `offset`. */
function firstReaching(pieces: readonly Piece[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.at + pieces[middle]!.was.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Twice {
  readonly before: Recorder;
  readonly after: Recorder;
  readonly left: Left;
}

/** Decodes a dialogue as it is, and what leaves of it. */
export function twice(
  steps: readonly Step[],
  decoder: StreamDecoder,
  redaction: StreamRedaction,
  policy = DEFAULT,
): Twice {
  const left = redactSteps(steps, redaction, policy);
  const run = (of: readonly Step[]) => play([...of], (n) => [n], "one segment", decoder);
  return { before: run(steps), after: run(left.steps), left };
}

/** The words of an exchange in which the two decodings may differ, made comparable. */
export type Words = (exchange: Recorded) => Recorded;
const asIs: Words = (exchange) => exchange;

/** Both decodings must agree in everything that a session says; `words` is applied to both. */
export function expectSame({ before, after }: Twice, words: Words = asIs): void {
  expect(after.exchanges.map(words)).toEqual(before.exchanges.map(words));
  expect(after.isUpgraded).toBe(before.isUpgraded);
  expect(after.upgradedTo).toBe(before.upgradedTo);
  expect(after.remarks.map((r) => ({ ...r, text: "" }))).toEqual(before.remarks.map((r) => ({ ...r, text: "" })));
  expect(after.intactMessages).toEqual(before.intactMessages);
  expect(after.brokenMessages).toEqual(before.brokenMessages);
  expect(after.cancelled.length).toBe(before.cancelled.length);
  expect(after.late.length).toBe(before.late.length);
}
