// Which number stands for this message and this key? SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012),
// with 64-bit words as pairs of 32-bit ones: no BigInt.

/** Sixteen bytes. */
export const KEY_BYTES = 16;

/** The initial state is the key exclusive-or "somepseudorandomlygeneratedbytes" (§2). */
const INIT = [0x736f6d65, 0x70736575, 0x646f7261, 0x6e646f6d, 0x6c796765, 0x6e657261, 0x74656462, 0x79746573] as const;
const COMPRESS_ROUNDS = 2;
const FINAL_ROUNDS = 4;
const FINAL_MARK = 0xff;

/** A keyed hash. One object hashes one message at a time; the result stands in `high` and `low`. */
export class SipHash {
  /** The 64 bits of the last hash, as signed 32-bit integers. */
  high = 0;
  low = 0;
  private readonly key: Int32Array;
  /** v0 to v3, each as its high and its low half. */
  private readonly v = new Int32Array(8);

  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key of ${KEY_BYTES} bytes, not ${key.length}`);
    const [k0l, k0h, k1l, k1h] = [0, 4, 8, 12].map((at) => word(key, at));
    this.key = Int32Array.of(k0h!, k0l!, k1h!, k1l!);
  }

  /** Hashes message[0, length). */
  hash(message: Uint8Array, length: number = message.length): this {
    const { v, key } = this;
    for (let i = 0; i < 8; i++) v[i] = INIT[i]! ^ key[i & 3]!;
    const whole = length - (length % 8);
    for (let at = 0; at < whole; at += 8) this.absorb(word(message, at + 4), word(message, at));
    // The last word: what is left, and the length's low byte at its top.
    let [low, high] = [0, length << 24];
    for (let i = whole; i < length; i++) {
      const byte = message[i]! << ((i & 3) * 8);
      if (i - whole < 4) low |= byte;
      else high |= byte;
    }
    this.absorb(high, low);
    v[5]! ^= FINAL_MARK;
    for (let i = 0; i < FINAL_ROUNDS; i++) round(v);
    this.high = v[0]! ^ v[2]! ^ v[4]! ^ v[6]!;
    this.low = v[1]! ^ v[3]! ^ v[5]! ^ v[7]!;
    return this;
  }

  private absorb(high: number, low: number): void {
    const { v } = this;
    v[6]! ^= high;
    v[7]! ^= low;
    for (let i = 0; i < COMPRESS_ROUNDS; i++) round(v);
    v[0]! ^= high;
    v[1]! ^= low;
  }
}

/** Little-endian. */
const word = (b: Uint8Array, at: number): number =>
  b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);

/** SipRound, Figure 2.1. `add` of two 64-bit words carries from the low half; a rotation by 32 changes the halves. */
function round(v: Int32Array): void {
  let [h0, l0, h1, l1, h2, l2, h3, l3] = [v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!, v[6]!, v[7]!];
  let low: number;
  let high: number;

  low = (l0 >>> 0) + (l1 >>> 0);
  h0 = (h0 + h1 + (low > 0xffffffff ? 1 : 0)) | 0;
  l0 = low | 0;
  low = (l2 >>> 0) + (l3 >>> 0);
  h2 = (h2 + h3 + (low > 0xffffffff ? 1 : 0)) | 0;
  l2 = low | 0;
  high = (h1 << 13) | (l1 >>> 19);
  l1 = ((l1 << 13) | (h1 >>> 19)) ^ l0;
  h1 = high ^ h0;
  high = (h3 << 16) | (l3 >>> 16);
  l3 = ((l3 << 16) | (h3 >>> 16)) ^ l2;
  h3 = high ^ h2;
  [h0, l0] = [l0, h0];

  low = (l2 >>> 0) + (l1 >>> 0);
  h2 = (h2 + h1 + (low > 0xffffffff ? 1 : 0)) | 0;
  l2 = low | 0;
  low = (l0 >>> 0) + (l3 >>> 0);
  h0 = (h0 + h3 + (low > 0xffffffff ? 1 : 0)) | 0;
  l0 = low | 0;
  high = (h1 << 17) | (l1 >>> 15);
  l1 = ((l1 << 17) | (h1 >>> 15)) ^ l2;
  h1 = high ^ h2;
  high = (h3 << 21) | (l3 >>> 11);
  l3 = ((l3 << 21) | (h3 >>> 11)) ^ l0;
  h3 = high ^ h0;

  v[0] = h0;
  v[1] = l0;
  v[2] = h1;
  v[3] = l1;
  v[4] = l2;
  v[5] = h2;
  v[6] = h3;
  v[7] = l3;
}
