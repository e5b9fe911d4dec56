// What does the header of a described frame say? Its length, or what is wrong with it; its id and type.

import { type FieldType, type FrameField, type FrameFormat, fieldSize, MAX_VARINT } from "../src/core/frame-option.ts";
import { formatWhole } from "../src/core/numbers.ts";

const VARINT_MORE = 0x80;
/** Bytes shown of what stands in the place of the magic: enough to recognise a protocol, too few for a secret. */
const MAX_SHOWN = 4;
const TWO_32 = 4_294_967_296;

export class FrameHeader {
  /** Bytes of a frame that are kept: the header, and an id or type that stands behind it. */
  readonly kept: number;
  /** Of the last header that `read` took: the whole frame, and what of it is payload. */
  total = 0;
  payload = 0;
  private format: FrameFormat;

  constructor(format: FrameFormat) {
    this.format = format;
    const ends = [format.id, format.type].map((f) => (f === null ? 0 : f.offset + fieldSize(f.type)));
    this.kept = Math.max(format.header ?? format.length.offset + MAX_VARINT, ...ends);
  }

  /** Are head[at, end) long enough to hold the length? */
  isComplete(head: Uint8Array, at: number, end: number): boolean {
    const { header, length } = this.format;
    if (header !== null) return end - at >= header;
    const limit = Math.min(end, at + length.offset + MAX_VARINT);
    for (let i = at + length.offset; i < limit; i++) if ((head[i]! & VARINT_MORE) === 0) return true;
    return end - at >= length.offset + MAX_VARINT;
  }

  /** Do head[at, end), perhaps too few, begin with the magic? */
  hasMagic(head: Uint8Array, at: number, end: number): boolean {
    const { magic } = this.format;
    const n = Math.min(magic.length, end - at);
    for (let i = 0; i < n; i++) if (head[at + i] !== magic[i]) return false;
    return true;
  }

  /** Reads a complete header at `at`. Null, or what is wrong. */
  read(head: Uint8Array, at: number, end: number): string | null {
    const { format } = this;
    if (!this.hasMagic(head, at, end)) {
      const { length } = format.magic;
      const shown = hex(head, at, Math.min(length, MAX_SHOWN));
      return `starts with ${shown}${length > MAX_SHOWN ? " …" : ""} instead of the magic ${hex(format.magic, 0, length)}`;
    }
    const { type } = format.length;
    const field = at + format.length.offset;
    let header = format.header ?? 0;
    let length = 0;
    if (type === "varint") {
      let scale = 1;
      let i = field;
      for (; i < end && i < field + MAX_VARINT; i++, scale *= 128) {
        length += (head[i]! & 0x7f) * scale;
        if ((head[i]! & VARINT_MORE) === 0) break;
      }
      if (i >= end || i >= field + MAX_VARINT) return `its length is a varint longer than ${MAX_VARINT} bytes`;
      header = i + 1 - at;
    } else length = readNumber(head, field, type);
    if (length > format.max) {
      return `length ${this.exact(head, field, length)} is above the limit of ${formatWhole(format.max)}`;
    }
    if (format.includes === "all" && length < header) {
      return `length ${formatWhole(length)} is below the ${header} bytes of the header, which it counts`;
    }
    this.total = format.includes === "all" ? length : header + length;
    this.payload = this.total - header;
    return null;
  }

  /** A field as text; null without one, and when the frame ends before it. */
  text(field: FrameField | null, head: Uint8Array, got: number): string | null {
    if (field === null || field.offset + fieldSize(field.type) > got) return null;
    return textOf(head, field.offset, field.type);
  }

  private exact(head: Uint8Array, field: number, length: number): string {
    const { type } = this.format.length;
    return type === "varint" || length <= Number.MAX_SAFE_INTEGER
      ? formatWhole(length)
      : textOf(head, field, type).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  }
}

export function readNumber(bytes: Uint8Array, at: number, type: FieldType): number {
  const size = fieldSize(type);
  const isLittle = type.endsWith("le");
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + bytes[at + (isLittle ? size - 1 - i : i)]!;
  return value;
}

/** Exact also above 2^53. */
function textOf(bytes: Uint8Array, at: number, type: FieldType): string {
  if (fieldSize(type) < 8) return String(readNumber(bytes, at, type));
  const isLittle = type === "u64le";
  const half = isLittle ? "u32le" : "u32be";
  const high = readNumber(bytes, isLittle ? at + 4 : at, half);
  const low = readNumber(bytes, isLittle ? at : at + 4, half);
  return high < 1 << 21 ? String(high * TWO_32 + low) : String(BigInt(high) * BigInt(TWO_32) + BigInt(low));
}

const hex = (bytes: Uint8Array, at: number, length: number): string =>
  Array.from(bytes.subarray(at, at + length), (b) => b.toString(16).padStart(2, "0")).join(" ");
