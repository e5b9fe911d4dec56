// What does a capture under way need of the world, and what does it tell? Engines, files, clocks and addresses; tests bring their own.

import type { LiveCapture, LiveStatistics } from "../../capture/live/engine.ts";
import type { CaptureClock, Nanos } from "../../core/clock.ts";
import type { Packet } from "../../core/packet.ts";
import type { Exchange } from "../../core/stream-decoder.ts";
import type { LiveCounts } from "./live-counts.ts";
import type { Condition, Fired } from "./triggers.ts";

/** What of the ring of files a session uses. */
export interface SessionRing {
  packet(p: Packet, interfaceName: string): void;
  flush(): Promise<void>;
  close(statistics: LiveStatistics): Promise<void>;
  snapshot(text: string, at: bigint): Promise<void>;
  readonly files: readonly string[];
  readonly snapshots: readonly string[];
  readonly covered: { from: bigint; to: bigint } | null;
  readonly state: "writing" | "full";
  readonly removed: { files: number; packets: number };
  readonly notWritten: number;
}

export interface SessionParts {
  readonly capture: LiveCapture;
  readonly ring: SessionRing;
  /** That of the packets, begun already: no packet's time decides about its base. */
  readonly clock: CaptureClock;
  /** Nanoseconds since 1970. */
  wallClock(): bigint;
  /** Milliseconds that only go on. */
  steadyClock(): number;
  /** Those of this machine, loopback left out. */
  ownAddresses(): readonly string[];
  takeSnapshot(): Promise<string>;
}

export interface SessionSettings {
  readonly interfaces: readonly string[];
  readonly until: readonly Condition[];
  /** Goes on for so long after a condition held. */
  readonly afterNs: Nanos;
  /** Null: until something else ends it. */
  readonly durationNs: Nanos | null;
  /** Null: none are taken. */
  readonly snapshotsEveryNs: Nanos | null;
}

/** A request that got no answer, and between whom: `10.0.0.5:40112`. */
export interface Unanswered {
  readonly exchange: Exchange;
  readonly client: string;
  readonly server: string;
}

export interface SessionEvents {
  /** Every second. `iso`: the moment. */
  counted(counts: LiveCounts, iso: string): void;
  /** Those of the last second. */
  unanswered(requests: readonly Unanswered[], iso: (time: Nanos) => string): void;
  /** Something that the person must know now; one sentence. */
  notice(text: string): void;
  fired(fired: Fired, iso: string, afterNs: Nanos): void;
}

export type EndReason = "interrupt" | "trigger" | "duration" | "engine" | "output" | "files";

export interface SessionEnd {
  readonly why: EndReason;
  readonly packets: number;
  /** By the kernel; null where the engine cannot tell. */
  readonly dropped: number | null;
  /** Taken, and not in any file, for the disk was full. */
  readonly notWritten: number;
  readonly fired: Fired | null;
  /** Of `fired`. */
  readonly firedAt: string | null;
  /** Why the engine ended by itself; null when it did not. */
  readonly engineProblem: string | null;
  /** Why packets could not be kept any more, other than for want of room; null otherwise. */
  readonly fileProblem: string | null;
  /** Half-closed connections whose FIN is older than the files kept. */
  readonly olderHalfClosed: number;
  /** Connections let go of, because there were too many to count. */
  readonly abandoned: number;
  readonly last: LiveCounts | null;
  readonly seconds: number;
}
