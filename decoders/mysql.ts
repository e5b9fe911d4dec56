// What do client and server say to each other in the MySQL protocol, MySQL's and MariaDB's? (MySQL Internals, "Client/Server Protocol")
//
// Recognised by the server's greeting, or midway by a command. After a gap in either direction, what was open is in doubt, and
// reading goes on with the next command that starts a segment and the answer that follows it.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import {
  type Exchange,
  type ExchangeSink,
  MAX_TEXT,
  otherSide,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../src/core/stream-decoder.ts";
import { AnswerReader, failureOf } from "./mysql-answer.ts";
import { statementStart } from "./mysql-attributes.ts";
import {
  Answer,
  COM_INIT_DB,
  COM_QUERY,
  COM_QUIT,
  COM_STMT_BULK_EXECUTE,
  COM_STMT_CLOSE,
  COM_STMT_EXECUTE,
  COM_STMT_FETCH,
  COM_STMT_PREPARE,
  COM_STMT_RESET,
  COMMANDS,
} from "./mysql-commands.ts";
import { compresses, deprecatesEof, type Greeting, greetingOf, loginOf, sendsAttributes } from "./mysql-login.ts";
import { PacketReader, type PacketSink } from "./mysql-packets.ts";
import { probe, startsCommand } from "./mysql-probe.ts";
import { withoutPasswords } from "./sql-text.ts";

/** Prepared statements whose text is kept, a connection; the oldest goes. */
const MAX_STATEMENTS = 1024;
/** Commands in flight whose answers are told apart; a client seldom sends more than one. */
const MAX_WAITING = 4096;

const TRACE_PARENT = /traceparent\s*=\s*'([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})'/i;

export const mysql: StreamDecoder = {
  protocol: "mysql",
  probe,
  open: (sink) => new Session(sink),
};

interface Waiting {
  exchange: Exchange;
  answer: Answer;
  /** Its statement, when a PREPARE waits for an id. */
  text: string;
}

const Phase = { greeting: 0, login: 1, commands: 2, over: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

class Session implements StreamSession {
  private sink: ExchangeSink;
  private phase: Phase = Phase.greeting;
  /** Null until the greeting or a command tells. */
  private server: Side | null = null;
  private greeting: Greeting | null = null;
  private compresses = false;
  /** Query attributes stand in front of each statement; null while it is not known (joined midway). */
  private hasAttributes: boolean | null = null;
  private readers: readonly [PacketReader, PacketReader];
  private answer = new AnswerReader();
  private queue: Waiting[] = [];
  /** The answer to the first of the queue has begun. */
  private isAnswering = false;
  private statements = new Map<number, string>();
  private database: string | null = null;
  private command: Waiting | null = null;
  private next: StreamSession | null = null;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
    this.readers = [new PacketReader(this.packets(0)), new PacketReader(this.packets(1))];
  }

  private packets(side: Side): PacketSink {
    return {
      head: (p) => {
        if (this.phase === Phase.commands && side !== this.server) this.commandHead(side, p);
      },
      done: (p) => this.packet(side, p),
    };
  }

  // ── bytes in ──

  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    if (this.next !== null) {
      this.next.data(side, bytes, start, end, frame, time);
      return;
    }
    if (this.phase === Phase.over) return;
    if (this.server === null && startsCommand(bytes, start, end)) {
      this.server = otherSide(side);
      this.phase = Phase.commands;
    }
    const reader = this.readers[side];
    if (reader.isLost && !this.resumes(side, bytes, start, end)) return;
    const stopped = reader.read(bytes, start, end, frame, time);
    if (stopped < end && this.next !== null) (this.next as StreamSession).data(side, bytes, stopped, end, frame, time);
  }

  /** May this segment be read after a gap? A command may; the server's answer when it is to a command from after the gap. */
  private resumes(side: Side, bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.readers[side];
    if (side === this.server) {
      if (this.queue.length !== 1 || bytes[start + 3] !== 1) return false;
      this.isAnswering = false;
    } else if (!startsCommand(bytes, start, end)) return false;
    reader.restart();
    return true;
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    if (this.next !== null) {
      this.next.gap(side, length, reason);
      return;
    }
    if (this.phase === Phase.over) return;
    for (const { exchange } of this.queue) this.sink.doubt(exchange, reason === "snap" ? "snap" : "gap");
    this.readers[side].lose();
    this.command = null;
    // Which answer belongs to what is not known any more: both begin anew.
    this.readers[otherSide(side)].lose();
    this.queue = [];
    this.isAnswering = false;
    if (this.phase !== Phase.commands && this.server !== null) this.phase = Phase.commands;
  }

  end(side: Side, how: "fin" | "reset" | "capture"): void {
    this.next?.end(side, how);
  }

  // ── packets ──

  private packet(side: Side, p: PacketReader): boolean {
    if (this.phase === Phase.greeting) this.first(side, p);
    else if (this.phase === Phase.login) return this.login(side, p);
    else if (side === this.server) this.answered(side, p);
    else this.commandDone(p);
    return this.phase !== Phase.over;
  }

  private first(side: Side, p: PacketReader): void {
    this.greeting = greetingOf(p);
    if (this.greeting !== null) {
      this.server = side;
      this.phase = Phase.login;
      this.sink.label("server", this.greeting.version);
    } else if (p.bytes[0] === 0xff) {
      this.server = side;
      this.refuses(side, p);
    } else this.stop();
  }

  private login(side: Side, p: PacketReader): boolean {
    if (side !== this.server) {
      if (p.sequence !== 1) return true; // an answer to the server's questions: never read
      const login = loginOf(p);
      if (login.isTls) {
        this.sink.label("encrypted", "tls");
        this.phase = Phase.over;
        this.next = this.sink.upgraded("tls");
        return false;
      }
      this.answer.deprecatesEof = this.greeting === null ? null : deprecatesEof(this.greeting, login);
      this.hasAttributes = this.greeting !== null && sendsAttributes(this.greeting, login);
      this.compresses = compresses(this.greeting, login);
      if (login.user) this.sink.label("user", login.user);
      if (login.database) this.use(login.database);
      return true;
    }
    if (p.bytes[0] === 0xff) this.refuses(side, p);
    else if (p.bytes[0] === 0x00) {
      this.phase = Phase.commands;
      if (this.compresses) {
        this.sink.label("encrypted", "compressed");
        this.stop();
      }
    }
    return this.phase !== Phase.over;
  }

  private refuses(side: Side, p: PacketReader): void {
    const { code, text } = failureOf(p);
    this.sink.remark({ side, frame: p.frame, time: p.time, kind: "refusal", code, text });
  }

  private use(database: string): void {
    this.database = database;
    this.sink.label("database", database);
  }

  private stop(): void {
    this.phase = Phase.over;
    this.sink.upgraded();
  }

  // ── commands ──

  /** hot: a command's head is there. */
  private commandHead(side: Side, p: PacketReader): void {
    this.command = null;
    if (p.known === 0) return;
    // Packets of a local file, and of a change of user, go on counting.
    if (p.sequence !== 0) return;
    const code = p.bytes[0]!;
    const command = COMMANDS.get(code);
    if (command === undefined) return;
    if (code === COM_QUIT) {
      this.sink.remark({ side, frame: p.frame, time: p.time, kind: "farewell", code: null, text: command.name });
      return;
    }
    if (code === COM_STMT_CLOSE) this.statements.delete(p.u32(1));
    if (command.answer === Answer.none) return;
    this.endAnswer();
    const text = this.textOf(code, p, command.hasText === true);
    const exchange = this.sink.request(side, {
      frame: p.frame,
      time: p.time,
      method: command.name,
      target: text,
      host: this.database,
      id: TRACE_PARENT.exec(text)?.[1] ?? null,
      ...(command.answer === Answer.stream ? { waits: true } : {}),
    });
    this.command = { exchange, answer: command.answer, text: code === COM_STMT_PREPARE ? text : "" };
    if (this.queue.length >= MAX_WAITING) this.sink.doubt(this.queue.shift()!.exchange, "gap");
    this.queue.push(this.command);
    if (code === COM_INIT_DB) this.database = text;
  }

  private textOf(code: number, p: PacketReader, hasText: boolean): string {
    if (code === COM_QUERY) return withoutPasswords(p.text(this.begins(p)));
    if (hasText) return withoutPasswords(p.text(1));
    const isOfStatement =
      code === COM_STMT_EXECUTE || code === COM_STMT_FETCH || code === COM_STMT_RESET || code === COM_STMT_BULK_EXECUTE;
    return isOfStatement ? (this.statements.get(p.u32(1)) ?? "") : "";
  }

  private begins(p: PacketReader): number {
    // No attributes, in one set: no statement begins like that.
    this.hasAttributes ??= p.known > 2 && p.bytes[1] === 0 && p.bytes[2] === 1;
    return this.hasAttributes ? statementStart(p) : 1;
  }

  private commandDone(p: PacketReader): void {
    if (this.command === null) return;
    this.sink.requestBytes(this.command.exchange, p.lastTime, true);
    this.command = null;
  }

  // ── answers ──

  /** A client sends its next command when it has read the answer: what looked unfinished (joined midway) was finished. */
  private endAnswer(): void {
    if (!this.isAnswering || this.queue.length !== 1) return;
    this.answer.deprecatesEof ??= true;
    this.finish();
  }

  /** hot: a packet of the server. */
  private answered(side: Side, p: PacketReader): void {
    const waiting = this.queue[0];
    if (waiting === undefined) {
      if (p.known > 0 && p.bytes[0] === 0xff) this.refuses(side, p);
      return;
    }
    const isFirst = !this.isAnswering;
    if (isFirst) {
      this.isAnswering = true;
      this.answer.begin(waiting.answer);
    }
    const step = this.answer.packet(p);
    const { exchange } = waiting;
    if (isFirst) {
      this.sink.response(exchange, side, { frame: p.frame, time: p.time, status: null, error: step.failure });
    } else if (step.failure !== null && exchange.response !== null) exchange.response.error = step.failure;
    exchange.responseBytes += p.length;
    if (step.inTransaction !== null) exchange.inTransaction = step.inTransaction;
    if (step.statement !== null) this.prepared(step.statement, waiting.text);
    if (step.done) this.finish();
  }

  private finish(): void {
    const finished = this.queue.shift();
    this.isAnswering = false;
    if (finished !== undefined && finished.exchange.response !== null) this.sink.responseComplete(finished.exchange);
  }

  private prepared(id: number, text: string): void {
    if (this.statements.size >= MAX_STATEMENTS) this.statements.delete(this.statements.keys().next().value!);
    this.statements.set(id, text.slice(0, MAX_TEXT));
  }
}
