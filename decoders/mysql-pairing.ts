// What does the server still owe, and to which command? It answers in order; clients seldom send a second before the first answer.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { Exchange, ExchangeSink } from "../src/core/stream-decoder.ts";
import type { Reply } from "./mysql-commands.ts";

export interface Waiting {
  exchange: Exchange;
  reply: Reply;
  /** The first segment of the command. */
  frame: FrameRef;
  time: Nanos;
  /** Sequence that its answer begins with; null while the command is not there to its end. */
  sequence: number | null;
  /** Its statement, when a PREPARE waits for an id. */
  statement: string | null;
  /** The database in use when it succeeds. */
  database: string | null;
  /** What was prepared before is gone when it succeeds. */
  clears: boolean;
}

/** Commands that may be in flight. A capture of one direction would let them grow for ever: beyond it, all are in doubt. */
const MAX_WAITING = 4096;
const COMPACT_AT = 64;
/**
 * Of a client that sends on while answers are under way, some are lost: which of the next ones belongs to what is known again
 * when neither side had said anything for so long. Such clients send within milliseconds.
 */
const QUIET_NS = 1e9;

export class Pairing {
  private queue: Waiting[] = [];
  private first = 0;
  /** Commands before this index are in doubt already. */
  private doubted = 0;
  /** Two commands in one segment, or an answer while a later command was waiting already. */
  pipelines = false;
  /** It even sends on between the answers to what it sent together. */
  private overlaps = false;
  /** The server has said something since the last command. */
  private serverMoved = false;
  private lastFrame: FrameRef = -1;
  /** Answers may be missing, so the order alone does not tell. */
  private answersMissing = false;
  /** So may commands: what comes may answer one that was not seen. */
  commandsMissing = false;
  /** Nothing can be told apart before the client has had all its answers. */
  private isConfused = false;
  private lastTime: Nanos = Number.NEGATIVE_INFINITY;
  /** When the last answer came for which no command was known. */
  private orphanTime: Nanos = Number.NEGATIVE_INFINITY;
  private readonly sink: ExchangeSink;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
  }

  get head(): Waiting | null {
    return this.first < this.queue.length ? this.queue[this.first]! : null;
  }

  moved(isServer: boolean, time: Nanos): void {
    this.lastTime = time;
    this.serverMoved = isServer;
  }

  /** A command was told. */
  // hot: per command.
  asked(waiting: Waiting): void {
    if (this.isConfused) {
      if (this.overlaps ? waiting.time - this.lastTime < QUIET_NS : !this.serverMoved) {
        this.sink.doubt(waiting.exchange, "gap");
        return;
      }
      this.isConfused = false;
    }
    // Told late, behind a hole, it may be what an answer without a command answered.
    if (waiting.time <= this.orphanTime) {
      this.sink.doubt(waiting.exchange, "gap");
      return;
    }
    if (this.queue.length - this.first >= MAX_WAITING) this.clear("gap");
    if (this.head !== null) {
      if (waiting.frame === this.lastFrame) this.pipelines = true;
      else if (this.pipelines && this.serverMoved && !this.answersMissing && !this.commandsMissing)
        this.overlaps = true;
    }
    this.lastFrame = waiting.frame;
    this.queue.push(waiting);
  }

  /** An answer begins at this time: to which command? Null when that was not captured. */
  headAt(time: Nanos): Waiting | null {
    if (this.answersMissing || this.commandsMissing) this.catchUp(time);
    const head = this.head;
    if (head === null || head.time > time) return null;
    const next = this.queue[this.first + 1];
    if (next !== undefined && next.time < time && !this.answersMissing && !this.commandsMissing) this.pipelines = true;
    return head;
  }

  /** The command that an answer at this time would be to. */
  candidateAt(time: Nanos): Waiting | null {
    let i = this.first;
    if (i >= this.queue.length || this.queue[i]!.time > time) return null;
    if (!this.pipelines) while (i + 1 < this.queue.length && this.queue[i + 1]!.time <= time) i++;
    return this.queue[i]!;
  }

  /**
   * A client that does not pipeline had its answers before it sent its last commands: what comes at this time answers the last
   * of those sent before it.
   */
  private catchUp(time: Nanos): void {
    if (this.pipelines) return;
    while (this.first + 1 < this.queue.length && this.queue[this.first + 1]!.time <= time) {
      this.doubt(this.head!, "gap");
      this.shift();
    }
    this.answersMissing = false;
  }

  orphaned(time: Nanos): void {
    this.orphanTime = time;
  }

  // hot: per command.
  shift(): void {
    this.first++;
    if (this.first === this.queue.length) {
      this.queue.length = 0;
      this.first = 0;
      this.doubted = 0;
      this.answersMissing = false;
    } else if (this.first >= COMPACT_AT && this.first * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.first);
      this.doubted = Math.max(0, this.doubted - this.first);
      this.first = 0;
    }
  }

  /** Answers may be missing: whatever waits is in doubt. `headIs`: the one that was due is among them for certain. */
  answerGap(why: "gap" | "snap", headIs: boolean): void {
    if (this.head === null) return;
    if (this.pipelines) {
      this.clear(why);
      this.isConfused = true;
      this.serverMoved = true;
      return;
    }
    this.doubtAll(why);
    this.answersMissing = true;
    if (headIs) this.shift();
  }

  private clear(why: "gap" | "snap"): void {
    this.doubtAll(why);
    this.queue = [];
    this.first = 0;
    this.doubted = 0;
    this.answersMissing = false;
  }

  private doubtAll(why: "gap" | "snap"): void {
    for (let i = Math.max(this.first, this.doubted); i < this.queue.length; i++) this.doubt(this.queue[i]!, why);
    this.doubted = this.queue.length;
  }

  private doubt({ exchange }: Waiting, why: "gap" | "snap"): void {
    if (exchange.response === null && exchange.doubt === null) this.sink.doubt(exchange, why);
  }
}
