// How does a column become longer or wider, so that no moment needs the memory of all columns twice? The old memory goes back at once,
// not with the next collection: what a flood of flows leaves behind would else be as large as what it needs.

export type Column = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** A page is the kernel's only when it was written to. */
const PAGE_BYTES = 1 << 16;
/** Less than this may wait for a collection. */
const WORTH_RELEASING = 1 << 20;

export const kindOf = <T extends Column>(column: T): (new (length: number) => T) =>
  column.constructor as new (
    length: number,
  ) => T;

/** The same values in the next wider type: of small counts 32 bits, of 32 bits a float64 (exact up to 2⁵³). */
export function wider(column: Column): Column {
  const Wide = column instanceof Uint32Array || column instanceof Float64Array ? Float64Array : Uint32Array;
  const wide = new Wide(column.length);
  wide.set(column);
  return wide;
}

/** Copies the beginning. Pages of zeros are left alone: in a flood of SYNs, nobody has a FIN. */
export function copyUsed(from: Column, to: Column): void {
  const bytes = new Uint8Array(from.buffer);
  const target = new Uint8Array(to.buffer);
  const words = new Int32Array(from.buffer, 0, from.buffer.byteLength >> 2);
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

/** Nobody listens here. What is transferred to a closed port is gone (HTML, "message port post message steps"). */
let nowhere: MessagePort | null = null;

/** Gives memory back that nothing refers to any more: the column is empty afterwards. */
export function release(column: Column): void {
  if (column.byteLength < WORTH_RELEASING) return;
  if (nowhere === null) {
    nowhere = new MessageChannel().port1;
    nowhere.close();
  }
  nowhere.postMessage(null, [column.buffer]);
}
