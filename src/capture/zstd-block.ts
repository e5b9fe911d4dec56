// What does a compressed block of Zstandard say? Literals, and sequences that copy them and what came before. (RFC 8878 §3.1.1.3)

import { u16 } from "./record-reader.ts";
import { MAX_BLOCK, ZstdLiterals } from "./zstd-literals.ts";
import {
  bitsBefore,
  type FseTable,
  fseOf,
  MOST_BITS,
  newFseTable,
  readFse,
  setFseOfOne,
  streamEnd,
  ZstdDamage,
} from "./zstd-tables.ts";

/** From this length on a copy by the engine is faster than a loop (its call costs some 50 bytes' worth). */
const LONG_COPY = 64;

const Mode = { predefined: 0, rle: 1, fse: 2, repeat: 3 } as const;

/** §3.1.1.3.2.1: the first values of each code, and how many bits follow it. */
function codes(first: number, extraBits: readonly number[]): { bases: Int32Array; extra: Uint8Array } {
  const bases = new Int32Array(extraBits.length);
  let base = first;
  for (const [code, bits] of extraBits.entries()) {
    bases[code] = base;
    base += 2 ** bits;
  }
  return { bases, extra: Uint8Array.from(extraBits) };
}
const zeros = (count: number): number[] => new Array<number>(count).fill(0);
const LITERAL_LENGTHS = codes(0, [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const MATCH_LENGTHS = codes(3, [
  ...zeros(32),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);
/** With 128 MiB of window no offset needs more. */
const MAX_OFFSET_CODE = 31;

/** §3.1.1.3.2.2: the tables that a block need not describe. */
const PREDEFINED = {
  literalLengths: fseOf(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
  offsets: fseOf([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
  matchLengths: fseOf([1, 4, 3, 2, 2, 2, 2, 2, 2, ...new Array<number>(37).fill(1), -1, -1, -1, -1, -1, -1, -1], 6),
};
type Kind = keyof typeof PREDEFINED;
const LIMITS = {
  literalLengths: { maxLog: 9, maxSymbol: LITERAL_LENGTHS.bases.length - 1 },
  offsets: { maxLog: 8, maxSymbol: MAX_OFFSET_CODE },
  matchLengths: { maxLog: 9, maxSymbol: MATCH_LENGTHS.bases.length - 1 },
};

/** The compressed blocks of one frame: each may use the tables and offsets of those before. */
export class ZstdBlocks {
  readonly #literals = new ZstdLiterals();
  /** Those that blocks describe; in use are these or the predefined ones. */
  readonly #own: Record<Kind, FseTable> = {
    literalLengths: newFseTable(LIMITS.literalLengths.maxLog),
    offsets: newFseTable(LIMITS.offsets.maxLog),
    matchLengths: newFseTable(LIMITS.matchLengths.maxLog),
  };
  readonly #tables: Record<Kind, FseTable | null> = { literalLengths: null, offsets: null, matchLengths: null };
  /** The last three offsets, the latest first (§3.1.2.5). */
  #recent1 = 1;
  #recent2 = 4;
  #recent3 = 8;

  /** Another frame begins: there is nothing before it. */
  reset(): void {
    this.#literals.reset();
    this.#tables.literalLengths = null;
    this.#tables.offsets = null;
    this.#tables.matchLengths = null;
    this.#recent1 = 1;
    this.#recent2 = 4;
    this.#recent3 = 8;
  }

  /**
   * Puts what the block bytes[start, end) says into `out` from `at` on, where out[from, at) came before and MAX_BLOCK bytes
   * are free. Returns where it ends; throws ZstdDamage.
   */
  decode(bytes: Uint8Array, start: number, end: number, out: Uint8Array, from: number, at: number): number {
    const sequences = this.#literals.read(bytes, start, end);
    return this.#readSequences(bytes, sequences, end, out, from, at);
  }

  /** §3.1.1.3.2 */
  #readSequences(bytes: Uint8Array, start: number, end: number, out: Uint8Array, from: number, at: number): number {
    if (start >= end) throw new ZstdDamage("sequences that are cut short");
    let next = start + 1;
    let count = bytes[start];
    if (count === 255) {
      count = u16(bytes, next, true) + 0x7f00;
      next += 2;
    } else if (count >= 128) count = ((count - 128) << 8) + bytes[next++];
    if (next > end || (count > 0 && next === end)) throw new ZstdDamage("sequences that are cut short");
    if (count === 0) return this.#lastLiterals(out, 0, at, at);
    const modes = bytes[next++];
    if ((modes & 3) !== 0) throw new ZstdDamage("a reserved mode of sequences");
    next = this.#readTable("literalLengths", modes >> 6, bytes, next, end);
    next = this.#readTable("offsets", (modes >> 4) & 3, bytes, next, end);
    next = this.#readTable("matchLengths", (modes >> 2) & 3, bytes, next, end);
    if (next >= end) throw new ZstdDamage("sequences that are cut short");
    return this.#execute(count, bytes, next, end, out, from, at);
  }

  #readTable(kind: Kind, mode: number, bytes: Uint8Array, at: number, end: number): number {
    if (mode === Mode.repeat) {
      if (this.#tables[kind] === null) throw new ZstdDamage("a table to repeat that there is not");
      return at;
    }
    if (mode === Mode.predefined) {
      this.#tables[kind] = PREDEFINED[kind];
      return at;
    }
    if (mode === Mode.rle) {
      if (at >= end || bytes[at] > LIMITS[kind].maxSymbol) throw new ZstdDamage("a code that cannot be");
      setFseOfOne(this.#own[kind], bytes[at]);
      this.#tables[kind] = this.#own[kind];
      return at + 1;
    }
    this.#tables[kind] = this.#own[kind];
    return readFse(this.#own[kind], bytes, at, end, LIMITS[kind]);
  }

  // hot: one turn a sequence
  #execute(
    count: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: Uint8Array,
    from: number,
    first: number,
  ): number {
    const lengths = this.#tables.literalLengths as FseTable;
    const offsets = this.#tables.offsets as FseTable;
    const matches = this.#tables.matchLengths as FseTable;
    const { bytes: literals, count: literalCount } = this.#literals;
    const limit = first + MAX_BLOCK;
    const least = start << 3;
    let bitEnd = streamEnd(bytes, end);
    let lengthState = bitsBefore(bytes, bitEnd, lengths.log);
    bitEnd -= lengths.log;
    let offsetState = bitsBefore(bytes, bitEnd, offsets.log);
    bitEnd -= offsets.log;
    let matchState = bitsBefore(bytes, bitEnd, matches.log);
    bitEnd -= matches.log;
    let literal = 0;
    let at = first;
    for (let left = count; left > 0; left--) {
      const offsetCode = offsets.symbols[offsetState];
      let value = 1;
      if (offsetCode > MOST_BITS) {
        value = (1 << (offsetCode - MOST_BITS)) + bitsBefore(bytes, bitEnd, offsetCode - MOST_BITS);
        bitEnd -= offsetCode - MOST_BITS;
        value = value * 2 ** MOST_BITS + bitsBefore(bytes, bitEnd, MOST_BITS);
        bitEnd -= MOST_BITS;
      } else {
        value = (1 << offsetCode) + bitsBefore(bytes, bitEnd, offsetCode);
        bitEnd -= offsetCode;
      }
      const matchCode = matches.symbols[matchState];
      const matchExtra = MATCH_LENGTHS.extra[matchCode];
      const match = MATCH_LENGTHS.bases[matchCode] + bitsBefore(bytes, bitEnd, matchExtra);
      bitEnd -= matchExtra;
      const lengthCode = lengths.symbols[lengthState];
      const lengthExtra = LITERAL_LENGTHS.extra[lengthCode];
      const length = LITERAL_LENGTHS.bases[lengthCode] + bitsBefore(bytes, bitEnd, lengthExtra);
      bitEnd -= lengthExtra;
      if (left > 1) {
        const lengthBits = lengths.bits[lengthState];
        lengthState = lengths.bases[lengthState] + bitsBefore(bytes, bitEnd, lengthBits);
        bitEnd -= lengthBits;
        const matchBits = matches.bits[matchState];
        matchState = matches.bases[matchState] + bitsBefore(bytes, bitEnd, matchBits);
        bitEnd -= matchBits;
        const offsetBits = offsets.bits[offsetState];
        offsetState = offsets.bases[offsetState] + bitsBefore(bytes, bitEnd, offsetBits);
        bitEnd -= offsetBits;
      }
      if (bitEnd < least) throw new ZstdDamage("sequences that are cut short");
      if (literal + length > literalCount) throw new ZstdDamage("more literals used than there are");
      if (at + length + match > limit) throw new ZstdDamage("a block of more than 128 KiB");
      const offset = this.#offset(value, length);
      if (length < LONG_COPY) for (let i = 0; i < length; i++) out[at + i] = literals[literal + i];
      else out.set(literals.subarray(literal, literal + length), at);
      literal += length;
      at += length;
      if (offset > at - from) throw new ZstdDamage("a copy from before the start");
      copyMatch(out, at, offset, match);
      at += match;
    }
    if (bitEnd !== least) throw new ZstdDamage("sequences that are followed by something");
    return this.#lastLiterals(out, literal, at, first);
  }

  /** // hot: §3.1.1.5, offset values 1 to 3 mean recent ones; without literals before them, the next one each. */
  #offset(value: number, literalLength: number): number {
    if (value > 3) {
      this.#recent3 = this.#recent2;
      this.#recent2 = this.#recent1;
      this.#recent1 = value - 3;
      return value - 3;
    }
    const which = literalLength === 0 ? value + 1 : value;
    if (which === 1) return this.#recent1;
    const offset = which === 2 ? this.#recent2 : which === 3 ? this.#recent3 : this.#recent1 - 1;
    if (offset === 0) throw new ZstdDamage("an offset of 0");
    if (which > 2) this.#recent3 = this.#recent2;
    this.#recent2 = this.#recent1;
    this.#recent1 = offset;
    return offset;
  }

  #lastLiterals(out: Uint8Array, literal: number, at: number, first: number): number {
    const { bytes, count } = this.#literals;
    const end = at + count - literal;
    if (end - first > MAX_BLOCK) throw new ZstdDamage("a block of more than 128 KiB");
    out.set(bytes.subarray(literal, count), at);
    return end;
  }
}

/** // hot: `length` bytes from `offset` before `at` to `at`; beyond the offset they repeat themselves. */
function copyMatch(out: Uint8Array, at: number, offset: number, length: number): void {
  if (length < LONG_COPY) {
    for (let i = at; i < at + length; i++) out[i] = out[i - offset];
    return;
  }
  // What is copied can be copied again: each turn may be twice as long as the one before.
  for (let done = 0; done < length; ) {
    const step = Math.min(offset + done, length - done);
    out.copyWithin(at + done, at - offset, at - offset + step);
    done += step;
  }
}
