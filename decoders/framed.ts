// Frames whose format the person on call described: are they intact on the wire, and which was answered?
//
// Each direction is a machine of its own:
//
//   head ─▶ body ─▶ head …     a broken frame, a hole ─▶ search or lost ─▶ (guessed) head …
//
// Only a place that is known may call a frame broken. Joined midway, or behind a hole, the place is guessed: by the magic
// where there is one, else where a segment holds whole frames and nothing more. A guess is believed when CONVINCING frames
// bore it out; until then frames are not counted, and what does not fit only means a wrong guess. Behind a broken frame a
// direction without a magic is given up. Bodies are skipped by counting; of a frame no more is kept than its header and id.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { CUT_BY_FIN, CUT_BY_RESET, type FrameFormat } from "../src/core/frame-option.ts";
import { formatWhole } from "../src/core/numbers.ts";
import type { ExchangeSink, FlowOpening, Side, StreamDecoder, StreamSession } from "../src/core/stream-decoder.ts";
import { FramedDirection } from "./framed-direction.ts";
import { FrameHeader } from "./framed-header.ts";
import { FramePairing } from "./framed-pairing.ts";

/** A wrong guess fits by chance once in a segment's length, and so three times in a row hardly ever. */
const CONVINCING = 3;

/** Who else must know where heads are: redaction. */
export interface FramedTap {
  /** What is here so far of a frame's head: its place and header are known or, if not `isSure`, guessed. */
  head(d: FramedDirection): void;
  /** What was guessed is believed. */
  believed(d: FramedDirection): void;
  /** A head that is none, where one had to be. */
  wrong(d: FramedDirection): void;
}

export class FramedSession implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly tap: FramedTap | null;
  readonly format: FrameFormat;
  private readonly header: FrameHeader;
  private readonly pairing: FramePairing | null;
  private readonly directions: readonly [FramedDirection, FramedDirection];

  constructor(
    sink: ExchangeSink,
    format: FrameFormat,
    client: Side | null,
    fromStart: boolean,
    tap: FramedTap | null = null,
  ) {
    this.sink = sink;
    this.tap = tap;
    this.format = format;
    this.header = new FrameHeader(format);
    const pairs = format.reply || format.id !== null;
    this.pairing = pairs ? new FramePairing(sink, client, format.reply, fromStart) : null;
    const direction = (side: Side) => new FramedDirection(side, this.header.kept, format.magic.length > 0, fromStart);
    this.directions = [direction(0), direction(1)];
  }

  // hot: per segment. A body costs one subtraction, a head its few bytes.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const d = this.directions[side];
    const startsSegment = frame !== d.lastFrame;
    d.lastFrame = frame;
    d.lastTime = time;
    if (!d.isSure && start < end) this.pairing?.missed(side, d.why);
    if (d.mode === "lost" && startsSegment && this.holdsWholeFrames(bytes, start, end)) d.guess();
    for (let i = start; i < end; ) {
      if (d.mode === "body") i = this.readBody(d, i, end);
      else if (d.mode === "head") i = this.readHead(d, bytes, i, end, startsSegment && i === start);
      else if (d.mode === "search") i = this.search(d, bytes, i, end);
      else {
        d.offset += end - i;
        return;
      }
    }
    if (d.mode === "head" && d.got > 0) this.tap?.head(d);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const d = this.directions[side];
    if (length <= 0) return;
    d.offset += length;
    if (d.mode === "body" && length <= d.left) {
      d.left -= length;
      if (d.left === 0) this.frameDone(d);
    } else if (d.mode !== "over") {
      d.got = 0;
      d.lose(reason === "snap" ? "snap" : "gap");
      this.pairing?.missed(side, d.why);
    }
  }

  end(side: Side, how: "fin" | "reset" | "capture"): void {
    const d = this.directions[side];
    const inside = d.mode === "body" || (d.mode === "head" && d.got > 0);
    if (how !== "capture" && d.isSure && inside) {
      const left = d.mode === "body" ? d.left : d.total - d.got;
      const where =
        d.mode === "body" || d.isMeasured
          ? `${formatWhole(left)} bytes before the frame did`
          : `${d.got} bytes into the header of a frame`;
      this.broken(d, `${how === "fin" ? CUT_BY_FIN : CUT_BY_RESET} ${where}`);
    }
    d.giveUp();
  }

  /** Is every byte of the segment part of a whole frame, and one of them more than a header? */
  private holdsWholeFrames(bytes: Uint8Array, start: number, end: number): boolean {
    const { header } = this;
    let payload = 0;
    let at = start;
    while (at < end && header.isComplete(bytes, at, end) && header.read(bytes, at, end) === null) {
      at += header.total;
      payload += header.payload;
    }
    return at === end && payload > 0;
  }

  /** Reads on until a head is known, or turns out to be none. Returns where to go on. */
  private readHead(d: FramedDirection, bytes: Uint8Array, from: number, end: number, startsSegment: boolean): number {
    const { header } = this;
    if (d.got === 0) d.begin(d.lastFrame, d.lastTime, startsSegment);
    for (let i = from; i < end; ) {
      d.head[d.got++] = bytes[i++]!;
      d.offset++;
      if (!d.isMeasured) {
        if (!header.isComplete(d.head, 0, d.got)) continue;
        const what = header.read(d.head, 0, d.got);
        if (what !== null) {
          this.wrong(d, what);
          return i;
        }
        d.measured(header.total, header.payload);
      }
      if (d.got >= Math.min(d.total, header.kept)) {
        this.headDone(d);
        return i;
      }
    }
    return end;
  }

  /** The head in hand is none. */
  private wrong(d: FramedDirection, what: string): void {
    const wasSure = d.isSure;
    if (wasSure) {
      this.broken(d, what);
      this.tap?.wrong(d);
    }
    d.lose("gap");
    this.pairing?.missed(d.side, "gap");
    if (d.mode === "search") {
      d.head.copyWithin(0, 1, d.got--);
      this.settle(d);
    } else {
      d.got = 0;
      if (wasSure) d.giveUp();
    }
  }

  /** Looks for a head that begins with the magic. */
  private search(d: FramedDirection, bytes: Uint8Array, from: number, end: number): number {
    const first = this.format.magic[0]!;
    for (let i = from; i < end; ) {
      if (d.got === 0 && bytes[i] !== first) {
        i++;
        d.offset++;
        continue;
      }
      d.head[d.got++] = bytes[i++]!;
      d.offset++;
      if (this.settle(d)) return i;
    }
    return end;
  }

  /** Drops bytes in front until the rest may begin a head. True when it is a whole one: the place is guessed. */
  private settle(d: FramedDirection): boolean {
    const { header } = this;
    for (; d.got > 0; d.head.copyWithin(0, 1, d.got--)) {
      if (!header.hasMagic(d.head, 0, d.got)) continue;
      if (!header.isComplete(d.head, 0, d.got)) return false;
      if (header.read(d.head, 0, d.got) !== null) continue;
      d.guess();
      d.begin(d.lastFrame, d.lastTime, false);
      d.start = d.offset - d.got;
      d.measured(header.total, header.payload);
      if (d.got >= Math.min(d.total, header.kept)) this.headDone(d);
      return true;
    }
    return false;
  }

  // hot: per frame.
  private headDone(d: FramedDirection): void {
    d.left = d.total - d.got;
    d.mode = "body";
    if (!d.isSure) this.weigh(d);
    this.tap?.head(d);
    if (d.isSure && this.pairing !== null) {
      const { id, type } = this.format;
      const kind = this.header.text(type, d.head, d.got);
      const method = kind === null ? "FRAME" : `FRAME ${kind}`;
      d.exchange = this.pairing.frame(d.side, this.header.text(id, d.head, d.got), method, d.frame, d.time);
      if (d.exchange !== null && d.exchange.requester !== d.side) d.exchange.responseBytes = d.payload;
      else if (d.exchange !== null && d.left > 0) this.sink.requestBytes(d.exchange, d.lastTime, false);
    }
    if (d.left === 0) this.frameDone(d);
  }

  /** Does this frame bear out the guess? A magic does; so does a frame with a payload that starts where a segment does. */
  private weigh(d: FramedDirection): void {
    if (this.format.magic.length > 0 || (d.startsSegment && d.payload > 0)) d.score++;
    if (d.score < CONVINCING) return;
    d.isSure = true;
    this.tap?.believed(d);
    for (; d.guessed > 0; d.guessed--) this.sink.intact(d.side);
  }

  private readBody(d: FramedDirection, from: number, end: number): number {
    const n = Math.min(d.left, end - from);
    d.left -= n;
    d.offset += n;
    if (d.left === 0) this.frameDone(d);
    else if (d.exchange?.requester === d.side) this.sink.requestBytes(d.exchange, d.lastTime, false);
    return from + n;
  }

  private frameDone(d: FramedDirection): void {
    const { exchange } = d;
    d.mode = "head";
    d.got = 0;
    d.exchange = null;
    if (d.isSure) this.sink.intact(d.side);
    else d.guessed++;
    if (exchange === null) return;
    if (exchange.requester === d.side) this.sink.requestBytes(exchange, d.lastTime, true);
    else this.sink.responseComplete(exchange);
  }

  private broken(d: FramedDirection, what: string): void {
    const { side, frame, time, start } = d;
    this.sink.broken({ side, frame, time, offset: start, what });
  }
}

/** The session of the format that was described for one of the ports; null when none was. */
export function claimFramed(
  formats: readonly FrameFormat[],
  sink: ExchangeSink,
  { ports, fromStart }: FlowOpening,
  tap: FramedTap | null,
): FramedSession | null {
  const of = (port: number) => formats.find((f) => f.ports.first <= port && port <= f.ports.last);
  const [mine, theirs] = [of(ports[0]), of(ports[1])];
  // The side that was seen first is more often the client.
  const format = theirs ?? mine;
  if (format === undefined) return null;
  const client: Side | null = mine === undefined ? 0 : theirs === undefined ? 1 : null;
  return new FramedSession(sink, format, client, fromStart, tap);
}

class FramedDecoder implements StreamDecoder {
  readonly protocol = "framed";
  private readonly formats: readonly FrameFormat[];

  constructor(formats: readonly FrameFormat[]) {
    this.formats = formats;
  }

  /** Nothing tells a framing by its content: the ports do. */
  probe(): "no" {
    return "no";
  }

  claim(sink: ExchangeSink, opening: FlowOpening): StreamSession | null {
    return claimFramed(this.formats, sink, opening, null);
  }

  /** Where another protocol turned into this one, whose ports are not known: the first framing that was described. */
  open(sink: ExchangeSink): StreamSession {
    return new FramedSession(sink, this.formats[0]!, null, false);
  }
}

/** Reads flows by the formats that were described; there must be one. */
export const framed = (formats: readonly FrameFormat[]): StreamDecoder => new FramedDecoder(formats);
