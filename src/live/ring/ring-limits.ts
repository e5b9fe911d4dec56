// What does a ring keep, what does it say of itself, and by which clocks does it live?

import type { LiveStatistics } from "../../capture/live/engine.ts";
import type { Nanos } from "../../core/clock.ts";

export interface RingLimits {
  /** Of one file, with the snapshots beside it. It holds one packet at least. */
  readonly fileBytes: number;
  /** From a file's first packet, by the packets' time and by the wall's. */
  readonly fileNs: number;
  /** Of all files of this run together. The newest one stays, whatever it takes. */
  readonly keepBytes: number;
  /** What must be covered at least is kept, what is older goes; null: only `keepBytes` counts. */
  readonly keepNs: number | null;
}

/** For each file's section header and statistics. */
export interface RingDescription {
  readonly application: string;
  readonly comment: string;
  /** Asked when a file ends, so that each one tells its own; without it only the last one tells, of the whole capture. */
  readonly statistics?: () => LiveStatistics;
}

export interface RingTimes {
  /** Nanoseconds since 1970. */
  wall(): bigint;
  /** Nanoseconds by a clock that never jumps. */
  elapsed(): Nanos;
}

export const systemTimes: RingTimes = {
  wall: () => BigInt(Date.now()) * 1_000_000n,
  elapsed: () => performance.now() * 1e6,
};
