// Until when did a connection have its 4-tuple? Until another one took it over; that is remembered where the other one is forgotten.

import type { Nanos } from "../core/clock.ts";
import type { FlowColumns } from "./columns.ts";

export class Succession {
  /** By column index of a side: what its successor, which is forgotten, had put an end to. */
  private ended = new Map<number, Nanos>();
  private columns: FlowColumns;

  constructor(columns: FlowColumns) {
    this.columns = columns;
  }

  /** When another connection took the place of side i: the caller's socket goes with its SYN, the other's with its answer. */
  at(i: number): Nanos {
    const c = this.columns;
    const f = i >> 1;
    const successor = c.successor[f]! - 1;
    if (successor < 0) return Number.POSITIVE_INFINITY;
    const known = this.ended.get(i);
    if (known !== undefined) return known;
    const side = (i & 1) ^ c.flipped[f]! ^ c.flipped[successor]!;
    if (side === c.client[successor]) return c.firstTime[successor]!;
    return c.synAckFrame[successor] !== 0 ? c.synAckTime[successor]! : Number.POSITIVE_INFINITY;
  }

  /** Takes a flow out from between the one before it on its 4-tuple and the one after. */
  unlink(f: number): void {
    const c = this.columns;
    const before = c.previous[f]! - 1;
    const after = c.successor[f]! - 1;
    if (before < 0 || after < 0) return;
    for (const i of [before * 2, before * 2 + 1]) this.ended.set(i, this.at(i));
    c.successor[before] = after + 1;
    c.previous[after] = before + 1;
    c.previous[f] = 0;
    c.successor[f] = 0;
  }

  forget(f: number): void {
    this.ended.delete(f * 2);
    this.ended.delete(f * 2 + 1);
  }
}
