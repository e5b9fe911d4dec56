// What is an analysis? One question put to the whole capture, answered by findings, by a clean bill, or by "unsure".

import type { CaptureView } from "./flow-view.ts";
import type { FrameRef } from "./frame.ts";
import { formatWhole } from "./numbers.ts";

export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** An endpoint, or a service seen from it: a client has no fixed port, a service has. */
export interface Party {
  address: string;
  port?: number;
}

/** What stands for parties that are too many to be told of one by one: "3,030 clients". */
export const manyClients = (count: number): Party => ({ address: `${formatWhole(count)} clients` });
export const manyServices = (count: number): Party => ({ address: `${formatWhole(count)} services` });
/** No address ends like this. */
export const isMany = ({ address }: Party): boolean => address.endsWith(" clients") || address.endsWith(" services");

/** Packets that prove a finding. The report adds a Wireshark display filter that selects exactly these. */
export interface Evidence {
  flow: number;
  frames: FrameRef[];
  /** What is to be seen there, where the title does not say it of every flow. */
  note?: string;
}

/** Lines of a socket dump that prove a finding. */
export interface LineEvidence {
  /** The dump's `source`. */
  dump: string;
  /** 1-based, ascending. */
  lines: number[];
  /** What is to be seen there, where the title does not say it. */
  note?: string;
}

/** Metrics are numbers, texts, or null where the capture cannot tell. Units come last in the name. */
export type Metrics = Record<string, number | string | boolean | null>;

/** How often it happened over the time of the capture: equal buckets from its first to its last packet. */
export type Timeline = number[];

/** `E` is what proves it: packets of a capture, or lines of a dump ({@link DumpFinding}). */
export interface FoundFinding<E = Evidence> {
  severity: Severity;
  title: string;
  /** One to three plain sentences. */
  summary: string;
  subject: { holder: Party; peer: Party | null };
  count: number;
  /**
   * When it began; null when it was so from the start of the capture, or in the first dump. On the capture's clock; of dumps,
   * milliseconds since 1970.
   */
  onset: number | null;
  metrics: Metrics;
  evidence: E[];
  advice: string[];
  timeline?: Timeline;
}

export type AnalysisResult<E = Evidence> =
  | { kind: "found"; findings: FoundFinding<E>[]; unsure?: string[] }
  | { kind: "clear"; because: string }
  /** One sentence, or one for each case. */
  | { kind: "unsure"; needs: string | readonly string[] };

export type DumpFinding = FoundFinding<LineEvidence>;
export type DumpResult = AnalysisResult<LineEvidence>;

export interface Analysis {
  /** The file's name; fixed (DESIGN.md §4). */
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Why it matters, in two sentences, with a reference. */
  readonly why: string;
  run(view: CaptureView): AnalysisResult;
}
