// Redis as a stream: which commands and answers does a flow carry? (RESP 2 and 3; Redis serialization protocol specification)
//
// Who sends commands is told by content, so either side may be seen first and on any port. Each direction reads value after
// value; where its place is lost (the flow was joined late, bytes are missing) it goes on with the next segment that begins
// like a message. Strings are stepped over by counting, also where bytes of them are missing.
//
// Kept of a message: its first words, and of these only names, keys and errors ever become text. What may be a password is
// wiped.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import {
  type ExchangeSink,
  otherSide,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../src/core/stream-decoder.ts";
import { TextCache } from "./http1-text.ts";
import { RedisAnswers } from "./redis-answers.ts";
import { knownCommand } from "./redis-commands.ts";
import { Conversation, type Message } from "./redis-conversation.ts";
import { isPush, probeRedis, startsLikeAnswer, startsLikeCommand } from "./redis-probe.ts";
import { RedisRequests } from "./redis-requests.ts";
import { Type } from "./redis-types.ts";
import { MAX_WORDS } from "./redis-words.ts";
import { RespReader, type RespTap, Step } from "./resp.ts";

export const Role = { unknown: 0, client: 1, server: 2 } as const;
export type Role = (typeof Role)[keyof typeof Role];

const CR = 0x0d;
const LF = 0x0a;

/** One direction: the message in hand, and the place in it. */
class Direction implements Message {
  readonly reader = new RespReader();
  role: Role = Role.unknown;
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  lastFrame: FrameRef = NO_FRAME;
  lastTime: Nanos = 0;
  /** Within a message. */
  begun = false;
  lost = false;
  /** Bytes that were shown or are known to be missing. */
  seen = 0;
  lostBecause: "gap" | "snap" = "gap";
}

/** Who else must know which bytes are what: redaction. */
export interface RedisTap {
  /** Told of the lines and strings of a side. */
  reader(side: Side): RespTap;
  /** A line end between messages. */
  between(side: Side, offset: number): void;
  /** What was read of the message in hand is understood so far; `done`: to its end. `expected`: the kind of command that it may answer. */
  understood(side: Side, role: Role, reader: RespReader, expected: number, done: boolean): void;
  /** The message in hand is none, or its rest is missing. */
  lost(side: Side): void;
}

export class RedisSession implements StreamSession {
  private readonly talk: Conversation;
  private readonly requests: RedisRequests;
  private readonly answers: RedisAnswers;
  private readonly texts: TextCache;
  private readonly directions: readonly [Direction, Direction] = [new Direction(), new Direction()];
  private readonly tap: RedisTap | null;

  constructor(sink: ExchangeSink, texts: TextCache, tap: RedisTap | null = null) {
    this.tap = tap;
    if (tap !== null) for (const side of [0, 1] as const) this.directions[side].reader.tap = tap.reader(side);
    this.talk = new Conversation(sink);
    this.texts = texts;
    this.requests = new RedisRequests(this.talk, texts);
    this.answers = new RedisAnswers(this.talk, texts);
  }

  // hot: per segment.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const d = this.directions[side];
    if (this.talk.over || start >= end) return;
    const segmentStart = frame !== d.lastFrame;
    d.lastFrame = frame;
    d.lastTime = time;
    d.reader.base = d.seen - start;
    d.seen += end - start;
    if (d.lost) {
      if (!segmentStart || !this.startsLike(d, bytes, start, end)) {
        this.holeIn(d);
        return;
      }
      d.lost = false;
    }
    let broke = false;
    let i = start;
    while (i < end && !this.talk.over) {
      if (!d.begun) {
        d.frame = frame;
        d.time = time;
        i = this.begin(side, d, bytes, i, end);
        if (!d.begun || this.talk.over) continue;
      }
      const step = i < 0 ? Step.broken : d.reader.read(bytes, i, end);
      i = d.reader.at;
      if (step !== Step.broken) this.step(side, d, step);
      else {
        // What was begun in an earlier segment fails here: this segment may start with a message of its own.
        const again = !broke && segmentStart && d.frame !== frame && this.startsLike(d, bytes, start, end);
        this.lose(d, "gap");
        if (!again) return;
        broke = true;
        d.lost = false;
        i = start;
      }
    }
    if (d.begun && d.role === Role.client) this.requests.bytes(time);
    if (d.begun && d.role !== Role.unknown) this.tap?.understood(side, d.role, d.reader, this.answers.expected, false);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const d = this.directions[side];
    if (this.talk.over || length <= 0) return;
    d.seen += length;
    if (d.begun && d.reader.inString && d.reader.skip(length) === 0) return;
    if (d.begun && d.role === Role.client) this.requests.cut(side, d);
    this.lose(d, reason === "snap" ? "snap" : "gap");
  }

  end(side: Side): void {
    const d = this.directions[side];
    d.reader.reset();
    d.begun = false;
    // Data may come nevertheless, when a reset was forged or ignored: then a segment that starts like a message is one.
    d.lost = true;
  }

  /**
   * A message may begin here; −1 when none can. Line ends between messages are nothing: clients may send them, and masters do
   * to stay alive.
   */
  private begin(side: Side, d: Direction, bytes: Uint8Array, i: number, end: number): number {
    const c = bytes[i]!;
    if (c === LF || c === CR) {
      this.tap?.between(side, d.reader.base + i);
      return i + 1;
    }
    d.begun = true;
    if (d.role === Role.unknown && c !== Type.array) {
      this.assign(side, isLetter(c) ? Role.client : Role.server);
      this.talk.certain = true;
    } else if (d.role === Role.client && c !== Type.array && !isLetter(c)) {
      if (this.talk.certain || !startsLikeAnswer(bytes, i, end)) return -1;
      // What was taken for a command was an array that begins with such a word.
      this.swap(side);
    } else if (d.role === Role.server && c !== Type.array) this.talk.certain = true;
    if (d.role === Role.server) this.answers.begin(side, d, c);
    else d.reader.keep = d.role === Role.client && c === Type.array ? 2 : MAX_WORDS;
    return i;
  }

  private swap(server: Side): void {
    const other = this.directions[otherSide(server)];
    this.tap?.lost(otherSide(server));
    other.reader.reset();
    other.lost = other.begun;
    other.begun = false;
    this.requests.forget();
    this.answers.forget();
    this.talk.startAgain();
    this.assign(server, Role.server);
    this.talk.certain = true;
  }

  /** Takes note of how far the reader came. */
  private step(side: Side, d: Direction, step: Step): void {
    if (step === Step.more) return;
    if (d.role === Role.unknown) {
      const role = this.roleBy(d.reader, step);
      if (role === Role.unknown) return;
      this.assign(side, role);
    }
    if (d.role === Role.client) this.requests.step(side, d, step);
    else this.answers.step(side, d, step);
    this.tap?.understood(side, d.role, d.reader, this.answers.expected, step === Step.done);
    if (step === Step.done) {
      d.begun = false;
      d.reader.reset();
    }
  }

  /** An array begins: a command's words are strings, and the first is known. What servers say to subscribers has words like it. */
  private roleBy(reader: RespReader, step: Step): Role {
    if (step === Step.head) return Role.unknown;
    if (reader.elements === 0 || reader.words.count === 0) return Role.server;
    if (reader.words.count === 1 && reader.elementType !== Type.bulk) return Role.server;
    const word = reader.words.text(0, this.texts);
    if (isPush(word)) {
      // `message` is no command. `subscribe a` is; `subscribe a 1` is the answer to it.
      if (word.endsWith("message")) return Role.server;
      if (step !== Step.done && reader.words.count < 3) return Role.unknown;
      return reader.words.count === 3 && reader.elementType === Type.integer ? Role.server : Role.client;
    }
    const command = knownCommand(word);
    return command === null || reader.count > command.maxWords ? Role.server : Role.client;
  }

  private assign(side: Side, role: Role): void {
    const client = role === Role.client ? side : otherSide(side);
    for (const s of [0, 1] as const) {
      this.directions[s].role = s === client ? Role.client : Role.server;
      this.directions[s].reader.commands = s === client;
    }
  }

  private startsLike(d: Direction, bytes: Uint8Array, start: number, end: number): boolean {
    if (d.role !== Role.server && startsLikeCommand(bytes, start, end)) return true;
    return d.role !== Role.client && startsLikeAnswer(bytes, start, end);
  }

  private lose(d: Direction, why: "gap" | "snap"): void {
    if (d.role === Role.client) this.requests.forget();
    else this.answers.forget();
    this.tap?.lost(this.directions[0] === d ? 0 : 1);
    d.reader.reset();
    d.begun = false;
    d.lost = true;
    d.lostBecause = why;
    if (d.role !== Role.server) this.talk.requestGap();
    this.holeIn(d);
  }

  private holeIn(d: Direction): void {
    if (d.role !== Role.client) this.talk.answerGap(d.lostBecause);
  }
}

const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);

class RedisDecoder implements StreamDecoder {
  readonly protocol = "redis";
  /** Shared by all flows: nothing of one flow shows in another's. */
  private readonly texts = new TextCache();

  probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
    return probeRedis(bytes, start, end);
  }

  open(sink: ExchangeSink): StreamSession {
    return new RedisSession(sink, this.texts);
  }
}

export const redis: StreamDecoder = new RedisDecoder();
