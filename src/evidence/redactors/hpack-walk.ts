// Where in a header block do strings stand, and of which field? (RFC 7541 §6)
//
// Walks a block as the decoder does (decoders/hpack.ts), and knows of the dynamic table the names only. What entered the table before
// the capture, or while bytes were missing, has no name here.

import { huffmanDecode } from "../../../decoders/hpack-huffman.ts";
import { HeaderTable } from "../../../decoders/hpack-table.ts";
import { WANTED_FIELDS } from "../../../decoders/http2-fields.ts";
import { latin1 } from "./veiled.ts";

export interface Literal {
  /** Of which field this is the value, in lower case; null: not known, or it is the name itself. */
  readonly field: string | null;
  readonly isName: boolean;
  /** bytes[from, to) of the block, without the length in front. */
  readonly from: number;
  readonly to: number;
  readonly isHuffman: boolean;
  /** Valid during the call. Null: it is no Huffman code, and the decoder does not look. */
  readonly decoded: Uint8Array | null;
}

/** As in decoders/hpack.ts: numbers of more octets are no lengths or indices of a real block. */
const MAX_NUMBER_OCTETS = 4;
/** Longer names are no field's that is known. */
const MAX_NAME = 64;
/** The shortest code has five bits. */
const EXPANSION = 8 / 5;
const FIRST_BUFFER = 512;

export class HpackWalk {
  private readonly table = new HeaderTable();
  private scratch = new Uint8Array(FIRST_BUFFER);
  private bytes: Uint8Array = this.scratch;
  private at = 0;
  private onLiteral: (literal: Literal) => void = () => {};

  /** The dynamic table is not known any more. */
  forget(): void {
    this.table.forget();
  }

  /** Tells the literals of a block; returns where the first field begins that is none, or cut, and the length if all are whole. */
  walk(bytes: Uint8Array, onLiteral: (literal: Literal) => void): number {
    this.bytes = bytes;
    this.at = 0;
    this.onLiteral = onLiteral;
    while (this.at < bytes.length) {
      const from = this.at;
      if (this.field(bytes[from]!)) continue;
      this.table.forget();
      return from;
    }
    return bytes.length;
  }

  private field(first: number): boolean {
    if (first >= 0x80) return this.number(0x7f) > 0;
    if ((first & 0xe0) === 0x20) {
      const size = this.number(0x1f);
      if (size >= 0) this.table.resize(size);
      return size >= 0;
    }
    const isAdded = first >= 0x40;
    const index = this.number(isAdded ? 0x3f : 0x0f);
    if (index < 0) return false;
    let name: string | null;
    let nameLength: number;
    let literalName: Literal | null = null;
    if (index > 0) ({ name, nameLength } = this.table.get(index));
    else {
      literalName = this.string(null, true, true);
      const decoded = literalName?.decoded?.slice() ?? null;
      if (literalName === null || decoded === null) return false;
      nameLength = decoded.length;
      name = latin1(decoded, 0, Math.min(nameLength, MAX_NAME + 1)).toLowerCase();
      // What it was decoded into is needed for the value.
      literalName = { ...literalName, decoded };
    }
    const value = this.string(name, false, isAdded || (name !== null && WANTED_FIELDS.has(name)));
    if (value === null) return false;
    if (isAdded) this.table.add(name, nameLength, null, value.decoded!.length);
    if (literalName !== null) this.onLiteral(literalName);
    this.onLiteral(value);
    return true;
  }

  /** `isRead`: a decoder reads it, and stops where it is no Huffman code. */
  private string(field: string | null, isName: boolean, isRead: boolean): Literal | null {
    const { bytes } = this;
    if (this.at >= bytes.length) return null;
    const isHuffman = bytes[this.at]! >= 0x80;
    const length = this.number(0x7f);
    if (length < 0 || length > bytes.length - this.at) return null;
    const from = this.at;
    const to = from + length;
    this.at = to;
    const decoded = isHuffman ? this.decode(from, to) : bytes.subarray(from, to);
    return decoded === null && isRead ? null : { field, isName, from, to, isHuffman, decoded };
  }

  private decode(from: number, to: number): Uint8Array | null {
    const room = Math.ceil((to - from) * EXPANSION);
    if (room > this.scratch.length) this.scratch = new Uint8Array(room);
    const octets = huffmanDecode(this.bytes, from, to, this.scratch);
    return octets < 0 ? null : this.scratch.subarray(0, octets);
  }

  private number(mask: number): number {
    const { bytes } = this;
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let k = 0; k < MAX_NUMBER_OCTETS; k++) {
      if (this.at >= bytes.length) return -1;
      const octet = bytes[this.at++]!;
      value += (octet & 0x7f) * 2 ** (7 * k);
      if (octet < 0x80) return value;
    }
    return -1;
  }
}
