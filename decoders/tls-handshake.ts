// Which handshake messages does one direction of TLS carry in clear? Puts hellos together from records and segments.
//
// Only hellos are kept, and of them no more than MAX_KEPT bytes; other messages (certificates) are counted past.

const HEADER = 4;
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
/** Real hellos are below 4 KiB, with post-quantum keys and tickets too; a crafted one may claim 16 MiB. */
const MAX_KEPT = 16_384;

/** `bytes` are valid during the call; `isWhole` is false when the rest was cut off. */
export type OnHello = (type: number, bytes: Uint8Array, length: number, isWhole: boolean) => void;

export class Handshake {
  /** The header, then the body, of the message in hand. */
  private kept: Uint8Array | null = null;
  private got = 0;
  /** Bytes of the message's body still to come. */
  private left = 0;
  private header = 0;
  private type = 0;
  private length = 0;
  /** Where messages begin is not known: bytes are missing. */
  private lost = false;
  private onHello: OnHello;

  constructor(onHello: OnHello) {
    this.onHello = onHello;
  }

  /** The start of a record. A lost place is found again where a record starts like a hello. */
  record(firstByte: number): void {
    if (!this.lost || (firstByte !== CLIENT_HELLO && firstByte !== SERVER_HELLO)) return;
    this.lost = false;
    this.header = 0;
    this.left = 0;
  }

  /** The next bytes of handshake records. */
  data(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end && !this.lost; ) {
      if (this.left === 0) {
        const b = bytes[i++]!;
        if (this.header === 0) {
          this.type = b;
          this.length = 0;
        } else this.length = this.length * 256 + b;
        if (++this.header < HEADER) continue;
        this.header = 0;
        this.left = this.length;
        this.got = 0;
      } else {
        const n = Math.min(this.left, end - i);
        if (this.type === CLIENT_HELLO || this.type === SERVER_HELLO) this.keep(bytes, i, i + n);
        this.left -= n;
        i += n;
        if (this.left === 0) this.done(true);
      }
    }
  }

  /** Bytes are missing, or the direction is encrypted from here on: a hello begun before is read as far as it came. */
  cut(): void {
    if (this.left > 0) this.done(false);
    this.left = 0;
    this.header = 0;
    this.lost = true;
  }

  private keep(bytes: Uint8Array, from: number, to: number): void {
    const n = Math.min(to - from, MAX_KEPT - this.got);
    if (n <= 0) return;
    const size = Math.min(MAX_KEPT, this.length);
    if (this.kept === null || this.kept.length < this.got + n) {
      const grown = new Uint8Array(Math.min(size, Math.max(this.got + n, this.got * 2)));
      if (this.kept !== null) grown.set(this.kept.subarray(0, this.got));
      this.kept = grown;
    }
    this.kept.set(bytes.subarray(from, from + n), this.got);
    this.got += n;
  }

  private done(isComplete: boolean): void {
    const { kept, got } = this;
    if (kept !== null && got > 0) this.onHello(this.type, kept, got, isComplete && got === this.length);
    this.kept = null;
    this.got = 0;
  }
}
