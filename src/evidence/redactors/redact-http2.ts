// What of an HTTP/2 connection may leave? (RFC 9113) Frames, settings and error codes, header blocks without their secrets; no byte of
// DATA, of debug texts, and of frames that the standard does not define.
//
// Each direction is a machine of its own, as the decoder's is (decoders/http2-session.ts):
//
//   start ─▶ header ─▶ payload ─▶ header …        lost ─▶ header, where a segment starts with a chain of frames

import { Mode } from "../../../decoders/http2-direction.ts";
import {
  Chain,
  DEFINED_FLAGS,
  Flag,
  FrameType,
  HEADER,
  isHeader,
  lengthOf,
  PREFACE,
  prefaceAt,
  streamOf,
} from "../../../decoders/http2-frames.ts";
import type { Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { veilBlock } from "./redact-header-block.ts";
import { Direction } from "./redact-http2-direction.ts";
import type { Count } from "./veiled.ts";

/** Last stream and error code of GOAWAY; its debug data follows (§6.8). */
const GOAWAY_LENGTH = 8;
/** Identifier and value (§6.5.1). Those that HTTP and its extensions use are numbered up to 0x10; others are ignored by whoever gets them. */
const SETTING_LENGTH = 6;
const LAST_SETTING = 0x10;
/** Error codes are registered up to 0x0d: three bytes of four are zero. */
const CODE_ZEROS = 3;
/** Windows of 16 MB and more are told as the largest. */
const LARGEST_WINDOW_BYTE = 0x7f;
/** Where they stand in a frame's header (§4.1). */
const TYPE = 3;
const FLAGS = 4;

class Http2Redactor implements StreamRedactor {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly count: Count;
  private readonly chain = new Chain();
  private readonly directions: readonly [Direction, Direction] = [new Direction(), new Direction()];

  constructor(sink: RedactionSink, policy: RedactionPolicy) {
    this.sink = sink;
    this.policy = policy;
    this.count = (what, n) => sink.count(what, n);
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, at: number): void {
    const d = this.directions[side];
    if (start >= end) return;
    if (d.mode === Mode.lost) {
      if (!this.findsFrames(d, bytes, start, end)) return;
      d.mode = prefaceAt(bytes, start, end) === "no" ? Mode.header : Mode.start;
    }
    for (let i = start; i < end && !isLost(d); ) {
      const place = at + i - start;
      if (d.mode === Mode.payload) i = this.payload(side, d, bytes, i, end, place);
      else if (d.mode === Mode.start) i = this.preface(side, d, bytes, i, end, place);
      else i = this.header(side, d, bytes, i, end, place);
    }
  }

  gap(side: Side, length: number, _at: number, reason: "missing" | "snap"): void {
    const d = this.directions[side];
    if (length <= 0 || d.mode === Mode.lost) return;
    let beyond = length;
    if (d.mode === Mode.payload) {
      const n = Math.min(d.left, length);
      if (d.isOfBlock) d.isCut = true;
      // What padding there is was said in a byte that is missing.
      if (d.left === d.length) d.padding = 0;
      d.left -= n;
      beyond -= n;
      if (d.left === 0) this.frameDone(side, d);
      if (beyond === 0) return;
    }
    this.lose(side, d, reason === "snap");
  }

  private findsFrames(d: Direction, bytes: Uint8Array, start: number, end: number): boolean {
    if (prefaceAt(bytes, start, end) === "whole") return true;
    this.chain.read(bytes, start, end);
    return this.chain.exact || this.chain.frames > (d.isSnapped ? 0 : 1);
  }

  private preface(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number, at: number): number {
    let i = from;
    while (i < end && d.have < PREFACE.length && bytes[i] === PREFACE[d.have]) {
      d.have++;
      i++;
    }
    this.sink.keep(side, at, at + i - from);
    if (d.have === PREFACE.length) {
      d.have = 0;
      d.mode = Mode.header;
    } else if (i < end) {
      if (d.have > 0) this.lose(side, d, false);
      else d.mode = Mode.header;
    }
    return i;
  }

  private header(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number, at: number): number {
    let i = from;
    while (i < end && d.have < HEADER) d.header[d.have++] = bytes[i++]!;
    if (d.have < HEADER) return i;
    if (!isHeader(d.header, 0, d.isSure) || isPrintable(d.header[0]!)) {
      this.lose(side, d, false);
      return i;
    }
    const behind = at + i - from;
    this.keepHeader(side, d.header, behind);
    d.left = d.length = lengthOf(d.header, 0);
    d.type = d.header[3]!;
    d.flags = d.header[4]!;
    d.stream = streamOf(d.header, 5);
    d.have = 0;
    d.padding = 0;
    d.isSure = true;
    d.mode = Mode.payload;
    // Nothing may come between the frames of a header block (§4.3): the rest of it is missing.
    if (d.blockStream !== 0 && (d.type !== FrameType.continuation || d.stream !== d.blockStream)) {
      d.isCut = true;
      this.blockDone(side, d);
    }
    if (d.type === FrameType.continuation && d.blockStream === 0) d.isCut = true;
    if (d.left === 0) this.frameDone(side, d);
    return i;
  }

  /**
   * Flags that are not defined are ignored (RFC 9113 §4.1), and so are frames of other types: neither is of use. Where the place in the
   * stream was guessed wrong, they are a piece of text.
   */
  private keepHeader(side: Side, header: Uint8Array, behind: number): void {
    const type = header[TYPE]!;
    const flags = behind - HEADER + FLAGS;
    this.sink.keep(side, behind - HEADER, flags);
    if (type > FrameType.continuation) {
      this.zeros(side, flags, HEADER - FLAGS);
      return;
    }
    const defined = header[FLAGS]! & DEFINED_FLAGS[type]!;
    if (defined === header[FLAGS]) this.sink.keep(side, flags, flags + 1);
    else this.sink.replace(side, flags, Uint8Array.of(defined));
    // A connection on which so many requests were made, and just so many, is text.
    if (header.subarray(FLAGS + 1).every(isPrintable)) this.zeros(side, flags + 1, HEADER - FLAGS - 1);
    else this.sink.keep(side, flags + 1, behind);
  }

  private payload(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number, at: number): number {
    const to = Math.min(end, from + d.left);
    const done = d.length - d.left;
    d.left -= to - from;
    if (done === 0 && d.isPadded) d.padding = Math.min(bytes[from]!, d.length - 1);
    if (d.isOfBlock) {
      if (!d.isCut) d.block.add(bytes, from, to, at);
      if (d.block.isCut) d.isCut = true;
    } else this.plainPayload(side, d, bytes.subarray(from, to), done, at);
    if (d.left === 0) this.frameDone(side, d);
    return to;
  }

  /** Bytes of a frame that holds no header fields, `done` bytes into it. */
  private plainPayload(side: Side, d: Direction, bytes: Uint8Array, done: number, at: number): void {
    const n = bytes.length;
    switch (d.type) {
      case FrameType.data: {
        const front = done === 0 && d.isPadded ? 1 : 0;
        this.sink.keep(side, at, at + front);
        const padding = Math.min(n - front, Math.max(0, d.padding - d.left));
        this.zeros(side, at + n - padding, padding);
        if (n > front + padding) this.count("payload bytes", n - front - padding);
        return;
      }
      case FrameType.goaway: {
        const kept = Math.max(0, Math.min(n, GOAWAY_LENGTH - done));
        this.numbers(side, d, bytes.subarray(0, kept), done, at);
        if (n > kept && done <= GOAWAY_LENGTH) this.count("error texts");
        return;
      }
      case FrameType.priority:
      case FrameType.ping:
        // Whatever the sender likes (§6.7), or nothing any more (§5.3.2).
        this.zeros(side, at, n);
        return;
      case FrameType.rstStream:
      case FrameType.settings:
      case FrameType.windowUpdate:
        this.numbers(side, d, bytes, done, at);
    }
  }

  /**
   * Stream numbers, error codes, settings, window sizes. Each is kept as far as real ones go: where the place in the stream was guessed
   * wrong, what stands here is a piece of text, of which four letters at most are let through.
   */
  private numbers(side: Side, d: Direction, bytes: Uint8Array, done: number, at: number): void {
    const out = bytes.slice();
    for (let k = 0; k < out.length; k++) {
      const place = done + k;
      if (d.type === FrameType.settings) {
        const ofSetting = place % SETTING_LENGTH;
        if (ofSetting === 0) d.setting = out[k]! << 8;
        else if (ofSetting === 1) d.setting |= out[k]!;
        if (ofSetting === 0 || d.setting > LAST_SETTING) out[k] = 0;
      } else if (d.type === FrameType.windowUpdate) {
        if (place === 0 && out[k] !== 0) out[k] = LARGEST_WINDOW_BYTE;
      } else if (d.type === FrameType.rstStream ? place < CODE_ZEROS : place >= 4 && place < 4 + CODE_ZEROS) out[k] = 0;
    }
    this.sink.replace(side, at, out);
  }

  private frameDone(side: Side, d: Direction): void {
    d.mode = Mode.header;
    if (!d.isOfBlock) return;
    if (d.type === FrameType.continuation) {
      if (d.blockStream === 0) {
        // The beginning of the block went by unseen.
        d.dropBlock();
        d.walk.forget();
        return;
      }
    } else this.beginBlock(side, d);
    if ((d.flags & Flag.endHeaders) !== 0) this.blockDone(side, d);
  }

  /** The first frame of a block has come: what is not fields is done with. */
  private beginBlock(side: Side, d: Direction): void {
    const { block } = d;
    d.blockStream = d.stream;
    d.skipped = Math.min(d.front, block.length);
    const padding = d.isCut ? 0 : d.padding;
    if (block.length > 0 && d.front + padding > block.length) d.isCut = true;
    block.leave(block.bytes.slice(0, d.skipped), side, this.sink);
    const fields = Math.max(d.skipped, block.length - padding);
    block.leave(new Uint8Array(block.length - fields), side, this.sink, fields);
    block.truncate(fields);
  }

  private blockDone(side: Side, d: Direction): void {
    const { block, skipped } = d;
    const { out, isWhole } = veilBlock(block.bytes.subarray(skipped), d.walk, this.policy, this.count);
    block.leave(out, side, this.sink, skipped);
    if (!isWhole || d.isCut) d.walk.forget();
    d.dropBlock();
  }

  private zeros(side: Side, at: number, n: number): void {
    if (n > 0) this.sink.replace(side, at, new Uint8Array(n));
  }

  /** The place in the stream is not known any more. */
  private lose(side: Side, d: Direction, isSnapped: boolean): void {
    if (d.blockStream !== 0) {
      d.isCut = true;
      this.blockDone(side, d);
    }
    d.mode = Mode.lost;
    d.isSnapped = isSnapped;
    d.isSure = false;
    d.have = 0;
    d.dropBlock();
    d.walk.forget();
  }
}

/** A letter. As the first byte of a length it means two megabytes or more, and nobody sends such frames. */
const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f;

/** A call, so that the compiler forgets what it believed of the mode before. */
const isLost = (d: Direction): boolean => d.mode === Mode.lost;

export const redactHttp2: StreamRedaction = {
  protocol: "http2",
  open: (sink, policy) => new Http2Redactor(sink, policy),
};
