// How do generators put bytes together? One buffer used over and over; lengths are patched when what they count is written.

/** No generator writes more; a longer one is cut. */
const MAX_BYTES = 1 << 18;

export class Writer {
  constructor() {
    this.buf = new Uint8Array(MAX_BYTES);
    this.at = 0;
  }

  u8(n) {
    if (this.at < MAX_BYTES) this.buf[this.at++] = n;
    return this;
  }

  u16(n) {
    return this.u8(n >>> 8).u8(n);
  }

  u24(n) {
    return this.u8(n >>> 16).u16(n);
  }

  u32(n) {
    return this.u16(n >>> 16).u16(n);
  }

  le16(n) {
    return this.u8(n).u8(n >>> 8);
  }

  le24(n) {
    return this.le16(n).u8(n >>> 16);
  }

  le32(n) {
    return this.le16(n).le16(n >>> 16);
  }

  zeros(n) {
    for (let i = 0; i < n; i++) this.u8(0);
    return this;
  }

  bytes(b) {
    const n = Math.min(b.length, MAX_BYTES - this.at);
    this.buf.set(n === b.length ? b : b.subarray(0, n), this.at);
    this.at += n;
    return this;
  }

  /** One byte a character. */
  text(s) {
    for (let i = 0; i < s.length; i++) this.u8(s.charCodeAt(i));
    return this;
  }

  patch16(at, n) {
    this.buf[at] = n >>> 8;
    this.buf[at + 1] = n;
  }

  patch24(at, n) {
    this.buf[at] = n >>> 16;
    this.patch16(at + 1, n);
  }

  patch32(at, n) {
    this.patch16(at, n >>> 16);
    this.patch16(at + 2, n);
  }

  patchLe(at, n, size) {
    for (let i = 0; i < size; i++) this.buf[at + i] = Math.floor(n / 2 ** (8 * i));
  }

  /** What was written, and the writer is empty again. */
  take() {
    const taken = this.buf.slice(0, this.at);
    this.at = 0;
    return taken;
  }
}

/** One byte a character. */
export const bytesOf = (text) => new Uint8Array(Buffer.from(text, "latin1"));

export function joined(parts) {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
