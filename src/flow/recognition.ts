// Which protocol is being spoken? Tries the decoders on the first bytes of each direction, until one of them knows.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import type { Side, StreamDecoder } from "../core/stream-decoder.ts";

/** Segments a direction may begin with that no decoder knows, before a flow seen from its SYN is left alone. */
const MAX_PROBES = 64;
/** Bytes kept of a direction while every decoder still wants more to tell. */
const MAX_PROBE_BYTES = 512;
/** A beginning cut by the snap length is taken at its word from this many bytes on ("GET /ab"). */
const CONVINCING_BYTES = 7;

/** A segment that came before the protocol was known. */
export interface Beginning {
  bytes: Uint8Array;
  frame: FrameRef;
  time: Nanos;
  behind: number;
}

/** The decoder that knows these bytes, the first of a direction, at once; null when none does, or one wants more. */
export function knownAtOnce(
  decoders: readonly StreamDecoder[],
  bytes: Uint8Array,
  start: number,
  end: number,
): StreamDecoder | null {
  for (const decoder of decoders) if (decoder.probe(bytes, start, end) === "yes") return decoder;
  return null;
}

export class Recognition {
  private readonly decoders: readonly StreamDecoder[];
  private readonly patient: boolean;
  private readonly parts: readonly [Beginning[], Beginning[]] = [[], []];
  /** The decoder that wanted more of the beginning kept in `parts`. */
  private candidate: StreamDecoder | null = null;
  private probes = 0;

  /** `patient`: the flow was joined midway, so a message may begin at any later segment. */
  constructor(decoders: readonly StreamDecoder[], patient: boolean) {
    this.decoders = decoders;
    this.patient = patient;
  }

  /** Nobody knows what came so far, and nobody will be asked again. */
  get isOver(): boolean {
    return this.probes >= MAX_PROBES && !this.patient;
  }

  /** The decoder that knows what this side says; null: none does yet, and what came is kept as far as one wants more. */
  look(
    side: Side,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
    behind = 0,
  ): StreamDecoder | null {
    const parts = this.parts[side];
    let all = bytes;
    let from = start;
    let to = end;
    if (parts.length > 0) {
      all = join([...parts.map((p) => p.bytes), bytes.subarray(start, Math.min(end, start + MAX_PROBE_BYTES))]);
      from = 0;
      to = all.length;
    }
    let candidate: StreamDecoder | null = null;
    for (const decoder of this.decoders) {
      const answer = decoder.probe(all, from, to);
      if (answer === "yes") return decoder;
      if (answer === "more") candidate ??= decoder;
    }
    this.candidate = candidate;
    if (candidate !== null && to - from < MAX_PROBE_BYTES) {
      parts.push({ bytes: bytes.slice(start, end), frame, time, behind });
    } else {
      parts.length = 0;
      this.probes++;
    }
    return null;
  }

  /** A side's beginning will not get longer. Cut by the snap length, it is taken for what it may be; else it says nothing. */
  cut(side: Side, reason: "missing" | "snap"): StreamDecoder | null {
    const parts = this.parts[side];
    if (reason === "snap" && this.candidate !== null && lengthOf(parts) >= CONVINCING_BYTES) return this.candidate;
    parts.length = 0;
    return null;
  }

  /** What came of a side before its decoder was known. */
  beginningOf(side: Side): readonly Beginning[] {
    return this.parts[side];
  }
}

const lengthOf = (parts: readonly Beginning[]): number => parts.reduce((n, p) => n + p.bytes.length, 0);

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
