// What of a PostgreSQL connection may leave? (decoders/postgres.ts reads it along)
//
// Types and lengths of messages, statements without their literals, names of prepared statements, tags, error codes. Passwords, keys
// that cancel, rows, bound values and COPY data are filled. What is encrypted is not read, and nothing of it is kept.

import { TextCache } from "../../../decoders/http1-text.ts";
import type { MessageTap } from "../../../decoders/message-tap.ts";
import { PostgresSession } from "../../../decoders/postgres.ts";
import { HEADER, LENGTH } from "../../../decoders/postgres-messages.ts";
import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import type { Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { MessageInHand } from "./message-in-hand.ts";
import { NullSink } from "./null-sink.ts";
import { redactPostgresBackend } from "./redact-postgres-backend.ts";
import { redactPostgresFrontend, redactStartup } from "./redact-postgres-frontend.ts";

class PostgresRedactor implements StreamRedactor, MessageTap {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly session: PostgresSession;
  private readonly inHand: readonly [MessageInHand, MessageInHand] = [new MessageInHand(), new MessageInHand()];
  /** The message in hand of each side has no type. */
  private readonly isStartup: [boolean, boolean] = [false, false];

  constructor(sink: RedactionSink, policy: RedactionPolicy, texts: TextCache) {
    this.sink = sink;
    this.policy = policy;
    this.session = new PostgresSession(new NullSink("postgresql"), texts, this);
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, _at: number, frame: FrameRef, time: Nanos): void {
    this.session.data(side, bytes, start, end, frame, time);
  }

  gap(side: Side, length: number, _at: number, reason: "missing" | "snap"): void {
    this.session.gap(side, length, reason);
    // What is behind the hole in the same message is not read.
    this.inHand[side].drop();
  }

  end(side: Side): void {
    this.session.end(side);
    this.inHand[side].drop();
  }

  header(side: Side, offset: number): void {
    this.isStartup[side] = this.session.reader(side).mode === "startup";
    this.inHand[side].begin(offset - (this.isStartup[side] ? LENGTH : HEADER), offset);
  }

  payload(side: Side, bytes: Uint8Array, from: number, to: number, offset: number): void {
    this.inHand[side].add(bytes, from, to, offset);
  }

  told(side: Side, cut: boolean): void {
    const isWhole = cut || this.session.reader(side).left === 0;
    this.redact(side, isWhole);
    if (isWhole) this.inHand[side].drop();
  }

  reply(side: Side, offset: number): void {
    this.sink.keep(side, offset, offset + 1);
  }

  done(side: Side): void {
    this.redact(side, true);
    this.inHand[side].drop();
  }

  lost(side: Side): void {
    this.inHand[side].drop();
  }

  private redact(side: Side, isWhole: boolean): void {
    const m = this.inHand[side];
    if (!m.isOpen) return;
    const b = m.copy();
    const { policy, session } = this;
    const { type } = session.reader(side);
    // Counted once: when it is over.
    const sink = isWhole ? this.sink : null;
    let to = b.length;
    if (this.isStartup[side]) redactStartup(b, policy, sink);
    else if (side === session.client) to = redactPostgresFrontend(String.fromCharCode(type), b, isWhole, policy, sink);
    else redactPostgresBackend(String.fromCharCode(type), b, policy, sink);
    m.say(this.sink, side, b, to);
  }
}

const texts = new TextCache();

export const redactPostgres: StreamRedaction = {
  protocol: "postgresql",
  open: (sink, policy) => new PostgresRedactor(sink, policy, texts),
};
