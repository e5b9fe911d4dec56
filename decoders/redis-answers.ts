// Which command does a Redis answer belong to, what failed, and what does a server say on its own?
//
// Pushes (RESP 3 `>`; in RESP 2 arrays to subscribers, lines to monitors) answer nothing. Confirmations of a subscription are
// pushes in form and answers in effect: one for each channel.

import type { Nanos } from "../src/core/clock.ts";
import type { Exchange, Failure, Side } from "../src/core/stream-decoder.ts";
import type { TextCache } from "./http1-text.ts";
import type { Waiting } from "./ordered-pairing.ts";
import { Kind } from "./redis-commands.ts";
import type { Conversation, Message } from "./redis-conversation.ts";
import { isPush } from "./redis-probe.ts";
import { Type } from "./redis-types.ts";
import { MAX_WORDS, type Words } from "./redis-words.ts";
import { type RespReader, Step } from "./resp.ts";

/** A confirmation: word, channel, number of subscriptions. */
const CONFIRMATION_WORDS = 3;
/** With these the server ends the connection, whatever was asked. */
const ENDS_WITH = /^(?:ERR max number of clients|DENIED|ERR Protocol error)/;
/** Said before anything was asked, these end it as well. */
const REFUSES = /^(?:NOAUTH|LOADING|ERR)\b/;
/** What servers repeat of the command may be a password: `unknown command 'HELLO', with args beginning with: '3' 'AUTH' …`. */
const REPEATED = /,? with args beginning with:.*$/s;
const REPLICA_SAYS = "replconf";
const MONITOR_LINE = /^\d+\.\d+ \[/;
const VERSION_LINE = /^(?:valkey_version|redis_version):([^\r\n]{1,64})/gm;

/** The kind of nothing: no command waits. */
const NOTHING = -2;

/** The answers of one connection; one is in hand at a time. */
export class RedisAnswers {
  private readonly talk: Conversation;
  private readonly texts: TextCache;
  /** It is known what the message in hand is. */
  private told = false;
  /** The exchange that it answers. */
  private exchange: Exchange | null = null;
  private kind: number = Kind.plain;
  /** The kind of command that an answer in hand would belong to, as it began; negative for none. */
  expected: number = NOTHING;
  /** A subscription of which some channels are not confirmed yet. */
  private confirming: Exchange | null = null;
  private confirmations = 0;

  constructor(talk: Conversation, texts: TextCache) {
    this.talk = talk;
    this.texts = texts;
  }

  /** An answer begins with this byte. How much of it is worth keeping? */
  begin(side: Side, message: Message, type: number): void {
    const waiting = this.waiting(message.time);
    const kind = waiting?.kind ?? NOTHING;
    this.expected = kind;
    message.reader.keep =
      kind === Kind.hello
        ? MAX_WORDS
        : kind === Kind.info || type === Type.bulkError
          ? 1
          : this.speaksAlone(type, kind)
            ? CONFIRMATION_WORDS
            : this.mayBeReplica(type)
              ? 1
              : 0;
    // The copy of a database to a replica has the head of a string, and is none.
    if (kind === Kind.replication && type === Type.bulk) {
      this.respond(side, message, null);
      this.complete();
      this.talk.becomeReplication();
    }
  }

  // hot: per answer, and per word that is kept.
  step(side: Side, message: Message, step: Step): void {
    if (!this.told) this.tell(side, message, step);
    if (step !== Step.done) return;
    const { exchange } = this;
    if (exchange !== null) {
      exchange.responseBytes += message.reader.payload;
      this.noteVersion(message.reader);
      if (exchange !== this.confirming || --this.confirmations <= 0) {
        if (exchange === this.confirming) this.confirming = null;
        this.complete();
      }
    }
    this.forgetMessage();
  }

  forget(): void {
    this.forgetMessage();
    this.confirming = null;
  }

  private forgetMessage(): void {
    this.told = false;
    this.exchange = null;
    this.kind = Kind.plain;
  }

  private complete(): void {
    if (this.exchange !== null) this.talk.sink.responseComplete(this.exchange);
  }

  private waiting(time: Nanos): Waiting | null {
    return this.talk.pairing.next(time, this.talk.sink);
  }

  /** The server may be speaking on its own: the first word tells. */
  private speaksAlone(type: number, kind: number): boolean {
    if (type === Type.push) return kind === Kind.subscription || this.confirming !== null;
    return (
      type === Type.array &&
      (kind === NOTHING || kind === Kind.subscription || this.talk.subscribed || this.confirming !== null)
    );
  }

  /** Joined midway: what was taken for a client may be a master, and this its replica, which says how far it came. */
  private mayBeReplica(type: number): boolean {
    return type === Type.array && !this.talk.certain;
  }

  /** Finds out what the message in hand is, as soon as enough of it is there. */
  private tell(side: Side, message: Message, step: Step): void {
    const { reader } = message;
    const { type } = reader;
    const done = step === Step.done;
    if (this.mayBeReplica(type)) {
      if (reader.words.count === 0 && !done) return;
      if (reader.words.is(0, REPLICA_SAYS)) {
        this.told = true;
        this.talk.becomeReplication();
        return;
      }
    }
    const waiting = this.waiting(message.time);
    if (this.speaksAlone(type, waiting?.kind ?? NOTHING)) {
      if (reader.words.count === 0 && !done) return;
      const word = reader.words.text(0, this.texts);
      if (type === Type.push || isPush(word)) {
        if (word.endsWith("subscribe") && !this.confirmation(side, message, word, waiting, done)) return;
        this.told = true;
        return;
      }
    } else if (type === Type.push) {
      this.told = true;
      return;
    }
    if (type === Type.simple && this.talk.monitoring && MONITOR_LINE.test(reader.words.text(0, this.texts))) {
      this.told = true;
      return;
    }
    if (type === Type.error || type === Type.bulkError) {
      if (!done) return;
      this.failed(side, message, waiting, reader.words);
    } else this.respond(side, message, null);
    this.told = true;
  }

  /** `subscribe a 1`: false when it is not complete yet, and its number of subscriptions not known. */
  private confirmation(side: Side, message: Message, word: string, waiting: Waiting | null, done: boolean): boolean {
    const { reader } = message;
    if (reader.words.count < CONFIRMATION_WORDS && !done) return false;
    if (reader.type === Type.array) this.talk.subscribed = reader.words.number(2) > 0;
    if (this.confirming?.request?.method.toLowerCase() === word) this.exchange = this.confirming;
    else if (waiting?.kind === Kind.subscription && waiting.exchange?.request?.method.toLowerCase() === word) {
      this.confirmations = waiting.expects;
      this.respond(side, message, null);
      this.confirming = this.exchange;
    }
    return true;
  }

  private failed(side: Side, message: Message, waiting: Waiting | null, words: Words): void {
    const { talk } = this;
    const text = words.text(0, this.texts).replace(REPEATED, "");
    const space = text.indexOf(" ");
    const error: Failure =
      space < 0 ? { code: text, text: "" } : { code: text.slice(0, space), text: text.slice(space + 1) };
    const unasked = waiting === null && talk.silent && REFUSES.test(text);
    if (unasked || ENDS_WITH.test(text)) {
      const { frame, time } = message;
      talk.sink.remark({ side, frame, time, kind: "refusal", code: error.code, text: error.text });
      if (waiting === null) return;
    }
    this.respond(side, message, error);
  }

  private respond(side: Side, message: Message, error: Failure | null): void {
    const { talk } = this;
    const { frame, time, reader } = message;
    const waiting = this.waiting(time);
    talk.silent = false;
    if (waiting !== null) {
      talk.pairing.take();
      if (waiting.exchange === null) return; // it was forgotten long ago
    }
    const exchange = talk.sink.response(waiting?.exchange ?? null, side, { frame, time, status: null, error });
    this.exchange = exchange;
    this.kind = waiting?.kind ?? Kind.plain;
    const word = reader.type === Type.simple ? reader.words.text(0, this.texts) : "";
    this.transaction(this.kind, word, error);
    if (talk.transaction !== null) exchange.inTransaction = talk.transaction;
    if (error !== null) {
      if (this.kind === Kind.select) talk.database = talk.databaseBefore;
    } else if (this.kind === Kind.monitor) talk.monitoring = true;
    else if (this.kind === Kind.reset) {
      talk.monitoring = false;
      talk.subscribed = false;
    } else if (this.kind === Kind.replication && /^(?:FULLRESYNC|CONTINUE)\b/.test(word)) {
      exchange.responseBytes = reader.payload;
      this.complete();
      this.exchange = null;
      talk.becomeReplication();
    }
  }

  /** A transaction is open from the answer to MULTI to that of EXEC or DISCARD. */
  private transaction(kind: number, word: string, error: Failure | null): void {
    if (kind === Kind.exec || kind === Kind.reset) {
      // `EXEC without MULTI`: none was open.
      this.talk.transaction = false;
    } else if (word === "QUEUED" || (kind === Kind.multi && error === null)) this.talk.transaction = true;
  }

  private noteVersion(reader: RespReader): void {
    const { words } = reader;
    if (this.kind === Kind.hello) {
      for (let i = 0; i + 1 < words.count; i += 2) {
        if (words.is(i, "version")) this.talk.sink.label("version", words.text(i + 1, this.texts));
      }
    } else if (this.kind === Kind.info) {
      const versions = [...words.text(0, this.texts).matchAll(VERSION_LINE)];
      if (versions.length > 0) this.talk.sink.label("version", versions.at(-1)![1]!);
    }
  }
}
