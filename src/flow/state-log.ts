// When did each end change its state, as the wire showed it? A history is a chain of entries, linked backwards from the last one, which
// the column `lastChange` has.
//
// Nearly every change happens at a moment that a column has anyway: that of a SYN, a FIN, its ACK. Such an entry is one byte, the
// state and which column has its time, and the first few of each end stand in a column of their own. All others, and whatever comes
// behind them, go into a list for all ends: 13 bytes each. Timers, and what only becomes clear later, are worked out when a history is
// read (state-history.ts).

import type { Nanos } from "../core/clock.ts";
import { type FlowColumns, HISTORY_ENTRIES, Mark } from "./columns.ts";
import { EntryList } from "./entry-list.ts";

/** Marks an entry that repeats what the state waits for an answer to: a SYN, a FIN, data, a probe. */
const REPEAT = 0x80;

/** What is known of a state besides its beginning; each belongs to the change before it. */
export const Note = {
  /** From here on the state is proven: the end spoke, a while after the segment that should have brought it here. */
  settled: 0x81,
  /** The same, and what its peer had sent was not acknowledged until then: only now has it come into this state. */
  takenLate: 0x82,
  /** From here on it may have closed already: data that it had yet to send kept its FIN back. */
  blocked: 0x83,
} as const;
export type Note = (typeof Note)[keyof typeof Note];

/**
 * 0 is none. Of the list: its place there × 2. In the column: (side × 8 + place) × 2 + 1.
 */
export type LogEntry = number;

/** Room for places within one end's part of the column: HISTORY_ENTRIES are used. */
const PLACE_BITS = 3;
const PLACES = 1 << PLACE_BITS;

/** Which column has the time; each is written once for a connection. In the high half of an entry's byte, the state in the low one. */
const Source = {
  first: 0,
  synAck: 1,
  fin: 2,
  finAck: 3,
  peerFin: 4,
  peerFinAck: 5,
  rst: 6,
  peerRst: 7,
  other: 8,
} as const;
const NO_SOURCE = -1;
const STATE_BITS = 4;
const STATE_MASK = (1 << STATE_BITS) - 1;

const isListed = (entry: LogEntry): boolean => (entry & 1) === 0;

export class StateLog {
  readonly list = new EntryList();
  private columns: FlowColumns;

  constructor(columns: FlowColumns) {
    this.columns = columns;
  }

  // ─────────────────────────── writing, by column index of the side ───────────────────────────

  /** A new entry: the end is in `state` from `time` on, and not from before it came into the one before. */
  append(i: number, state: number, time: Nanos): void {
    const head = this.columns.lastChange[i]!;
    let last = head;
    while (this.isNote(last)) last = this.before(last);
    const since = last === 0 ? time : this.time(last);
    this.add(i, head, state, since > time ? since : time);
  }

  /** Says more of the state that the last entry is or repeats. Its time may lie before others'. */
  note(i: number, note: Note, time: Nanos): void {
    this.toList(i, this.columns.lastChange[i]!, note, time);
  }

  /** What the state waits for was sent again. The last two times are kept: their distance is the sender's time-out. */
  repeat(i: number, time: Nanos): void {
    const head = this.columns.lastChange[i]!;
    if (head === 0) return;
    const before = this.before(head);
    if (!this.isRepeat(head) || !this.isRepeat(before)) {
      this.append(i, REPEAT, time);
      return;
    }
    this.list.write(before >>> 1, REPEAT, this.time(head));
    this.list.write(head >>> 1, REPEAT, time);
  }

  /** Another entry in the place of the last one. */
  replace(i: number, state: number, time: Nanos): void {
    const head = this.columns.lastChange[i]!;
    if (isListed(head)) this.list.write(head >>> 1, state, time);
    else this.add(i, this.before(head), state, time);
  }

  /** Takes the last state back, with its repeats and notes. */
  withdraw(i: number): void {
    let entry = this.columns.lastChange[i]!;
    for (;;) {
      const before = this.before(entry);
      const isChange = !this.isRepeat(entry) && !this.isNote(entry);
      if (isListed(entry)) this.list.giveBack(entry >>> 1);
      entry = before;
      if (isChange) break;
    }
    this.columns.lastChange[i] = entry;
  }

  /** Gives back the whole history of an end. */
  release(i: number): void {
    let entry = this.columns.lastChange[i]!;
    while (entry !== 0) {
      const before = this.before(entry);
      if (isListed(entry)) this.list.giveBack(entry >>> 1);
      entry = before;
    }
    this.columns.lastChange[i] = 0;
  }

  // ─────────────────────────── reading an entry ───────────────────────────

  /** The change of state that this entry is, or belongs to; 0 for none. */
  change(entry: LogEntry): LogEntry {
    let at = entry;
    while (this.isRepeat(at) || this.isNote(at)) at = this.before(at);
    return at;
  }

  before(entry: LogEntry): LogEntry {
    if (isListed(entry)) return this.list.before(entry >>> 1);
    return placeOf(entry) === 0 ? 0 : entry - 2;
  }
  time(entry: LogEntry): Nanos {
    if (isListed(entry)) return this.list.time(entry >>> 1);
    return this.timeOf(sideOf(entry), this.columns.history[indexOf(entry)]! >>> STATE_BITS);
  }
  state(entry: LogEntry): number {
    if (isListed(entry)) return this.list.state(entry >>> 1);
    return this.columns.history[indexOf(entry)]! & STATE_MASK;
  }
  isRepeat(entry: LogEntry): boolean {
    return entry !== 0 && isListed(entry) && this.state(entry) === REPEAT;
  }
  isNote(entry: LogEntry): boolean {
    return entry !== 0 && isListed(entry) && this.state(entry) > REPEAT;
  }

  // ─────────────────────────── in the column ───────────────────────────

  /** Behind `head`: in the column if it can be, else in the list. */
  private add(i: number, head: LogEntry, state: number, time: Nanos): void {
    const isBeginning = head === 0;
    if (isBeginning || (!isListed(head) && placeOf(head) + 1 < HISTORY_ENTRIES)) {
      const source = state >= REPEAT ? NO_SOURCE : this.sourceOf(i, time);
      if (source !== NO_SOURCE) {
        const entry = isBeginning ? (i << (PLACE_BITS + 1)) | 1 : head + 2;
        this.columns.history[indexOf(entry)] = (source << STATE_BITS) | state;
        this.columns.lastChange[i] = entry;
        return;
      }
    }
    this.toList(i, head, state, time);
  }

  /** The column that has this time, for an end. */
  private sourceOf(i: number, time: Nanos): number {
    const c = this.columns;
    const f = i >> 1;
    const j = i ^ 1;
    if (c.firstTime[f] === time) return Source.first;
    if (c.synAckTime[f] === time && c.synAckFrame[f] !== 0) return Source.synAck;
    if (c.finTime[i] === time && c.finFrame[i] !== 0) return Source.fin;
    if (c.finTime[j] === time && c.finFrame[j] !== 0) return Source.peerFin;
    if (c.finAckTime[i] === time && c.finAckFrame[i] !== 0) return Source.finAck;
    if (c.finAckTime[j] === time && c.finAckFrame[j] !== 0) return Source.peerFinAck;
    if (c.rstTime[i] === time && c.rstFrame[i] !== 0) return Source.rst;
    if (c.rstTime[j] === time && c.rstFrame[j] !== 0) return Source.peerRst;
    if ((c.marks[f]! & Mark.otherTime) === 0) {
      c.marks[f]! |= Mark.otherTime;
      c.otherTime[f] = time;
    }
    return c.otherTime[f] === time ? Source.other : NO_SOURCE;
  }

  private timeOf(i: number, source: number): Nanos {
    const c = this.columns;
    switch (source) {
      case Source.first:
        return c.firstTime[i >> 1]!;
      case Source.synAck:
        return c.synAckTime[i >> 1]!;
      case Source.fin:
        return c.finTime[i]!;
      case Source.peerFin:
        return c.finTime[i ^ 1]!;
      case Source.finAck:
        return c.finAckTime[i]!;
      case Source.peerFinAck:
        return c.finAckTime[i ^ 1]!;
      case Source.rst:
        return c.rstTime[i]!;
      case Source.peerRst:
        return c.rstTime[i ^ 1]!;
      default:
        return c.otherTime[i >> 1]!;
    }
  }

  // ─────────────────────────── in the list ───────────────────────────

  private toList(i: number, head: LogEntry, state: number, time: Nanos): void {
    this.columns.lastChange[i] = this.list.add(state, time, head) * 2;
  }

  // ─────────────────────────── whole histories ───────────────────────────

  /** Side `i`, whose columns are those of side `k` of another table, gets the same history. */
  adopt(i: number, other: StateLog, k: number): void {
    let entry = other.columns.lastChange[k]!;
    const listed: LogEntry[] | null = entry !== 0 && isListed(entry) ? [] : null;
    for (; listed !== null && entry !== 0 && isListed(entry); entry = other.before(entry)) listed.push(entry);
    this.columns.lastChange[i] = entry === 0 ? 0 : (i << (PLACE_BITS + 1)) | (entry & (2 * PLACES - 1));
    if (listed !== null)
      for (const e of listed.reverse()) this.toList(i, this.columns.lastChange[i]!, other.state(e), other.time(e));
  }
}

/** Of an entry in the column. */
const sideOf = (entry: LogEntry): number => entry >>> (1 + PLACE_BITS);
const placeOf = (entry: LogEntry): number => (entry >>> 1) & (PLACES - 1);
const indexOf = (entry: LogEntry): number => sideOf(entry) * HISTORY_ENTRIES + placeOf(entry);
