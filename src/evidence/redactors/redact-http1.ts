// What of an HTTP/1 conversation may leave? (RFC 9112) Heads without their secrets, and how bodies are framed; no byte of a body.
//
// The redactor follows the decoder itself: a session of its own is given the same bytes, a line or a piece of a body at a time, and
// where it stands before and behind each piece says what the piece was. So both agree on what is a head, by construction.

import { type Http1Session, http1 } from "../../../decoders/http1.ts";
import { Body } from "../../../decoders/http1-body.ts";
import { type Direction, Mode } from "../../../decoders/http1-direction.ts";
import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import { otherSide, type Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { NullSink } from "./null-sink.ts";
import { isLineEnd, veilChunkLine, veilField, veilStartLine } from "./redact-http1-lines.ts";
import { Remembered } from "./remembered.ts";
import type { Count } from "./veiled.ts";

const LF = 0x0a;
/** Of a line so much is judged, and the rest filled: decoders look at no more. */
const MAX_LINE = 65_536;
/** Of what a client sent behind a CONNECT that has no answer yet, as the decoder does (decoders/http1-tunnel.ts). */
const MAX_HELD = 4_096;
/**
 * Stands where a decoder looked for a message and found none. A run of fill shorter than a method is long might be the start of one,
 * and the decoder would wait for the rest instead of going on as it did.
 */
const NO_MESSAGE = Uint8Array.of(0);

/** What came behind a CONNECT: bytes, or how many are missing. */
type Held =
  | { bytes: Uint8Array; at: number; frame: FrameRef; time: Nanos }
  | { missing: number; at: number; reason: "missing" | "snap" };

class Line {
  /** The line that is not complete. */
  readonly begun = new Remembered(MAX_LINE);
  /** The field that a folded line goes on with. */
  field: string | null = null;
  held: Held[] = [];
  heldLength = 0;
}

class Http1Redactor implements StreamRedactor {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly count: Count;
  private readonly followed = new NullSink("http");
  private readonly session: Http1Session = http1.open(this.followed);
  private readonly lines: readonly [Line, Line] = [new Line(), new Line()];

  constructor(sink: RedactionSink, policy: RedactionPolicy) {
    this.sink = sink;
    this.policy = policy;
    this.count = (what, n) => sink.count(what, n);
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, at: number, frame: FrameRef, time: Nanos): void {
    this.follow(side, bytes, start, end, at, frame, time);
    this.release(otherSide(side));
  }

  gap(side: Side, length: number, at: number, reason: "missing" | "snap"): void {
    if (this.followed.isUpgraded || length <= 0) return;
    const d = this.session.directions[side];
    const line = this.lines[side];
    if (d.mode === Mode.connects) {
      line.held.push({ missing: length, at, reason });
      return;
    }
    // What came of a start line is read as a message's when the snap length cut it.
    if (d.mode === Mode.line && line.begun.length > 0) this.leaveStart(side, line.begun, true);
    line.begun.clear();
    this.session.gap(side, length, reason);
    this.release(otherSide(side));
  }

  private follow(
    side: Side,
    bytes: Uint8Array,
    start: number,
    end: number,
    at: number,
    frame: FrameRef,
    time: Nanos,
  ): void {
    const d = this.session.directions[side];
    for (let i = start; i < end && !this.followed.isUpgraded; ) {
      if (d.mode === Mode.connects) {
        this.hold(side, { bytes: bytes.slice(i, end), at: at + i - start, frame, time });
        return;
      }
      const isNext =
        d.mode === Mode.body && i === start && d.guessed && this.session.isNextResponse(side, bytes, start, end);
      const to = d.mode === Mode.body && !isNext ? endOfBodyPiece(d, bytes, i, end) : endOfLine(bytes, i, end);
      const { mode } = d;
      const body = d.body.state;
      this.session.data(side, bytes, i, to, frame, time);
      const place = at + i - start;
      if (mode === Mode.body && !isNext) this.bodyPiece(side, body, bytes, i, to, place);
      else if (mode === Mode.fields) this.fieldPiece(side, bytes, i, to, place);
      else this.startPiece(side, bytes, i, to, place);
      // The rest of the segment is not read.
      if (isLost(d)) {
        if (d.mode !== mode || mode === Mode.lost) this.lines[side].begun.clear();
        return;
      }
      i = to;
    }
  }

  // ── heads ──

  private startPiece(side: Side, bytes: Uint8Array, from: number, to: number, at: number): void {
    const d = this.session.directions[side];
    const { begun } = this.lines[side];
    if (isLost(d)) {
      this.sink.replace(side, at, NO_MESSAGE);
      return;
    }
    if (d.mode === Mode.start) {
      // Empty lines before a message.
      this.sink.keep(side, at, at + to - from);
      return;
    }
    const hadBegun = begun.length > 0;
    // The decoder has let go of what was begun before, and begun again with this segment.
    if (hadBegun && d.mode === Mode.line && d.lineLength === to - from) begun.clear();
    begun.add(bytes, from, to, at);
    if (bytes[to - 1] !== LF) return;
    this.lines[side].field = null;
    if (!this.leaveStart(side, begun, begun.isCut) && hadBegun) {
      // What was begun before was none; the segment begins with one of its own.
      begun.clear();
      begun.add(bytes, from, to, at);
      this.leaveStart(side, begun, false);
    }
    if (begun.isCut) this.sink.keep(side, at + to - from - 1, at + to - from);
    begun.clear();
  }

  private leaveStart(side: Side, line: Remembered, isCut: boolean): boolean {
    const out = veilStartLine(line.bytes, isCut ? "cut" : "whole", this.policy, this.count);
    if (out !== null) line.leave(out, side, this.sink);
    return out !== null;
  }

  private fieldPiece(side: Side, bytes: Uint8Array, from: number, to: number, at: number): void {
    const line = this.lines[side];
    const { begun } = line;
    begun.add(bytes, from, to, at);
    if (bytes[to - 1] !== LF) return;
    const { out, name } = veilField(begun.bytes, line.field, this.policy, this.count);
    line.field = name;
    begun.leave(out, side, this.sink);
    if (begun.isCut) this.sink.keep(side, at + to - from - 1, at + to - from);
    begun.clear();
  }

  // ── bodies ──

  private bodyPiece(side: Side, before: Body, bytes: Uint8Array, from: number, to: number, at: number): void {
    switch (before) {
      case Body.chunkSize:
      case Body.chunkExtension: {
        const line = this.lines[side];
        line.field = null;
        line.begun.clear();
        if (isLost(this.session.directions[side])) return;
        const part = new Remembered(to - from);
        part.add(bytes, from, to, at);
        part.leave(veilChunkLine(part.bytes, before === Body.chunkExtension), side, this.sink);
        return;
      }
      case Body.chunkEnd:
        for (let i = from; i < to && isLineEnd(bytes[i]!); i++) this.sink.keep(side, at + i - from, at + i - from + 1);
        return;
      case Body.trailer:
        this.fieldPiece(side, bytes, from, to, at);
        return;
      default:
        this.count("payload bytes", to - from);
    }
  }

  // ── tunnels ──

  private hold(side: Side, piece: Extract<Held, { bytes: Uint8Array }>): void {
    const line = this.lines[side];
    const { bytes, at } = piece;
    const n = Math.min(bytes.length, MAX_HELD - line.heldLength);
    line.heldLength += n;
    if (n > 0) line.held.push({ ...piece, bytes: bytes.subarray(0, n) });
    if (n < bytes.length) line.held.push({ missing: bytes.length - n, at: at + n, reason: "missing" });
  }

  /** The proxy has answered: what this side sent in the meantime is HTTP, or nobody's. */
  private release(side: Side): void {
    const line = this.lines[side];
    if (line.held.length === 0 || (!this.followed.isUpgraded && this.session.directions[side].mode === Mode.connects))
      return;
    const { held } = line;
    line.held = [];
    line.heldLength = 0;
    let beyond: { length: number; at: number; reason: "missing" | "snap" } | null = null;
    for (const part of held) {
      // Behind a hole the decoder forgets the rest too.
      const isMissing = "missing" in part;
      const length = isMissing ? part.missing : part.bytes.length;
      if (beyond !== null) beyond.length += length;
      else if (isMissing) beyond = { length, at: part.at, reason: part.reason };
      else this.follow(side, part.bytes, 0, length, part.at, part.frame, part.time);
    }
    if (beyond !== null) this.gap(side, beyond.length, beyond.at, beyond.reason);
  }
}

/** A call, so that the compiler forgets what it believed of the mode before. */
const isLost = (d: Direction): boolean => d.mode === Mode.lost;

/** Behind the next line end, or the end of what is here. */
function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  const at = bytes.subarray(from, end).indexOf(LF);
  return at < 0 ? end : from + at + 1;
}

function endOfBodyPiece(d: Direction, bytes: Uint8Array, from: number, end: number): number {
  switch (d.body.state) {
    case Body.length:
    case Body.chunkData:
      return Math.min(end, from + d.body.remaining);
    case Body.untilEnd:
      return end;
    default:
      return endOfLine(bytes, from, end);
  }
}

export const redactHttp1: StreamRedaction = {
  protocol: "http",
  open: (sink, policy) => new Http1Redactor(sink, policy),
};
