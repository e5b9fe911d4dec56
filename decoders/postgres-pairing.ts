// What does the server still owe, and to which command? (PostgreSQL documentation, "Message Flow")
//
// The server works through what it is sent in order. A simple query (or function call) is answered up to its ReadyForQuery.
// In the extended protocol each Parse, Bind, Describe and Close is acknowledged by one message, an Execute is answered up to
// CommandComplete and the like, and a Sync by ReadyForQuery. Those from one Execute to the next are a *group*, which is one
// exchange. After an error the server skips everything up to the next Sync, and says nothing of it: the ReadyForQuery for
// that Sync is the first that the skipped commands hear, and with it they have failed too.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import type { Exchange, ExchangeSink } from "../src/core/stream-decoder.ts";

export type Kind = "query" | "group" | "sync";

export interface Entry {
  kind: Kind;
  /** Null while a group is being put together, and for what is no exchange (the Sync behind a group). */
  exchange: Exchange | null;
  /** Its first message. */
  frame: FrameRef;
  time: Nanos;
  /** Acknowledgements due. */
  acks: number;
  /** A group with an Execute. */
  executes: boolean;
  /** The client has said all of the group. */
  closed: boolean;
  /** Its Sync may be missing: as far as is known, it ends here. */
  cut: boolean;
  /** The first message that answers it, while what counts as the answer is not there yet. */
  early: FrameRef;
  earlyTime: Nanos;
}

/** Entries a client may have in flight. A capture of one direction only would let them grow for ever: beyond it, all are in doubt. */
const MAX_ENTRIES = 1 << 16;
const COMPACT_AT = 64;

export class Pairing {
  private queue: Entry[] = [];
  private first = 0;
  /** Of those that wait. */
  private syncs = 0;
  private queries = 0;
  /** Entries before this index are in doubt already. */
  private doubted = 0;
  /** Two commands in one segment, or an answer while a later command was waiting already. */
  private pipelined = false;
  /** Where the last query or Sync was. */
  private lastFrame: FrameRef = NO_FRAME;
  /** Answers may be missing, so the order alone does not tell. */
  private answersMissing = false;
  private requestsMissing = false;
  /** The flow was joined midway: its first answers may be to what went before. */
  joinedMidway = false;
  /** When the last answer came for which no command was known. */
  private orphanTime: Nanos = Number.NEGATIVE_INFINITY;
  private readonly sink: ExchangeSink;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
  }

  get head(): Entry | null {
    return this.first < this.queue.length ? this.queue[this.first]! : null;
  }

  // hot: per command.
  add(kind: Kind, frame: FrameRef, time: Nanos): Entry {
    if (this.queue.length - this.first >= MAX_ENTRIES) {
      this.doubtAll("gap");
      while (this.head !== null) this.shift();
    }
    const entry: Entry = {
      kind,
      exchange: null,
      frame,
      time,
      acks: 0,
      executes: false,
      closed: kind !== "group",
      cut: false,
      early: NO_FRAME,
      earlyTime: 0,
    };
    if (frame === this.lastFrame && this.syncs + this.queries > 0) this.pipelined = true;
    if (kind !== "group") this.lastFrame = frame;
    this.count(kind, 1);
    this.queue.push(entry);
    return entry;
  }

  /** The entry's exchange was reported. Told late, behind a hole, it may be what an answer without a question answered. */
  asked(entry: Entry): void {
    if (entry.time <= this.orphanTime) this.doubt(entry, "gap");
  }

  orphaned(time: Nanos): void {
    this.orphanTime = time;
  }

  private count(kind: Kind, by: 1 | -1): void {
    if (kind === "sync") this.syncs += by;
    else if (kind === "query") this.queries += by;
  }

  /** Lets go of the head. Returns by how many places the queue was moved up. */
  // hot: per command.
  shift(): number {
    this.count(this.queue[this.first++]!.kind, -1);
    const { first } = this;
    if (this.first === this.queue.length) {
      this.queue.length = 0;
      this.first = 0;
      this.doubted = 0;
      this.answersMissing = false;
      return first;
    }
    if (this.first >= COMPACT_AT && this.first * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.first);
      this.doubted = Math.max(0, this.doubted - this.first);
      this.first = 0;
      return first;
    }
    return 0;
  }

  /** ReadyForQuery came at this time, and ended what it ends. */
  ready(time: Nanos): void {
    const next = this.head;
    if (next !== null && next.time < time && !this.answersMissing && !this.requestsMissing) this.pipelined = true;
  }

  /** Is there an entry that ReadyForQuery would end? While the server skips, only a Sync does. */
  hasReady(skipping: boolean): boolean {
    return this.syncs > 0 || (this.queries > 0 && !skipping);
  }

  /** The server is in COPY FROM STDIN: it overlooks a Sync that was sent before the data (libpq does that). */
  dropSyncsBehindHead(): void {
    let to = this.first + 1;
    while (to < this.queue.length && this.queue[to]!.kind === "sync") to++;
    const dropped = to - this.first - 1;
    if (dropped === 0) return;
    this.queue.splice(this.first + 1, dropped);
    this.syncs -= dropped;
    this.doubted = Math.max(0, this.doubted - dropped);
  }

  /** Answers may be missing: whatever waits is in doubt. */
  doubtAll(why: "gap" | "snap"): void {
    this.answersMissing = this.head !== null;
    for (let i = Math.max(this.first, this.doubted); i < this.queue.length; i++) this.doubt(this.queue[i]!, why);
    this.doubted = this.queue.length;
  }

  doubt(entry: Entry, why: "gap" | "snap"): void {
    const e = entry.exchange;
    if (e !== null && e.response === null && e.doubt === null) this.sink.doubt(e, why);
  }

  /** Requests may be missing, or be told late: then some that wait have had their answers already. */
  requestGap(): void {
    this.requestsMissing = true;
    const last = this.queue.at(-1);
    if (last !== undefined) last.cut = true;
  }

  /** An answer begins at this time: which is the command that it answers? Null when that was not captured. */
  // hot: per message.
  headAt(time: Nanos): Entry | null {
    if (!this.requestsMissing && !this.answersMissing && !this.joinedMidway) return this.head;
    const head = this.head;
    if (head !== null && !hasAnswer(head)) this.catchUp(time);
    return this.head !== null && this.head.time > time ? null : this.head;
  }

  /**
   * A client that does not pipeline had its answers before it sent its last commands: what comes at this time answers the
   * last of those sent before it.
   */
  catchUp(time: Nanos): void {
    if (this.pipelined || !(this.answersMissing || this.requestsMissing)) return;
    let from = this.first;
    for (let i = this.first; i + 1 < this.queue.length && this.queue[i + 1]!.time <= time; i++) {
      const { kind, cut } = this.queue[i]!;
      if (kind !== "group" || (cut && this.queue[i + 1]!.kind !== "sync")) from = i + 1;
    }
    while (this.first < from) {
      this.doubt(this.queue[this.first]!, "gap");
      from -= this.shift();
    }
  }
}

const hasAnswer = (e: Entry): boolean => e.early !== NO_FRAME || (e.exchange !== null && e.exchange.response !== null);
