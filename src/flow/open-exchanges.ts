// Which requests of one flow are not judged yet, in order? On most flows there is one at a time: it needs no set.

import type { Exchange } from "../core/stream-decoder.ts";

export class OpenExchanges {
  private only: Exchange | null = null;
  /** All of them, once there were two. Whichever is answered leaves it in constant time. */
  private all: Set<Exchange> | null = null;

  get size(): number {
    return this.all?.size ?? (this.only === null ? 0 : 1);
  }

  get oldest(): Exchange | null {
    return this.all === null ? this.only : (this.all.values().next().value ?? null);
  }

  add(e: Exchange): void {
    if (this.all !== null) this.all.add(e);
    else if (this.only === null) this.only = e;
    else {
      this.all = new Set([this.only, e]);
      this.only = null;
    }
  }

  has(e: Exchange): boolean {
    return this.all === null ? this.only === e : this.all.has(e);
  }

  /** False when it was not there. */
  delete(e: Exchange): boolean {
    if (this.all !== null) return this.all.delete(e);
    if (this.only !== e) return false;
    this.only = null;
    return true;
  }

  /** Those that are there now: `then` may take them out. */
  each(then: (e: Exchange) => void): void {
    if (this.all !== null) for (const e of this.all) then(e);
    else if (this.only !== null) then(this.only);
  }

  every(is: (e: Exchange) => boolean): boolean {
    if (this.all === null) return this.only === null || is(this.only);
    for (const e of this.all) if (!is(e)) return false;
    return true;
  }
}
