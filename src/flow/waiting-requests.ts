// Which requests of a service wait for an answer, in the order in which they were asked? Linked through the exchanges themselves: one that
// was answered refers to none any more. (A Set that is filled and emptied all the time leaves tables behind that refer to later ones, so
// that the collector of young objects takes what was answered long ago for alive, and moves it to the old ones.)

import type { Exchange } from "../core/stream-decoder.ts";

export class WaitingRequests {
  size = 0;
  oldest: Exchange | null = null;
  newest: Exchange | null = null;

  /** hot: the newest from now on. */
  add(e: Exchange): void {
    e.waitsBehind = this.newest;
    if (this.newest === null) this.oldest = e;
    else this.newest.waitsBefore = e;
    this.newest = e;
    this.size++;
  }

  /** hot: nothing where it does not wait. */
  delete(e: Exchange): void {
    const { waitsBehind: before, waitsBefore: after } = e;
    if (before === null && this.oldest !== e) return;
    if (before === null) this.oldest = after;
    else before.waitsBefore = after;
    if (after === null) this.newest = before;
    else after.waitsBehind = before;
    e.waitsBehind = null;
    e.waitsBefore = null;
    this.size--;
  }

  /** The oldest first. */
  *[Symbol.iterator](): Iterator<Exchange> {
    for (let e = this.oldest; e !== null; e = e.waitsBefore) yield e;
  }
}
