// What does the timeline of exchanges show? For each service, over time: how many requests came and what became of them, how many
// waited, and for how long.

import type { Nanos } from "../../core/clock.ts";
import type { RequestBucket } from "../../core/flow-view.ts";
import type { Outcome } from "../../core/stream-decoder.ts";
import type { ChartPicture } from "./chart-picture.ts";

export interface ExchangesPicture extends ChartPicture {
  /** Those that matter first, first. */
  services: readonly ServiceTimeline[];
}

export interface ServiceTimeline {
  /** `127.0.0.1:8280`. */
  service: string;
  /** As in the outputs: "http", "mysql". */
  protocol: string;
  /** Of the whole capture. */
  outcomes: Readonly<Record<Outcome, number>>;
  /** Times are offsets. Without gaps; where nothing happened at the start or at the end, there is none. */
  buckets: readonly RequestBucket[];
  points: readonly WaitPoint[];
  /** How many exchanges have a waiting time, of which `points` are a thinned selection. */
  measured: number;
}

/** One exchange: when it was asked, and how long whoever asked waited for the answer, or until it gave up. */
export interface WaitPoint {
  asked: Nanos;
  waited: Nanos;
  outcome: "answered" | "late" | "unanswered" | "pending";
}

export const requestsOf = ({ outcomes }: ServiceTimeline): number =>
  Object.values(outcomes).reduce((sum, n) => sum + n, 0);
