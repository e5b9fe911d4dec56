// Which header fields does this header block hold? (RFC 7541)
//
// A decoder for one direction of one connection. It keeps the values of the fields that are wanted and of no others, so cookies
// and credentials never become strings. It need not have seen the connection from its start: what refers to entries that it
// did not see is reported as unknown. Memory is bounded by the table (MAX_TABLE_SIZE), the length of kept texts, and nothing
// else: fields are handed on one by one, so a block that repeats a long entry a thousand times costs a thousand calls.

import { huffmanDecode } from "./hpack-huffman.ts";
import { HeaderTable, UNKNOWN } from "./hpack-table.ts";
import type { TextCache } from "./http1-text.ts";

export interface FieldReceiver {
  /** A field, in the order of the block. `name` is null when it is not known; `value` too, and when it is not wanted. */
  field(name: string | null, value: string | null): void;
}

/** Octets of a string that are decoded; TextCache cuts texts at a quarter of it, in characters. Longer strings are counted only. */
const MAX_OCTETS = 8192;
/** Numbers of more octets than this (2²⁸ and above) are no lengths or indices of a real block. */
const MAX_NUMBER_OCTETS = 4;

/** Of all decoders: a string is turned into text before the next one is read. */
const scratch = new Uint8Array(MAX_OCTETS);

export class HpackDecoder {
  private readonly table = new HeaderTable();
  private readonly wanted: ReadonlySet<string> | null;
  private readonly texts: TextCache;
  private bytes: Uint8Array = scratch;
  private at = 0;
  private end = 0;
  /** The string read last: how many octets it has in all, if they were to be counted; its text, if it was wanted. */
  private octets = 0;
  private text = "";

  /** `wanted`: names of which values are kept; null keeps all. */
  constructor(wanted: ReadonlySet<string> | null, texts: TextCache) {
    this.wanted = wanted;
    this.texts = texts;
  }

  /** Entries in the dynamic table that are known to stand there. */
  get entries(): number {
    return this.table.length;
  }

  /** Bytes of this direction are missing, or it was joined midway: the dynamic table is not known. */
  forget(): void {
    this.table.forget();
  }

  /**
   * Reads a header block. False when it ends within a field or is no header block: then the fields before that place were
   * reported, and the dynamic table is forgotten.
   */
  // hot: per header block.
  decode(bytes: Uint8Array, start: number, end: number, out: FieldReceiver): boolean {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    let whole = true;
    while (whole && this.at < end) whole = this.field(bytes[this.at]!, out);
    this.bytes = scratch; // the segment is not held on to
    if (!whole) this.table.forget();
    return whole;
  }

  private field(first: number, out: FieldReceiver): boolean {
    // Indexed field: 1xxxxxxx
    if (first >= 0x80) {
      const index = this.number(0x7f);
      if (index <= 0) return false;
      const { name, value } = this.table.get(index);
      out.field(name, value);
      return true;
    }
    // Size of the dynamic table: 001xxxxx
    if ((first & 0xe0) === 0x20) {
      const size = this.number(0x1f);
      if (size < 0) return false;
      this.table.resize(size);
      return true;
    }
    // A literal; added to the table: 01xxxxxx, not added: 0000xxxx, never to be added: 0001xxxx
    const added = first >= 0x40;
    const index = this.number(added ? 0x3f : 0x0f);
    if (index < 0) return false;
    let named = UNKNOWN;
    if (index > 0) named = this.table.get(index);
    else if (this.string(true, true)) named = { name: this.text, nameLength: this.octets, value: null };
    else return false;
    const { name, nameLength } = named;
    const wanted = name !== null && (this.wanted === null || this.wanted.has(name));
    if (!this.string(wanted, added)) return false;
    const value = wanted ? this.text : null;
    if (added) this.table.add(name, nameLength, value, this.octets);
    out.field(name, value);
    return true;
  }

  /** Reads a string literal (§5.2), or passes it by. False when it is not all here, or is none. */
  private string(wanted: boolean, counted: boolean): boolean {
    if (this.at >= this.end) return false;
    const huffman = this.bytes[this.at]! >= 0x80;
    const length = this.number(0x7f);
    if (length < 0 || length > this.end - this.at) return false;
    const from = this.at;
    const to = from + length;
    this.at = to;
    if (!huffman) {
      this.octets = length;
      if (wanted) this.text = this.texts.get(this.bytes, from, Math.min(to, from + MAX_OCTETS));
    } else if (wanted || counted) {
      this.octets = huffmanDecode(this.bytes, from, to, scratch);
      if (this.octets < 0) return false;
      if (wanted) this.text = this.texts.get(scratch, 0, Math.min(this.octets, MAX_OCTETS));
    }
    return true;
  }

  /** Reads an integer whose first octet holds the bits of `mask` (§5.1). −1 when it is not all here, or too large. */
  private number(mask: number): number {
    const { bytes, end } = this;
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let k = 0; k < MAX_NUMBER_OCTETS; k++) {
      if (this.at >= end) return -1;
      const octet = bytes[this.at++]!;
      value += (octet & 0x7f) * 2 ** (7 * k);
      if (octet < 0x80) return value;
    }
    return -1;
  }
}
