// What is an analysis? One question put to the whole capture, answered by findings, by a clean bill, or by "unsure".

import type { CaptureView } from "./flow-view.ts";
import type { FrameRef } from "./frame.ts";

export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** An endpoint, or a service seen from it: a client has no fixed port, a service has. */
export interface Party {
  address: string;
  port?: number;
}

/** Packets that prove a finding. The report adds a Wireshark display filter that selects exactly these. */
export interface Evidence {
  flow: number;
  frames: FrameRef[];
  /** What is to be seen there, where the title does not say it of every flow. */
  note?: string;
}

/** Metrics are numbers, texts, or null where the capture cannot tell. Units come last in the name. */
export type Metrics = Record<string, number | string | boolean | null>;

/** How often it happened over the time of the capture: equal buckets from its first to its last packet. */
export type Timeline = number[];

export interface FoundFinding {
  severity: Severity;
  title: string;
  /** One to three plain sentences. */
  summary: string;
  subject: { holder: Party; peer: Party | null };
  count: number;
  /** When it began; null when it was so from the start of the capture. */
  onset: number | null;
  metrics: Metrics;
  evidence: Evidence[];
  advice: string[];
  timeline?: Timeline;
}

export type AnalysisResult =
  | { kind: "found"; findings: FoundFinding[]; unsure?: string[] }
  | { kind: "clear"; because: string }
  | { kind: "unsure"; needs: string };

export interface Analysis {
  /** The file's name; fixed (DESIGN.md §4). */
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** Why it matters, in two sentences, with a reference. */
  readonly why: string;
  run(view: CaptureView): AnalysisResult;
}
