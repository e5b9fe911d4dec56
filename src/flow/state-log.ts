// When did each end change its state, as the wire showed it? One list for all, linked backwards per end, so that a change
// costs 13 bytes. Timers, and what only becomes clear later, are worked out when a history is read (state-history.ts).

import type { Nanos } from "../core/clock.ts";

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

/** Index of an entry, plus one; 0 is none. */
export type LogEntry = number;

/** Entries are kept in blocks, so that nothing is copied when the list grows. */
const BLOCK_BITS = 14;
const BLOCK = 1 << BLOCK_BITS;
const WITHIN = BLOCK - 1;

export class StateLog {
  private times: Float64Array[] = [];
  private states: Uint8Array[] = [];
  private previous: Uint32Array[] = [];
  /** Entry 0 is none. */
  private used = 1;
  /** Entries that were withdrawn, linked by `previous`. */
  private free = 0;

  /** A new entry behind `head`: the end is in `state` from `time` on, and not from before it came into the one before. */
  append(head: LogEntry, state: number, time: Nanos): LogEntry {
    let entry = this.free;
    if (entry !== 0) this.free = this.before(entry);
    else {
      entry = this.used++;
      if (entry >> BLOCK_BITS >= this.times.length) this.grow();
    }
    let last = head;
    while (this.isNote(last)) last = this.before(last);
    const since = last === 0 ? time : this.time(last);
    this.write(entry, state, since > time ? since : time);
    this.link(entry, head);
    return entry;
  }

  /** Says more of the state that `head` is or repeats. Its time may lie before others'. */
  note(head: LogEntry, note: Note, time: Nanos): LogEntry {
    const entry = this.append(head, note, time);
    this.write(entry, note, time);
    return entry;
  }

  /** What the state waits for was sent again. The last two times are kept: their distance is the sender's time-out. */
  repeat(head: LogEntry, time: Nanos): LogEntry {
    if (head === 0) return 0;
    if (!this.isRepeat(head) || !this.isRepeat(this.before(head))) return this.append(head, REPEAT, time);
    this.write(this.before(head), REPEAT, this.time(head));
    this.write(head, REPEAT, time);
    return head;
  }

  /** Writes over the last entry: the list does not grow. */
  replace(head: LogEntry, state: number, time: Nanos): LogEntry {
    this.write(head, state, time);
    return head;
  }

  /** Takes the last state back, with its repeats and notes. Returns the head before it. */
  withdraw(head: LogEntry): LogEntry {
    let entry = head;
    for (;;) {
      const before = this.before(entry);
      const isChange = !this.isRepeat(entry) && !this.isNote(entry);
      this.link(entry, this.free);
      this.free = entry;
      if (isChange) return before;
      entry = before;
    }
  }

  /** Gives back the whole history of an end. */
  release(head: LogEntry): void {
    let entry = head;
    while (entry !== 0) {
      const before = this.before(entry);
      this.link(entry, this.free);
      this.free = entry;
      entry = before;
    }
  }

  /** The change of state that this entry is, or belongs to; 0 for none. */
  change(entry: LogEntry): LogEntry {
    let at = entry;
    while (this.isRepeat(at) || this.isNote(at)) at = this.before(at);
    return at;
  }

  before(entry: LogEntry): LogEntry {
    return this.previous[entry >> BLOCK_BITS]![entry & WITHIN]!;
  }
  time(entry: LogEntry): Nanos {
    return this.times[entry >> BLOCK_BITS]![entry & WITHIN]!;
  }
  state(entry: LogEntry): number {
    return this.states[entry >> BLOCK_BITS]![entry & WITHIN]!;
  }
  isRepeat(entry: LogEntry): boolean {
    return entry !== 0 && this.state(entry) === REPEAT;
  }
  isNote(entry: LogEntry): boolean {
    return entry !== 0 && this.state(entry) > REPEAT;
  }

  private write(entry: LogEntry, state: number, time: Nanos): void {
    this.times[entry >> BLOCK_BITS]![entry & WITHIN] = time;
    this.states[entry >> BLOCK_BITS]![entry & WITHIN] = state;
  }
  private link(entry: LogEntry, before: LogEntry): void {
    this.previous[entry >> BLOCK_BITS]![entry & WITHIN] = before;
  }

  private grow(): void {
    this.times.push(new Float64Array(BLOCK));
    this.states.push(new Uint8Array(BLOCK));
    this.previous.push(new Uint32Array(BLOCK));
  }
}
