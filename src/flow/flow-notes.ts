// What do the decoders say of a connection beside its exchanges? Kept only for the flows of which something was said.

import type { FlowNotes as Notes } from "../core/flow-view.ts";
import { type BrokenMessage, type Exchange, type Label, MAX_TEXT, type Remark } from "../core/stream-decoder.ts";

/** Of a crafted flow that never stops to remark, the first and the last tell enough. */
const MAX_REMARKS = 8;
const MAX_BROKEN = 8;

export class FlowNotes implements Notes {
  readonly labels = new Map<Label, string>();
  readonly remarks: Remark[] = [];
  readonly broken: BrokenMessage[] = [];
  brokenCount = 0;
  readonly intact: [number, number] = [0, 0];
  last: Exchange | null = null;
  readonly candidates: Exchange[] = [];
  asked = 0;

  label(name: Label, value: string): void {
    this.labels.set(name, value.slice(0, MAX_TEXT));
  }

  remark(remark: Remark): void {
    if (this.remarks.length < MAX_REMARKS) this.remarks.push(remark);
    else this.remarks[MAX_REMARKS - 1] = remark;
  }

  broke(message: BrokenMessage): void {
    this.brokenCount++;
    if (this.broken.length < MAX_BROKEN) this.broken.push(message);
  }
}

/** The notes of all flows of which something was said. */
export class NotesByFlow {
  private noted = new Map<number, FlowNotes>();

  /** Made when it is asked for first. */
  of(flow: number): FlowNotes {
    let notes = this.noted.get(flow);
    if (notes === undefined) {
      notes = new FlowNotes();
      this.noted.set(flow, notes);
    }
    return notes;
  }

  known(flow: number): FlowNotes | null {
    return this.noted.get(flow) ?? null;
  }

  forget(flow: number): void {
    this.noted.delete(flow);
  }

  get size(): number {
    return this.noted.size;
  }

  all(): Iterable<[number, FlowNotes]> {
    return this.noted;
  }
}
