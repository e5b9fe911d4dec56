// What does a PostgreSQL server answer, and to whom? Its messages end the exchanges that wait.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import type { Exchange, ExchangeSink, Failure, Side } from "../src/core/stream-decoder.ts";
import { textOf } from "./http1-text.ts";
import type { Entry, Pairing } from "./postgres-pairing.ts";
import type { MessageReader } from "./postgres-reader.ts";
import { errorOf, nul, type ServerError } from "./postgres-text.ts";

/** Severity, code and message come first; a message is cut at MAX_TEXT anyway. */
const ERROR_BYTES = 4096;
/** Name and value of a setting. The two that are wanted are short: application_name has at most 63 bytes. */
const SETTING_BYTES = 256;

const KEEP = new Uint16Array(128);
for (const [type, bytes] of [
  ["E", ERROR_BYTES],
  ["S", SETTING_BYTES],
  ["Z", 1],
] as const) {
  KEEP[type.charCodeAt(0)] = bytes;
}

/** Settings, notices, notifications, and what belongs to the start of a connection. */
const UNASKED = ["S", "N", "A", "R", "K", "v"].map((c) => c.charCodeAt(0));
const IDLE = 0x49;

/** What the client's side is told. */
export interface Asker {
  /** The group that is being put together is answered already: the next message begins another. */
  closeGroup(): void;
  /** Nothing is asked, and no transaction is open. */
  idle(): void;
}

export class PostgresBackend {
  side: Side = 1;
  /** Between the startup packet and the first ReadyForQuery an error is a refusal, and nothing is an answer. */
  private starting = false;
  /** After an error in the extended protocol: up to the next Sync. */
  private failure: Failure | null = null;
  /** COPY FROM STDIN: the command whose data the client is sending; or whose data it sent without being asked. */
  private copy: Entry | null = null;
  private copySentEarly = false;
  /** The command that ReadyForQuery will speak of: answered, with its state of the transaction to come. */
  private last: Exchange | null = null;
  /** An answer without a request, and whether it is one to the extended protocol. */
  private orphan: Exchange | null = null;
  private orphanExtended = false;
  private orphanFrame: FrameRef = NO_FRAME;
  private orphanTime: Nanos = 0;
  private readonly sink: ExchangeSink;
  private readonly pairing: Pairing;
  asker: Asker | null = null;

  constructor(sink: ExchangeSink, pairing: Pairing) {
    this.sink = sink;
    this.pairing = pairing;
  }

  keep(type: number): number {
    return KEEP[type]!;
  }

  started(): void {
    this.starting = true;
  }

  joined(): void {
    this.forgetOrphan();
  }

  /** Answers may be missing. */
  lost(): void {
    this.starting = false;
    this.failure = null;
    this.copy = null;
    this.last = null;
    this.forgetOrphan();
  }

  // ── what the client does ──

  get takesCopy(): boolean {
    return this.copy !== null;
  }

  /** COPY data of the client; `done`: CopyDone or CopyFail. */
  copying(time: Nanos, done: boolean): void {
    const e = this.copy?.exchange;
    if (e && !e.requestComplete) this.sink.requestBytes(e, time, done);
    else if (done && this.copy === null) this.copySentEarly = this.pairing.head !== null;
    if (done) this.copy = null;
  }

  /** The client has said all of a group. Some of it, or all, may be answered already. */
  closed(entry: Entry): void {
    if (entry === this.pairing.head) this.settleGroup(entry);
  }

  // ── what the server says ──

  // hot: per message.
  message(r: MessageReader): void {
    const { frame, time } = r;
    const head = UNASKED.includes(r.type) ? null : this.pairing.headAt(time);
    switch (String.fromCharCode(r.type)) {
      case "D":
      case "V":
        this.result(head, r, r.size);
        return;
      case "d": {
        const e = head === null ? this.orphan : head.exchange;
        if (e !== null && e.response !== null) e.responseBytes += r.size;
        return;
      }
      case "C":
      case "I":
      case "s":
        this.result(head, r, 0);
        this.commandEnd(head);
        return;
      case "Z":
        this.ready(r.bodyStart < r.bodyEnd ? r.body[r.bodyStart]! : 0, frame, time);
        return;
      case "T":
        if (head?.kind === "query") this.answer(head, frame, time, null);
        else this.acknowledge(head, r, 1);
        return;
      case "1":
      case "2":
      case "3":
      case "n":
        this.acknowledge(head, r, 1);
        return;
      case "t":
        this.acknowledge(head, r, 0);
        return;
      case "G":
        this.copyIn(head);
        return;
      case "H":
      case "W":
        this.result(head, r, 0);
        return;
      case "E":
        this.error(head, errorOf(r.body, r.bodyStart, r.bodyEnd), frame, time);
        return;
      case "S":
        this.setting(r);
        return;
    }
  }

  /** Part of a result. */
  // hot: per row.
  private result(head: Entry | null, r: MessageReader, bytes: number): void {
    const e = head === null ? this.orphaned(r.frame, r.time, null) : this.answer(head, r.frame, r.time, null);
    if (e !== null) e.responseBytes += bytes;
  }

  /** The head of the response to an entry, once. */
  private answer(entry: Entry, frame: FrameRef, time: Nanos, error: Failure | null): Exchange | null {
    const e = entry.exchange;
    if (e === null || e.response !== null) return e;
    const isEarly = entry.early !== NO_FRAME;
    const head = { frame: isEarly ? entry.early : frame, time: isEarly ? entry.earlyTime : time, status: null, error };
    this.sink.response(e, this.side, head);
    this.last = e;
    return e;
  }

  private complete(e: Exchange | null): void {
    if (e !== null && e.response !== null && !e.responseComplete) this.sink.responseComplete(e);
  }

  /** ParseComplete, BindComplete, CloseComplete, a description. It is the first word of a group's answer, and all of one without Execute. */
  private acknowledge(head: Entry | null, r: MessageReader, count: number): void {
    if (head === null) {
      this.orphanExtended = true;
      if (this.orphan === null && this.orphanFrame === NO_FRAME) {
        this.orphanFrame = r.frame;
        this.orphanTime = r.time;
      }
      return;
    }
    if (head.kind !== "group") return;
    if (head.early === NO_FRAME) {
      head.early = r.frame;
      head.earlyTime = r.time;
    }
    head.acks -= count;
    this.settleGroup(head);
  }

  private settleGroup(entry: Entry): void {
    if (!entry.closed || entry.executes || entry.acks > 0) return;
    this.complete(this.answer(entry, entry.early, entry.earlyTime, null));
    this.pairing.shift();
  }

  /** CommandComplete, EmptyQueryResponse, PortalSuspended: an Execute is done; a query may hold several commands. */
  private commandEnd(head: Entry | null): void {
    this.copy = null;
    if (head === null) {
      if (this.orphanExtended) this.orphanDone();
    } else if (head.kind === "group" && head.closed) {
      this.complete(head.exchange);
      this.pairing.shift();
    }
  }

  /** The server asks for the data of COPY FROM STDIN: no answer yet, as 100 (Continue) is none in HTTP. */
  private copyIn(head: Entry | null): void {
    const e = head?.exchange ?? null;
    if (head === null || e === null) return;
    head.early = NO_FRAME;
    if (e.response !== null) return;
    this.sink.interim(e);
    if (this.copySentEarly) {
      this.copySentEarly = false;
      return;
    }
    e.requestComplete = false;
    this.copy = head;
    if (head.kind === "group") this.pairing.dropSyncsBehindHead();
  }

  private error(waiting: Entry | null, error: ServerError, frame: FrameRef, time: Nanos): void {
    const { code, text } = error;
    if (waiting?.closed === false) this.asker?.closeGroup();
    const head = waiting === null ? null : this.pairing.head;
    const isRefusal = error.fatal || this.starting;
    if (isRefusal) this.sink.remark({ side: this.side, frame, time, kind: "refusal", code, text });
    this.copy = null;
    const failure = { code, text };
    if (head === null) {
      if (isRefusal) return;
      this.orphaned(frame, time, failure);
      if (this.orphanExtended) this.orphanDone();
      return;
    }
    if (head.kind === "sync") {
      // What was put off to the end of the transaction failed: the last command's doing.
      const e = head.exchange ?? this.last;
      if (head.exchange !== null) this.answer(head, frame, time, failure);
      else if (e !== null && e.response !== null) e.response.error ??= failure;
      return;
    }
    const e = this.answer(head, frame, time, failure);
    if (e !== null && e.response !== null) e.response.error ??= failure;
    if (head.kind === "group") {
      this.complete(e);
      this.failure = failure;
      this.pairing.shift();
    }
  }

  /** ReadyForQuery: a query or a Sync is done, with all that was sent before it. */
  private ready(status: number, frame: FrameRef, time: Nanos): void {
    const skipping = this.failure !== null;
    const head = this.pairing.headAt(time);
    this.starting = false;
    this.copySentEarly = false;
    if (head === null) this.orphanReady(frame, time);
    else if (this.pairing.hasReady(skipping)) {
      for (let entry = this.pairing.head; entry !== null; entry = this.pairing.head) {
        const isLast = entry.kind === "sync" || (entry.kind === "query" && !skipping);
        if (isLast || skipping)
          this.complete(this.answer(entry, frame, time, skipping && !isLast ? this.failure : null));
        else this.pairing.doubt(entry, "gap");
        this.pairing.shift();
        if (isLast) break;
      }
      this.pairing.ready(time);
    } else this.withoutSync(time);
    this.failure = null;
    this.copy = null;
    if (this.last !== null && status !== 0) this.last.inTransaction = status !== IDLE;
    this.last = null;
    if (status === IDLE && this.pairing.head === null) this.asker?.idle();
  }

  /** The Sync for this ReadyForQuery was not captured: it ends what was sent before. */
  private withoutSync(time: Nanos): void {
    for (let entry = this.pairing.head; entry?.closed && entry.time <= time; entry = this.pairing.head) {
      if (entry.early !== NO_FRAME) this.answer(entry, entry.early, entry.earlyTime, null);
      this.complete(entry.exchange);
      this.pairing.doubt(entry, "gap");
      this.pairing.shift();
    }
  }

  private setting(r: MessageReader): void {
    const nameEnd = nul(r.body, r.bodyStart, r.bodyEnd);
    const valueEnd = nul(r.body, nameEnd + 1, r.bodyEnd);
    if (valueEnd >= r.bodyEnd) return;
    const name = textOf(r.body, r.bodyStart, nameEnd);
    const label = name === "server_version" ? "server" : name === "application_name" ? "application" : null;
    if (label !== null && valueEnd > nameEnd + 1) this.sink.label(label, textOf(r.body, nameEnd + 1, valueEnd));
  }

  // ── answers whose request was not captured ──

  private orphaned(frame: FrameRef, time: Nanos, error: Failure | null): Exchange | null {
    if (this.starting) return null;
    this.pairing.orphaned(time);
    if (this.orphan === null) {
      const isEarly = this.orphanFrame !== NO_FRAME;
      const head = {
        frame: isEarly ? this.orphanFrame : frame,
        time: isEarly ? this.orphanTime : time,
        status: null,
        error,
      };
      this.orphan = this.sink.response(null, this.side, head);
    } else if (error !== null && this.orphan.response !== null) this.orphan.response.error ??= error;
    return this.orphan;
  }

  private orphanDone(): void {
    if (this.orphan !== null) this.last = this.orphan;
    this.complete(this.orphan);
    this.orphan = null;
    this.orphanFrame = NO_FRAME;
  }

  private orphanReady(frame: FrameRef, time: Nanos): void {
    if (this.orphanFrame !== NO_FRAME && !this.starting) this.orphaned(frame, time, null);
    this.orphanDone();
    this.forgetOrphan();
  }

  private forgetOrphan(): void {
    this.orphan = null;
    this.orphanExtended = false;
    this.orphanFrame = NO_FRAME;
  }
}
