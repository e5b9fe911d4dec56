// HTTP/1.0 and 1.1 as a stream: which requests and responses does a flow carry? (RFC 9112)
//
// Each direction is a machine of its own. What it sends is told by content, message by message, so either may be seen first
// and on any port:
//
//   start ─▶ line ─▶ fields ─▶ body ─▶ start …        lost ─▶ line, where a segment starts like a message
//                              └─▶ connects ─▶ start, or a tunnel
//
// "connects" is a client that sent CONNECT and has no answer yet: what it sends is the tunnel's, or HTTP again, and is kept
// (http1-tunnel.ts). What follows in a tunnel is no exchange of these two ends; if it is TLS, that is read.
// "lost" is where the place in the stream is not known: the flow was joined late, bytes are missing, the snap length cut
// a head, or what came is not HTTP. Gaps inside a body of known length are stepped over. A direction keeps at most one
// incomplete line and the few texts of a head, and allocates nothing else per message. A field's line that spans segments is cut
// at MAX_LINE bytes, a start line at MAX_START_LINE; heads themselves need no limit, for they are not kept.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import {
  type Exchange,
  type ExchangeSink,
  otherSide,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../src/core/stream-decoder.ts";
import { Body } from "./http1-body.ts";
import { Direction, Mode } from "./http1-direction.ts";
import { Pairing } from "./http1-pairing.ts";
import { firstLine, Start, StartLine, UNREADABLE } from "./http1-start-line.ts";
import { TextCache } from "./http1-text.ts";
import { EarlyBytes } from "./http1-tunnel.ts";

/** A first line of known method may be this long before its end must convince; a probe should not wait for ever. */
const PROBE_LIMIT = 4_096;
/** Empty lines before a first message that a probe tolerates, in bytes. */
const MAX_EMPTY = 8;

const CR = 0x0d;
const LF = 0x0a;
const LETTER_H = 0x48;

export class Http1Session implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly startLine: StartLine;
  private readonly texts: TextCache;
  /** To be read by those who follow this session piece by piece (src/evidence). */
  readonly directions: readonly [Direction, Direction] = [new Direction(), new Direction()];
  /** Requests that wait, by the side that sent them; nearly always one of them is used. */
  private readonly pairings: [Pairing | null, Pairing | null] = [null, null];
  private upgraded = false;
  /** HTTP/2, or a tunnel, has taken over, and gets the rest of the segment. */
  private next: StreamSession | null = null;

  constructor(sink: ExchangeSink, startLine: StartLine, texts: TextCache) {
    this.sink = sink;
    this.startLine = startLine;
    this.texts = texts;
  }

  // hot: per segment. A body costs one subtraction; a head one look at each byte, for the line ends.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const d = this.directions[side];
    if (this.upgraded || start >= end) return;
    d.lastTime = time;
    const segmentStart = frame !== d.lastFrame;
    d.lastFrame = frame;
    if (d.mode === Mode.lost) {
      if (segmentStart && firstLine(this.startLine, bytes, start, end) !== Start.no) d.mode = Mode.start;
      else this.unreadable(side, d);
    } else if (segmentStart && d.guessed && d.mode === Mode.body && this.isNextResponse(side, bytes, start, end)) {
      d.mode = Mode.start;
    }
    // A line that was begun in an earlier segment and fails here: this segment may start with a message of its own.
    let begun = segmentStart && d.mode === Mode.line;
    let i = start;
    while (i < end && d.mode !== Mode.lost && !this.upgraded) {
      if (d.mode === Mode.body) i = this.readBody(side, d, bytes, i, end);
      else if (d.mode === Mode.connects) {
        (d.early ??= new EarlyBytes()).keep(bytes, i, end, frame, time);
        i = end;
      } else if (d.mode === Mode.start) {
        // Empty lines before a message are tolerated (RFC 9112 §2.2), with CR LF only.
        const c = bytes[i]!;
        if (c === (d.halfLine ? LF : CR)) {
          d.halfLine = !d.halfLine;
          i++;
        } else if (d.halfLine || c === LF) {
          this.lose(side, d, "gap");
        } else this.begin(d, frame, time);
      } else {
        i = this.readLine(side, d, bytes, i, end);
        if (isLost(d)) {
          if (begun && firstLine(this.startLine, bytes, start, end) !== Start.no) {
            d.mode = Mode.start;
            i = start;
          } else this.lose(side, d, "gap");
        }
        begun = false;
      }
    }
    if (this.next !== null && i < end) this.next.data(side, bytes, i, end, frame, time);
    this.next = null;
  }

  // hot: the inside of a response's body. Of a request, somebody asks when its last byte came; in a guessed body a response may begin.
  passes(side: Side, length: number): boolean {
    const d = this.directions[side];
    return d.mode === Mode.body && !d.isRequest && !d.guessed && !this.upgraded && d.body.passes(length);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const d = this.directions[side];
    if (this.upgraded || length <= 0) return;
    const why = reason === "snap" ? "snap" : "gap";
    if (d.mode === Mode.connects) {
      (d.early ??= new EarlyBytes()).skip(length, reason);
      return;
    }
    if (d.mode === Mode.body) {
      const beyond = d.body.skip(length);
      if (d.body.state === Body.done) this.messageDone(d);
      if (beyond === 0) return;
    } else if (d.mode === Mode.line || d.mode === Mode.fields) {
      this.headCut(side, d, why);
      this.next?.gap(side, length, reason);
      this.next = null;
      if (this.upgraded) return;
    }
    this.lose(side, d, why);
  }

  end(side: Side, how: "fin" | "reset" | "capture"): void {
    const d = this.directions[side];
    if (this.upgraded) return;
    if (how === "fin" && d.mode === Mode.body && d.body.state === Body.untilEnd) this.messageDone(d);
    // Data may come nevertheless, when a reset was forged or ignored: then a segment that starts like a message is one.
    d.mode = Mode.lost;
    d.exchange = null;
    d.early = null;
    d.dropLine();
  }

  private begin(d: Direction, frame: FrameRef, time: Nanos): void {
    d.frame = frame;
    d.time = time;
    d.head.clear();
    d.mode = Mode.line;
  }

  /** Reads a line of the head, or keeps the part of it that is here. Returns where to go on; no start line sets `lost`. */
  // hot: per line.
  private readLine(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    let to = from;
    while (to < end && bytes[to] !== LF) to++;
    if (to === end) {
      d.keep(bytes, from, end);
      if (d.mode === Mode.line && !d.lineCut && this.startLine.read(d.line!, 0, d.lineLength, "partial") === Start.no) {
        d.dropLine();
        d.mode = Mode.lost;
      }
      return end;
    }
    let line = bytes;
    let s = from;
    let e = to;
    if (d.lineLength > 0) {
      d.keep(bytes, from, to);
      line = d.line!;
      s = 0;
      e = d.lineLength;
    }
    // Wireshark takes a lone CR for a line end too; so CR CR LF ends a head as CR LF does.
    while (e > s && line[e - 1] === CR) e--;
    const lineCut = d.lineCut;
    d.lineLength = 0;
    d.lineCut = false;
    if (d.mode === Mode.line) {
      const kind = this.startLine.read(line, s, e, lineCut ? "cut" : "whole");
      if (kind === Start.no || (kind === Start.response && !this.mayAnswer(side))) d.mode = Mode.lost;
      else {
        this.startKnown(d, kind, line);
        d.mode = Mode.fields;
      }
    } else if (s === e) this.headDone(side, d);
    else d.head.line(line, s, e, this.texts);
    return to + 1;
  }

  /** A response whose status cannot be read convinces only where one is due. */
  private mayAnswer(side: Side): boolean {
    return this.startLine.status !== UNREADABLE || (this.pairings[otherSide(side)]?.waiting ?? 0) > 0;
  }

  private startKnown(d: Direction, kind: Start, line: Uint8Array): void {
    d.kind = kind;
    if (kind === Start.response) d.status = this.startLine.status;
    else {
      d.method = this.startLine.method;
      d.target = this.texts.get(line, this.startLine.targetStart, this.startLine.targetEnd);
    }
  }

  // hot: per message.
  private headDone(side: Side, d: Direction): void {
    d.line = null;
    if (d.kind === Start.response) this.response(side, d);
    else {
      this.request(side, d);
      if (d.head.chunked) d.body.chunked();
      else d.body.ofLength(Math.max(0, d.head.contentLength));
      d.guessed = false;
      d.mode = Mode.body;
      if (d.body.state === Body.done) this.messageDone(d);
      else this.sink.requestBytes(d.exchange!, d.lastTime, false);
    }
  }

  private request(side: Side, d: Direction): void {
    const id = d.head.requestId ?? d.head.traceparent;
    const { frame, time, method, target } = d;
    d.exchange = this.sink.request(side, { frame, time, method, target, host: d.head.host, id });
    d.isRequest = true;
    const pairing = (this.pairings[side] ??= new Pairing());
    pairing.asked(d.exchange, frame, this.sink);
  }

  /** A response's head is known: pairs it, and leaves the direction at its body. */
  private response(side: Side, d: Direction): void {
    const pairing = this.pairings[otherSide(side)];
    d.exchange = null;
    d.isRequest = false;
    d.mode = Mode.body;
    d.body.none();
    if (d.status >= 100 && d.status < 200 && d.status !== 101) {
      const waiting = pairing?.oldest();
      if (waiting) this.sink.interim(waiting);
      d.mode = Mode.start;
      return;
    }
    const asked = pairing?.answered(d.time, this.sink) ?? null;
    if (d.status === 101 && d.head.h2c && this.becomesHttp2(side, asked)) return;
    const { frame, time, status } = d;
    const length = d.head.chunked ? -1 : d.head.contentLength;
    const head = length < 0 ? { frame, time, status, error: null } : { frame, time, status, error: null, length };
    const exchange = this.sink.response(asked, side, head);
    const method = asked?.request?.method ?? "";
    d.exchange = exchange;
    d.guessed = asked === null;
    const tunnel = method === "CONNECT" && d.status >= 200 && d.status < 300;
    if (!tunnel && pairing?.waiting === 0) this.refused(otherSide(side));
    if (tunnel || d.status === 101 || method === "HEAD" || d.status === 204 || d.status === 304) {
      this.messageDone(d);
      if (tunnel) this.openTunnel(otherSide(side));
      else if (d.status === 101) this.upgrade();
    } else if (d.head.chunked) d.body.chunked();
    else if (d.head.contentLength >= 0) {
      d.body.ofLength(d.head.contentLength);
      if (d.body.state === Body.done) this.messageDone(d);
    } else {
      d.body.untilEnd();
      d.guessed = true;
    }
  }

  private upgrade(): void {
    this.stop();
    this.sink.upgraded();
  }

  private openTunnel(client: Side): void {
    const { early } = this.directions[client];
    this.stop();
    this.next = this.sink.upgraded("unknown");
    if (this.next !== null) early?.handTo(this.next, client);
  }

  /** There is no tunnel, or it cannot be told: what the client sent behind its CONNECT is HTTP. */
  private refused(client: Side): void {
    const d = this.directions[client];
    if (d.mode !== Mode.connects) return;
    const { early } = d;
    d.mode = Mode.start;
    d.early = null;
    d.lastFrame = NO_FRAME;
    early?.handTo(this, client);
  }

  /** 101 to HTTP/2 is no answer: that comes on its stream 1 (RFC 7540 §3.2). False when nobody reads HTTP/2. */
  private becomesHttp2(side: Side, asked: Exchange | null): boolean {
    this.next = this.sink.upgraded("http2");
    if (this.next === null) return false;
    this.stop();
    if (asked !== null) this.sink.interim(asked);
    this.next.adopt?.(asked, otherSide(side));
    return true;
  }

  private stop(): void {
    this.upgraded = true;
    for (const d of this.directions) {
      d.exchange = null;
      d.early = null;
      d.dropLine();
    }
  }

  private readBody(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    const i = d.body.read(bytes, from, end);
    if (d.body.state === Body.done) this.messageDone(d);
    else if (d.body.state === Body.broken) this.lose(side, d, "gap");
    else if (d.isRequest) this.sink.requestBytes(d.exchange!, d.lastTime, false);
    return i;
  }

  private messageDone(d: Direction): void {
    const exchange = d.exchange;
    d.exchange = null;
    d.mode = Mode.start;
    if (exchange === null) return;
    if (d.isRequest) {
      this.sink.requestBytes(exchange, d.lastTime, true);
      if (d.method === "CONNECT") d.mode = Mode.connects;
    } else this.sink.responseComplete(exchange);
  }

  /** The rest of a head is missing. What is known of it still is a message. */
  private headCut(side: Side, d: Direction, why: "gap" | "snap"): void {
    if (d.mode === Mode.line) {
      // Only the snap length cuts for certain within one segment, and so within the line that was begun.
      if (why !== "snap" || d.lineLength === 0) return;
      const kind = this.startLine.read(d.line!, 0, d.lineLength, "cut");
      if (kind === Start.no) return;
      this.startKnown(d, kind, d.line!);
    }
    if (d.kind === Start.response) {
      this.response(side, d);
    } else {
      this.request(side, d);
      if (!USUALLY_WITH_BODY.has(d.method)) this.messageDone(d);
      else this.sink.requestBytes(d.exchange!, d.lastTime, false);
    }
  }

  /**
   * The place in the stream is not known any more, and messages may have gone by unseen: bytes are missing, or are no message
   * (joined late, another protocol, damage), which hides messages as a gap does.
   */
  private lose(side: Side, d: Direction, why: "gap" | "snap"): void {
    d.mode = Mode.lost;
    d.lostBecause = why;
    d.halfLine = false;
    if (!d.isRequest) d.exchange = null;
    else if (d.exchange !== null) this.sink.requestBytes(d.exchange, d.lastTime, false);
    d.dropLine();
    (this.pairings[side] ??= new Pairing()).requestGap();
    this.pairings[otherSide(side)]?.responseGap(why, this.sink);
    this.refused(otherSide(side));
  }

  private unreadable(side: Side, d: Direction): void {
    // The rest of a request whose head was cut: it is still being sent.
    if (d.exchange !== null) this.sink.requestBytes(d.exchange, d.lastTime, false);
    else this.pairings[otherSide(side)]?.responseGap(d.lostBecause, this.sink);
  }

  /**
   * Within a body of guessed length, a segment that starts like a response, while a request waits, is the next one. Without
   * this a server that forgot Content-Length, or a HEAD that was not captured, would hide all that follows.
   */
  isNextResponse(side: Side, bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] !== LETTER_H) return false;
    const asker = otherSide(side);
    const requestsSeen = this.directions[asker].isRequest;
    if (requestsSeen && (this.pairings[asker]?.waiting ?? 0) === 0) return false;
    return firstLine(this.startLine, bytes, start, end) === Start.response;
  }
}

/** A call, so that the compiler forgets what it believed of the mode before the line was read. */
const isLost = (d: Direction): boolean => d.mode === Mode.lost;

/** Requests with these methods go on behind their head, as a rule (RFC 9110 §9.3, RFC 5789, RFC 4918). */
const USUALLY_WITH_BODY = new Set(["POST", "PUT", "PATCH", "PROPFIND", "PROPPATCH", "REPORT", "SEARCH", "QUERY"]);

class Http1Decoder implements StreamDecoder {
  readonly protocol = "http";
  /** Scratch and cache shared by all flows: nothing of one flow shows in another's. */
  private readonly startLine = new StartLine();
  private readonly texts = new TextCache();

  probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
    let i = start;
    while (i < end && i - start < MAX_EMPTY && bytes[i] === ((i - start) % 2 === 0 ? CR : LF)) i++;
    if (i === end) return i - start < MAX_EMPTY ? "more" : "no";
    // Not half an empty line; and an ICY response is one only where HTTP asked for it.
    if ((i - start) % 2 === 1) return "no";
    const kind = firstLine(this.startLine, bytes, i, end);
    if (kind === Start.no || (kind === Start.response && bytes[i] !== LETTER_H)) return "no";
    if (kind !== Start.more) return "yes";
    if (end - i < PROBE_LIMIT) return "more";
    return this.startLine.read(bytes, i, end, "cut") === Start.no ? "no" : "yes";
  }

  open(sink: ExchangeSink): Http1Session {
    return new Http1Session(sink, this.startLine, this.texts);
  }
}

export const http1: Http1Decoder = new Http1Decoder();
