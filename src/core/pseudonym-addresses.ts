// Which address stands for this one? Prefix-preserving, one to one: two addresses that share k leading bits share exactly k after.
//
// As Crypto-PAn does it (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address Anonymization", 2002): each bit is flipped, or not, by a
// pseudorandom function of the bits before it. A node of that tree which lies on the way to a reserved block, or within one that
// names no host, is never flipped: loopback stays loopback, a private address stays in its private network. The price: a public
// address keeps its first bits up to where it leaves the last such way (8.8.8.8 becomes 8.… or 9.…).

import { readNetwork } from "./network.ts";
import type { SipHash } from "./siphash.ts";

interface Block {
  readonly words: readonly number[];
  readonly length: number;
  /** Nothing in it names a host: every bit stays. Else the rest is mapped. */
  readonly whole: boolean;
}

const block = (text: string, whole: boolean): Block => {
  const { words, prefix } = readNetwork(text)!;
  return { words, length: prefix, whole };
};

/** RFC 1122 §3.2.1.3 (this network, loopback, limited broadcast), RFC 5771, RFC 1918, RFC 3927. */
const BLOCKS_4: readonly Block[] = [
  block("0.0.0.0/8", true),
  block("127.0.0.0/8", true),
  block("224.0.0.0/4", true),
  block("255.255.255.255/32", true),
  block("10.0.0.0/8", false),
  block("172.16.0.0/12", false),
  block("192.168.0.0/16", false),
  block("169.254.0.0/16", false),
];
/** RFC 4291 §2.5.2, §2.5.3, §2.5.5.2, §2.5.6 (link-local: 54 bits of zero behind the prefix), §2.7, and RFC 4193 with both values of its L bit. */
const BLOCKS_6: readonly Block[] = [
  block("::/128", true),
  block("::1/128", true),
  block("ff00::/8", true),
  block("::ffff:0:0/96", false),
  block("fe80::/64", false),
  block("fc00::/8", false),
  block("fd00::/8", false),
];

/** A hash has 64 bits: one for each of the 63 nodes of six levels of the tree. */
const LEVELS = 6;
/** Remembered addresses: a power of two. A further one takes the place of another. */
const SLOTS_4 = 1 << 14;
const SLOTS_6 = 1 << 12;

export class AddressPseudonyms {
  private readonly prf: SipHash;
  /** Family, depth, and the bits before, in whole bytes. */
  private readonly message = new Uint8Array(18);
  private readonly memory4 = new Int32Array(2 * SLOTS_4);
  private readonly known4 = new Uint8Array(SLOTS_4);
  private readonly memory6 = new Int32Array(8 * SLOTS_6);
  private readonly known6 = new Uint8Array(SLOTS_6);
  private readonly one = new Int32Array(1);
  private readonly four = new Int32Array(4);

  constructor(prf: SipHash) {
    this.prf = prf;
  }

  /** hot: a signed 32-bit integer. */
  ipv4(address: number): number {
    const slot = mix(address) & (SLOTS_4 - 1);
    const at = 2 * slot;
    const { memory4, known4, one } = this;
    if (known4[slot] !== 1 || memory4[at] !== address) {
      one[0] = address;
      this.map(one, 4, BLOCKS_4);
      known4[slot] = 1;
      memory4[at] = address;
      memory4[at + 1] = one[0]!;
    }
    return memory4[at + 1]!;
  }

  /** hot: bytes[offset, offset + 16), in place. */
  ipv6(bytes: Uint8Array, offset: number): void {
    const { four, memory6, known6 } = this;
    for (let i = 0; i < 4; i++) four[i] = read(bytes, offset + 4 * i);
    const [w0, w1, w2, w3] = [four[0]!, four[1]!, four[2]!, four[3]!];
    if (w0 === 0 && w1 === 0 && w2 === 0xffff) {
      write(bytes, offset + 12, this.ipv4(w3));
      return;
    }
    const slot = mix(mix(mix(mix(w0) ^ w1) ^ w2) ^ w3) & (SLOTS_6 - 1);
    const at = 8 * slot;
    const isKnown =
      known6[slot] === 1 &&
      memory6[at] === w0 &&
      memory6[at + 1] === w1 &&
      memory6[at + 2] === w2 &&
      memory6[at + 3] === w3;
    if (!isKnown) {
      known6[slot] = 1;
      memory6.set(four, at);
      this.map(four, 6, BLOCKS_6);
      memory6.set(four, at + 4);
    }
    for (let i = 0; i < 4; i++) write(bytes, offset + 4 * i, memory6[at + 4 + i]!);
  }

  /** Maps the words in place. */
  private map(words: Int32Array, family: number, blocks: readonly Block[]): void {
    const bits = 32 * words.length;
    const stays = leadingBits(words, blocks, bits);
    const { message } = this;
    message.fill(0);
    message[0] = family;
    // Flips are worked out from the bits as they were: they are gathered first, and applied behind.
    const flips = new Int32Array(words.length);
    for (let depth = 0; depth < bits; depth += LEVELS) {
      if (depth + LEVELS <= stays) {
        for (let d = depth; d < depth + LEVELS; d++) setBit(message, d, bitOf(words, d));
        continue;
      }
      message[1] = depth;
      const { high, low } = this.prf.hash(message, 2 + 4 * words.length);
      let node = 0;
      for (let d = depth; d < Math.min(depth + LEVELS, bits); d++) {
        const flip = (node < 32 ? low >>> node : high >>> (node - 32)) & 1;
        if (d >= stays && flip === 1) flips[d >>> 5]! |= 1 << (31 - (d & 31));
        const bit = bitOf(words, d);
        node = 2 * node + 1 + bit;
      }
      for (let d = depth; d < Math.min(depth + LEVELS, bits); d++) setBit(message, d, bitOf(words, d));
    }
    for (let i = 0; i < words.length; i++) words[i]! ^= flips[i]!;
  }
}

/** How many leading bits of an address stay: up to where it leaves the way to the last block, or all of a block. */
function leadingBits(words: Int32Array, blocks: readonly Block[], bits: number): number {
  let stays = 0;
  for (const { words: of, length, whole } of blocks) {
    let common = 0;
    for (let i = 0; i < words.length && common === 32 * i; i++) common += Math.clz32(words[i]! ^ of[i]!);
    const kept = common < length ? common + 1 : whole ? bits : length;
    if (kept > stays) stays = kept;
  }
  return stays;
}

const bitOf = (words: Int32Array, d: number): number => (words[d >>> 5]! >>> (31 - (d & 31))) & 1;

/** Bits stand behind the two bytes that say family and depth. */
function setBit(message: Uint8Array, d: number, bit: number): void {
  if (bit === 1) message[2 + (d >>> 3)]! |= 0x80 >>> (d & 7);
}

const read = (b: Uint8Array, at: number): number =>
  (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;

function write(b: Uint8Array, at: number, word: number): void {
  b[at] = word >>> 24;
  b[at + 1] = word >>> 16;
  b[at + 2] = word >>> 8;
  b[at + 3] = word;
}

const mix = (n: number): number => {
  const h = Math.imul(n ^ (n >>> 16), 0x9e3779b1);
  return h ^ (h >>> 15);
};
