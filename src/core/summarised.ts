// What is left of the connections that a memory budget did not keep? Counts, by kind and by service: nothing is dropped in silence.

import type { Endpoint } from "./address.ts";
import type { Nanos } from "./clock.ts";
import type { Ending } from "./flow-view.ts";
import type { Outcome } from "./stream-decoder.ts";

/** In the order in which they are let go of. */
export const SUMMARISED_KINDS = ["healthy", "ended", "unanswered", "silent", "waiting"] as const;
/**
 * healthy: from SYN to both FINs, all requests answered, nothing sent again or missing. ended: refused, reset, or closed with anything
 * of that. unanswered: SYNs that nobody answered. silent: open, nothing under way. waiting: half-closed, or a request had no answer yet.
 */
export type SummarisedKind = (typeof SUMMARISED_KINDS)[number];

export interface KindSummary {
  readonly kind: SummarisedKind;
  readonly flows: number;
  /** Of their packets. */
  readonly first: Nanos;
  readonly last: Nanos;
}

export interface ServiceSummary {
  readonly flows: number;
  readonly endings: Readonly<Record<Ending, number>>;
  readonly closedFirst: { readonly client: number; readonly server: number; readonly both: number };
  readonly packets: number;
  /** TCP payload. */
  readonly bytes: number;
  readonly first: Nanos;
  readonly last: Nanos;
}

/** Services of which it is not known any more how they answered over time. One that was asked again later counts twice. */
export interface ForgottenServices {
  readonly services: number;
  /** What was asked of them, by outcome: part of the totals. */
  readonly exchanges: Readonly<Record<Outcome, number>>;
}

export interface Summarised {
  /** Bytes that were allowed. */
  readonly budget: number;
  /** Even so, more was needed than that, by the program's own estimate. */
  readonly isOver: boolean;
  /** Connections of which only these counts are left. */
  readonly flows: number;
  /** Those of which there are any, in the order of letting go. */
  readonly kinds: readonly KindSummary[];
  /** The busiest first. */
  readonly services: readonly (ServiceSummary & { readonly service: Endpoint })[];
  /** Services beyond those listed, in one sum; null when there are none. */
  readonly elsewhere: ServiceSummary | null;
  readonly forgotten: ForgottenServices;
  /** Exchanges that are counted only, by outcome. */
  readonly exchanges: Readonly<Record<Outcome, number>>;
  /** Responses cut by a reset that are counted only. */
  readonly cutResponses: number;
  /** Samples of how long answers took that went with their connections. All answers are in the distribution. */
  readonly latencyPoints: number;
  /** Segments of connections that were over and summarised: repetitions, late RSTs. They are in no other count. */
  readonly lateSegments: number;
  /** Connections that were summarised, and then went on: from there on they are a connection of their own. */
  readonly resumed: number;
}
