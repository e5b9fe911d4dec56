// Which bytes of a message may leave? None but those that are named.

import { FILL } from "../stream-redactor.ts";

export class WhiteList {
  /** As it was sent. */
  readonly original: Uint8Array;
  /** As it leaves. */
  readonly b: Uint8Array;

  /** Fills `b`; what is kept is put back. */
  constructor(b: Uint8Array) {
    this.original = b.slice();
    this.b = b.fill(FILL);
  }

  /** [from, to), as far as it is there. Returns where it ends. */
  keep(from: number, to: number): number {
    const end = Math.max(from, Math.min(to, this.b.length));
    if (end > from) this.b.set(this.original.subarray(from, end), from);
    return end;
  }

  /** Bytes that were filled. */
  get filled(): number {
    let n = 0;
    for (let i = 0; i < this.b.length; i++) if (this.b[i] !== this.original[i]) n++;
    return n;
  }
}
