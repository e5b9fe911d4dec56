// Where do entries of histories go that do not fit into the columns (state-log.ts)? Into one list for all ends, 13 bytes each, in blocks,
// so that nothing is copied when it grows. Places that were given back are used again.

import type { Nanos } from "../core/clock.ts";

const BLOCK_BITS = 14;
const BLOCK = 1 << BLOCK_BITS;
const WITHIN = BLOCK - 1;

/** The columns of a list, one behind the other. */
export interface ExportedList {
  times: Float64Array;
  states: Uint8Array;
  previous: Uint32Array;
}

export class EntryList {
  private times: Float64Array[] = [];
  private states: Uint8Array[] = [];
  private previous: Uint32Array[] = [];
  /** Place 0 is none. */
  private used = 1;
  /** Places that were given back, linked by `previous`. */
  private free = 0;

  /** `before` is kept as it is: an entry of the log. Returns the place. */
  add(state: number, time: Nanos, before: number): number {
    let place = this.free;
    if (place !== 0) this.free = this.before(place);
    else {
      place = this.used++;
      if (place >> BLOCK_BITS >= this.times.length) this.grow();
    }
    this.write(place, state, time);
    this.link(place, before);
    return place;
  }

  giveBack(place: number): void {
    this.link(place, this.free);
    this.free = place;
  }

  write(place: number, state: number, time: Nanos): void {
    this.times[place >> BLOCK_BITS]![place & WITHIN] = time;
    this.states[place >> BLOCK_BITS]![place & WITHIN] = state;
  }

  time(place: number): Nanos {
    return this.times[place >> BLOCK_BITS]![place & WITHIN]!;
  }
  state(place: number): number {
    return this.states[place >> BLOCK_BITS]![place & WITHIN]!;
  }
  before(place: number): number {
    return this.previous[place >> BLOCK_BITS]![place & WITHIN]!;
  }
  private link(place: number, before: number): void {
    this.previous[place >> BLOCK_BITS]![place & WITHIN] = before;
  }

  private grow(): void {
    this.times.push(new Float64Array(BLOCK));
    this.states.push(new Uint8Array(BLOCK));
    this.previous.push(new Uint32Array(BLOCK));
  }

  /** All of it, copied. */
  export(): ExportedList {
    const times = new Float64Array(this.times.length * BLOCK);
    const states = new Uint8Array(times.length);
    const previous = new Uint32Array(times.length);
    for (let n = 0; n < this.times.length; n++) {
      times.set(this.times[n]!, n * BLOCK);
      states.set(this.states[n]!, n * BLOCK);
      previous.set(this.previous[n]!, n * BLOCK);
    }
    const { used } = this;
    return { times: times.slice(0, used), states: states.slice(0, used), previous: previous.slice(0, used) };
  }

  /** Into an empty list: what {@link export} gave. */
  import({ times, states, previous }: ExportedList): void {
    this.used = Math.max(1, times.length);
    for (let at = 0; at < this.used; at += BLOCK) {
      this.grow();
      const n = this.times.length - 1;
      this.times[n]!.set(times.subarray(at, at + BLOCK));
      this.states[n]!.set(states.subarray(at, at + BLOCK));
      this.previous[n]!.set(previous.subarray(at, at + BLOCK));
    }
  }
}
