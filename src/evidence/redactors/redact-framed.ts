// What of frames whose format somebody described may leave? Their headers' fields: magic, length, id, type. (decoders/framed.ts)

import { claimFramed, FramedSession, type FramedTap } from "../../../decoders/framed.ts";
import type { FramedDirection } from "../../../decoders/framed-direction.ts";
import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import { type FrameField, type FrameFormat, fieldSize, MAX_VARINT } from "../../core/frame-option.ts";
import type { FlowOpening, Side } from "../../core/stream-decoder.ts";
import type { RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { NullSink } from "./null-sink.ts";

/** Of bytes in the place of a magic so many are shown (decoders/framed-header.ts). */
const SHOWN_OF_MAGIC = 4;
/** Heads whose place is a guess. Three bear a guess out at the latest; those of frames without payload count for nothing. */
const MAX_GUESSED = 4096;

class FramedRedactor implements StreamRedactor, FramedTap {
  private readonly sink: RedactionSink;
  private readonly session: FramedSession | null;
  private readonly format: FrameFormat;
  /** By side: [from, to) of what stays when the guess is believed, in a row. */
  private readonly guessed: [number[], number[]] = [[], []];

  constructor(sink: RedactionSink, formats: readonly FrameFormat[], opening: FlowOpening | undefined) {
    this.sink = sink;
    const nobody = new NullSink("framed");
    const first = formats[0]!;
    // Where another protocol turned into this one the ports are not known: as decoders/framed.ts opens it.
    this.session =
      opening === undefined
        ? new FramedSession(nobody, first, null, false, this)
        : claimFramed(formats, nobody, opening, this);
    this.format = this.session?.format ?? first;
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, _at: number, frame: FrameRef, time: Nanos): void {
    this.session?.data(side, bytes, start, end, frame, time);
  }

  gap(side: Side, length: number, _at: number, reason: "missing" | "snap"): void {
    this.session?.gap(side, length, reason);
  }

  end(side: Side, how: "fin" | "reset" | "capture"): void {
    this.session?.end(side, how);
  }

  head(d: FramedDirection): void {
    // A guess that was given up for another one is none any more.
    if (!d.isSure && d.guessed === 0 && d.score <= 1) this.guessed[d.side] = [];
    const { start, got } = d;
    const header = d.isMeasured ? d.total - d.payload : got;
    const kept = this.fields(header, got).map(([from, to]) => [start + from, start + to] as const);
    if (d.isSure) for (const [from, to] of kept) this.sink.keep(d.side, from, to);
    else if (d.isMeasured && this.guessed[d.side].length < MAX_GUESSED) this.guessed[d.side].push(...kept.flat());
    if (d.isMeasured && d.payload > 0 && d.isSure) this.sink.count("payload bytes", d.payload);
  }

  believed(d: FramedDirection): void {
    const guessed = this.guessed[d.side];
    for (let i = 0; i + 1 < guessed.length; i += 2) this.sink.keep(d.side, guessed[i]!, guessed[i + 1]!);
    this.guessed[d.side] = [];
  }

  /** What the report of a broken frame shows: the beginning of what should be the magic, or the length. */
  wrong(d: FramedDirection): void {
    const { magic, length } = this.format;
    const isMagic = magic.every((byte, i) => d.head[i] === byte);
    const shown = Math.min(d.got, magic.length, isMagic ? magic.length : SHOWN_OF_MAGIC);
    if (shown > 0) this.sink.keep(d.side, d.start, d.start + shown);
    if (!isMagic) return;
    const from = length.offset;
    const to = Math.min(d.got, from + (length.type === "varint" ? MAX_VARINT : fieldSize(length.type)));
    if (from < to) this.sink.keep(d.side, d.start + from, d.start + to);
  }

  /** [from, to) within a head of which `got` bytes are here, `header` of them the header's. */
  private fields(header: number, got: number): [number, number][] {
    const { id, type, magic, length } = this.format;
    const size = length.type === "varint" ? header - length.offset : fieldSize(length.type);
    const ranges: [number, number][] = [
      [0, magic.length],
      [length.offset, length.offset + size],
      ...[id, type]
        .filter((f): f is FrameField => f !== null)
        .map((f): [number, number] => [f.offset, f.offset + fieldSize(f.type)]),
    ];
    return ranges.map(([from, to]): [number, number] => [from, Math.min(to, got)]).filter(([from, to]) => from < to);
  }
}

export const redactFramed = (formats: readonly FrameFormat[]): StreamRedaction => ({
  protocol: "framed",
  open: (sink, _policy, opening) => new FramedRedactor(sink, formats, opening),
});
