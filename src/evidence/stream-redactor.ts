// What of a conversation may leave the machine? One redactor a protocol says it, byte by byte, as the conversation is read.
//
// A redactor names what may stay; everything else is replaced by {@link FILL}, of the same length, so that nothing leaves because
// somebody forgot it. It keeps what the protocol's decoder needs to come to the same exchanges (lengths, types, heads without their
// secrets, error codes), so that a redacted slice is analysed to the same findings. It never throws; where it has lost the thread
// (a gap, damage) it keeps nothing until it has found it again.

import type { Pseudonyms } from "../core/pseudonyms.ts";
import type { Protocol, Side } from "../core/stream-decoder.ts";

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
   */
  data(side: Side, bytes: Uint8Array, start: number, end: number, at: number): void;
  /** `length` bytes of this side from offset `at` on are not in the capture. */
  gap(side: Side, length: number, at: number): void;
}

export interface StreamRedaction {
  readonly protocol: Protocol;
  open(sink: RedactionSink, policy: RedactionPolicy): StreamRedactor;
}
