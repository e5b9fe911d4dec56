// What are the literals of a Zstandard block? As they are, one byte repeated, or by a Huffman table. (RFC 8878 §3.1.1.3.1)

import { u16 } from "./record-reader.ts";
import { bitsBefore, type HuffmanTable, readHuffman, streamEnd, ZstdDamage } from "./zstd-tables.ts";

/** Block_Maximum_Size, §3.1.1.2.4: of a block's literals, and of what it puts out. */
export const MAX_BLOCK = 1 << 17;

const Literals = { raw: 0, rle: 1, compressed: 2, treeless: 3 } as const;

/** Those of one block after the other of a frame: each may use the table of one before. */
export class ZstdLiterals {
  readonly bytes = new Uint8Array(MAX_BLOCK);
  count = 0;
  #huffman: HuffmanTable | null = null;

  reset(): void {
    this.#huffman = null;
  }

  /** Reads those of the block bytes[start, end); returns where they end. Throws ZstdDamage. */
  read(bytes: Uint8Array, start: number, end: number): number {
    // Five bytes at most; behind a short block are others or none, and its lengths are checked.
    if (end - start < 2) throw new ZstdDamage("a block that is too short");
    const type = bytes[start] & 3;
    const format = (bytes[start] >> 2) & 3;
    const packed = u16(bytes, start, true) + (bytes[start + 2] ?? 0) * 2 ** 16 + u16(bytes, start + 3, true) * 2 ** 24;
    const field = (from: number, bits: number): number => Math.floor(packed / 2 ** from) % 2 ** bits;
    if (type === Literals.raw || type === Literals.rle) {
      const [headerBytes, from, bits] = [
        [1, 3, 5],
        [2, 4, 12],
        [1, 3, 5],
        [3, 4, 20],
      ][format];
      const count = this.#limit(field(from, bits));
      const at = start + headerBytes;
      const length = type === Literals.raw ? count : 1;
      if (at + length > end) throw new ZstdDamage("literals that are cut short");
      if (type === Literals.raw) this.bytes.set(bytes.subarray(at, at + count));
      else this.bytes.fill(bytes[at], 0, count);
      return at + length;
    }
    const bits = [10, 10, 14, 18][format];
    const count = this.#limit(field(4, bits));
    let at = start + ((4 + 2 * bits) >> 3);
    const after = at + field(4 + bits, bits);
    if (after > end) throw new ZstdDamage("literals that are cut short");
    if (type === Literals.compressed) {
      const { table, end: tableEnd } = readHuffman(bytes, at, after);
      this.#huffman = table;
      at = tableEnd;
    }
    if (this.#huffman === null) throw new ZstdDamage("literals by a Huffman table that there is not");
    if (format === 0) decodeHuffman(this.#huffman, bytes, at, after, this.bytes, 0, count);
    else this.#fourStreams(this.#huffman, bytes, at, after, count);
    return after;
  }

  #limit(count: number): number {
    if (count > MAX_BLOCK) throw new ZstdDamage("more literals than a block can have");
    this.count = count;
    return count;
  }

  /** §3.1.1.3.1.6: the sizes of the first three, then four streams of a quarter each. */
  #fourStreams(table: HuffmanTable, bytes: Uint8Array, start: number, end: number, count: number): void {
    const part = (count + 3) >> 2;
    let at = start + 6;
    for (let i = 0; i < 4; i++) {
      const after = i < 3 ? at + u16(bytes, start + 2 * i, true) : end;
      if (after > end || 3 * part > count) throw new ZstdDamage("literals that are cut short");
      decodeHuffman(table, bytes, at, after, this.bytes, i * part, i < 3 ? (i + 1) * part : count);
      at = after;
    }
  }
}

/** // hot: one Huffman stream, bytes[start, end), to out[at, to). */
function decodeHuffman(
  { log, symbols, bits }: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  to: number,
): void {
  if (start >= end) throw new ZstdDamage("literals that are cut short");
  const least = start << 3;
  let bitEnd = streamEnd(bytes, end);
  let i = at;
  for (; i < to && bitEnd > least; i++) {
    const code = bitsBefore(bytes, bitEnd, log);
    out[i] = symbols[code];
    bitEnd -= bits[code];
  }
  if (i !== to || bitEnd !== least) throw new ZstdDamage("literals that do not fill their stream");
}
