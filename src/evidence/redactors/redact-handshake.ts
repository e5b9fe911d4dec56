// What of the handshake messages that one direction of TLS carries in clear may leave? Their types and lengths, and of hellos what
// redact-hello.ts says. As decoders/tls-handshake.ts puts messages together from records and segments.

import { CLIENT_HELLO, SERVER_HELLO } from "../../../decoders/tls-handshake.ts";
import { Remembered } from "./remembered.ts";

const HEADER = 4;
/** Of a longer hello the decoder reads no more. */
const MAX_HELLO = 16_384;

export interface HandshakeReceiver {
  /** [from, to) of this side may stay: the header of a message. */
  keep(from: number, to: number): void;
  /** A hello, or as much of it as there is. */
  hello(type: number, body: Remembered, isWhole: boolean): void;
}

export class HandshakeRedactor {
  private readonly receiver: HandshakeReceiver;
  private readonly body = new Remembered(MAX_HELLO);
  private got = 0;
  private type = 0;
  private length = 0;
  private left = 0;
  private isLost = false;

  constructor(receiver: HandshakeReceiver) {
    this.receiver = receiver;
  }

  /** The start of a record. A lost place is found again where a record starts like a hello. */
  record(firstByte: number): void {
    if (!this.isLost || (firstByte !== CLIENT_HELLO && firstByte !== SERVER_HELLO)) return;
    this.isLost = false;
    this.got = 0;
    this.left = 0;
  }

  data(bytes: Uint8Array, from: number, to: number, at: number): void {
    for (let i = from; i < to && !this.isLost; ) {
      const place = at + i - from;
      if (this.left === 0) {
        const b = bytes[i++]!;
        this.receiver.keep(place, place + 1);
        if (this.got === 0) {
          this.type = b;
          this.length = 0;
        } else this.length = this.length * 256 + b;
        if (++this.got < HEADER) continue;
        this.got = 0;
        this.left = this.length;
      } else {
        const n = Math.min(this.left, to - i);
        if (this.type === CLIENT_HELLO || this.type === SERVER_HELLO) this.body.add(bytes, i, i + n, place);
        this.left -= n;
        i += n;
        if (this.left === 0) this.done(true);
      }
    }
  }

  /** Bytes are missing, or the direction is encrypted from here on. */
  cut(): void {
    if (this.left > 0) this.done(false);
    this.left = 0;
    this.got = 0;
    this.isLost = true;
  }

  private done(isComplete: boolean): void {
    if (this.body.length > 0) this.receiver.hello(this.type, this.body, isComplete && this.body.length === this.length);
    this.body.clear();
  }
}
