// TLS and SSL as a stream: who was asked for, what was agreed, and how did either side say goodbye or no? (RFC 8446, RFC 5246)
//
// Metadata only; there are no exchanges. Each direction is a machine of its own:
//
//   header ─▶ body ─▶ header …        lost ─▶ header, where a segment starts like a record
//
// Bodies are skipped by counting, but for the hellos (tls-handshake.ts) and the two bytes of an alert in clear. TLS 1.3
// hides its alerts in records of application data, so of those nothing is said here.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import type { ExchangeSink, Side, StreamDecoder, StreamSession } from "../src/core/stream-decoder.ts";
import { ALERT_LENGTH, isAlert, readAlert } from "./tls-alert.ts";
import { CLIENT_HELLO, Handshake, SERVER_HELLO } from "./tls-handshake.ts";
import { isHelloVersion, readServerChoice, readServerName } from "./tls-hello.ts";
import { ContentType, HEADER, isRecordStart, recordLength, startsWithHello, startsWithRecords } from "./tls-record.ts";
import { startsWithV2ClientHello, startsWithV2ServerHello, V2_HELLO, v2Length } from "./tls-v2.ts";

type Mode = "header" | "body" | "lost";

class Direction {
  mode: Mode = "header";
  /** Nothing of this direction was read yet: it may start as SSL 2.0 did. */
  isFirst = true;
  /** What follows is encrypted: ChangeCipherSpec was sent, and the version is below 1.3. */
  isCiphered = false;
  lastFrame: FrameRef = NO_FRAME;
  /** The header in hand, or the alert. */
  readonly head = new Uint8Array(V2_HELLO);
  got = 0;
  /** The record in hand: its type, 0 for one of SSL 2.0. */
  type = 0;
  left = 0;
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  readonly handshake: Handshake;

  constructor(handshake: Handshake) {
    this.handshake = handshake;
  }
}

const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f];
const isPlainHttp = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start >= HTTP.length && HTTP.every((c, n) => bytes[start + n] === c);

class TlsSession implements StreamSession {
  private readonly sink: ExchangeSink;
  private readonly directions: readonly [Direction, Direction];
  private isTls13 = false;
  /** SSL 2.0 was taken: nothing more can be read. */
  private isDark = false;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
    const handshake = () => new Handshake((type, bytes, length, isWhole) => this.hello(type, bytes, length, isWhole));
    this.directions = [new Direction(handshake()), new Direction(handshake())];
  }

  // hot: per segment. A body costs one subtraction.
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const d = this.directions[side];
    const segmentStart = frame !== d.lastFrame;
    d.lastFrame = frame;
    if (d.isFirst && d.got === 0 && isPlainHttp(bytes, start, end)) {
      // A server that speaks HTTP on that port says so in clear: 400.
      this.isDark = true;
      this.sink.upgraded("http")?.data(side, bytes, start, end, frame, time);
      return;
    }
    if (d.mode === "lost") {
      if (!segmentStart || !mayGoOn(bytes, start, end)) return;
      d.mode = "header";
      d.got = 0;
    }
    let i = start;
    while (i < end && !this.isDark && !isLost(d)) {
      if (d.mode === "header") i = this.readHeader(d, bytes, i, end, frame, time);
      else i = this.readBody(side, d, bytes, i, end);
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

  end(side: Side): void {
    const d = this.directions[side];
    d.handshake.cut();
    d.mode = "lost";
  }

  private readHeader(d: Direction, bytes: Uint8Array, from: number, end: number, frame: FrameRef, time: Nanos): number {
    let i = from;
    if (d.got === 0) {
      d.frame = frame;
      d.time = time;
    }
    while (i < end && d.mode === "header" && !this.isDark) {
      d.head[d.got++] = bytes[i++]!;
      if (d.isFirst && this.readV2(d)) continue;
      if (!isRecordStart(d.head, 0, d.got)) d.mode = "lost";
      else if (d.got === HEADER) this.begin(d, d.head[0]!, recordLength(d.head, 0));
    }
    return i;
  }

  /** True while the first bytes may be, or are, a hello of SSL 2.0. */
  private readV2(d: Direction): boolean {
    if (startsWithV2ServerHello(d.head, 0, d.got) === "yes") {
      this.sink.label("version", "SSL 2.0");
      this.isDark = true;
      return true;
    }
    const client = startsWithV2ClientHello(d.head, 0, d.got);
    if (client === "yes") this.begin(d, 0, v2Length(d.head, 0) - d.got);
    return client !== "no" || startsWithV2ServerHello(d.head, 0, d.got) === "more";
  }

  private begin(d: Direction, type: number, length: number): void {
    d.isFirst = false;
    d.mode = "body";
    d.type = type;
    d.left = length;
    d.got = 0;
    if (type === ContentType.alert && length > ALERT_LENGTH) {
      const side: Side = d === this.directions[0] ? 0 : 1;
      const { frame, time } = d;
      this.sink.remark({ side, frame, time, kind: "farewell", code: null, text: "an encrypted alert" });
    } else if (type === ContentType.changeCipherSpec && !this.isTls13) {
      d.isCiphered = true;
      d.handshake.cut();
    }
    if (length === 0) this.recordDone(d);
  }

  private readBody(side: Side, d: Direction, bytes: Uint8Array, from: number, end: number): number {
    const n = Math.min(d.left, end - from);
    if (d.type === ContentType.handshake && !d.isCiphered) {
      if (d.got === 0) d.handshake.record(bytes[from]!);
      d.got = 1;
      d.handshake.data(bytes, from, from + n);
    } else if (d.type === ContentType.alert && d.left + d.got === ALERT_LENGTH) {
      for (let i = from; i < from + n; i++) d.head[d.got++] = bytes[i]!;
      if (d.got === ALERT_LENGTH) this.alert(side, d);
    }
    d.left -= n;
    if (d.left === 0) this.recordDone(d);
    return from + n;
  }

  private recordDone(d: Direction): void {
    d.mode = "header";
    d.got = 0;
  }

  private alert(side: Side, d: Direction): void {
    const alert = readAlert(d.head[0]!, d.head[1]!);
    if (alert === null) return;
    const { frame, time } = d;
    const { kind, name } = alert;
    this.sink.remark({ side, frame, time, kind, code: kind === "refusal" ? name : null, text: `TLS alert ${name}` });
  }

  private hello(type: number, bytes: Uint8Array, length: number, isWhole: boolean): void {
    if (!isHelloVersion(bytes, 0, length)) return;
    if (type === CLIENT_HELLO) {
      const name = readServerName(bytes, 0, length);
      if (name !== null) this.sink.label("sni", name);
    } else if (type === SERVER_HELLO) {
      const { version, alpn } = readServerChoice(bytes, 0, length, isWhole);
      if (version !== null) {
        this.sink.label("version", version);
        this.isTls13 = version.startsWith("TLS 1.3");
      }
      if (alpn !== null) this.sink.label("alpn", alpn);
    }
  }
}

/** A call, so that the compiler forgets what it believed of the mode before. */
const isLost = (d: Direction): boolean => d.mode === "lost";

/** In a stream known to be TLS, a record of data or handshake longer than its segment convinces by its header alone. */
export function mayGoOn(bytes: Uint8Array, start: number, end: number): boolean {
  const answer = startsWithRecords(bytes, start, end);
  if (answer !== "more") return answer === "yes";
  const type = bytes[start];
  return end - start >= HEADER && (type === ContentType.applicationData || type === ContentType.handshake);
}

class TlsDecoder implements StreamDecoder {
  readonly protocol = "tls";

  probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
    const hello = startsWithHello(bytes, start, end);
    if (hello === "yes") return "yes";
    const records = startsWithRecords(bytes, start, end);
    if (records === "yes") {
      // One alert in clear has so few bytes that they must make sense.
      const isShort = end - start === HEADER + ALERT_LENGTH && bytes[start] === ContentType.alert;
      return isShort && !isAlert(bytes[end - 2]!, bytes[end - 1]!) ? "no" : "yes";
    }
    const v2 = startsWithV2ClientHello(bytes, start, end);
    if (v2 === "yes") return "yes";
    return hello === "more" || records === "more" || v2 === "more" ? "more" : "no";
  }

  open(sink: ExchangeSink): StreamSession {
    return new TlsSession(sink);
  }
}

export const tls: StreamDecoder = new TlsDecoder();
