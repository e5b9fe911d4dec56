// What of a MySQL or MariaDB connection may leave? (decoders/mysql.ts reads it along)
//
// Packet headers, commands, statements without their literals, statuses, error codes, numbers of columns. Proofs of identity, names of
// columns, rows, bound values and files are filled. What is compressed or encrypted is not read, and nothing of it is kept.

import { TextCache } from "../../../decoders/http1-text.ts";
import type { MessageTap } from "../../../decoders/message-tap.ts";
import { MysqlSession } from "../../../decoders/mysql.ts";
import { COMMANDS } from "../../../decoders/mysql-commands.ts";
import { HEADER } from "../../../decoders/mysql-packets.ts";
import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import type { Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { MessageInHand } from "./message-in-hand.ts";
import { NullSink } from "./null-sink.ts";
import { redactMysqlAnswer } from "./redact-mysql-answer.ts";
import { redactMysqlCommand } from "./redact-mysql-command.ts";
import { redactGreeting, redactLogin, redactLoginAnswer } from "./redact-mysql-login.ts";

/** A command that is still coming is looked at again when it has grown by so many bytes: once a segment, and not once a byte. */
const GROWTH = 64;

class MysqlRedactor implements StreamRedactor, MessageTap {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly session: MysqlSession;
  private readonly inHand: readonly [MessageInHand, MessageInHand] = [new MessageInHand(), new MessageInHand()];
  /** What the message in hand of each side begins with, as its header told. */
  private readonly what: ["command" | "login" | "other", "greeting" | "login" | "answer"] = ["other", "answer"];
  private looked = 0;

  constructor(sink: RedactionSink, policy: RedactionPolicy, texts: TextCache) {
    this.sink = sink;
    this.policy = policy;
    this.session = new MysqlSession(new NullSink("mysql"), texts, this);
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, _at: number, frame: FrameRef, time: Nanos): void {
    this.session.data(side, bytes, start, end, frame, time);
    const m = this.inHand[side];
    // A command is one as soon as it begins, also when the capture ends before it does.
    if (m.isOpen && this.isClient(side) && this.what[0] === "command" && m.length - this.looked >= GROWTH) {
      if (!this.session.reader(side).told) this.redact(side, false, false);
    }
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
    const m = this.inHand[side];
    const r = this.session.reader(side);
    // A payload of more than one packet: the header of the next one.
    if (r.total > r.left) {
      if (m.isOpen) this.sink.keep(side, offset - HEADER, offset);
      return;
    }
    m.begin(offset - HEADER, offset);
    this.looked = 0;
    const { talk } = this.session;
    if (this.isClient(side)) this.what[0] = this.session.expects(side);
    else this.what[1] = talk.phase !== "login" ? "answer" : r.sequence === 0 && !talk.loginSeen ? "greeting" : "login";
  }

  payload(side: Side, bytes: Uint8Array, from: number, to: number, offset: number): void {
    this.inHand[side].add(bytes, from, to, offset);
  }

  told(side: Side, cut: boolean): void {
    const isWhole = cut || this.session.reader(side).left === 0;
    this.redact(side, isWhole, cut);
    if (isWhole && !this.session.reader(side).continues) this.inHand[side].drop();
  }

  ending(side: Side, length: number, offset: number): void {
    this.sink.keep(side, offset - length, offset);
  }

  done(side: Side): void {
    this.redact(side, true, false);
    this.inHand[side].drop();
  }

  lost(side: Side): void {
    const m = this.inHand[side];
    // Filled, a header would announce megabytes. A known command misfits by its length.
    m.sayMisfit(this.sink, side, this.isClient(side) && COMMANDS.has(m.first) ? 1 : 0);
    m.drop();
  }

  private isClient(side: Side): boolean {
    return side === this.session.asker;
  }

  /** `isWhole`: no more bytes of it come; `isCut`: for the capture lacks them. */
  private redact(side: Side, isWhole: boolean, isCut: boolean): void {
    const m = this.inHand[side];
    if (!m.isOpen) return;
    const b = m.copy();
    const { policy, session } = this;
    // Counted once: when it is over.
    const sink = isWhole ? this.sink : null;
    const { length } = session.reader(side);
    let to = b.length;
    if (this.isClient(side)) {
      this.looked = m.length;
      if (this.what[0] === "command") to = redactMysqlCommand(b, isWhole, policy, sink);
      else if (this.what[0] === "login") redactLogin(b, length, session.talk.offered, policy, sink);
      else fillAll(b, sink);
    } else if (this.what[1] === "greeting") redactGreeting(b, policy, sink);
    else if (this.what[1] === "login") redactLoginAnswer(b, policy, sink);
    else redactMysqlAnswer(b, length, session.server, isCut, policy, sink);
    m.say(this.sink, side, b, to);
  }
}

function fillAll(b: Uint8Array, sink: RedactionSink | null): void {
  b.fill(0x78);
  sink?.count("payload bytes", b.length);
}

const texts = new TextCache();

export const redactMysql: StreamRedaction = {
  protocol: "mysql",
  open: (sink, policy) => new MysqlRedactor(sink, policy, texts),
};
