// An engine that plays a capture file as fast as it is read, and files that only count: what a session needs, without a wire.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { LiveCapture } from "../../src/capture/live/engine.ts";
import type { ByteStream } from "../../src/capture/source.ts";
import { CaptureError } from "../../src/capture/source.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import { parseHosts } from "../../src/core/host-options.ts";
import type { LiveCounts } from "../../src/live/session/live-counts.ts";
import { LiveSession } from "../../src/live/session/session.ts";
import type {
  SessionEnd,
  SessionParts,
  SessionRing,
  SessionSettings,
  Unanswered,
} from "../../src/live/session/session-parts.ts";
import type { Fired } from "../../src/live/session/triggers.ts";
import { DECODERS } from "../../src/read-captures.ts";

export const bytesOf = (path: string): Uint8Array => {
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
};

/** Bytes a read: what a pipe holds. */
const CHUNK = 65_536;

export interface FakeEngine {
  capture: LiveCapture;
  stops: number;
  stopped: () => void;
}

/** `then`: after the last byte it ends, goes on in silence until it is stopped (even then, when it hangs), or dies. */
export function fakeEngine(bytes: Uint8Array, then: "ends" | "waits" | "hangs" | "dies" = "ends"): FakeEngine {
  let position = 0;
  let wake: (n: number) => void = () => {};
  const engine: FakeEngine = {
    stops: 0,
    stopped: () => {},
    capture: {
      engine: "tcpdump",
      version: "tcpdump 0.0",
      timestamps: "kernel",
      remarks: [],
      source: {
        path: "tcpdump",
        size: undefined,
        once: true,
        open: (): ByteStream => ({
          async read(into, offset, length) {
            // As from a pipe: never at once.
            await new Promise((resolve) => setImmediate(resolve));
            const count = Math.min(length, CHUNK, bytes.length - position);
            if (count > 0) {
              into.set(bytes.subarray(position, position + count), offset);
              position += count;
              return count;
            }
            if (then === "dies")
              throw new CaptureError("tcpdump: killed by SIGKILL", { code: "engine-died", path: "tcpdump" });
            if (then === "ends" || (engine.stops > 0 && then === "waits")) return 0;
            return new Promise((resolve) => {
              wake = resolve;
            });
          },
          close() {},
        }),
      },
      statistics: () => ({ received: null, dropped: 7 }),
      stop() {
        if (engine.stops++ === 0) engine.stopped();
        if (then === "waits") wake(0);
      },
    },
  };
  return engine;
}

export class CountingRing implements SessionRing {
  readonly files = ["a.pcapng"];
  readonly snapshots: string[] = [];
  covered: { from: bigint; to: bigint } | null = null;
  state: "writing" | "full" = "writing";
  removed = { files: 0, packets: 0 };
  notWritten = 0;
  packets = 0;
  names = new Set<string>();
  flushes = 0;
  closes = 0;
  packet(_p: unknown, name: string): void {
    this.packets++;
    this.names.add(name);
  }
  async flush(): Promise<void> {
    this.flushes++;
  }
  async close(): Promise<void> {
    this.closes++;
  }
  async snapshot(text: string): Promise<void> {
    this.snapshots.push(text);
  }
}

export interface Played {
  end: SessionEnd;
  seconds: { iso: string; counts: LiveCounts }[];
  unanswered: Unanswered[];
  notices: string[];
  fired: Fired[];
  ring: CountingRing;
  engine: FakeEngine;
  /** The last second that was told before the engine was asked to end; "" when it was not. */
  stoppedAt: string;
}

export interface Play {
  settings?: Partial<SessionSettings>;
  /** Nanoseconds since 1970. */
  from: bigint;
  ring?: CountingRing;
  parts?: Partial<SessionParts>;
  begun?: (session: LiveSession) => void;
}

/** Plays it to the end. Time goes on with the packets alone, unless `parts` has other clocks. */
export async function play(
  engine: FakeEngine,
  { settings, from, ring = new CountingRing(), parts, begun }: Play,
): Promise<Played> {
  const clock = new CaptureClock();
  clock.start(from);
  const played: Omit<Played, "end"> = {
    seconds: [],
    unanswered: [],
    notices: [],
    fired: [],
    ring,
    engine,
    stoppedAt: "",
  };
  engine.stopped = () => {
    played.stoppedAt = played.seconds.at(-1)?.iso ?? "";
  };
  const session = new LiveSession(
    {
      interfaces: ["lo"],
      until: [],
      afterNs: 0,
      durationNs: null,
      snapshotsEveryNs: null,
      ...settings,
    },
    {
      capture: engine.capture,
      ring,
      clock,
      wallClock: () => from,
      steadyClock: () => performance.now(),
      ownAddresses: () => [],
      takeSnapshot: async () => "",
      ...parts,
    },
    { hosts: parseHosts({}), decoders: DECODERS },
    {
      counted: (counts, iso) => void played.seconds.push({ iso, counts }),
      unanswered: (requests) => void played.unanswered.push(...requests),
      notice: (text) => void played.notices.push(text),
      fired: (fired) => void played.fired.push(fired),
    },
  );
  begun?.(session);
  return { end: await session.run(), ...played };
}
