// How does a Huffman coded string become another one of as many octets, coded and decoded? (RFC 7541 §5.2, Appendix B)
//
// The table of a decoder counts decoded octets, the stream coded ones: only if both stay does everything behind stay in its place.
// Codes have 5 to 30 bits, and up to 7 bits of padding are free, so of letters that may be anything some are made longer or shorter
// until the sum fits. The sum of the codes of what was there is in reach, so there always is a way.

import { CODE_LENGTHS } from "../../../decoders/hpack-huffman.ts";
import type { Veiled } from "./veiled.ts";

const EOS = 256;
const LONGEST = 30;
const MAX_PADDING = 7;

/** The code of each symbol: canonical, within a length they ascend with the symbols. */
const CODES: readonly number[] = codes();

function codes(): number[] {
  const all = new Array<number>(CODE_LENGTHS.length).fill(0);
  let code = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code *= 2;
    for (let symbol = 0; symbol <= EOS; symbol++) if (CODE_LENGTHS[symbol] === length) all[symbol] = code++;
  }
  return all;
}

/**
 * What stands for nothing, by the length of its code: letters while there are some, signs that end no part of a target, else whatever
 * has that length.
 */
const BLANKS: readonly number[] = blanks();

function blanks(): number[] {
  const all = new Array<number>(LONGEST + 1).fill(-1);
  for (let symbol = 0; symbol < EOS; symbol++) {
    const length = CODE_LENGTHS[symbol]!;
    if (all[length]! < 0) all[length] = symbol;
  }
  for (const symbol of "ogxX!|>~^{") all[CODE_LENGTHS[symbol.charCodeAt(0)]!] = symbol.charCodeAt(0);
  return all;
}

/** Letters and digits that are shorter or longer than others; where these do not do, all lengths. */
const LETTERS = 8;

/** Bits of the codes of bytes[from, to). */
export function codedBits(bytes: Uint8Array): number {
  let bits = 0;
  for (const symbol of bytes) bits += CODE_LENGTHS[symbol]!;
  return bits;
}

/** Changes bytes that are changed already, from the last on, until the codes fill so many octets. False: they cannot. */
export function fitOctets(veiled: Veiled, octets: number): boolean {
  const most = octets * 8;
  const least = most - MAX_PADDING;
  const { bytes, changed } = veiled;
  let bits = codedBits(bytes);
  for (const longest of [LETTERS, LONGEST]) {
    for (let i = bytes.length - 1; i >= 0 && (bits > most || bits < least); i--) {
      if (changed[i] === 0) continue;
      const length = CODE_LENGTHS[bytes[i]!]!;
      const wanted = nearest(bits > most ? length - (bits - most) : Math.min(longest, length + (most - bits)));
      if (bits < least && wanted <= length) continue;
      bytes[i] = BLANKS[wanted]!;
      bits += wanted - length;
    }
  }
  return bits >= least && bits <= most;
}

/** The longest length of a code that is not above this; the shortest there is, if all are. */
function nearest(length: number): number {
  let n = Math.min(LONGEST, length);
  while (n > 0 && BLANKS[n]! < 0) n--;
  return n > 0 ? n : BLANKS.findIndex((symbol) => symbol >= 0);
}

/** The codes of these bytes, padded with ones. They must fill `octets` octets. */
export function huffmanEncode(bytes: Uint8Array, octets: number): Uint8Array {
  const out = new Uint8Array(octets).fill(0xff);
  let at = 0;
  for (const symbol of bytes) {
    for (let k = CODE_LENGTHS[symbol]! - 1; k >= 0; k--, at++) {
      if (Math.floor(CODES[symbol]! / 2 ** k) % 2 === 0) out[at >>> 3]! &= ~(0x80 >>> (at & 7));
    }
  }
  return out;
}
