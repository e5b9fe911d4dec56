// Which ends sent payload again, when, and did anything come of it? Kept only for those that ever did. The count of all
// retransmissions is a column; this is what tells a path that loses from a line that was cut and a packet captured twice.

import type { Nanos } from "../core/clock.ts";
import type { Moment } from "../core/flow-view.ts";
import type { FrameRef } from "../core/frame.ts";

/**
 * What is sent again within so short a time was lost together: one full queue, one burst. RFC 5348 §5.2 takes a round trip for
 * it; here it is the least time-out of Linux, longer than nearly all round trips.
 */
const ONE_EVENT_NS = 200e6;
/**
 * No sender repeats its last segment sooner: the shortest timer, the tail loss probe's (RFC 8985 §7.2), takes Linux 2 ms. A
 * FIN alone is sent twice at once by some (macOS, seen).
 */
const SOONEST_NS = 1e6;
/**
 * A sender on a fast network repeats its last segment after a few milliseconds (RFC 8985 §7), long before an acknowledgement that
 * the peer delays (Linux: TCP_DELACK_MAX). On healthy connections this is what is seen most.
 */
const LONGEST_ACK_DELAY_NS = 200e6;
/** Repetitions in one round trip go out without an answer in between; a timer that ran out takes longer. */
const SAME_FLIGHT_NS = 100e6;
/** Before any time; JSON cannot say infinity. */
const NEVER = -Number.MAX_VALUE;

export interface Kept {
  count: number;
  events: number;
  echoes: number;
  doubtful: number;
  first: Moment;
  last: Moment;
  eventFrom: Nanos;
  /** The last one of any kind. */
  frame: FrameRef;
  time: Nanos;
}

export class RepetitionLog {
  readonly kept = new Map<number, Kept>();

  /** By column index of the sender. */
  of(i: number): Readonly<Kept> | undefined {
    return this.kept.get(i);
  }

  forget(i: number): void {
    this.kept.delete(i);
  }

  /**
   * Side i sent payload again. `isUnheard`: it had sent again before, and nothing has come from the peer since. `isAcked`: the
   * peer had acknowledged all of it. `age`: how long ago it had sent this for the first time, if it was the last thing that it sent.
   */
  add(i: number, frame: FrameRef, time: Nanos, isUnheard: boolean, isAcked: boolean, age: Nanos): void {
    if (age >= SOONEST_NS) this.addLater(i, frame, time, isUnheard, isAcked, age);
    else this.keep(i, frame, time).echoes++;
  }

  /** Side i sent its FIN again. */
  addFin(i: number, frame: FrameRef, time: Nanos, isUnheard: boolean, isAcked: boolean, age: Nanos): void {
    if (age >= SOONEST_NS) this.addLater(i, frame, time, isUnheard, isAcked, age);
  }

  private keep(i: number, frame: FrameRef, time: Nanos): Kept {
    let k = this.kept.get(i);
    if (k === undefined) {
      const at = { frame, time };
      k = { count: 0, events: 0, echoes: 0, doubtful: 0, first: at, last: at, eventFrom: NEVER, frame: 0, time: NEVER };
      this.kept.set(i, k);
    }
    return k;
  }

  private addLater(i: number, frame: FrameRef, time: Nanos, isUnheard: boolean, isAcked: boolean, age: Nanos): void {
    const k = this.keep(i, frame, time);
    if (k.frame === frame) return; // data and FIN in one
    const isAlone = time - k.time >= SAME_FLIGHT_NS;
    const isInVain = isUnheard && isAlone;
    const mayHaveArrived = isAcked || (isAlone && age < LONGEST_ACK_DELAY_NS);
    k.frame = frame;
    k.time = time;
    if (mayHaveArrived) k.doubtful++;
    if (mayHaveArrived || isInVain) return;
    const at = { frame, time };
    if (k.count++ === 0) k.first = at;
    k.last = at;
    if (time - k.eventFrom < ONE_EVENT_NS) return;
    k.events++;
    k.eventFrom = time;
  }
}
