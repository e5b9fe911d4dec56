// What of a Redis connection may leave? (decoders/redis.ts reads it along)
//
// What frames values, names of commands, keys as reports show them, states and error codes. Values, passwords and numbers are filled.
// Of a message its first words are looked at, as the decoder does; all others are filled.

import { TextCache } from "../../../decoders/http1-text.ts";
import { RedisSession, type RedisTap, Role } from "../../../decoders/redis.ts";
import { isScalar, Type } from "../../../decoders/redis-types.ts";
import { MAX_WORDS } from "../../../decoders/redis-words.ts";
import type { RespReader, RespTap } from "../../../decoders/resp.ts";
import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import { MAX_TEXT, type Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { NullSink } from "./null-sink.ts";
import { AnswerWords, redactRedisLine } from "./redact-redis-answer.ts";
import { CommandWords, inlineWords } from "./redact-redis-command.ts";
import { Remembered } from "./remembered.ts";

const CR = 0x0d;

interface PendingLine {
  readonly type: number;
  readonly at: number;
  readonly end: number;
  readonly text: Uint8Array;
}

/** What was read of one side and is not understood yet. */
class Heard implements RespTap {
  /** [from, to) of what frames values, joined where they touch. */
  framing: number[] = [];
  lines: PendingLine[] = [];
  readonly words: readonly Remembered[] = Array.from({ length: MAX_WORDS }, () => new Remembered(MAX_TEXT));
  /** How many strings at the top have come to their end, by index; and how many of them were told to leave. */
  readonly isComplete: boolean[] = new Array<boolean>(MAX_WORDS).fill(false);
  readonly isSaid: boolean[] = new Array<boolean>(MAX_WORDS).fill(false);
  readonly commands = new CommandWords();
  readonly answers = new AnswerWords();

  line(type: number, _index: number, at: number, end: number, bytes: Uint8Array, from: number, to: number): void {
    const isText = type === Type.simple || type === Type.error || type === Type.inline;
    if (!isText && !isScalar(type)) {
      this.frame(at, end);
      return;
    }
    const hasCr = type !== Type.inline || (to > from && bytes[to - 1] === CR);
    const start = type === Type.inline ? at : at + 1;
    this.frame(at, start);
    this.frame(end - (hasCr ? 2 : 1), end);
    const length = Math.min(to - from, end - (hasCr ? 2 : 1) - start);
    this.lines.push({ type, at: start, end, text: bytes.slice(from, from + length) });
  }

  string(index: number, at: number, bytes: Uint8Array, from: number, to: number): void {
    if (index >= 0 && index < MAX_WORDS) this.words[index]!.add(bytes, from, to, at);
  }

  carriage(at: number): void {
    this.frame(at, at + 1);
  }

  stringEnd(index: number, end: number): void {
    this.frame(end - 1, end);
    if (index >= 0 && index < MAX_WORDS) this.isComplete[index] = true;
  }

  frame(from: number, to: number): void {
    if (from >= to) return;
    if (this.framing.length > 0 && this.framing.at(-1) === from) this.framing[this.framing.length - 1] = to;
    else this.framing.push(from, to);
  }

  /** The message is over, or given up. */
  clear(): void {
    this.framing = [];
    this.lines = [];
    for (let i = 0; i < MAX_WORDS; i++) {
      if (this.words[i]!.length > 0) this.words[i]!.clear();
      this.isComplete[i] = false;
      this.isSaid[i] = false;
    }
    this.commands.clear();
    this.answers.clear();
  }
}

class RedisRedactor implements StreamRedactor, RedisTap {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly heard: readonly [Heard, Heard] = [new Heard(), new Heard()];
  private readonly session: RedisSession;

  constructor(sink: RedactionSink, policy: RedactionPolicy, texts: TextCache) {
    this.sink = sink;
    this.policy = policy;
    this.session = new RedisSession(new NullSink("redis"), texts, this);
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, _at: number, frame: FrameRef, time: Nanos): void {
    this.session.data(side, bytes, start, end, frame, time);
  }

  gap(side: Side, length: number, _at: number, reason: "missing" | "snap"): void {
    this.session.gap(side, length, reason);
  }

  end(side: Side): void {
    this.session.end(side);
    this.heard[side].clear();
  }

  reader(side: Side): RespTap {
    return this.heard[side];
  }

  between(side: Side, offset: number): void {
    this.sink.keep(side, offset, offset + 1);
  }

  lost(side: Side): void {
    this.heard[side].clear();
  }

  understood(side: Side, role: Role, reader: RespReader, expected: number, done: boolean): void {
    const h = this.heard[side];
    const { sink } = this;
    for (let i = 0; i + 1 < h.framing.length; i += 2) sink.keep(side, h.framing[i]!, h.framing[i + 1]!);
    h.framing = [];
    for (const line of h.lines) this.line(side, h, line);
    h.lines = [];
    for (let i = 0; i < MAX_WORDS; i++) {
      if (!h.isComplete[i] || h.isSaid[i]) continue;
      h.isSaid[i] = true;
      const b = h.words[i]!.bytes.slice();
      if (role === Role.client) h.commands.redact(i, reader.count, b, this.policy, sink);
      else h.answers.redact(reader.type, expected, i, b, this.policy, sink);
      h.words[i]!.leave(b, side, sink);
    }
    // Whatever becomes of a line, it has begun.
    if (reader.openLine >= 0) sink.keep(side, reader.openLine, reader.openLine + 1);
    if (done) h.clear();
  }

  private line(side: Side, h: Heard, { type, at, text }: PendingLine): void {
    const b = text.slice();
    if (type === Type.inline) {
      const words = inlineWords(b);
      for (const [index, [from, to]] of words.entries()) {
        h.commands.redact(index, words.length, b.subarray(from, to), this.policy, this.sink);
      }
    } else redactRedisLine(type, b, this.policy, this.sink);
    if (b.length > 0) this.sink.replace(side, at, b);
  }
}

const texts = new TextCache();

export const redactRedis: StreamRedaction = {
  protocol: "redis",
  open: (sink, policy) => new RedisRedactor(sink, policy, texts),
};
