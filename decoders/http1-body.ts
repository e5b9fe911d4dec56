// Where does a message's body end? (RFC 9112 §6.3, §7.1)
//
// Bodies are counted, never copied: a known length is one subtraction a segment, and so is a chunk.

export const Body = {
  /** No body, or the last byte of it was read. */
  done: 0,
  /** `remaining` bytes follow. */
  length: 1,
  /** To the end of the stream. */
  untilEnd: 2,
  chunkSize: 3,
  chunkExtension: 4,
  chunkData: 5,
  /** The line end behind a chunk. */
  chunkEnd: 6,
  trailer: 7,
  /** It is not chunked, whatever the head said. */
  broken: 8,
} as const;
export type Body = (typeof Body)[keyof typeof Body];

const CR = 0x0d;
const LF = 0x0a;
/** Blanks before and digits of a chunk size together; zeros may lead. */
const MAX_SIZE_TEXT = 64;

export class BodyReader {
  state: Body = Body.done;
  remaining = 0;
  private digits = 0;
  private seen = 0;
  private lineLength = 0;

  none(): void {
    this.state = Body.done;
  }

  ofLength(length: number): void {
    this.remaining = length;
    this.state = length > 0 ? Body.length : Body.done;
  }

  untilEnd(): void {
    this.state = Body.untilEnd;
  }

  chunked(): void {
    this.state = Body.chunkSize;
    this.remaining = 0;
    this.digits = 0;
    this.seen = 0;
  }

  /** Reads on; returns where it stopped: at `end`, or behind the body's last byte, or where it broke. */
  // hot: per segment.
  read(bytes: Uint8Array, start: number, end: number): number {
    let i = start;
    while (i < end) {
      switch (this.state) {
        case Body.done:
        case Body.broken:
          return i;
        case Body.untilEnd:
          return end;
        case Body.length:
        case Body.chunkData: {
          const n = Math.min(this.remaining, end - i);
          i += n;
          this.remaining -= n;
          if (this.remaining > 0) break;
          if (this.state === Body.length) this.state = Body.done;
          else this.state = Body.chunkEnd;
          break;
        }
        case Body.chunkEnd:
          if (bytes[i] === LF) this.chunked();
          else if (bytes[i] !== CR) this.state = Body.broken;
          i++;
          break;
        case Body.chunkSize:
          this.sizeByte(bytes[i++]!);
          break;
        case Body.chunkExtension:
          if (bytes[i++] === LF) this.sizeKnown();
          break;
        case Body.trailer: {
          const c = bytes[i++]!;
          if (c === LF) {
            if (this.lineLength === 0) this.state = Body.done;
            this.lineLength = 0;
          } else if (c !== CR) this.lineLength = 1;
          break;
        }
      }
    }
    return i;
  }

  /** Are the next `length` bytes within what is counted down, and not its end? Then they are counted. */
  // hot: per segment.
  passes(length: number): boolean {
    if (length >= this.remaining || (this.state !== Body.length && this.state !== Body.chunkData)) return false;
    this.remaining -= length;
    return true;
  }

  /** `length` bytes are missing. Returns how many of them lie behind the body's end, or −1 when that cannot be told. */
  skip(length: number): number {
    if (this.state === Body.untilEnd) return 0;
    if (this.state === Body.length || this.state === Body.chunkData) {
      if (length < this.remaining) {
        this.remaining -= length;
        return 0;
      }
      const beyond = length - this.remaining;
      this.remaining = 0;
      if (this.state === Body.length) {
        this.state = Body.done;
        return beyond;
      }
      this.state = Body.chunkEnd;
      return beyond === 0 ? 0 : -1;
    }
    return -1;
  }

  private sizeByte(c: number): void {
    const digit = hexDigit(c);
    if (++this.seen > MAX_SIZE_TEXT) this.state = Body.broken;
    else if (digit >= 0) {
      this.digits++;
      this.remaining = Math.min(Number.MAX_SAFE_INTEGER, this.remaining * 16 + digit);
    } else if (this.digits === 0) {
      if (c !== 0x20 && c !== 0x09) this.state = Body.broken;
    } else if (c === LF) this.sizeKnown();
    else if (c === CR || c === 0x20 || c === 0x09 || c === 0x3b) this.state = Body.chunkExtension;
    else this.state = Body.broken;
  }

  private sizeKnown(): void {
    this.state = this.remaining > 0 ? Body.chunkData : Body.trailer;
    this.lineLength = 0;
  }
}

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
