// How are numbers and texts written into the events of a share, and read again? Exactly: a float64 stays one, a text its UTF-16 units.

import { CaptureError } from "../capture/source.ts";

const FIRST_CAPACITY = 1 << 16;
/**
 * Short texts come again and again (addresses, methods, hosts). Writer and reader remember the last one of each place, which follows from
 * the text itself: while nothing else of its place comes, it goes over as the place's number.
 */
const PLACES = 4096;
const LONGEST_KNOWN = 64;
/** So many are safe on every stack. */
const MOST_ARGUMENTS = 4096;

/** What stands for a text: null, a text that follows, one that follows and is remembered; above, the place of one that is. */
const Text = { none: 0, once: 1, kept: 2, placed: 3 } as const;

/** Of a text's length and of some of its units: the last ones are what differs between addresses, and between targets. */
function placeOf(text: string): number {
  const { length } = text;
  if (length < 4) return length === 0 ? 0 : (text.charCodeAt(0) * 31 + text.charCodeAt(length - 1)) % PLACES;
  const middle = text.charCodeAt(length >> 1) * 7 + text.charCodeAt(length - 4) * 311;
  const end = text.charCodeAt(length - 3) * 61 + text.charCodeAt(length - 2) * 1009 + text.charCodeAt(length - 1) * 5;
  return (length + middle + end) % PLACES;
}

export class ByteWriter {
  length = 0;
  private bytes = new Uint8Array(FIRST_CAPACITY);
  private view = new DataView(this.bytes.buffer);
  private readonly kept: (string | undefined)[] = new Array(PLACES).fill(undefined);

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
    if (value < 0x80) {
      this.bytes[this.length++] = value;
      return;
    }
    let left = value;
    while (left > 0x7fffffff) {
      this.bytes[this.length++] = (left % 128) | 0x80;
      left = Math.floor(left / 128);
    }
    while (left > 0x7f) {
      this.bytes[this.length++] = (left & 0x7f) | 0x80;
      left >>>= 7;
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
    if (value.length > LONGEST_KNOWN) {
      this.byte(Text.once);
      this.units(value);
      return;
    }
    const place = placeOf(value);
    if (this.kept[place] === value) {
      this.count(place + Text.placed);
      return;
    }
    this.kept[place] = value;
    this.byte(Text.kept);
    this.units(value);
  }

  /** One byte a unit where all fit, two otherwise. */
  private units(value: string): void {
    const { length } = value;
    let all = 0;
    for (let n = 0; n < length; n++) all |= value.charCodeAt(n);
    const isWide = all > 0xff;
    this.count(length * 2 + (isWide ? 1 : 0));
    this.room(length * 2);
    const { bytes } = this;
    let at = this.length;
    for (let n = 0; n < length; n++) {
      const unit = value.charCodeAt(n);
      bytes[at++] = unit & 0xff;
      if (isWide) bytes[at++] = unit >>> 8;
    }
    this.length = at;
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
  private readonly kept: (string | undefined)[] = new Array(PLACES).fill(undefined);

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
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let unit = 128; unit <= 2 ** 49; unit *= 128) {
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
    if (kind >= Text.placed) {
      const known = this.kept[kind - Text.placed];
      if (known === undefined) throw brokenShare();
      return known;
    }
    const value = this.units();
    if (kind === Text.kept) this.kept[placeOf(value)] = value;
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
