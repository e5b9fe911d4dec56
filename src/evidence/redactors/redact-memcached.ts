// What of a memcached connection may leave? (decoders/memcached.ts reads it along)
//
// Commands, flags, lengths, states, keys as reports show them. Data is filled.

import { TextCache } from "../../../decoders/http1-text.ts";
import { MemcachedSession, type MemcachedTap } from "../../../decoders/memcached.ts";
import { Line, MemcachedCommand } from "../../../decoders/memcached-commands.ts";
import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import type { Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { NullSink } from "./null-sink.ts";
import { redactMemcachedAnswer, redactMemcachedCommand } from "./redact-memcached-line.ts";

class MemcachedRedactor implements StreamRedactor, MemcachedTap {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly session: MemcachedSession;

  constructor(sink: RedactionSink, policy: RedactionPolicy) {
    this.sink = sink;
    this.policy = policy;
    this.session = new MemcachedSession(
      new NullSink("memcached"),
      new Line(new TextCache()),
      new MemcachedCommand(),
      this,
    );
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, _at: number, frame: FrameRef, time: Nanos): void {
    this.session.data(side, bytes, start, end, frame, time);
  }

  gap(side: Side, length: number, _at: number, reason: "missing" | "snap"): void {
    this.session.gap(side, length, reason);
  }

  end(side: Side): void {
    this.session.end(side);
  }

  line(
    side: Side,
    at: number,
    end: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    hasCr: boolean,
    command: MemcachedCommand | null,
  ): void {
    const b = bytes.slice(from, to);
    if (command !== null) redactMemcachedCommand(b, command, this.sink);
    else redactMemcachedAnswer(b, this.policy, this.sink);
    if (b.length > 0) this.sink.replace(side, at, b);
    this.sink.keep(side, end - (hasCr ? 2 : 1), end);
  }

  /** Filled, a line could be one, and the next would be a part of it. With a control character it is none, and ends where it did. */
  broken(side: Side, offset: number, hasBefore: boolean): void {
    if (hasBefore) this.sink.replace(side, offset - 1, Uint8Array.of(1));
    this.sink.keep(side, offset, offset + 1);
  }

  dataEnd(side: Side, offset: number): void {
    this.sink.keep(side, offset, offset + 1);
  }
}

export const redactMemcached: StreamRedaction = {
  protocol: "memcached",
  open: (sink, policy) => new MemcachedRedactor(sink, policy),
};
