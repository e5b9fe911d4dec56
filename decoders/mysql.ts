// What do client and server say to each other in the MySQL protocol, MySQL's and MariaDB's? (MySQL Internals, "Client/Server Protocol")
//
// The server is whoever greets or answers, the client whoever logs in or commands. Each direction is read by a reader of its own:
//
//   joining ─▶ packets                bytes are missing, or do not fit: joins again where a segment starts with what fits
//
// A client joins with a login or a command, a server with an answer to what waits. What is compressed is not read: the connection's
// label says so. Behind TLS the TLS decoder reads on.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import {
  type ExchangeSink,
  otherSide,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../src/core/stream-decoder.ts";
import { TextCache } from "./http1-text.ts";
import type { MessageTap } from "./message-tap.ts";
import { MysqlClient } from "./mysql-client.ts";
import { LOGIN_BYTES, type Login } from "./mysql-login.ts";
import { HEADER, PacketReader } from "./mysql-packets.ts";
import { Pairing } from "./mysql-pairing.ts";
import {
  answerAt,
  beginningAt,
  commandsAt,
  greetingAt,
  loginAt,
  PROTOCOL_10,
  replyAt,
  type Verdict,
} from "./mysql-probe.ts";
import { MysqlServer } from "./mysql-server.ts";
import { Talk } from "./mysql-talk.ts";
import { COMMAND_BYTES } from "./mysql-text.ts";

/** A beginning that is too short to tell is kept up to here; what can convince does so earlier. */
const MAX_PARTS_BYTES = 1024;
/** A greeting that the snap length cut convinces with the first characters of its version. */
const CONVINCING_BYTES = 7;

const NOTHING = new Uint8Array(0);

export class MysqlSession implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly readers: readonly [PacketReader, PacketReader] = [new PacketReader(), new PacketReader()];
  readonly talk: Talk;
  private readonly pairing: Pairing;
  private readonly client: MysqlClient;
  readonly server: MysqlServer;
  private readonly tap: MessageTap | null;
  /** Which side asks; null until something tells. */
  asker: Side | null = null;
  /** The rest is encrypted or compressed. */
  private over = false;

  constructor(sink: ExchangeSink, texts: TextCache, tap: MessageTap | null = null) {
    this.sink = sink;
    this.tap = tap;
    this.talk = new Talk(sink);
    this.pairing = new Pairing(sink);
    this.server = new MysqlServer(sink, this.talk, this.pairing);
    this.client = new MysqlClient(sink, this.talk, this.pairing, this.server, texts);
  }

  /** The messages of a side, one of which is in hand. */
  reader(side: Side): PacketReader {
    return this.readers[side];
  }

  /** What a client's message is, by the header just read. */
  expects(side: Side): "command" | "login" | "other" {
    const { asked } = this.readers[side];
    return asked === COMMAND_BYTES ? "command" : asked === LOGIN_BYTES ? "login" : "other";
  }

  // hot: per segment.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const r = this.readers[side];
    if (this.over || start >= end) return;
    r.offset = r.seen;
    r.seen += end - start;
    if (r.joining) this.join(side, r, bytes, start, end, frame, time);
    else this.read(side, r, bytes, start, end, frame, time);
    r.lastFrame = frame;
    r.lastTime = time;
    this.pairing.moved(side !== this.asker, time);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const r = this.readers[side];
    if (this.over || length <= 0) return;
    r.offset = r.seen - r.partsLength;
    r.seen += length;
    if (reason === "snap" && r.joining) this.takeCut(side, r);
    r.fresh = false;
    let beyond = length;
    if (!r.joining && r.inPayload) {
      // What is known of the message still is one.
      if (!r.told) this.tell(side, r, true);
      if (this.over) return;
      if (!r.joining) {
        beyond = r.skip(length);
        if (r.left === 0) this.finish(side, r, r.lastTime);
      }
    }
    if (beyond > 0) this.lose(side, r, reason === "snap" ? "snap" : "gap");
  }

  end(side: Side): void {
    const r = this.readers[side];
    if (this.over) return;
    // A command whose head was still growing: that it was begun is known.
    if (!r.joining && r.inPayload && !r.told && r.known > 0 && side === this.asker) this.tell(side, r, true);
    // Data may come nevertheless, when a reset was forged or ignored: then a segment that starts with what fits is read.
    r.joining = true;
    r.fresh = false;
    r.parts = [];
    r.drop();
    if (side === this.asker) this.client.over();
  }

  // ── finding the place ──

  private join(
    side: Side,
    r: PacketReader,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
  ): void {
    const isSegmentStart = frame !== r.lastFrame;
    let verdict: Verdict = "no";
    if (r.parts.length > 0) {
      const all = r.withParts(bytes, start, end);
      verdict = this.recognise(side, r, r.parts[0]!.time, all, 0, all.length);
    }
    if (verdict === "no" && isSegmentStart) {
      if (r.parts.length > 0) this.forgetParts(side, r);
      verdict = this.recognise(side, r, time, bytes, start, end);
    }
    if (verdict === "more" && r.partsLength + end - start <= MAX_PARTS_BYTES) {
      r.parts.push({ bytes: bytes.slice(start, end), frame, time });
      return;
    }
    const parts = r.parts;
    r.offset = r.seen - (end - start) - r.partsLength;
    r.parts = [];
    if (verdict !== "yes") {
      r.fresh = false;
      this.unreadable(side, r);
      if (this.asker !== null && side !== this.asker) {
        this.pairing.orphaned(time);
        const ending = this.server.passed(bytes, start, end);
        if (ending > 0) this.tap?.ending?.(side, ending, r.seen);
      }
      return;
    }
    for (const p of parts) this.read(side, r, p.bytes, 0, p.bytes.length, p.frame, p.time);
    this.read(side, r, bytes, start, end, frame, time);
  }

  /** Does what fits begin here? With "yes" the reader is set to read it, and it is known who asks. */
  private recognise(side: Side, r: PacketReader, time: Nanos, b: Uint8Array, start: number, end: number): Verdict {
    let verdict: Verdict;
    if (this.asker === null) {
      const begins = beginningAt(b, start, end, r.fresh);
      if (begins === "no" || begins === "more") return begins;
      verdict = "yes";
      const isGreeting = begins === "server" && b[start + HEADER] === PROTOCOL_10;
      const isLogin = begins === "client" && b[start + 3] === 1;
      this.setAsker(begins === "client" ? side : otherSide(side), isGreeting);
      // Instead of a greeting, or midway without a command: an error of a server that ends the connection.
      const isAlone = begins === "server" && b[start + 3] === 0;
      if (!isLogin && !isAlone) this.talk.phase = "commands";
      if (!isGreeting) this.pairing.commandsMissing = !isLogin;
    } else if (side === this.asker) verdict = this.clientAt(b, start, end);
    else verdict = this.serverAt(time, b, start, end);
    if (verdict !== "yes") return verdict;
    r.joining = false;
    if (side !== this.asker) this.server.placed();
    return "yes";
  }

  private clientAt(b: Uint8Array, start: number, end: number): Verdict {
    const command = commandsAt(b, start, end, true);
    if (command === "yes" || this.talk.phase !== "login" || this.talk.loginSeen) return command;
    const login = loginAt(b, start, end);
    return login === "no" ? command : login;
  }

  private serverAt(time: Nanos, b: Uint8Array, start: number, end: number): Verdict {
    if (this.talk.phase === "login") return replyAt(null, 0, b, start, end);
    const waiting = this.pairing.candidateAt(time);
    if (waiting === null) return this.pairing.commandsMissing ? answerAt(b, start, end) : "no";
    return replyAt(waiting.reply, waiting.sequence ?? 1, b, start, end);
  }

  /** `greeted`: the connection is seen from its start, so the other side begins with a packet, too. */
  private setAsker(side: Side, greeted: boolean): void {
    this.asker = side;
    this.client.side = side;
    this.server.side = otherSide(side);
    const r = this.readers[side];
    if (greeted && r.fresh && r.parts.length === 0) r.joining = false;
  }

  /**
   * A beginning cut by the snap length will not get longer: where the connection is known, one that fits as far as it goes
   * will do; else a greeting's first characters.
   */
  private takeCut(side: Side, r: PacketReader): void {
    const all = r.withParts(NOTHING, 0, 0);
    if (all.length <= HEADER) return;
    if (this.asker === null) {
      if (!r.fresh || all.length < CONVINCING_BYTES || greetingAt(all, 0, all.length) !== "more") return;
      this.setAsker(otherSide(side), true);
    } else {
      const { time } = r.parts[0]!;
      const verdict = side === this.asker ? this.clientAt(all, 0, all.length) : this.serverAt(time, all, 0, all.length);
      if (verdict === "no") return;
      if (side !== this.asker) this.server.placed();
    }
    r.joining = false;
    const parts = r.parts;
    r.parts = [];
    for (const p of parts) this.read(side, r, p.bytes, 0, p.bytes.length, p.frame, p.time);
  }

  private forgetParts(side: Side, r: PacketReader): void {
    r.parts = [];
    r.fresh = false;
    this.unreadable(side, r);
  }

  /** The place is not known any more, and messages may have gone by unseen. */
  private lose(side: Side, r: PacketReader, why: "gap" | "snap"): void {
    if (r.parts.length > 0) this.forgetParts(side, r);
    const betweenPackets = r.joining || r.atBoundary;
    this.tap?.lost(side);
    r.joining = true;
    r.fresh = false;
    r.why = why;
    r.drop();
    if (this.asker === null) return;
    if (side === this.asker) this.client.lost();
    else this.server.lost(why, betweenPackets);
  }

  /** Bytes of this direction cannot be read: among those of the server there may be answers. */
  private unreadable(side: Side, r: PacketReader): void {
    if (this.asker !== null && side !== this.asker) this.pairing.answerGap(r.why, false);
  }

  // ── reading ──

  // hot: per segment, and per packet within.
  private read(
    side: Side,
    r: PacketReader,
    b: Uint8Array,
    start: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
  ): void {
    const isClient = side === this.asker;
    let i = start;
    while (i < end && !this.over) {
      if (r.joining) return;
      if (!r.inPayload) {
        i = r.readHeader(b, i, end, frame, time);
        if (i < 0) {
          this.lose(side, r, "gap");
          return;
        }
        if (!r.inPayload) return;
        r.begin(isClient ? this.client.keep(r) : this.server.keep());
        this.tap?.header(side, r.offset);
      }
      const from = i;
      i = r.readPayload(b, i, end);
      this.tap?.payload(side, b, from, i, r.offset - (i - from));
      if (!r.told && r.isShown) {
        const left = this.tell(side, r, false);
        if (this.over) {
          this.handOn(left, side, b, i, end, frame, time);
          return;
        }
      }
      if (!r.joining && r.left === 0) this.finish(side, r, time);
    }
    if (isClient && r.inPayload && r.told) this.client.goesOn(time);
  }

  /** The part of a message that matters is here (or all that the capture has of it). Returns who reads on, when it is another. */
  // hot: per packet.
  private tell(side: Side, r: PacketReader, cut: boolean): StreamSession | null {
    r.told = true;
    if (side === this.asker) {
      const said = this.client.message(r);
      if (said) this.tap?.told(side, cut);
      else this.lose(side, r, "gap");
      return typeof said === "object" ? this.loggedIn(said) : null;
    }
    const wasLogin = this.talk.phase === "login";
    const isUnderstood = this.server.message(r, cut);
    // What is cut may have been taken for an answer nevertheless.
    if (isUnderstood || cut) this.tap?.told(side, cut);
    if (!isUnderstood) this.lose(side, r, cut ? "snap" : "gap");
    if (isUnderstood && wasLogin && this.talk.phase === "commands" && this.talk.compression !== null) {
      this.over = true;
      this.sink.label("compressed", this.talk.compression);
      return this.sink.upgraded();
    }
    return null;
  }

  private loggedIn(login: Login): StreamSession | null {
    if (login.isTls) {
      this.over = true;
      this.sink.label("encrypted", "tls");
      return this.sink.upgraded("tls");
    }
    this.talk.compression = login.compression;
    this.server.answer.deprecatesEof = login.deprecatesEof;
    if (login.user) this.sink.label("user", login.user);
    if (login.application !== null) this.sink.label("application", login.application);
    if (login.database !== null) this.talk.use(login.database);
    return null;
  }

  private handOn(
    next: StreamSession | null,
    side: Side,
    b: Uint8Array,
    at: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
  ): void {
    if (at < end) next?.data(side, b, at, end, frame, time);
  }

  private finish(side: Side, r: PacketReader, time: Nanos): void {
    if (!r.packetDone()) return;
    this.tap?.done(side);
    if (side === this.asker) this.client.ended(r, time);
    else this.server.ended(r);
  }
}

class MysqlDecoder implements StreamDecoder {
  readonly protocol = "mysql";
  /** Shared by all flows: nothing of one flow shows in another's. */
  private readonly texts = new TextCache();

  probe(bytes: Uint8Array, start: number, end: number): Verdict {
    const begins = beginningAt(bytes, start, end, true);
    return begins === "no" || begins === "more" ? begins : "yes";
  }

  open(sink: ExchangeSink): StreamSession {
    return new MysqlSession(sink, this.texts);
  }
}

export const mysql: StreamDecoder = new MysqlDecoder();
