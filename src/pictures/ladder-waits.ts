// Who waited for what, and until when? The requests of a ladder that are worth a mark: the one that matters, those that
// went wrong, and those that took long.

import { NANOS_PER_MILLISECOND, type Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import type { Exchange, Side } from "../core/stream-decoder.ts";
import type { Wait } from "../diagram/ladder/ladder-picture.ts";
import { type LegPacket, requestText } from "./ladder-packets.ts";

/** Of one connection: more of them lie on each other. Those nearest to the request that matters are told. */
const MAX_WAITS = 8;

export interface WaitFacts {
  leg: number;
  exchanges: readonly Exchange[];
  focus: Exchange | null;
  packets: readonly LegPacket[];
  /** The frames that are shown. */
  shown: ReadonlySet<FrameRef>;
  /** Lifelines by side. */
  lifelines: readonly [number, number];
  /** Of the capture. */
  end: Nanos;
}

/** An answer that took so long is told with its time. */
const LONG = 100 * NANOS_PER_MILLISECOND;

/** Times are those of the capture. */
export function waitsOf(facts: WaitFacts): Wait[] {
  const { exchanges, focus, shown } = facts;
  const isTold = (e: Exchange): boolean =>
    e.request !== null &&
    (e === focus || ((e.outcome !== "answered" || e.waited >= LONG) && shown.has(e.request.frame))) &&
    (e.outcome !== "unknown" || e.response !== null);
  const at = focus?.request?.time ?? facts.packets.at(-1)?.time ?? 0;
  return exchanges
    .filter(isTold)
    .sort((a, b) => Math.abs(a.request!.time - at) - Math.abs(b.request!.time - at))
    .slice(0, MAX_WAITS)
    .sort((a, b) => a.request!.time - b.request!.time)
    .map((e) => ({
      leg: facts.leg,
      name: requestText(e),
      from: e.request!.time,
      until: untilOf(e, facts),
      outcome: e.outcome,
      gaveUp: e.gaveUp === null ? null : facts.lifelines[e.gaveUp],
    }));
}

function untilOf(e: Exchange, { packets, end }: WaitFacts): Nanos {
  if (e.response !== null) return e.response.time;
  if (e.outcome === "pending") return end;
  const gaveUp = packets.find((p) => p.frame === e.gaveUpFrame);
  if (gaveUp !== undefined) return gaveUp.time;
  // Nobody gave up: the connection ended.
  const over = endOf(packets, e.request!.time, e.requester);
  return over ?? Math.max(e.requestEnd, e.request!.time) + e.waited;
}

/** The first FIN or RST of the other side behind a request, or any. */
function endOf(packets: readonly LegPacket[], asked: Nanos, requester: Side): Nanos | null {
  const after = packets.filter((p) => p.isEnd && p.time >= asked);
  return (after.find((p) => p.side !== requester) ?? after[0])?.time ?? null;
}
