// How many open connections met a reset? Counted as packets come: connections that are over are let go of, and their counts with them.

import { Flag, type Packet } from "../../core/packet.ts";
import { SideMark } from "../../flow/columns.ts";
import type { FlowTable } from "../../flow/flow-table.ts";
import type { SegmentTaker } from "../../pass.ts";

export class ResetCounter implements SegmentTaker {
  resets = 0;
  private table: FlowTable;

  constructor(table: FlowTable) {
    this.table = table;
  }

  /** hot: */
  update(p: Packet): void {
    const { table } = this;
    const f = table.update(p);
    if ((p.flags & Flag.rst) === 0) return;
    const c = table.columns;
    // The first of the connection, which was open: a refused one never spoke.
    if (c.rsts[f * 2]! + c.rsts[f * 2 + 1]! !== 1) return;
    if (((c.sideMarks[f * 2]! | c.sideMarks[f * 2 + 1]!) & SideMark.spoke) !== 0) this.resets++;
  }

  get watchCopies(): boolean {
    return this.table.watchCopies;
  }
  set watchCopies(wanted: boolean) {
    this.table.watchCopies = wanted;
  }
  get copies(): readonly number[] {
    return this.table.copies;
  }
}
