// How does a column become longer or wider, so that no moment needs the memory of all columns twice? The old memory goes back at once,
// not with the next collection: what a flood of flows leaves behind would else be as large as what it needs.

import { release as giveBack } from "../core/release.ts";

export type Column = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** A page is the kernel's only when it was written to. */
const PAGE_BYTES = 1 << 16;
/** Less than this may wait for a collection. */
const WORTH_RELEASING = 1 << 20;

type Kind<T extends Column> = {
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
};
export const kindOf = <T extends Column>(column: T): Kind<T> => column.constructor as unknown as Kind<T>;

/** The same values in the next wider type: of small counts 32 bits, of 32 bits a float64 (exact up to 2⁵³). */
export function wider(column: Column): Column {
  const Wide = column instanceof Uint32Array || column instanceof Float64Array ? Float64Array : Uint32Array;
  const wide = new Wide(column.length);
  wide.set(column);
  return wide;
}

/** No column needs more: two float64, one a side. */
const MOST_BYTES_A_ROW = 16;
/** With fewer rows, room that nobody needs would be paid for. */
const MANY_ROWS = 1 << 13;
/**
 * Blocks of this size are pages of their own, that cost nothing before they are written to, and go back at once. Smaller ones are so too
 * as long as none of their size was ever given back (mallopt(3), M_MMAP_THRESHOLD): else they are cut from what others gave back, which
 * has to be cleared, and so stays in memory.
 */
const LARGE = 33 << 20;

/**
 * The same values in a column of twice the `rows` / 2 that it has, and zeros behind them. All columns get the same memory, so that none is
 * smaller than what an earlier one gave back; narrow ones have room there for more, and are not copied the next time.
 */
export function longer(column: Column, rows: number): Column {
  const Kind = kindOf(column);
  const length = column.length * 2;
  const needed = length * column.BYTES_PER_ELEMENT;
  if (column.byteOffset + needed <= column.buffer.byteLength) return new Kind(column.buffer, column.byteOffset, length);
  const room = rows < MANY_ROWS ? needed : Math.max(needed, Math.min(rows * MOST_BYTES_A_ROW, LARGE));
  const to = new Kind(new ArrayBuffer(room), 0, length);
  copyUsed(column, to);
  return to;
}

/** Copies the beginning. Pages of zeros are left alone: in a flood of SYNs, nobody has a FIN. */
function copyUsed(from: Column, to: Column): void {
  const bytes = new Uint8Array(from.buffer, from.byteOffset, from.byteLength);
  const target = new Uint8Array(to.buffer);
  const words = new Int32Array(from.buffer, from.byteOffset, from.byteLength >> 2);
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    if (hasAny(words, at >> 2, (at + PAGE_BYTES) >> 2)) target.set(bytes.subarray(at, at + PAGE_BYTES), at);
  }
}

function hasAny(words: Int32Array, from: number, until: number): boolean {
  const end = Math.min(until, words.length);
  // Four at once: half the time. Columns are powers of two of at least a kilobyte, but for histories of 6 × 2ⁿ bytes.
  for (let n = from; n < end; n += 4)
    if ((words[n]! | words[n + 1]! | words[n + 2]! | words[n + 3]!) !== 0) return true;
  return false;
}

/** Gives memory back that nothing refers to any more: the column is empty afterwards. */
export function release({ buffer }: Column): void {
  if (buffer.byteLength >= WORTH_RELEASING) giveBack(buffer);
}
