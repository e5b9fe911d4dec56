// What does a Redis command ask, and what does it say of the connection?

import type { Nanos } from "../src/core/clock.ts";
import type { Exchange, Side } from "../src/core/stream-decoder.ts";
import type { TextCache } from "./http1-text.ts";
import { type Command, commandOf, Kind, subcommandOf } from "./redis-commands.ts";
import type { Conversation, Message } from "./redis-conversation.ts";
import type { Words } from "./redis-words.ts";
import { Step } from "./resp.ts";

const DATABASE = /^\d{1,10}$/;

/** The commands of one connection; one is in hand at a time. */
export class RedisRequests {
  private readonly talk: Conversation;
  private readonly texts: TextCache;
  private command: Command | null = null;
  private exchange: Exchange | null = null;
  private asked = false;

  constructor(talk: Conversation, texts: TextCache) {
    this.talk = talk;
    this.texts = texts;
  }

  // hot: per word that is kept, and per command.
  step(side: Side, message: Message, step: Step): void {
    const { reader } = message;
    const { words } = reader;
    if (this.command === null && words.count > 0) {
      this.command = commandOf(words.text(0, this.texts));
      reader.keep = this.command.needed;
    }
    const command = this.command;
    if (command === null) return; // an empty array, an empty line: no command
    if (!this.asked && (step === Step.done || words.count >= command.needed)) this.ask(side, message, command);
    if (step !== Step.done) return;
    if (this.exchange !== null) this.talk.sink.requestBytes(this.exchange, message.lastTime, true);
    if (command.secret) reader.wipe();
    this.forget();
  }

  /** More of the command in hand came. */
  bytes(time: Nanos): void {
    if (this.exchange !== null) this.talk.sink.requestBytes(this.exchange, time, false);
  }

  /** The rest of the command in hand is missing. What is known of it still is a command. */
  cut(side: Side, message: Message): void {
    if (this.command !== null && !this.asked) this.ask(side, message, this.command);
    this.bytes(message.lastTime);
  }

  forget(): void {
    this.command = null;
    this.exchange = null;
    this.asked = false;
  }

  private ask(side: Side, message: Message, command: Command): void {
    const { talk } = this;
    const { words } = message.reader;
    this.asked = true;
    talk.silent = false;
    if (command.kind === Kind.acknowledgement && (words.is(1, "ack") || words.is(1, "getack"))) {
      talk.becomeReplication();
      return;
    }
    const host = talk.database;
    this.note(side, message, command);
    if (!this.isAnswered(command, words)) return;
    const { frame, time } = message;
    const stream = command.streams ? streamsAt(words) : 0;
    this.exchange = talk.sink.request(side, {
      frame,
      time,
      method: command.container ? command.name + subcommandOf(words.text(1, this.texts)) : command.name,
      target: words.text(command.streams ? stream : keyAt(command, words), this.texts) || this.instead(command, words),
      host,
      id: null,
      waits: command.waits || (command.streams && blocks(words, stream)),
    });
    const expects = command.kind === Kind.subscription ? Math.max(1, message.reader.count - 1) : 1;
    talk.pairing.asked({ exchange: this.exchange, kind: command.kind, expects }, frame, talk.sink);
  }

  /** CLIENT REPLY OFF and SKIP switch answers off, their own too. */
  private isAnswered(command: Command, words: Words): boolean {
    const { talk } = this;
    if (command.kind === Kind.client && words.is(1, "reply")) {
      if (words.is(2, "on")) talk.answersOff = false;
      else if (words.is(2, "off")) talk.answersOff = true;
      else if (words.is(2, "skip") && !talk.answersOff) {
        talk.skipsNext = true;
        return false;
      }
    }
    const skipped = talk.skipsNext;
    talk.skipsNext = false;
    return !talk.answersOff && !skipped;
  }

  /** A script or function without keys is known by its name. */
  private instead(command: Command, words: Words): string {
    return command.countedAt === 2 && /^(?:EVALSHA|FCALL)/.test(command.name) && words.number(2) === 0
      ? words.text(1, this.texts)
      : "";
  }

  /** What a command says of the connection: user, name, database, farewell. */
  private note(side: Side, message: Message, command: Command): void {
    const { talk, texts } = this;
    const { words, count } = message.reader;
    switch (command.kind) {
      case Kind.auth:
        if (count === 3) talk.sink.label("user", words.text(1, texts));
        break;
      case Kind.hello:
        this.noteHello(words);
        break;
      case Kind.client:
        if (words.is(1, "setname") && words.text(2, texts) !== "") talk.sink.label("application", words.text(2, texts));
        break;
      case Kind.select: {
        const database = words.text(1, texts);
        if (!DATABASE.test(database)) break;
        talk.databaseBefore = talk.database;
        talk.database = database;
        talk.sink.label("database", database);
        break;
      }
      case Kind.reset:
        if (talk.database !== null) talk.database = "0";
        break;
      case Kind.quit:
        talk.sink.remark({
          side,
          frame: message.frame,
          time: message.time,
          kind: "farewell",
          code: null,
          text: command.name,
        });
        break;
      default:
    }
  }

  /** HELLO version [AUTH user password] [SETNAME name] */
  private noteHello(words: Words): void {
    let i = 2;
    if (words.is(i, "auth") && words.count > i + 1) {
      this.talk.sink.label("user", words.text(i + 1, this.texts));
      i += 3;
    }
    if (words.is(i, "setname") && words.count > i + 1) {
      this.talk.sink.label("application", words.text(i + 1, this.texts));
    }
  }
}

const NOWHERE = -1;

function keyAt(command: Command, words: Words): number {
  if (command.key === 0 || (command.countedAt > 0 && !(words.number(command.countedAt) > 0))) return NOWHERE;
  return command.key;
}

/** The first key of XREAD and XREADGROUP: behind STREAMS. */
function streamsAt(words: Words): number {
  for (let i = 1; i < words.count; i++) if (words.is(i, "streams")) return i + 1;
  return NOWHERE;
}

/** BLOCK among the options, not as a group's name. */
function blocks(words: Words, stream: number): boolean {
  const last = stream === NOWHERE ? words.count : stream - 1;
  for (let i = words.is(1, "group") ? 4 : 1; i < last; i++) if (words.is(i, "block")) return true;
  return false;
}
