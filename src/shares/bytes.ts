// How are numbers and texts written into the events of a share, and read again? Exactly: a float64 stays one, a text its UTF-16 units.

import { CaptureError } from "../capture/source.ts";

const FIRST_CAPACITY = 1 << 16;
/** Short texts come again and again (addresses, methods, hosts): they are written once, up to so many, then by number. */
const MAX_KNOWN_TEXTS = 65_536;
const LONGEST_KNOWN = 64;
/** So many are safe on every stack. */
const MOST_ARGUMENTS = 4096;

/** What stands in the place of a text: null, a text that follows, one that follows and gets the next number; above, a number. */
const Text = { none: 0, once: 1, known: 2, numbered: 3 } as const;

export class ByteWriter {
  length = 0;
  private bytes = new Uint8Array(FIRST_CAPACITY);
  private view = new DataView(this.bytes.buffer);
  private texts = new Map<string, number>();

  /** What was written since the last time, in memory of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  /** A whole number from 0 to 2⁵³ − 1: seven bits a byte, the lowest first. */
  count(value: number): void {
    this.room(8);
    let left = value;
    while (left > 0x7f) {
      this.bytes[this.length++] = (left % 128) | 0x80;
      left = Math.floor(left / 128);
    }
    this.bytes[this.length++] = left;
  }

  number(value: number): void {
    this.room(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  text(value: string | null): void {
    if (value === null) {
      this.byte(Text.none);
      return;
    }
    const known = value.length <= LONGEST_KNOWN ? this.texts.get(value) : undefined;
    if (known !== undefined) {
      this.count(known + Text.numbered);
      return;
    }
    const isKept = value.length <= LONGEST_KNOWN && this.texts.size < MAX_KNOWN_TEXTS;
    if (isKept) this.texts.set(value, this.texts.size);
    this.byte(isKept ? Text.known : Text.once);
    this.units(value);
  }

  /** One byte a unit where all fit, two otherwise. */
  private units(value: string): void {
    let isWide = false;
    for (let n = 0; n < value.length && !isWide; n++) isWide = value.charCodeAt(n) > 0xff;
    this.count(value.length * 2 + (isWide ? 1 : 0));
    this.room(value.length * 2);
    for (let n = 0; n < value.length; n++) {
      const unit = value.charCodeAt(n);
      this.bytes[this.length++] = unit & 0xff;
      if (isWide) this.bytes[this.length++] = unit >>> 8;
    }
  }

  private room(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const wider = new Uint8Array(2 ** Math.ceil(Math.log2(this.length + size)));
    wider.set(this.bytes.subarray(0, this.length));
    this.bytes = wider;
    this.view = new DataView(wider.buffer);
  }
}

export class ByteReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private pos = 0;
  private texts: string[] = [];

  /** The next piece, behind those before it: texts that were written in them are known. */
  give(piece: Uint8Array): void {
    this.bytes = piece;
    this.view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    this.pos = 0;
  }

  get isEmpty(): boolean {
    return this.pos >= this.bytes.length;
  }

  byte(): number {
    if (this.pos >= this.bytes.length) throw brokenShare();
    return this.bytes[this.pos++]!;
  }

  count(): number {
    let value = 0;
    for (let unit = 1; unit <= 2 ** 49; unit *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    throw brokenShare();
  }

  number(): number {
    if (this.pos + 8 > this.bytes.length) throw brokenShare();
    const value = this.view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  text(): string | null {
    const kind = this.count();
    if (kind === Text.none) return null;
    if (kind >= Text.numbered) {
      const known = this.texts[kind - Text.numbered];
      if (known === undefined) throw brokenShare();
      return known;
    }
    const value = this.units();
    if (kind === Text.known) this.texts.push(value);
    return value;
  }

  /** A text that must be there. */
  words(): string {
    const value = this.text();
    if (value === null) throw brokenShare();
    return value;
  }

  private units(): string {
    const coded = this.count();
    const width = (coded & 1) + 1;
    const length = Math.floor(coded / 2);
    const end = this.pos + length * width;
    if (end > this.bytes.length) throw brokenShare();
    const units: number[] = [];
    for (; this.pos < end; this.pos += width) {
      units.push(width === 1 ? this.bytes[this.pos]! : this.view.getUint16(this.pos, true));
    }
    if (length <= MOST_ARGUMENTS) return String.fromCharCode.apply(null, units);
    let value = "";
    for (let n = 0; n < length; n += MOST_ARGUMENTS) {
      value += String.fromCharCode.apply(null, units.slice(n, n + MOST_ARGUMENTS));
    }
    return value;
  }
}

export const brokenShare = (): CaptureError =>
  new CaptureError("is damaged: what it holds makes no sense; make this share again", {
    code: "share-damaged",
    path: "",
  });
