// What do the frames of an HTTP/2 connection say, one after another? (RFC 9113 §3.4, §4, §6)
//
// Each direction is a machine of its own:
//
//   start ─▶ header ─▶ payload ─▶ header …        lost ─▶ header, where a segment starts with a chain of frames
//
// "start" takes the client's preface, if there is one. "lost" is where the place in the stream is not known: joined midway,
// bytes missing between frames, no HTTP/2. A gap within a frame is stepped over; within a header block it costs what the dynamic
// tables held (see hpack-table.ts), so that later fields may be unknown, but streams still pair by their numbers.
// A direction keeps at most MAX_BLOCK bytes of an incomplete header block and its HPACK table; bodies are counted.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { Exchange, ExchangeSink, Side, StreamSession } from "../src/core/stream-decoder.ts";
import { HpackDecoder } from "./hpack.ts";
import { type TextCache, textOf } from "./http1-text.ts";
import { Direction, Mode } from "./http2-direction.ts";
import { Fields, WANTED_FIELDS } from "./http2-fields.ts";
import {
  type Chain,
  errorName,
  Flag,
  FrameType,
  HEADER,
  isHeader,
  NO_ERROR,
  PREFACE,
  prefaceAt,
  streamOf,
  u32,
} from "./http2-frames.ts";
import { Streams } from "./http2-streams.ts";

export class Http2Session implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly chain: Chain;
  private readonly streams: Streams;
  private readonly fields = new Fields();
  private readonly directions: readonly [Direction, Direction];
  private hasPreface = false;

  constructor(sink: ExchangeSink, texts: TextCache, chain: Chain) {
    this.sink = sink;
    this.chain = chain;
    this.streams = new Streams(sink);
    const direction = () => new Direction(new HpackDecoder(WANTED_FIELDS, texts));
    this.directions = [direction(), direction()];
  }

  /** The connection began as HTTP/1.1, and this request of it (null: not captured) is answered on stream 1. */
  adopt(exchange: Exchange | null, requester: Side): void {
    this.streams.client = requester;
    this.hasPreface = true;
    if (exchange !== null) this.streams.adopt(exchange);
  }

  // hot: per segment. A body costs a subtraction for each frame.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const d = this.directions[side];
    if (start >= end) return;
    const segmentStart = frame !== d.lastFrame;
    d.lastTime = time;
    d.lastFrame = frame;
    if (d.mode === Mode.lost) {
      if (!segmentStart || !this.findsFrames(d, bytes, start, end)) {
        this.streams.unseen(side, d.lostBecause);
        return;
      }
      d.mode = prefaceAt(bytes, start, end) === "no" ? Mode.header : Mode.start;
    }
    let i = start;
    while (i < end && !isLost(d)) {
      if (d.mode === Mode.payload) i = this.payload(side, d, bytes, i, end);
      else if (d.mode === Mode.start) i = this.preface(side, d, bytes, i, end);
      else i = this.header(side, d, bytes, i, end);
    }
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const d = this.directions[side];
    if (length <= 0 || d.mode === Mode.lost) return;
    const why = reason === "snap" ? "snap" : "gap";
    let beyond = length;
    if (d.mode === Mode.payload) {
      const n = Math.min(d.left, length);
      if (d.isKept) d.keptCut = true;
      d.fresh = false;
      d.left -= n;
      beyond -= n;
      if (d.left === 0) this.frameDone(side, d);
      if (beyond === 0) return;
    }
    this.lose(side, d, why);
  }

  end(side: Side, _how: "fin" | "reset" | "capture"): void {
    const d = this.directions[side];
    // Data may come nevertheless, when a reset was forged or ignored: then a segment that starts with frames is read.
    d.mode = Mode.lost;
    d.sure = false;
    d.have = 0;
    d.dropKept();
    d.hpack.forget();
  }

  /** Lost: does this segment start where frames do? What the snap length cut shows one header, and not the next. */
  private findsFrames(d: Direction, bytes: Uint8Array, start: number, end: number): boolean {
    if (prefaceAt(bytes, start, end) === "whole") return true;
    const { chain } = this;
    chain.read(bytes, start, end);
    return chain.exact || chain.frames > (d.lostBecause === "snap" ? 0 : 1);
  }

  private preface(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    let i = from;
    while (i < end && d.have < PREFACE.length && bytes[i] === PREFACE[d.have]) {
      d.have++;
      i++;
    }
    if (d.have === PREFACE.length) {
      this.streams.client = side;
      this.hasPreface = true;
      d.have = 0;
      d.mode = Mode.header;
    } else if (i < end) {
      // It began as the preface does, and is something else: no frame either, for "PRI" would be the length of one.
      if (d.have > 0) this.lose(side, d, "gap");
      else {
        if (!this.hasPreface) d.hpack.forget();
        d.mode = Mode.header;
      }
    }
    return i;
  }

  // hot: per frame.
  private header(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    if (d.have === 0) {
      d.frame = d.lastFrame;
      d.time = d.lastTime;
    }
    let i = from;
    while (i < end && d.have < HEADER) d.header[d.have++] = bytes[i++]!;
    if (d.have < HEADER) return i;
    if (!isHeader(d.header, 0, d.sure)) {
      this.lose(side, d, "gap");
      return i;
    }
    d.takeHeader();
    if (d.blockStream !== 0 && (d.type !== FrameType.continuation || d.stream !== d.blockStream)) {
      // Nothing may come between the frames of a header block (§4.3): the rest of it is missing.
      d.keptCut = true;
      this.keptBlock(side, d);
    }
    if (d.type === FrameType.data) this.streams.body(side, d.stream, d.left);
    else if (d.type === FrameType.continuation && d.blockStream === 0) d.keptCut = true;
    if (d.left === 0) this.frameDone(side, d);
    return i;
  }

  // hot: per frame and segment.
  private payload(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    const to = Math.min(end, from + d.left);
    const { fresh } = d;
    d.fresh = false;
    d.left -= to - from;
    if (d.type === FrameType.data) {
      if (fresh && (d.flags & Flag.padded) !== 0) this.streams.body(side, d.stream, -1 - d.padding(bytes[from]!));
      this.streams.bodyMoved(side, d.stream, d.lastTime);
    } else if (d.type === FrameType.headers && fresh && d.left === 0 && (d.flags & Flag.endHeaders) !== 0) {
      // Nearly always: the whole block is in this segment, and is read where it stands.
      this.beginBlock(d);
      const first = from + d.fieldsFrom();
      this.readBlock(side, d, bytes, first, to - d.padding(bytes[from]!));
      d.dropKept();
      d.mode = Mode.header;
      return to;
    } else if (d.isKept) d.keep(bytes, from, to);
    if (d.left === 0) this.frameDone(side, d);
    return to;
  }

  /** The last byte of a frame has come. */
  private frameDone(side: Side, d: Direction): void {
    d.mode = Mode.header;
    switch (d.type) {
      case FrameType.data:
        if ((d.flags & Flag.endStream) !== 0) this.streams.ended(side, d.stream, d.lastTime);
        return;
      case FrameType.headers:
      case FrameType.pushPromise:
      case FrameType.continuation:
        this.blockFrameDone(side, d);
        return;
      case FrameType.rstStream: {
        const code = d.keptLength >= 4 ? u32(d.kept!, 0) : null;
        this.streams.reset(side, d.stream, code, d.frame, d.time);
        d.dropKept();
        return;
      }
      case FrameType.goaway:
        if (d.keptLength >= 8) this.goaway(side, d, d.kept!, d.keptLength);
        d.dropKept();
        return;
    }
  }

  private goaway(side: Side, d: Direction, bytes: Uint8Array, length: number): void {
    const last = streamOf(bytes, 0);
    const code = u32(bytes, 4);
    const { frame, time } = d;
    const words = textOf(bytes, 8, length);
    const text = words === "" ? "GOAWAY" : words;
    if (code === NO_ERROR) this.sink.remark({ side, frame, time, kind: "farewell", code: null, text });
    else this.sink.remark({ side, frame, time, kind: "refusal", code: errorName(code), text });
    this.streams.goaway(side, last, frame, time);
  }

  // ── header blocks ──

  private beginBlock(d: Direction): void {
    d.blockStream = d.stream;
    d.blockEnds = d.type === FrameType.headers && (d.flags & Flag.endStream) !== 0;
    d.blockPromise = d.type === FrameType.pushPromise;
    d.block.frame = d.frame;
    d.block.time = d.time;
  }

  /** A frame of a header block is complete, and its payload is the last of what is kept. Leaves the fields only. */
  private blockFrameDone(side: Side, d: Direction): void {
    if (d.type === FrameType.continuation) {
      if (d.blockStream === 0) {
        // The beginning of the block went by unseen.
        d.dropKept();
        d.hpack.forget();
        return;
      }
    } else {
      this.beginBlock(d);
      const { kept, keptLength } = d;
      const skipped = d.fieldsFrom();
      if (kept !== null && keptLength > 0) {
        const padding = d.keptCut ? 0 : d.padding(kept[0]!);
        if (skipped + padding > keptLength) d.keptCut = true;
        kept.copyWithin(0, Math.min(skipped, keptLength), keptLength);
        d.keptLength = Math.max(0, keptLength - skipped - padding);
      }
    }
    if ((d.flags & Flag.endHeaders) !== 0) this.keptBlock(side, d);
  }

  private keptBlock(side: Side, d: Direction): void {
    if (d.kept === null) this.readBlock(side, d, d.header, 0, 0);
    else this.readBlock(side, d, d.kept, 0, d.keptLength);
    d.dropKept();
  }

  private readBlock(side: Side, d: Direction, bytes: Uint8Array, from: number, to: number): void {
    const { fields } = this;
    fields.clear();
    let whole = !d.keptCut;
    if (from < to) whole = d.hpack.decode(bytes, from, to, fields) && whole;
    else if (from > to) whole = false;
    if (!whole) {
      fields.doubtful = true;
      d.hpack.forget();
    }
    if (d.blockPromise) return;
    d.block.lastTime = d.lastTime;
    this.streams.headers(side, d.blockStream, fields, d.blockEnds, d.block);
  }

  /** Messages may have gone by unseen. What is known of the one in hand is said. */
  private lose(side: Side, d: Direction, why: "gap" | "snap"): void {
    if (d.blockStream !== 0) {
      d.keptCut = true;
      this.keptBlock(side, d);
    }
    d.mode = Mode.lost;
    d.lostBecause = why;
    d.sure = false;
    d.have = 0;
    d.dropKept();
    d.hpack.forget();
    this.streams.unseen(side, why);
  }
}

/** A call, so that the compiler forgets what it believed of the mode before. */
const isLost = (d: Direction): boolean => d.mode === Mode.lost;
