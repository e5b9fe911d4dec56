// PostgreSQL's protocol 3: which commands and results does a flow carry? (PostgreSQL documentation, "Frontend/Backend Protocol")
//
// The client is whoever sends a startup packet or a client's messages. Each direction is read by a reader of its own:
//
//   joining ─▶ startup ─▶ typed          client          joining ─▶ (reply ─▶) typed          server
//      ▲ bytes are missing, or fit no message: joins again where a segment starts with messages that fit
//
// A simple query is one exchange; in the extended protocol each Execute is, with the Parse, Bind and Describe before it
// (`postgres-pairing.ts`). What the server says unasked (notices, notifications, settings) is no answer. Passwords and
// what else proves an identity ('p' messages, keys) are counted and never looked at.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import {
  type ExchangeSink,
  otherSide,
  type Side,
  type StreamDecoder,
  type StreamSession,
} from "../src/core/stream-decoder.ts";
import { uint32 } from "./bytes.ts";
import { TextCache } from "./http1-text.ts";
import type { MessageTap } from "./message-tap.ts";
import { PostgresBackend } from "./postgres-backend.ts";
import { PostgresFrontend } from "./postgres-frontend.ts";
import { COPY_DATA, isHeader, LENGTH, type Role } from "./postgres-messages.ts";
import { Pairing } from "./postgres-pairing.ts";
import {
  type Answer,
  beginningAt,
  CANCEL_REQUEST,
  chainAt,
  GSS_REQUEST,
  isStartupLength,
  MAX_STARTUP,
  SSL_REQUEST,
  STARTUP_HEADER,
  startupAt,
} from "./postgres-probe.ts";
import { MessageReader } from "./postgres-reader.ts";
import { parametersOf } from "./postgres-startup.ts";

/** A beginning that is too short to tell is kept up to here; every message that can convince does so earlier. */
const MAX_PARTS_BYTES = 512;

const NOTHING = new Uint8Array(0);
const LETTER_E = 0x45;
const LETTER_G = 0x47;
const LETTER_N = 0x4e;
const LETTER_S = 0x53;
/** A TLS record of handshake, version 3.x: the client took a yes for granted that the capture lacks. */
const TLS_HANDSHAKE = 0x16;

export class PostgresSession implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly readers: readonly [MessageReader, MessageReader] = [new MessageReader(), new MessageReader()];
  private readonly frontend: PostgresFrontend;
  private readonly backend: PostgresBackend;
  private readonly pairing: Pairing;
  private readonly tap: MessageTap | null;
  client: Side | null = null;
  /** What was asked for last: SSL_REQUEST or GSS_REQUEST. */
  private asked = 0;
  /** The rest is encrypted, or a cancel request that nobody answers. */
  private over = false;

  constructor(sink: ExchangeSink, texts: TextCache, tap: MessageTap | null = null) {
    this.sink = sink;
    this.tap = tap;
    this.pairing = new Pairing(sink);
    this.backend = new PostgresBackend(sink, this.pairing);
    this.frontend = new PostgresFrontend(sink, this.pairing, this.backend, texts);
    this.backend.asker = this.frontend;
  }

  /** The messages of a side, one of which is in hand. */
  reader(side: Side): MessageReader {
    return this.readers[side];
  }

  // hot: per segment.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const r = this.readers[side];
    if (this.over || start >= end) return;
    r.offset = r.seen;
    r.seen += end - start;
    if (r.mode === "joining") this.join(side, r, bytes, start, end, frame, time);
    else this.read(side, r, bytes, start, end, frame, time);
    r.lastFrame = frame;
    r.lastTime = time;
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    const r = this.readers[side];
    if (this.over || length <= 0) return;
    r.offset = r.seen - r.partsLength;
    r.seen += length;
    if (reason === "snap" && r.mode === "joining") this.takeCut(side, r);
    r.fresh = false;
    let beyond = length;
    if (r.mode !== "joining" && r.inBody) {
      // What is known of the message still is one.
      if (!r.told) this.tell(side, r, true);
      if (this.over) return;
      beyond = r.skip(length);
      if (r.left === 0) this.finish(side, r, r.lastTime);
    }
    if (beyond === 0) return;
    this.lose(side, r, reason === "snap" ? "snap" : "gap");
  }

  end(side: Side): void {
    const r = this.readers[side];
    if (this.over) return;
    // Data may come nevertheless, when a reset was forged or ignored: then a segment that starts with messages is read.
    r.mode = "joining";
    r.fresh = false;
    r.parts = [];
    r.drop();
    if (side === this.client) this.frontend.over();
  }

  // ── finding the place ──

  private join(
    side: Side,
    r: MessageReader,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
  ): void {
    const segmentStart = frame !== r.lastFrame;
    let verdict: Answer = "no";
    if (r.parts.length > 0) verdict = this.recognise(side, r, time, ...r.withParts(bytes, start, end));
    if (verdict === "no" && segmentStart) {
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
      return;
    }
    for (const p of parts) this.read(side, r, p.bytes, 0, p.bytes.length, p.frame, p.time);
    this.read(side, r, bytes, start, end, frame, time);
  }

  /**
   * A beginning cut by the snap length will not get longer: the fixed part of a startup packet convinces, and where the
   * connection is known a first message that fits as far as it goes.
   */
  private takeCut(side: Side, r: MessageReader): void {
    const [all, start, end] = r.withParts(NOTHING, 0, 0);
    if (end < STARTUP_HEADER) return;
    if (this.client === null) {
      if (!r.fresh || startupAt(all, start, end) !== "more") return;
      r.mode = "startup";
      this.setClient(side);
    } else {
      if (all[0] === COPY_DATA || chainAt(this.roleOf(side), all, start, end, true) !== "more") return;
      this.placed(side, r, r.parts[0]!.time);
    }
    const parts = r.parts;
    r.parts = [];
    for (const p of parts) this.read(side, r, p.bytes, 0, p.bytes.length, p.frame, p.time);
  }

  private roleOf(side: Side): Role {
    return side === this.client ? "frontend" : "backend";
  }

  /** The reader is at the start of a message with a type. */
  private placed(side: Side, r: MessageReader, time: Nanos): void {
    r.mode = "typed";
    if (side === this.client) return;
    this.backend.joined();
    this.pairing.catchUp(time);
  }

  private forgetParts(side: Side, r: MessageReader): void {
    r.parts = [];
    r.fresh = false;
    this.unreadable(side, r);
  }

  /** Is this the start of a message? With "yes" the reader is set to read it, and the client is known. */
  private recognise(side: Side, r: MessageReader, time: Nanos, b: Uint8Array, start: number, end: number): Answer {
    const begins = beginningAt(this.client === null ? null : this.roleOf(side), r.fresh, b, start, end);
    if (begins === "no" || begins === "more") return begins;
    if (this.client === null && begins !== "startup") this.pairing.joinedMidway = true;
    this.setClient(begins === "backend" ? otherSide(side) : side);
    if (begins === "startup") r.mode = "startup";
    else this.placed(side, r, r.parts[0]?.time ?? time);
    return "yes";
  }

  private setClient(side: Side): void {
    this.client = side;
    this.backend.side = otherSide(side);
    this.frontend.side = side;
  }

  /** The place is not known any more, and messages may have gone by unseen. */
  private lose(side: Side, r: MessageReader, why: "gap" | "snap"): void {
    if (r.parts.length > 0) this.forgetParts(side, r);
    this.tap?.lost(side);
    r.mode = "joining";
    r.fresh = false;
    r.why = why;
    r.drop();
    if (side === this.client) this.frontend.lost();
    this.unreadable(side, r);
  }

  /** Bytes of this direction cannot be read: among those of the server there may be answers. */
  private unreadable(side: Side, r: MessageReader): void {
    if (side !== this.client) {
      this.pairing.doubtAll(r.why);
      this.backend.lost();
    }
  }

  // ── reading ──

  // hot: per segment, and per message within.
  private read(
    side: Side,
    r: MessageReader,
    b: Uint8Array,
    start: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
  ): void {
    const role = this.roleOf(side);
    let i = start;
    while (i < end && !this.over) {
      if (r.mode === "joining") return;
      if (r.mode === "reply") {
        i = this.reply(side, r, b, i, end, frame, time);
        continue;
      }
      if (!r.inBody) {
        if (r.mode === "startup" && r.atBoundary && b[i] === TLS_HANDSHAKE && this.asked === SSL_REQUEST) {
          this.encrypted(side, b, i, end, frame, time);
          return;
        }
        i = r.readHeader(b, i, end, frame, time);
        if (!r.inBody) return;
        if (r.mode === "startup") {
          if (r.length < STARTUP_HEADER || r.length > MAX_STARTUP) {
            this.lose(side, r, "gap");
            return;
          }
          r.begin(MAX_STARTUP);
        } else {
          if (!isHeader(role, r.type, r.length)) {
            this.lose(side, r, "gap");
            return;
          }
          r.begin(role === "frontend" ? this.frontend.keep(r.type) : this.backend.keep(r.type));
        }
        this.tap?.header(side, r.offset);
      }
      if (i < end || r.left === 0) {
        const from = i;
        i = r.readBody(b, i, end);
        this.tap?.payload(side, b, from, i, r.offset - (i - from));
      }
      if (!r.told && r.isShown) this.tell(side, r, false);
      if (this.over) return;
      if (r.inBody && r.left === 0) this.finish(side, r, time);
    }
    if (r.mode === "typed" && r.inBody && r.told && side === this.client) this.frontend.goesOn(r.type, time);
  }

  /** The part of a message that matters is here (or all that the capture has of it). */
  private tell(side: Side, r: MessageReader, cut: boolean): void {
    r.told = true;
    if (r.mode === "startup") this.startup(side, r, cut);
    else if (side === this.client) this.frontend.message(r);
    else this.backend.message(r);
    if (r.mode !== "joining") this.tap?.told(side, cut);
  }

  private finish(side: Side, r: MessageReader, time: Nanos): void {
    this.tap?.done(side);
    if (r.mode === "typed" && side === this.client) this.frontend.ended(r.type, time);
    r.drop();
    if (r.mode === "startup" && this.asked === 0) r.mode = "typed";
  }

  private startup(side: Side, r: MessageReader, cut: boolean): void {
    const { body, bodyStart, bodyEnd } = r;
    const server = this.readers[otherSide(side)];
    const code = bodyEnd - bodyStart >= LENGTH ? uint32(body, bodyStart) : 0;
    if (!isStartupLength(code, r.length)) {
      this.lose(side, r, "gap");
      return;
    }
    if (code === CANCEL_REQUEST) {
      // The server closes the connection, and says nothing.
      this.over = true;
    } else if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.asked = code;
      if (server.fresh && server.atBoundary && server.parts.length === 0) server.mode = "reply";
    } else {
      this.asked = 0;
      if (server.fresh && server.atBoundary && server.parts.length === 0) server.mode = "typed";
      this.backend.started();
      const { user, database, application } = parametersOf(body, bodyStart + LENGTH, bodyEnd, cut);
      if (user !== null) this.sink.label("user", user);
      if (database !== null) this.sink.label("database", database);
      if (application !== null) this.sink.label("application", application);
      this.frontend.database = database;
    }
  }

  /** One byte answers the request for encryption; an error (of old servers) is a message. */
  private reply(
    side: Side,
    r: MessageReader,
    b: Uint8Array,
    at: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
  ): number {
    const c = b[at]!;
    if (c === LETTER_E) {
      r.mode = "typed";
      this.backend.started();
      return at;
    }
    const offset = r.offset++;
    if (c === LETTER_S && this.asked === SSL_REQUEST) {
      this.encrypted(side, b, at + 1, end, frame, time);
    } else if (c === LETTER_G && this.asked === GSS_REQUEST) {
      this.over = true;
      this.sink.label("encrypted", "gssapi");
      this.sink.upgraded();
    } else if (c === LETTER_N) {
      r.mode = "typed";
    } else this.lose(side, r, "gap");
    if (c === LETTER_S || c === LETTER_G || c === LETTER_N) this.tap?.reply?.(side, offset);
    return at + 1;
  }

  private encrypted(side: Side, b: Uint8Array, at: number, end: number, frame: FrameRef, time: Nanos): void {
    this.over = true;
    this.sink.label("encrypted", "tls");
    const next = this.sink.upgraded("tls");
    if (at < end) next?.data(side, b, at, end, frame, time);
  }
}

class PostgresDecoder implements StreamDecoder {
  readonly protocol = "postgresql";
  /** Shared by all flows: nothing of one flow shows in another's. */
  private readonly texts = new TextCache();

  probe(bytes: Uint8Array, start: number, end: number): Answer {
    const begins = beginningAt(null, true, bytes, start, end);
    return begins === "no" || begins === "more" ? begins : "yes";
  }

  open(sink: ExchangeSink): StreamSession {
    return new PostgresSession(sink, this.texts);
  }
}

export const postgres: StreamDecoder = new PostgresDecoder();
