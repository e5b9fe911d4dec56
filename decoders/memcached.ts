// memcached's text protocol as a stream: which commands and answers does a flow carry? (memcached doc/protocol.txt)
//
// Lines, some with a block of data behind them whose length the line tells; data is stepped over by counting, also where bytes of
// it are missing. Who sends commands is told by content (they are in lower case, answers in upper case), so either side may be
// seen first. A direction whose place is lost goes on with the next segment that begins like a line of its side. Of a line at
// most MAX_LINE bytes are kept, and only while it is incomplete; values never.
//
// Commands with `noreply`, and quiet meta commands, are no exchanges. What a quiet one says nevertheless must not be taken
// for the answer to the next: such commands wait in the queue without an exchange.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import {
  type Exchange,
  type ExchangeSink,
  type Failure,
  otherSide,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../src/core/stream-decoder.ts";
import { TextCache } from "./http1-text.ts";
import { ERRORS, isQuiet, Kind, Line, MemcachedCommand, mayAnswerQuiet } from "./memcached-commands.ts";
import { Direction, MAX_LINE, Role } from "./memcached-direction.ts";
import { isAnswerWord, probeMemcached, startsLikeAnswer, startsLikeCommand } from "./memcached-probe.ts";
import { OrderedPairing, type Waiting } from "./ordered-pairing.ts";

const CR = 0x0d;
const LF = 0x0a;

/** The server has no room for this connection, and ends it. */
const FULL = /^Too many open connections/;

/** Who else must know which bytes are what: redaction. */
export interface MemcachedTap {
  /**
   * A line of [at, end), its line end included, that fits: bytes[from, to) are its beginning. `command` is a client's, of which the line
   * is; null: of a server.
   */
  line(
    side: Side,
    at: number,
    end: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    hasCr: boolean,
    command: MemcachedCommand | null,
  ): void;
  /** A line that is none of its side's ends at `offset`; `hasBefore`: at least one byte of it stands before that in the same segment. */
  broken(side: Side, offset: number, hasBefore: boolean): void;
  /** One byte of the line end behind data. */
  dataEnd(side: Side, offset: number): void;
}

export class MemcachedSession implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly tap: MemcachedTap | null;
  private readonly line: Line;
  private readonly command: MemcachedCommand;
  private readonly directions: readonly [Direction, Direction] = [new Direction(), new Direction()];
  private readonly pairing = new OrderedPairing();
  /** The command whose data is being sent. */
  private asking: Exchange | null = null;
  /** The answer that is being sent, and whether it goes on until END. */
  private answering: Exchange | null = null;
  private untilEnd = false;
  private anyLine = false;
  /** Nothing was asked or answered so far. */
  private silent = true;
  /** The last command was `mn`: whatever waits before it is quiet, by custom. */
  private closedByNoop = false;
  private over = false;

  constructor(sink: ExchangeSink, line: Line, command: MemcachedCommand, tap: MemcachedTap | null = null) {
    this.sink = sink;
    this.tap = tap;
    this.line = line;
    this.command = command;
  }

  // hot: per segment. Data costs one subtraction; a line one look at each byte.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const d = this.directions[side];
    if (this.over || start >= end) return;
    const segmentStart = frame !== d.lastFrame;
    d.lastFrame = frame;
    d.lastTime = time;
    d.base = d.seen - start;
    d.seen += end - start;
    if (d.lost) {
      if (!segmentStart || !startsLike(d.role, bytes, start, end)) {
        this.holeIn(d);
        return;
      }
      d.lost = false;
    }
    let again = segmentStart;
    let i = start;
    while (i < end && !this.over) {
      d.brokenAt = -1;
      const read = d.data > 0 ? this.readData(side, d, bytes, i, end) : this.readLine(side, d, bytes, i, end);
      if (read >= 0) {
        i = read;
        continue;
      }
      // What was begun in an earlier segment fails here: this segment may start with a line of its own.
      again &&= d.frame !== frame && startsLike(d.role, bytes, start, end);
      this.lose(d, "gap");
      if (!again) {
        if (d.brokenAt >= 0) this.tap?.broken(side, d.brokenAt, i < end && d.brokenAt > d.base + i);
        return;
      }
      again = false;
      d.lost = false;
      i = start;
    }
    if (d.role === Role.client && this.asking !== null) this.sink.requestBytes(this.asking, time, false);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const d = this.directions[side];
    if (this.over || length <= 0) return;
    d.seen += length;
    // Also the line end behind data may be missing; with it nothing is left of the data.
    if (length <= d.data) {
      d.data -= length;
      if (d.data === 0) this.dataDone(d);
      return;
    }
    this.lose(d, reason === "snap" ? "snap" : "gap");
  }

  end(side: Side): void {
    const d = this.directions[side];
    d.clear();
    d.lost = true;
  }

  /** Steps over data and its line end. Returns where to go on; −1 when the line end of an answer's data is none. */
  private readData(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    const n = Math.min(d.data, end - from);
    const stop = from + n;
    if (this.tap !== null) tellDataEnd(this.tap, side, d, bytes, from, stop);
    // A server ends its data rightly. A client may not: the server then takes two bytes all the same, and says so.
    if (d.role === Role.server) {
      const cr = from + d.data - 2;
      if (cr >= from && cr < stop && bytes[cr] !== CR) return BROKEN;
      if (cr + 1 < stop && bytes[cr + 1] !== LF) return BROKEN;
    }
    d.data -= n;
    if (d.data === 0) this.dataDone(d);
    return stop;
  }

  private dataDone(d: Direction): void {
    if (d.role === Role.client) {
      if (this.asking !== null) this.sink.requestBytes(this.asking, d.lastTime, true);
      this.asking = null;
    } else if (!this.untilEnd) this.answered();
    d.frame = NO_FRAME;
  }

  /** Reads a line, or keeps the part of it that is here. Returns where to go on; −1 when it is no line of this side. */
  // hot: per line.
  private readLine(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    if (d.frame === NO_FRAME) {
      d.frame = d.lastFrame;
      d.time = d.lastTime;
      d.lineAt = d.base + from;
      d.lineLength = 0;
    }
    let to = from;
    while (to < end && bytes[to] !== LF) to++;
    if (to === end) {
      d.keep(bytes, from, end);
      return end;
    }
    let line = bytes;
    let s = from;
    let e = to;
    const hasCr = (to > from ? bytes[to - 1] : d.lineLength > 0 ? d.lastByte : 0) === CR;
    if (d.lineLength > 0) {
      if (to > from) d.keep(bytes, from, to);
      line = d.line!;
      s = 0;
      e = d.lineLength;
    } else e = Math.min(e, s + MAX_LINE);
    if (e > s && line[e - 1] === CR) e--;
    d.lineLength = 0;
    d.brokenAt = d.base + to;
    if (!this.line.split(line, s, e)) return BROKEN;
    if (d.role === Role.unknown && !this.assign(side)) return BROKEN;
    if (d.role === Role.client) this.ask(side, d);
    else if (!this.answer(side, d, hasCr)) return BROKEN;
    const command = d.role === Role.client ? this.command : null;
    this.tap?.line(side, d.lineAt, d.base + to + 1, line, s, e, hasCr, command);
    if (d.data === 0) d.frame = NO_FRAME;
    return to + 1;
  }

  private assign(side: Side): boolean {
    const word = this.line.text(0);
    this.command.read(this.line);
    const isCommand = this.command.method !== "?";
    if (!isCommand && !isAnswerWord(word)) return false;
    this.directions[side].role = isCommand ? Role.client : Role.server;
    this.directions[otherSide(side)].role = isCommand ? Role.server : Role.client;
    return true;
  }

  // hot: per command.
  private ask(side: Side, d: Direction): void {
    const { command: c, sink } = this;
    const { frame, time } = d;
    c.read(this.line);
    this.silent = false;
    if (c.isQuit) {
      sink.remark({ side, frame, time, kind: "farewell", code: null, text: "quit" });
      return;
    }
    if (c.data >= 0) d.data = c.data + 2;
    this.asking = null;
    if (c.silent) return;
    this.closedByNoop = c.kind === Kind.noop;
    if (isQuiet(c.kind)) {
      this.pairing.asked({ exchange: null, kind: c.kind, expects: 1 }, frame, sink);
      return;
    }
    const waits = c.kind === Kind.shutdown || c.kind === Kind.watch;
    const exchange = sink.request(side, {
      frame,
      time,
      method: c.method,
      target: c.target,
      host: null,
      id: null,
      waits,
    });
    this.pairing.asked({ exchange, kind: c.kind, expects: 1 }, frame, sink);
    if (c.data >= 0) this.asking = exchange;
    else sink.requestBytes(exchange, d.lastTime, true);
  }

  /** A line from the server; false when it cannot be one. */
  // hot: per line of an answer.
  private answer(side: Side, d: Direction, hasCr: boolean): boolean {
    const { line } = this;
    const word = line.text(0);
    // The lines of a dump of keys end with LF alone.
    if (this.untilEnd) return (hasCr || this.anyLine) && this.goesOn(d, word);
    const waiting = this.answeredBy(word, d.time);
    const anyLine = waiting?.kind === Kind.lines;
    if (!anyLine && !(hasCr && isAnswerWord(word))) return false;
    if (word === "VALUE" && line.number(3) < 0) return false;
    const error = this.failure(word);
    if (error !== null && this.refused(side, d, error) && waiting === null) return true;
    this.silent = false;
    if (waiting !== null) this.pairing.take();
    const swallowed = waiting !== null && waiting.exchange === null;
    this.answering = swallowed
      ? null
      : this.sink.response(waiting?.exchange ?? null, side, { frame: d.frame, time: d.time, status: null, error });
    if (word === "VERSION") this.sink.label("version", line.text(1));
    this.anyLine = anyLine;
    this.untilEnd = word === "VALUE" || word === "STAT" || word === "ITEM" || word === "PREFIX";
    if (anyLine && !this.untilEnd && !isAnswerWord(word)) this.untilEnd = true;
    if (this.untilEnd) return this.goesOn(d, word);
    if (word === "VA" && line.number(1) >= 0) {
      d.data = line.number(1) + 2;
      if (this.answering !== null) this.answering.responseBytes += line.number(1);
      return true;
    }
    this.answered();
    if (waiting?.kind === Kind.watch && word === "OK") {
      this.over = true;
      this.sink.upgraded();
    }
    return true;
  }

  /** A line of an answer that ends with END. */
  private goesOn(d: Direction, word: string): boolean {
    const { line, answering } = this;
    if (word === "END" && line.count === 1) this.answered();
    else if (word === "VALUE") {
      const length = line.number(3);
      if (length < 0) return false;
      d.data = length + 2;
      if (answering !== null) answering.responseBytes += length;
    } else if (word === "SERVER_ERROR") {
      // It broke off, and says so.
      this.answering = null;
      this.untilEnd = false;
    } else if (this.anyLine || word === "STAT" || word === "ITEM" || word === "PREFIX") {
      if (answering !== null) answering.responseBytes += word.length + line.rest(0).length + 1;
      if (word === "STAT" && line.text(1) === "version") this.sink.label("version", line.text(2));
    } else return false;
    return true;
  }

  /** The answer in hand is complete. */
  private answered(): void {
    if (this.answering !== null) this.sink.responseComplete(this.answering);
    this.answering = null;
    this.untilEnd = false;
  }

  /** The command that an answer with this word belongs to. Quiet ones that would not say this were content. */
  private answeredBy(word: string, time: Nanos): Waiting | null {
    for (;;) {
      const waiting = this.pairing.next(time, this.sink);
      if (waiting === null || !isQuiet(waiting.kind)) return waiting;
      if (mayAnswerQuiet(waiting.kind, word)) {
        // It may as well be the answer to a later command that was not quiet.
        if (!this.closedByNoop) this.pairing.unsure("gap", this.sink);
        return waiting;
      }
      this.pairing.take();
    }
  }

  private failure(word: string): Failure | null {
    return ERRORS.includes(word) ? { code: word, text: this.line.rest(0) } : null;
  }

  /** The server ends the connection with this, or says it before it was asked anything. */
  private refused(side: Side, d: Direction, error: Failure): boolean {
    if (!FULL.test(error.text) && !(this.silent && error.code !== "CLIENT_ERROR")) return false;
    this.sink.remark({ side, frame: d.frame, time: d.time, kind: "refusal", code: error.code, text: error.text });
    return true;
  }

  private lose(d: Direction, why: "gap" | "snap"): void {
    if (d.role === Role.client) {
      if (this.asking !== null) this.sink.requestBytes(this.asking, d.lastTime, false);
      this.asking = null;
    } else {
      this.answering = null;
      this.untilEnd = false;
    }
    d.clear();
    d.lost = true;
    d.lostBecause = why;
    if (d.role !== Role.server) this.pairing.requestGap();
    this.holeIn(d);
  }

  private holeIn(d: Direction): void {
    if (d.role !== Role.client) this.pairing.responseGap(d.lostBecause, this.sink);
  }
}

const BROKEN = -1;

/** Which of bytes[from, stop) are the line end behind the data in hand? */
function tellDataEnd(tap: MemcachedTap, side: Side, d: Direction, bytes: Uint8Array, from: number, stop: number): void {
  const cr = from + d.data - 2;
  if (cr >= from && cr < stop && bytes[cr] === CR) tap.dataEnd(side, d.base + cr);
  if (cr + 1 >= from && cr + 1 < stop && bytes[cr + 1] === LF) tap.dataEnd(side, d.base + cr + 1);
}

function startsLike(role: Role, bytes: Uint8Array, start: number, end: number): boolean {
  if (role !== Role.server && startsLikeCommand(bytes, start, end)) return true;
  return role !== Role.client && startsLikeAnswer(bytes, start, end);
}

class MemcachedDecoder implements StreamDecoder {
  readonly protocol = "memcached";
  /** Scratch and cache shared by all flows: nothing of one flow shows in another's. */
  private readonly line = new Line(new TextCache());
  private readonly command = new MemcachedCommand();

  probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
    return probeMemcached(bytes, start, end);
  }

  open(sink: ExchangeSink): StreamSession {
    return new MemcachedSession(sink, this.line, this.command);
  }
}

export const memcached: StreamDecoder = new MemcachedDecoder();
