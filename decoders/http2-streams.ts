// Which frames make one request and its response? (RFC 9113 §5, §8)
//
// One exchange a stream that the client opened. A stream is kept from its request until both ends have ended it or one has reset
// it. What the server pushes (even streams) answers nobody, and is no exchange.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { type Exchange, type ExchangeSink, otherSide, type Side } from "../src/core/stream-decoder.ts";
import { ByStream } from "./http2-by-stream.ts";
import type { Fields } from "./http2-fields.ts";
import { errorName, NO_ERROR } from "./http2-frames.ts";

/** Streams open at once. Servers allow 100 to some thousand; of a crafted flow the oldest are let go, in doubt, many at a time. */
export const MAX_STREAMS = 1 << 16;
export const LET_GO = MAX_STREAMS / 4;
/**
 * Streams reset, at least this many of the last ones (twice as many at most): where the client had cancelled, what the server had
 * sent before it knew is a late answer. It is a round trip behind at most, and servers take 100 to some thousand streams at once. Of
 * streams cancelled before these a late answer is let pass: they stay unanswered.
 */
const MIN_CLOSED = 512;
/** GOAWAY frames that are applied to the open streams; a graceful shutdown sends two. */
const MAX_GOAWAYS = 8;

interface Stream {
  readonly id: number;
  readonly exchange: Exchange;
  requestDone: boolean;
  /** Its response (or its absence) is of no interest any more. */
  responseDone: boolean;
}

/** Where a message began, and when its last byte so far came. */
export interface Place {
  frame: FrameRef;
  time: Nanos;
  lastTime: Nanos;
}

export class Streams {
  /** The side that opens odd streams; null until something tells. */
  client: Side | null = null;
  private readonly sink: ExchangeSink;
  /** In the order in which they were opened. */
  private readonly open = new ByStream<Stream>();
  /** Those that wait for a response and are not in doubt yet: each is doubted once. */
  private readonly undoubted = new Set<Stream>();
  /** By stream: the exchange that a late answer may still come to; null when there is none. */
  private closed = new ByStream<Exchange | null>();
  private closedBefore = new ByStream<Exchange | null>();
  /** All streams that the client opened from here to there were seen: whichever is not open any more answers nothing. */
  private knownFrom = Number.POSITIVE_INFINITY;
  private knownTo = 0;
  /** Streams above this were not taken, said the server; and where it said so. */
  private lastTaken = Number.POSITIVE_INFINITY;
  private saidIn: FrameRef = 0;
  private goaways = 0;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
  }

  /** The request was sent in HTTP/1.1 with `Upgrade: h2c`: it is stream 1, and was sent to its end (RFC 7540 §3.2). */
  adopt(exchange: Exchange): void {
    this.client = exchange.requester;
    this.keep({ id: 1, exchange, requestDone: true, responseDone: false });
  }

  // hot: per header block.
  headers(side: Side, id: number, fields: Fields, ends: boolean, at: Place): void {
    if ((id & 1) === 0) return;
    if (this.client === null) {
      if (fields.ofRequest) this.client = side;
      else if (fields.ofResponse) this.client = otherSide(side);
      else return;
    }
    const stream = this.open.get(id);
    if (side !== this.client) this.responseHeaders(side, id, stream, fields, ends, at);
    else if (stream !== undefined) this.requestMoved(stream, at.lastTime, ends);
    else if (fields.ofRequest || (fields.doubtful && !this.wasClosed(id))) this.request(side, id, fields, ends, at);
  }

  private request(side: Side, id: number, fields: Fields, ends: boolean, at: Place): void {
    const { frame, time } = at;
    const { target, hostOrAuthority: host, id: requestId, waits } = fields;
    const head = { frame, time, method: fields.method ?? "?", target, host, id: requestId };
    const exchange = this.sink.request(side, waits ? { ...head, waits } : head);
    const stream = { id, exchange, requestDone: false, responseDone: false };
    this.keep(stream);
    this.requestMoved(stream, at.lastTime, ends);
    if (id > this.lastTaken) this.refuse(stream, this.saidIn, time);
  }

  private keep(stream: Stream): void {
    if (this.open.size >= MAX_STREAMS) this.letGoOldest();
    this.open.set(stream.id, stream);
    if (stream.exchange.request !== null) this.known(stream.id);
    if (stream.exchange.response === null) this.undoubted.add(stream);
  }

  /** Numbers only grow (§5.1.1). */
  private known(id: number): void {
    if (this.knownFrom === Number.POSITIVE_INFINITY) this.knownFrom = id;
    if (id > this.knownTo) this.knownTo = id;
  }

  private letGoOldest(): void {
    let n = 0;
    for (const stream of this.open.values()) {
      if (this.undoubted.has(stream)) this.doubt(stream, "gap");
      this.drop(stream);
      if (++n === LET_GO) return;
    }
  }

  private responseHeaders(
    side: Side,
    id: number,
    known: Stream | undefined,
    fields: Fields,
    ends: boolean,
    at: Place,
  ): void {
    if (known === undefined) {
      // Joined midway: the request went by unseen. Without a status these are trailers, and the head went by too.
      const isHead = fields.ofResponse ? !isInterim(fields) : fields.doubtful && !ends;
      if (!isHead) return;
      if (this.wasClosed(id)) {
        this.late(side, id, fields, at);
        return;
      }
      const exchange = this.sink.response(null, side, responseHead(fields, at));
      this.keep({ id, exchange, requestDone: true, responseDone: false });
      if (ends) this.ended(side, id, at.lastTime);
      return;
    }
    const { exchange } = known;
    if (exchange.response === null) {
      if (isInterim(fields) && !ends) {
        this.sink.interim(exchange);
        return;
      }
      this.undoubted.delete(known);
      this.sink.response(exchange, side, responseHead(fields, at));
    } else exchange.response.error ??= fields.failure;
    if (ends) this.ended(side, id, at.lastTime);
  }

  /** An answer on a stream that was reset. */
  private late(side: Side, id: number, fields: Fields, at: Place): void {
    const generation = this.closed.has(id) ? this.closed : this.closedBefore;
    const cancelled = generation.get(id) ?? null;
    if (cancelled === null) return;
    generation.set(id, null);
    this.sink.answeredLate(cancelled, side, responseHead(fields, at));
  }

  /** This many bytes of a body were sent, or are announced. */
  body(side: Side, id: number, length: number): void {
    const stream = this.open.get(id);
    if (stream !== undefined && side !== stream.exchange.requester) stream.exchange.responseBytes += length;
  }

  /** Bytes of a body came at this moment. */
  // hot: per segment with DATA.
  bodyMoved(side: Side, id: number, time: Nanos): void {
    const stream = this.open.get(id);
    if (stream !== undefined && side === stream.exchange.requester) this.requestMoved(stream, time, false);
  }

  private requestMoved(stream: Stream, time: Nanos, ends: boolean): void {
    if (stream.requestDone) return;
    stream.requestDone = ends;
    this.sink.requestBytes(stream.exchange, time, ends);
    if (ends && stream.responseDone) this.drop(stream);
  }

  /** A frame of this side with END_STREAM has come to its end. */
  ended(side: Side, id: number, time: Nanos): void {
    const stream = this.open.get(id);
    if (stream === undefined) return;
    if (side === stream.exchange.requester) {
      this.requestMoved(stream, time, true);
      return;
    }
    if (stream.responseDone) return;
    stream.responseDone = true;
    // Its head may be among what is missing: then the end of the stream says that there was one.
    if (stream.exchange.response !== null) this.sink.responseComplete(stream.exchange);
    else this.doubt(stream, "gap");
    if (stream.requestDone) this.drop(stream);
  }

  /** RST_STREAM. `code` is null when it is not in the capture. */
  reset(side: Side, id: number, code: number | null, frame: FrameRef, time: Nanos): void {
    const stream = this.open.get(id);
    if (stream === undefined) return;
    const { exchange } = stream;
    if (exchange.response !== null) {
      const cut = side !== exchange.requester && !stream.responseDone && code !== NO_ERROR;
      if (cut) exchange.response.error ??= failureOf(code);
    } else if (side === exchange.requester) {
      this.sink.cancel(exchange, side, frame, time);
      this.close(stream, exchange);
      return;
    } else this.sink.response(exchange, side, { frame, time, status: null, error: failureOf(code) });
    this.close(stream, null);
  }

  /** GOAWAY: the streams above `last` were not taken, and may be tried elsewhere (RFC 9113 §6.8). */
  goaway(side: Side, last: number, frame: FrameRef, time: Nanos): void {
    if (side === this.client || this.goaways++ >= MAX_GOAWAYS || last >= this.lastTaken) return;
    this.lastTaken = last;
    this.saidIn = frame;
    for (const stream of this.open.values()) if (stream.id > last) this.refuse(stream, frame, time);
  }

  private refuse(stream: Stream, frame: FrameRef, time: Nanos): void {
    const { exchange } = stream;
    if (exchange.response !== null) return;
    const error = { code: "REFUSED_STREAM", text: `GOAWAY: the last stream taken is ${this.lastTaken}` };
    this.sink.response(exchange, otherSide(exchange.requester), { frame, time, status: null, error });
    this.close(stream, null);
  }

  /** Messages of this side may have gone by unseen. */
  unseen(side: Side, why: "gap" | "snap"): void {
    if (side === this.client) {
      this.knownFrom = Number.POSITIVE_INFINITY;
      return;
    }
    for (const stream of this.undoubted) this.doubt(stream, why);
  }

  private doubt(stream: Stream, why: "gap" | "snap"): void {
    this.undoubted.delete(stream);
    if (stream.exchange.doubt === null) this.sink.doubt(stream.exchange, why);
  }

  private close(stream: Stream, cancelled: Exchange | null): void {
    this.drop(stream);
    if (this.closed.size >= MIN_CLOSED) {
      this.closedBefore = this.closed;
      this.closed = new ByStream();
    }
    this.closed.set(stream.id, cancelled);
  }

  private wasClosed(id: number): boolean {
    return (id >= this.knownFrom && id <= this.knownTo) || this.closed.has(id) || this.closedBefore.has(id);
  }

  private drop(stream: Stream): void {
    this.open.delete(stream.id);
    this.undoubted.delete(stream);
  }
}

const isInterim = ({ status }: Fields): boolean => status !== null && status < 200;

const responseHead = (fields: Fields, { frame, time }: Place) => ({
  frame,
  time,
  status: fields.status,
  error: fields.failure,
});

const failureOf = (code: number | null) => ({ code: code === null ? "?" : errorName(code), text: "" });
