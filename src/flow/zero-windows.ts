// Which ends said that they have no room, how often and for how long? Kept only for those that ever said so.

import type { Nanos } from "../core/clock.ts";
import type { Moment } from "../core/flow-view.ts";
import type { FrameRef } from "../core/frame.ts";

/** What waits for room goes out as soon as there is some; later than this, the peer had nothing that waited. */
const AT_ONCE_NS = 200e6;

/** The spells of one end in which its window was zero. */
export interface Spells {
  count: number;
  /** Spells in which the peer probed or sent, or went on sending as soon as there was room: it had more to say. */
  pressed: number;
  /** How long they lasted, those that are over; the longest; and those of them that were `pressed`. */
  total: Nanos;
  longest: Nanos;
  waited: Nanos;
  longestWait: Nanos;
  since: Moment;
  /** Where the last one began. */
  last: Moment;
  /** Where it ended; null while it lasts. */
  until: Moment | null;
  /** There was room again; otherwise the connection ended. */
  hasRoom: boolean;
  /** The peer had more to say in this one. */
  isPressed: boolean;
}

export class ZeroWindows {
  readonly spells = new Map<number, Spells>();

  /** By column index of the side whose window was zero. */
  of(i: number): Spells | undefined {
    return this.spells.get(i);
  }

  forget(i: number): void {
    this.spells.delete(i);
  }

  begin(i: number, frame: FrameRef, time: Nanos): void {
    const at = { frame, time };
    const known = this.spells.get(i);
    if (known !== undefined) {
      known.count++;
      known.last = at;
      known.until = null;
      known.hasRoom = false;
      known.isPressed = false;
      return;
    }
    this.spells.set(i, {
      count: 1,
      pressed: 0,
      total: 0,
      longest: 0,
      waited: 0,
      longestWait: 0,
      since: at,
      last: at,
      until: null,
      hasRoom: false,
      isPressed: false,
    });
  }

  /** With room again, or with the connection. */
  end(i: number, frame: FrameRef, time: Nanos, hasRoom: boolean): void {
    const s = this.spells.get(i)!;
    if (s.until !== null) return;
    s.until = { frame, time };
    s.hasRoom = hasRoom;
    const length = lengthOf(s);
    s.total += length;
    s.longest = Math.max(s.longest, length);
    if (s.isPressed) this.addWait(s, length);
  }

  /** The peer probes, sends or sends again. */
  press(i: number, time: Nanos): void {
    const s = this.spells.get(i);
    if (s === undefined || s.isPressed) return;
    if (s.until !== null && time - s.until.time > AT_ONCE_NS) return;
    s.isPressed = true;
    s.pressed++;
    if (s.until !== null) this.addWait(s, lengthOf(s));
  }

  private addWait(s: Spells, length: Nanos): void {
    s.waited += length;
    s.longestWait = Math.max(s.longestWait, length);
  }
}

const lengthOf = (s: Spells): Nanos => Math.max(0, s.until!.time - s.last.time);
