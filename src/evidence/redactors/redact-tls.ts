// What of a TLS connection may leave? (RFC 8446, RFC 5246) Where records lie, what hellos say openly, alerts in clear. What is encrypted
// is filled as well: whoever has the keys, now or later, could read it.
//
// Each direction is a machine of its own, as the decoder's is (decoders/tls.ts):
//
//   header ─▶ body ─▶ header …        lost ─▶ header, where a segment starts like a record

import { mayGoOn } from "../../../decoders/tls.ts";
import { ALERT_LENGTH } from "../../../decoders/tls-alert.ts";
import { SERVER_HELLO } from "../../../decoders/tls-handshake.ts";
import { isHelloVersion, readServerChoice } from "../../../decoders/tls-hello.ts";
import { ContentType, HEADER, isRecordStart, recordLength } from "../../../decoders/tls-record.ts";
import { startsWithV2ClientHello, startsWithV2ServerHello, V2_HELLO, v2Length } from "../../../decoders/tls-v2.ts";
import type { Side } from "../../core/stream-decoder.ts";
import type { RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "../stream-redactor.ts";
import { HandshakeRedactor } from "./redact-handshake.ts";
import { veilHello } from "./redact-hello.ts";
import type { Remembered } from "./remembered.ts";
import type { Count } from "./veiled.ts";

type Mode = "header" | "body" | "lost";

/** "HTTP/": a server that speaks HTTP in clear; what it says is another redactor's. */
const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f];

class Direction {
  mode: Mode = "header";
  /** Nothing of this direction was read yet: it may start as SSL 2.0 did. */
  isFirst = true;
  isCiphered = false;
  readonly head = new Uint8Array(V2_HELLO);
  got = 0;
  /** The record in hand: its type, 0 for one of SSL 2.0. */
  type = 0;
  length = 0;
  left = 0;
  readonly handshake: HandshakeRedactor;

  constructor(handshake: HandshakeRedactor) {
    this.handshake = handshake;
  }
}

class TlsRedactor implements StreamRedactor {
  private readonly sink: RedactionSink;
  private readonly policy: RedactionPolicy;
  private readonly count: Count;
  private readonly directions: readonly [Direction, Direction];
  private isTls13 = false;
  /** Nothing more can be read, or it is another's. */
  private isDark = false;

  constructor(sink: RedactionSink, policy: RedactionPolicy) {
    this.sink = sink;
    this.policy = policy;
    this.count = (what, n) => sink.count(what, n);
    const direction = (side: Side) =>
      new Direction(
        new HandshakeRedactor({
          keep: (from, to) => sink.keep(side, from, to),
          hello: (type, body, isWhole) => this.hello(side, type, body, isWhole),
        }),
      );
    this.directions = [direction(0), direction(1)];
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, at: number): void {
    const d = this.directions[side];
    if (this.isDark) return;
    if (d.isFirst && d.got === 0 && end - start >= HTTP.length && HTTP.every((c, n) => bytes[start + n] === c)) {
      this.isDark = true;
      this.sink.keep(side, at, at + HTTP.length);
      return;
    }
    if (d.mode === "lost") {
      if (!mayGoOn(bytes, start, end)) return;
      d.mode = "header";
      d.got = 0;
    }
    for (let i = start; i < end && !this.isDark && !isLost(d); ) {
      const place = at + i - start;
      if (d.mode === "header") i = this.readHeader(side, d, bytes, i, end, place);
      else i = this.readBody(side, d, bytes, i, end, place);
    }
  }

  gap(side: Side, length: number): void {
    const d = this.directions[side];
    if (length <= 0) return;
    d.handshake.cut();
    d.isFirst = false;
    if (d.mode === "body" && length <= d.left) {
      // An alert of which a byte is missing says nothing.
      d.got = ALERT_LENGTH;
      d.left -= length;
      if (d.left === 0) this.recordDone(d);
    } else d.mode = "lost";
  }

  private readHeader(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number, at: number): number {
    let i = from;
    while (i < end && d.mode === "header" && !this.isDark) {
      d.head[d.got++] = bytes[i++]!;
      const behind = at + i - from;
      if (d.isFirst && this.readV2(side, d, behind)) continue;
      if (!isRecordStart(d.head, 0, d.got)) d.mode = "lost";
      else if (d.got === HEADER) {
        this.sink.keep(side, behind - HEADER, behind);
        this.begin(d, d.head[0]!, recordLength(d.head, 0));
      }
    }
    return i;
  }

  /** True while the first bytes may be, or are, a hello of SSL 2.0: type, version, lengths. */
  private readV2(side: Side, d: Direction, behind: number): boolean {
    if (startsWithV2ServerHello(d.head, 0, d.got) === "yes") {
      this.sink.keep(side, behind - d.got, behind);
      this.isDark = true;
      return true;
    }
    const client = startsWithV2ClientHello(d.head, 0, d.got);
    if (client === "yes") {
      this.sink.keep(side, behind - d.got, behind);
      this.begin(d, 0, v2Length(d.head, 0) - d.got);
    }
    return client !== "no" || startsWithV2ServerHello(d.head, 0, d.got) === "more";
  }

  private begin(d: Direction, type: number, length: number): void {
    d.isFirst = false;
    d.mode = "body";
    d.type = type;
    d.length = d.left = length;
    d.got = 0;
    if (type === ContentType.changeCipherSpec && !this.isTls13) {
      d.isCiphered = true;
      d.handshake.cut();
    }
    if (length === 0) this.recordDone(d);
  }

  private readBody(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number, at: number): number {
    const n = Math.min(d.left, end - from);
    if (d.type === ContentType.handshake && !d.isCiphered) {
      if (d.got === 0) d.handshake.record(bytes[from]!);
      d.got = 1;
      d.handshake.data(bytes, from, from + n, at);
    } else if (d.type === ContentType.alert && d.length === ALERT_LENGTH) {
      this.sink.keep(side, at, at + n);
    } else if (d.type === ContentType.changeCipherSpec && d.length === 1) {
      this.sink.keep(side, at, at + n);
    } else this.count("payload bytes", n);
    d.left -= n;
    if (d.left === 0) this.recordDone(d);
    return from + n;
  }

  private recordDone(d: Direction): void {
    d.mode = "header";
    d.got = 0;
  }

  private hello(side: Side, type: number, body: Remembered, isWhole: boolean): void {
    const { bytes } = body;
    body.leave(veilHello(type, bytes, this.policy, this.count), side, this.sink);
    if (type !== SERVER_HELLO || !isHelloVersion(bytes, 0, bytes.length)) return;
    const { version } = readServerChoice(bytes, 0, bytes.length, isWhole);
    if (version !== null) this.isTls13 = version.startsWith("TLS 1.3");
  }
}

/** A call, so that the compiler forgets what it believed of the mode before. */
const isLost = (d: Direction): boolean => d.mode === "lost";

export const redactTls: StreamRedaction = {
  protocol: "tls",
  open: (sink, policy) => new TlsRedactor(sink, policy),
};
