// What does a MySQL server say: a greeting, the end of a login, answers, or that it ends the connection?
//
// Packets of an answer are numbered through, from the number behind the command's. A number that does not fit says that the place
// in the stream is not what it seemed; that a new answer begins, when it is the one that the next command waits for.

import type { Nanos } from "../src/core/clock.ts";
import type { Exchange, ExchangeSink, Failure, Side } from "../src/core/stream-decoder.ts";
import {
  ANSWER_BYTES,
  AnswerReader,
  failureOf,
  hasMoreResults,
  isInTransaction,
  isProgress,
  resultEnd,
} from "./mysql-answer.ts";
import { Reply } from "./mysql-commands.ts";
import { greetingOf, LOGIN_BYTES } from "./mysql-login.ts";
import { HEADER, type PacketReader } from "./mysql-packets.ts";
import type { Pairing, Waiting } from "./mysql-pairing.ts";
import type { Talk } from "./mysql-talk.ts";

const OK = 0x00;
const EOF = 0xfe;
const ERR = 0xff;
/** What ends a result, with its header: an EOF, or the OK in its place. */
const EOF_PACKET = HEADER + 5;
const OK_PACKET = HEADER + 7;
/** COM_STMT_PREPARE's OK, without and with the byte about metadata. */
const PREPARED_LENGTHS = [12, 13];

/**
 * With these the server ends the connection (MySQL and MariaDB, "Server Error Message Reference"): too many connections (1040, of
 * one user 1203), shutdown (1053), a forced close (1080), communication errors (1158–1161), the host is blocked or not allowed
 * (1129, 1130), aborted (1152, 1184), killed (1927; MySQL 3169), idle for too long (4031), a packet too large (1153).
 */
const ENDING = new Set("1040 1053 1080 1129 1130 1152 1153 1158 1159 1160 1161 1184 1203 1927 3169 4031".split(" "));

export class MysqlServer {
  side: Side = 1;
  readonly answer = new AnswerReader();
  /** The command whose answer is being read; null with an answer to one that was not captured. */
  private active: Waiting | null = null;
  private isAnswering = false;
  /** The exchange that the answer in hand belongs to, once it has begun. */
  private exchange: Exchange | null = null;
  /** The message in hand is the answer's last. */
  private isLast = false;
  /** Sequence of the next packet of the answer. */
  private next = 0;
  /** An answer that began before the place in the stream was lost. */
  private unfinished: Exchange | null = null;
  /** The one that ended last: an EOF may follow. */
  private previous: Exchange | null = null;
  private readonly sink: ExchangeSink;
  private readonly talk: Talk;
  private readonly pairing: Pairing;

  constructor(sink: ExchangeSink, talk: Talk, pairing: Pairing) {
    this.sink = sink;
    this.talk = talk;
    this.pairing = pairing;
  }

  get awaitsFile(): boolean {
    return this.isAnswering && this.answer.awaitsFile;
  }

  /** The command whose answer is in hand; null without one, and when it was not captured. */
  get answering(): Waiting | null {
    return this.active;
  }

  get isStreaming(): boolean {
    return this.isAnswering && this.active?.reply === Reply.stream;
  }

  keep(): number {
    return this.talk.phase === "login" ? LOGIN_BYTES : ANSWER_BYTES;
  }

  /** The head of a packet is there, or (`cut`) all that the capture has of it. False: it does not fit here. */
  // hot: per packet.
  message(r: PacketReader, cut: boolean): boolean {
    this.answer.lastPhase = null;
    if (this.talk.phase === "login") return this.login(r);
    if (this.isAnswering && this.answer.isNumbered && r.sequence !== this.next) {
      // A new answer: what was read last was complete, for the client has read it and asked again.
      const waiting = this.exchange === null ? null : this.pairing.candidateAt(r.time);
      if (waiting === null || r.sequence !== waiting.sequence) return false;
      this.complete();
    }
    return this.isAnswering || this.begins(r) ? this.goesOn(r, cut) : !this.isLost;
  }
  private isLost = false;

  /** Which command does this answer? False when it is none of ours to read on, `isLost` with the reason. */
  private begins(r: PacketReader): boolean {
    this.isLost = false;
    if (r.sequence === this.next && this.answer.isLateEof(r)) {
      if (this.previous !== null) this.previous.inTransaction = isInTransaction(r.u16(3));
      return false;
    }
    const waiting = this.pairing.headAt(r.time);
    if (waiting === null) return this.unasked(r);
    const isError = r.byte(0) === ERR;
    if (waiting.sequence !== null && r.sequence !== waiting.sequence && !isError) {
      this.isLost = true;
      return false;
    }
    this.active = waiting;
    this.isAnswering = true;
    this.answer.begin(waiting.reply);
    return true;
  }

  /** Nothing waits for this. */
  private unasked(r: PacketReader): boolean {
    if (r.byte(0) === ERR && r.length > 3) {
      const failure = failureOf(r);
      if (r.sequence === 0 || ENDING.has(failure.code)) {
        this.refuses(r, failure);
        return false;
      }
    }
    // Its command may be told late, behind a hole that is not known yet.
    this.pairing.orphaned(r.time);
    if (!this.pairing.commandsMissing || r.sequence !== 1) {
      this.isLost = true;
      return false;
    }
    this.active = null;
    this.isAnswering = true;
    const isPrepared = r.byte(0) === OK && PREPARED_LENGTHS.includes(r.length) && r.byte(9) === 0;
    this.answer.begin(isPrepared ? Reply.prepared : Reply.result);
    return true;
  }

  // hot: per packet.
  private goesOn(r: PacketReader, cut: boolean): boolean {
    const first = r.byte(0);
    // Beyond what the capture has of a packet, its fields are not zeros but unknown.
    if (cut && !(r.known > 0 && first !== EOF && first !== ERR && this.exchange !== null)) return this.goesOnCut(r);
    const step = this.answer.packet(r);
    if (step.isNews) return true;
    // A request for a file, or for a proof of identity, is not the answer.
    const isQuestion = this.answer.awaitsFile || (this.active?.reply === Reply.login && !step.done);
    if (this.exchange === null && !isQuestion) this.respond(r, step.failure);
    const { exchange, active } = this;
    if (exchange === null) return true;
    if (step.failure !== null) this.failed(r, exchange, step.failure);
    if (step.inTransaction !== null) exchange.inTransaction = step.inTransaction;
    if (step.statement !== null && active !== null && active.statement !== null) {
      this.talk.statements.prepared(step.statement, active.statement);
    }
    if (step.done) {
      this.isLast = true;
      if (active !== null && exchange.response?.error === null) this.succeeded(active);
    }
    if (step.database !== null) this.talk.use(step.database);
    return true;
  }

  private goesOnCut(r: PacketReader): boolean {
    const isError = r.known >= 3 && r.byte(0) === ERR;
    if (isError && isProgress(r)) return true;
    if (this.exchange === null) this.respond(r, isError ? failureOf(r) : null);
    else if (isError) this.failed(r, this.exchange, failureOf(r));
    // What is one packet by protocol is complete.
    this.isLast = isError || this.active?.reply === Reply.status || this.active?.reply === Reply.text;
    return this.isLast;
  }

  private respond(r: PacketReader, error: Failure | null): void {
    const { frame, time } = r;
    this.exchange = this.sink.response(this.active?.exchange ?? null, this.side, { frame, time, status: null, error });
    if (this.active !== null) this.pairing.shift();
  }

  private failed(r: PacketReader, exchange: Exchange, failure: Failure): void {
    if (exchange.response !== null) exchange.response.error ??= failure;
    if (ENDING.has(failure.code)) this.refuses(r, failure);
  }

  private succeeded(active: Waiting): void {
    if (active.clears) this.talk.statements.clear();
    if (active.database !== null) this.talk.use(active.database);
  }

  private refuses(r: PacketReader, { code, text }: Failure): void {
    this.sink.remark({ side: this.side, frame: r.frame, time: r.time, kind: "refusal", code, text });
  }

  /** The packet's last byte came. */
  // hot: per packet.
  ended(r: PacketReader): void {
    this.next = (r.lastSequence + 1) & 0xff;
    if (this.exchange !== null) this.exchange.responseBytes += r.total;
    if (this.isLast) this.complete();
  }

  private complete(): void {
    const { exchange } = this;
    this.drop();
    this.previous = exchange;
    if (exchange !== null) this.sink.responseComplete(exchange);
  }

  private drop(): void {
    this.active = null;
    this.exchange = null;
    this.isAnswering = false;
    this.isLast = false;
    this.previous = null;
  }

  // ── the login ──

  private login(r: PacketReader): boolean {
    const first = r.byte(0);
    const greeting = r.sequence === 0 && !this.talk.loginSeen ? greetingOf(r) : null;
    if (greeting !== null) {
      this.talk.offered = greeting.flags;
      this.sink.label("server", greeting.version);
    } else if (first === ERR) this.refuses(r, failureOf(r));
    else if (first === OK) {
      this.talk.phase = "commands";
      // Nothing of the client was captured so far.
      if (!this.talk.loginSeen) this.pairing.commandsMissing = true;
    }
    return true;
  }

  // ── where the place is not known ──

  /**
   * Bytes are missing, or did not fit: answers may have been among them. `betweenPackets`: they began where a packet does, or may. If
   * no answer was in hand, then, an answer began with them, and it is the one that was due.
   */
  lost(why: "gap" | "snap", betweenPackets: boolean): void {
    const wasDue = betweenPackets && !this.isAnswering && this.unfinished === null;
    if (this.exchange !== null) this.unfinished = this.exchange;
    this.drop();
    if (this.talk.phase === "commands") this.pairing.answerGap(why, wasDue);
  }

  /** A segment that cannot be placed: the end of the answer in hand perhaps. Returns how many bytes of it are that; 0 for none. */
  passed(b: Uint8Array, start: number, end: number): number {
    if (this.unfinished === null) return 0;
    const status = resultEnd(b, start, end);
    if (status < 0 || hasMoreResults(status)) return 0;
    this.unfinished.inTransaction = isInTransaction(status);
    this.sink.responseComplete(this.unfinished);
    this.unfinished = null;
    return b[end - EOF_PACKET] === EOF_PACKET - HEADER ? EOF_PACKET : OK_PACKET;
  }

  /** The place is known again: an answer begins here. */
  placed(): void {
    this.unfinished = null;
  }

  /** A command is sent: a client that does not pipeline has read the answer before it to its end. */
  nextCommand(time: Nanos): void {
    const { unfinished } = this;
    if (unfinished === null) return;
    this.unfinished = null;
    if (!this.pairing.pipelines && unfinished.response !== null && unfinished.response.time <= time) {
      this.sink.responseComplete(unfinished);
    }
  }
}
