// Which spans of which ends were held at the moments that are asked for? Columns that grow, for there may be millions of them.

import type { Nanos } from "../core/clock.ts";
import type { EndRow, FlowRow } from "../core/flow-view.ts";

type Numbers = Uint8Array | Uint32Array | Float64Array;

/** A list of numbers that takes no more than twice their bytes. */
export class NumberList<T extends Numbers> {
  count = 0;
  private list: T;

  constructor(kind: new (length: number) => T) {
    this.list = new kind(1024);
  }

  push(value: number): void {
    if (this.count === this.list.length) {
      const wider = new (this.list.constructor as new (length: number) => T)(this.count * 2);
      wider.set(this.list);
      this.list = wider;
    }
    this.list[this.count++] = value;
  }

  at(n: number): number {
    return this.list[n]!;
  }

  /** The numbers themselves, no copy. */
  values(): T {
    return this.list.subarray(0, this.count) as T;
  }
}

export class HeldSpans {
  readonly flow = new NumberList(Uint32Array);
  readonly from = new NumberList(Float64Array);
  readonly until = new NumberList(Float64Array);
  readonly since = new NumberList(Float64Array);
  /** Twice its number in the history of its end, and one more at a client. */
  private readonly which = new NumberList(Uint32Array);

  get count(): number {
    return this.flow.count;
  }

  add(flow: FlowRow, end: EndRow, span: number, since: Nanos): void {
    this.flow.push(flow.id);
    this.from.push(end.history.from(span));
    this.until.push(end.history.until(span));
    this.since.push(since);
    this.which.push(span * 2 + (end === flow.client ? 1 : 0));
  }

  /** Those that hold a moment. */
  at(time: Nanos): Uint32Array {
    const those = new NumberList(Uint32Array);
    for (let n = 0; n < this.count; n++) if (time >= this.from.at(n) && time < this.until.at(n)) those.push(n);
    return those.values();
  }

  *flowsOf(those: Iterable<number>): Iterable<number> {
    for (const n of those) yield this.flow.at(n);
  }

  span(n: number): number {
    return this.which.at(n) >>> 1;
  }

  isClient(n: number): boolean {
    return (this.which.at(n) & 1) === 1;
  }
}
