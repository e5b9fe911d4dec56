// How are outcomes named and marked, and how are buckets joined until there is room for them?

import type { Nanos } from "../../core/clock.ts";
import type { RequestBucket } from "../../core/flow-view.ts";
import { count } from "../../core/format.ts";
import { formatWhole } from "../../core/numbers.ts";
import type { Outcome } from "../../core/stream-decoder.ts";
import type { Role } from "../theme.ts";
import { requestsOf, type ServiceTimeline, type WaitPoint } from "./exchanges-picture.ts";

interface OutcomeSign {
  outcome: WaitPoint["outcome"];
  role: Role;
  name: string;
  /** Around the origin; each has a shape of its own, for those who cannot tell the colours apart. */
  path: string;
  /** Of its stroke. */
  stroke: number;
}

/** From the bottom up. */
export const OUTCOMES: readonly OutcomeSign[] = [
  { outcome: "answered", role: "answered", name: "answered", path: "M0,0h0.01", stroke: 3 },
  { outcome: "late", role: "late", name: "answered too late", path: "M0,-3l3,5h-6Z", stroke: 1.5 },
  { outcome: "unanswered", role: "unanswered", name: "given up", path: "M-2.5,-2.5l5,5m0,-5l-5,5", stroke: 1.5 },
  { outcome: "pending", role: "waiting", name: "waiting at the end", path: "M0,-3l3,3l-3,3l-3,-3Z", stroke: 1.5 },
];

const WORDS: Record<Outcome, string> = {
  answered: "answered",
  late: "answered too late",
  unanswered: "given up",
  pending: "waiting at the end",
  unknown: "unknown",
};

/** "247 requests: 117 answered, 130 given up". */
export function outcomeText(service: ServiceTimeline): string {
  const parts = (Object.keys(WORDS) as Outcome[])
    .filter((outcome) => service.outcomes[outcome] > 0)
    .map((outcome) => `${formatWhole(service.outcomes[outcome])} ${WORDS[outcome]}`);
  return `${count(requestsOf(service), "request")}: ${parts.join(", ")}`;
}

/** Buckets of one width, as many as there is room for over the whole time. */
export interface Joined {
  width: Nanos;
  bars: readonly RequestBucket[];
}

/** Joins neighbours until at most `most` would fill the time up to `end`. `waiting` is that of the last one joined. */
export function joined(buckets: readonly RequestBucket[], most: number, end: Nanos): Joined {
  const first = buckets[0];
  if (first === undefined) return { width: 0, bars: [] };
  const single = first.until - first.from;
  const each = Math.max(1, Math.ceil(Math.max(end / single, buckets.length) / Math.max(1, most)));
  const bars: RequestBucket[] = [];
  for (let i = 0; i < buckets.length; i += each) {
    const group = buckets.slice(i, i + each);
    const sum = (of: (b: RequestBucket) => number): number => group.reduce((n, b) => n + of(b), 0);
    bars.push({
      from: group[0]!.from,
      until: group[0]!.from + each * single,
      asked: sum((b) => b.asked),
      answered: sum((b) => b.answered),
      late: sum((b) => b.late),
      unanswered: sum((b) => b.unanswered),
      waiting: group.at(-1)!.waiting,
    });
  }
  return { width: each * single, bars };
}
