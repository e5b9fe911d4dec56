// Which symbols do the bits of a Zstandard block mean? FSE and Huffman decoding tables, and how they are written down. (RFC 8878 §4)
//
// Bit streams are read backwards, from a marker in their last byte: `bitEnd` is the position behind the next bits to be
// read, counted from bit 0 of the first byte of the array.

/** What is in the block cannot be. The message says what. */
export class ZstdDamage extends Error {}

/** By state: the symbol, the bits to read for the next state, and what to add to them. There is room for `maxLog`. */
export interface FseTable {
  log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

export interface FseLimits {
  maxLog: number;
  maxSymbol: number;
}

export const newFseTable = (maxLog: number): FseTable => ({
  log: 0,
  symbols: new Uint8Array(1 << maxLog),
  bits: new Uint8Array(1 << maxLog),
  bases: new Uint16Array(1 << maxLog),
});

/** By the next `log` bits: the symbol and how many of them are its code. */
export interface HuffmanTable {
  log: number;
  symbols: Uint8Array;
  bits: Uint8Array;
}

const MAX_HUFFMAN_BITS = 11;
const MAX_WEIGHT_SYMBOL = 255;
const WEIGHTS = { maxLog: 6, maxSymbol: MAX_WEIGHT_SYMBOL };
/** Bits that `bitsBefore` can read at once: they may begin anywhere in one of four bytes. */
export const MOST_BITS = 25;

export const log2 = (n: number): number => 31 - Math.clz32(n);

/** // hot: The `count` bits before `bitEnd`, at most MOST_BITS. There are always four bytes: headers come before every stream. */
export function bitsBefore(bytes: Uint8Array, bitEnd: number, count: number): number {
  const end = (bitEnd + 7) >> 3;
  const word = bytes[end - 4] | (bytes[end - 3] << 8) | (bytes[end - 2] << 16) | (bytes[end - 1] << 24);
  return (word >>> (32 - ((end << 3) - bitEnd) - count)) & ((1 << count) - 1);
}

/** Behind the last bit of a stream that ends at this byte: a 1 marks its end, and zeros fill the byte. */
export function streamEnd(bytes: Uint8Array, end: number): number {
  const last = bytes[end - 1];
  if (last === 0) throw new ZstdDamage("a bit stream without its end");
  return ((end - 1) << 3) + log2(last);
}

/** A table whose only state means this symbol. */
export function setFseOfOne(table: FseTable, symbol: number): void {
  table.log = 0;
  table.symbols[0] = symbol;
  table.bits[0] = 0;
  table.bases[0] = 0;
}

/** §4.1.1: fills the table as described at `at`; returns where its description ends. Blocks are many: their tables are filled again. */
export function readFse(table: FseTable, bytes: Uint8Array, at: number, end: number, limits: FseLimits): number {
  const { maxLog, maxSymbol } = limits;
  const bit = (position: number): number => (position >> 3 < end ? (bytes[position >> 3] >> (position & 7)) & 1 : 0);
  let position = at << 3;
  const peek = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value |= bit(position + i) << i;
    return value;
  };
  const log = peek(4) + 5;
  position += 4;
  if (log > maxLog) throw new ZstdDamage("an FSE table that is too large");
  const counts: number[] = [];
  let left = 1 << log;
  while (left > 0) {
    // A count is at most left + 1, one more than what it says; small ones of what fits into the bits take a bit less.
    const width = log2(left + 1) + 1;
    const low = (1 << (width - 1)) - 1;
    const short = (1 << width) - 1 - (left + 1);
    let value = peek(width);
    if ((value & low) < short) {
      value &= low;
      position += width - 1;
    } else {
      if (value > low) value -= short;
      position += width;
    }
    counts.push(value - 1);
    left -= Math.abs(value - 1);
    if (value === 1) {
      for (let zeros = 3; zeros === 3; position += 2) {
        zeros = peek(2);
        for (let i = 0; i < zeros; i++) counts.push(0);
        if (counts.length > maxSymbol + 1) break;
      }
    }
    if (counts.length > maxSymbol + 1) throw new ZstdDamage("an FSE table of too many symbols");
  }
  const after = (position + 7) >> 3;
  if (left !== 0 || after > end) throw new ZstdDamage("an FSE table that does not add up");
  setFse(table, counts, log);
  return after;
}

/** §4.1.1: spreads the symbols over the states; a count of −1 is "less than one", a state at the end. */
export function setFse(table: FseTable, counts: readonly number[], log: number): void {
  const { symbols, bits, bases } = table;
  const size = 1 << log;
  table.log = log;
  const next = counts.map(Math.abs);
  let high = size - 1;
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol] === -1) symbols[high--] = symbol;
  const step = (size >> 1) + (size >> 3) + 3;
  let state = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let i = 0; i < counts[symbol]; i++) {
      symbols[state] = symbol;
      do state = (state + step) & (size - 1);
      while (state > high);
    }
  }
  for (let i = 0; i < size; i++) {
    const n = next[symbols[i]]++;
    bits[i] = log - log2(n);
    bases[i] = (n << bits[i]) - size;
  }
}

/** The table of these counts, which a block need not describe. */
export function fseOf(counts: readonly number[], log: number): FseTable {
  const table = newFseTable(log);
  setFse(table, counts, log);
  return table;
}

/** §4.2.1: the table described at `at`, and where its description ends. */
export function readHuffman(bytes: Uint8Array, at: number, end: number): { table: HuffmanTable; end: number } {
  if (at >= end) throw new ZstdDamage("no Huffman table");
  const header = bytes[at];
  const direct = header >= 128;
  const after = at + 1 + (direct ? (header - 126) >> 1 : header);
  if (after > end) throw new ZstdDamage("a Huffman table that is cut short");
  const weights = direct ? directWeights(bytes, at + 1, header - 127) : fseWeights(bytes, at + 1, after);
  return { table: huffmanOf(weights), end: after };
}

const directWeights = (bytes: Uint8Array, at: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i % 2 === 0 ? bytes[at + (i >> 1)] >> 4 : bytes[at + (i >> 1)] & 15));

/** §4.2.1.2: two states take turns, until one wants more bits than there are. */
function fseWeights(bytes: Uint8Array, at: number, end: number): number[] {
  const table = newFseTable(WEIGHTS.maxLog);
  const start = readFse(table, bytes, at, end, WEIGHTS);
  if (start >= end) throw new ZstdDamage("Huffman weights that are cut short");
  let bitEnd = streamEnd(bytes, end);
  const least = start << 3;
  const weights: number[] = [];
  const states = [0, 0];
  const wanted = [table.log, table.log];
  for (let turn = 0; bitEnd - wanted[turn] >= least; turn ^= 1) {
    const state = states[turn] + bitsBefore(bytes, bitEnd, wanted[turn]);
    bitEnd -= wanted[turn];
    weights.push(table.symbols[state]);
    states[turn] = table.bases[state];
    wanted[turn] = table.bits[state];
    if (weights.length > MAX_WEIGHT_SYMBOL) throw new ZstdDamage("too many Huffman weights");
  }
  return weights;
}

/** §4.2.1.3: the last weight is what completes a power of two; codes are given by weight, then by symbol, from 0 up. */
function huffmanOf(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) {
    if (weight > MAX_HUFFMAN_BITS) throw new ZstdDamage("a Huffman code that is too long");
    if (weight > 0) sum += 1 << (weight - 1);
  }
  if (sum === 0) throw new ZstdDamage("a Huffman table without codes");
  const log = log2(sum) + 1;
  const rest = (1 << log) - sum;
  if (log > MAX_HUFFMAN_BITS || (rest & (rest - 1)) !== 0) throw new ZstdDamage("Huffman weights that do not add up");
  const all = [...weights, log2(rest) + 1];
  const table = { log, symbols: new Uint8Array(1 << log), bits: new Uint8Array(1 << log) };
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    const span = 1 << (weight - 1);
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue;
      table.symbols.fill(symbol, at, at + span);
      table.bits.fill(log + 1 - weight, at, at + span);
      at += span;
    }
  }
  return table;
}
