// What of a conversation may leave the machine? One redactor a protocol says it, byte by byte, as the conversation is read.
//
// A redactor names what may stay; everything else is replaced by {@link FILL}, of the same length, so that nothing leaves because
// somebody forgot it. It keeps what the protocol's decoder needs to come to the same exchanges (lengths, types, heads without their
// secrets, error codes), so that a redacted slice is analysed to the same findings. It never throws; where it has lost the thread
// (a gap, damage) it keeps nothing until it has found it again.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import type { Pseudonyms } from "../core/pseudonyms.ts";
import type { FlowOpening, Protocol, Side } from "../core/stream-decoder.ts";

/** What stands in the place of a byte that does not leave: "x". No protocol's message begins with a run of it. */
export const FILL = 0x78;

/** What was replaced, for the count in the report. */
export type Redacted =
  | "header values"
  | "target secrets"
  | "statement literals"
  | "credentials"
  | "payload bytes"
  | "keys"
  | "host names"
  | "error texts"
  | "addresses";

export interface RedactionPolicy {
  readonly level: "default" | "strict";
  /** With `strict`: what host names and addresses within texts become, of the same length. Null otherwise. */
  readonly pseudonyms: Pseudonyms | null;
}

/** Offsets count the bytes of a side from the first that its redactor was given, gaps included. */
export interface RedactionSink {
  /** [from, to) of this side, given before, may leave as it is. */
  keep(side: Side, from: number, to: number): void;
  /** These bytes leave in the place of as many, given before, from `from` on. */
  replace(side: Side, from: number, bytes: Uint8Array): void;
  count(what: Redacted, n?: number): void;
}

export interface StreamRedactor {
  /**
   * bytes[start, end) of a side, in order, all of one segment; bytes[start] is at offset `at`. Called behind the decoder's own
   * `data`. What was given earlier may still be kept or replaced, with bytes that the redactor remembers: bounded, as decoders are.
   * Frame and time are those that the decoder was given: what answers what may hang on them.
   */
  data(side: Side, bytes: Uint8Array, start: number, end: number, at: number, frame: FrameRef, time: Nanos): void;
  /** `length` bytes of this side from offset `at` on are not in the capture. */
  gap(side: Side, length: number, at: number, reason: "missing" | "snap"): void;
  /** Nothing more of this side comes, as its session was told; data may come nevertheless, and is read anew. */
  end?(side: Side, how: "fin" | "reset" | "capture"): void;
}

export interface StreamRedaction {
  readonly protocol: Protocol;
  /** `opening` is given where the decoder claimed the flow by its ports (framed). */
  open(sink: RedactionSink, policy: RedactionPolicy, opening?: FlowOpening): StreamRedactor;
}
