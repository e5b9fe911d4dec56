// Which choices does input K of a seed make? A generator (sfc32) whose whole state is the seed, the target and the number.

/** Draws thrown away first, so that neighbouring seeds have nothing in common. */
const WARM_UP = 12;
/** Numbers at which lengths and counts turn: signs, widths of fields, and one beside. */
const TURNS = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 1023, 1024, 4095, 4096, 16383, 16384,
  32767, 32768, 65534, 65535, 65536, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

export class Random {
  constructor(seed, name, number) {
    this.a = seed | 0;
    this.b = hashOf(name);
    this.c = number | 0;
    this.d = (number / 2 ** 32) | 1;
    /** Whether generators may say what is not so. */
    this.lies = true;
    for (let i = 0; i < WARM_UP; i++) this.next();
  }

  /** 32 bits. */
  next() {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    return t >>> 0;
  }

  /** 0 to n − 1. */
  int(n) {
    return Math.floor((this.next() / 2 ** 32) * n);
  }

  between(least, most) {
    return least + this.int(most - least + 1);
  }

  /** Once in `n`. */
  oneIn(n) {
    return this.int(n) === 0;
  }

  pick(list) {
    return list[this.int(list.length)];
  }

  /** More often small than large. */
  small(most) {
    return this.int(this.int(most + 1) + 1);
  }

  turn() {
    return this.pick(TURNS);
  }

  bytes(n) {
    const b = new Uint8Array(n);
    for (let i = 0; i < n; i++) b[i] = this.next() >>> 24;
    return b;
  }

  /** Text of `alphabet`. */
  text(n, alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_./ ") {
    let text = "";
    for (let i = 0; i < n; i++) text += alphabet[this.int(alphabet.length)];
    return text;
  }
}

/** FNV-1a. */
export function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
