// Which text do these Huffman coded bytes stand for? (RFC 7541 §5.2, Appendix B)
//
// The code is canonical: within a length codes ascend with their symbols, so the lengths say it all. Decoding compares the next
// bits with the last code of each length, shortest first; most characters take 5 to 7 bits.

/** Bits of the code for each octet, and last for EOS. */
// biome-ignore format: one row for sixteen octets, as the appendix counts them
export const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const EOS = 256;
const SHORTEST = 5;
const LONGEST = 30;
/** Fewer bits than this may be left over at the end, all of them ones (RFC 7541 §5.2). */
const MAX_PADDING = 7;

/** Symbols in the order of their codes. */
const SYMBOLS = new Uint16Array(CODE_LENGTHS.length);
/** By length: the code behind its last one, in the upper bits of 32; where its first symbol stands; its first code. */
const LIMIT = new Float64Array(LONGEST + 1);
const OFFSET = new Uint16Array(LONGEST + 1);
const FIRST = new Float64Array(LONGEST + 1);

let code = 0;
let placed = 0;
for (let length = SHORTEST; length <= LONGEST; length++) {
  code *= 2;
  OFFSET[length] = placed;
  FIRST[length] = code;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    if (CODE_LENGTHS[symbol] !== length) continue;
    SYMBOLS[placed++] = symbol;
    code++;
  }
  LIMIT[length] = code * 2 ** (32 - length);
}

/**
 * Decodes bytes[start, end) into `out`, from its beginning, and returns how many octets there are; those that `out` has no room
 * for are counted only. −1: this is no Huffman code (EOS within, or padding that is too long or not of ones).
 */
// hot: per header string.
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const bits = (end - start) * 8;
  const room = out.length;
  let length = 0;
  let at = 0;
  while (at < bits) {
    const window = bitsAt(bytes, start + (at >>> 3), end, at & 7);
    let n = SHORTEST;
    while (n < LONGEST && window >= LIMIT[n]!) n++;
    if (n > bits - at) {
      const left = bits - at;
      return left <= MAX_PADDING && window >>> (32 - left) === (1 << left) - 1 ? length : -1;
    }
    const symbol = SYMBOLS[OFFSET[n]! + (window >>> (32 - n)) - FIRST[n]!]!;
    if (symbol === EOS) return -1;
    if (length < room) out[length] = symbol;
    length++;
    at += n;
  }
  return length;
}

/** The 32 bits that begin `shift` bits into byte `i`; behind the end there are ones. */
function bitsAt(bytes: Uint8Array, i: number, end: number, shift: number): number {
  const b0 = bytes[i]!;
  const b1 = i + 1 < end ? bytes[i + 1]! : 0xff;
  const b2 = i + 2 < end ? bytes[i + 2]! : 0xff;
  const b3 = i + 3 < end ? bytes[i + 3]! : 0xff;
  const b4 = i + 4 < end ? bytes[i + 4]! : 0xff;
  const four = (b0 << 24) | (b1 << 16) | (b2 << 8) | b3;
  return ((four << shift) | (b4 >>> (8 - shift))) >>> 0;
}
