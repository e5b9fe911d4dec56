// What does a MySQL client say: a login, commands, a file? (MySQL Internals, "Connection Phase", "Command Phase")

import type { Nanos } from "../src/core/clock.ts";
import type { ExchangeSink, Side } from "../src/core/stream-decoder.ts";
import type { TextCache } from "./http1-text.ts";
import {
  COM_CHANGE_USER,
  COM_CREATE_DB,
  COM_DROP_DB,
  COM_FIELD_LIST,
  COM_INIT_DB,
  COM_QUERY,
  COM_QUIT,
  COM_RESET_CONNECTION,
  COM_STMT_BULK_EXECUTE,
  COM_STMT_CLOSE,
  COM_STMT_EXECUTE,
  COM_STMT_FETCH,
  COM_STMT_PREPARE,
  COM_STMT_RESET,
  COMMANDS,
  type Command,
  Reply,
} from "./mysql-commands.ts";
import { changeOfUser, LOGIN_BYTES, type Login, loginOf } from "./mysql-login.ts";
import type { PacketReader } from "./mysql-packets.ts";
import type { Pairing, Waiting } from "./mysql-pairing.ts";
import type { MysqlServer } from "./mysql-server.ts";
import type { Talk } from "./mysql-talk.ts";
import { COMMAND_BYTES, chosenBy, statementOf } from "./mysql-text.ts";

/** Answered or acknowledged in the midst of replication (semi-synchronous: 0xef); no command. */
const REPLICA_ACK = 0xef;

/** What the list lacks: where nothing was missed it is a command nevertheless, and most likely answered with an error. */
const unknown = (code: number): Command => ({
  name: `COMMAND_${code}`,
  reply: Reply.result,
  least: 1,
  most: MAX_UNKNOWN,
});
/** Longer ones are rather taken for a place in the stream that is not what it seemed. */
const MAX_UNKNOWN = 4096;

export class MysqlClient {
  side: Side = 0;
  /** The command that is being sent. */
  private current: Waiting | null = null;
  /** Sequence of the last packet before the message in hand. */
  private before = 0;
  private readonly sink: ExchangeSink;
  private readonly talk: Talk;
  private readonly pairing: Pairing;
  private readonly server: MysqlServer;
  private readonly texts: TextCache;

  constructor(sink: ExchangeSink, talk: Talk, pairing: Pairing, server: MysqlServer, texts: TextCache) {
    this.sink = sink;
    this.talk = talk;
    this.pairing = pairing;
    this.server = server;
    this.texts = texts;
  }

  /** A header was read, before it is accepted: how much of the payload is of interest? */
  // hot: per packet.
  keep(r: PacketReader): number {
    if (!r.told) this.before = r.lastSequence;
    if (this.isCommand(r)) return COMMAND_BYTES;
    return this.talk.phase === "login" && !this.talk.loginSeen ? LOGIN_BYTES : 0;
  }

  /** Commands begin at 0. A file, and what follows in a login, counts on, and comes round to 0 after 255. */
  private isCommand(r: PacketReader): boolean {
    return r.sequence === 0 && this.before !== 0xff && !this.server.awaitsFile;
  }

  /**
   * The head of a message is there, or (`cut`) all that the capture has of it. False: it cannot be what a client says, so the
   * place in the stream is not what it seemed. A login: to be followed by TLS or not.
   */
  // hot: per message.
  message(r: PacketReader): Login | boolean {
    if (!this.isCommand(r)) {
      if (this.talk.phase !== "login" || this.talk.loginSeen) return true;
      this.talk.loginSeen = true;
      return loginOf(r, this.talk.offered);
    }
    const { phase } = this.talk;
    this.talk.phase = "commands";
    if (r.known === 0) {
      // An empty packet ends a file whose request was not seen; a lost one was a command.
      if (r.length > 0) this.pairing.commandsMissing = true;
      return true;
    }
    const code = r.byte(0);
    const command = COMMANDS.get(code) ?? (r.fresh && this.talk.loginSeen ? unknown(code) : null);
    if (command === null || r.length < command.least || r.length > command.most) {
      this.talk.phase = phase;
      return false;
    }
    if (code === REPLICA_ACK && this.server.isStreaming) return true;
    this.server.nextCommand(r.time);
    if (code === COM_QUIT) {
      this.sink.remark({ side: this.side, frame: r.frame, time: r.time, kind: "farewell", code: null, text: "QUIT" });
    } else if (code === COM_STMT_CLOSE) this.talk.statements.closed(r.u32(1));
    else if (command.reply !== Reply.none) this.command(r, code, command.name, command.reply);
    return true;
  }

  private command(r: PacketReader, code: number, method: string, reply: Reply): void {
    const { talk } = this;
    let target = "";
    let id: string | null = null;
    let database: string | null = null;
    switch (code) {
      case COM_QUERY:
      case COM_STMT_PREPARE:
        ({ text: target, id } = statementOf(r, this.texts, code === COM_QUERY));
        if (code === COM_STMT_PREPARE) talk.statements.asked(target);
        else database = chosenBy(target);
        break;
      case COM_STMT_EXECUTE:
      case COM_STMT_FETCH:
      case COM_STMT_RESET:
      case COM_STMT_BULK_EXECUTE:
        target = talk.statements.get(r.u32(1));
        break;
      case COM_INIT_DB:
      case COM_CREATE_DB:
      case COM_DROP_DB:
        target = r.text(1);
        if (code === COM_INIT_DB) database = target;
        break;
      case COM_FIELD_LIST:
        target = r.text(1, r.nul(1));
        break;
      case COM_CHANGE_USER:
        ({ user: target, database } = changeOfUser(r));
        break;
    }
    const { frame, time } = r;
    const exchange = this.sink.request(this.side, {
      frame,
      time,
      method,
      target,
      host: talk.database,
      id,
      ...(reply === Reply.stream ? { waits: true } : {}),
    });
    this.current = {
      exchange,
      reply,
      frame,
      time,
      sequence: null,
      statement: code === COM_STMT_PREPARE ? target : null,
      database,
      clears: code === COM_RESET_CONNECTION || code === COM_CHANGE_USER,
    };
    this.pairing.asked(this.current);
  }

  /** The segment ended within a message. */
  goesOn(time: Nanos): void {
    if (this.current !== null) this.sink.requestBytes(this.current.exchange, time, false);
    else this.fileTime(time);
  }

  // hot: per message.
  ended(r: PacketReader, time: Nanos): void {
    const current = this.current;
    if (current === null) {
      this.fileTime(time);
      return;
    }
    this.current = null;
    current.sequence = (r.lastSequence + 1) & 0xff;
    this.sink.requestBytes(current.exchange, time, true);
  }

  /** A file goes with its statement: only when it is there is the answer waited for. */
  private fileTime(time: Nanos): void {
    if (this.server.awaitsFile && this.pairing.head !== null) this.pairing.head.exchange.requestEnd = time;
  }

  /** Bytes are missing, in which commands may have been. */
  lost(): void {
    this.current = null;
    this.pairing.commandsMissing = true;
  }

  over(): void {
    this.current = null;
  }
}
