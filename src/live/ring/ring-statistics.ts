// How many packets did the kernel see, and lose, while one file was written? Engines count from the start of the capture; a reader of
// several files adds up what each of them tells, so that each tells what came since the one before.

import type { LiveStatistics } from "../../capture/live/engine.ts";
import type { RingFile } from "./ring-file.ts";

const OF_ALL_INTERFACES = "counts of all interfaces together";

export class StatisticsLedger {
  #received = 0;
  #dropped = 0;
  /** Nanoseconds since 1970: up to when it was told. */
  #until: bigint;

  constructor(start: bigint) {
    this.#until = start;
  }

  /** Writes the counts into a file that ends. `total`: since the start. False: nothing is known, or the file has no packet. */
  end(file: RingFile, total: LiveStatistics | null, now: bigint): boolean {
    if (total === null || file.packets === 0 || (total.received === null && total.dropped === null)) return false;
    file.statistics({
      from: this.#until,
      to: now,
      received: total.received === null ? null : Math.max(0, total.received - this.#received),
      dropped: total.dropped === null ? null : Math.max(0, total.dropped - this.#dropped),
      comment: file.hasSeveralInterfaces ? OF_ALL_INTERFACES : "",
    });
    this.#received = Math.max(this.#received, total.received ?? 0);
    this.#dropped = Math.max(this.#dropped, total.dropped ?? 0);
    this.#until = now;
    return true;
  }
}
