// What do the pictures over time take from the view and the report? The time they cover, when it began to go wrong, and who is
// named by the findings.

import { formatEndpoint } from "../core/address.ts";
import type { Party } from "../core/analysis.ts";
import type { Nanos } from "../core/clock.ts";
import type { CaptureView } from "../core/flow-view.ts";
import type { Report, ReportFinding } from "../core/report.ts";
import type { ChartPicture, Onset } from "../diagram/over-time/chart-picture.ts";

/** A picture; or none, and why there is nothing to be seen. */
export type Made<P> = { picture: P } | { picture: null; because: string };

export interface PictureOptions {
  report: Pick<Report, "findings" | "diagnosis">;
  /** Draw what belongs to this finding first, with its onset. */
  finding?: ReportFinding;
  /** CSS pixels. */
  width?: number;
}

/** How many moments a picture has: what its width can show. */
const MOMENTS = 240;

/** Equally far apart, the first packet's and the last one's among them, on the capture's clock. */
export function momentsOf({ firstTime, lastTime }: CaptureView): number[] {
  if (!(lastTime > firstTime)) return [firstTime];
  const step = (lastTime - firstTime) / (MOMENTS - 1);
  const moments = Array.from({ length: MOMENTS }, (_, n) => firstTime + n * step);
  moments[MOMENTS - 1] = lastTime;
  return moments;
}

export function chartOf(view: CaptureView, options: PictureOptions, notes: readonly string[]): ChartPicture {
  const { firstTime, lastTime, clock } = view;
  return {
    start: clock.iso(firstTime),
    end: Math.max(0, lastTime - firstTime),
    onset: onsetOf(view, options),
    ...(options.width === undefined ? {} : { width: options.width }),
    notes,
  };
}

/**
 * When it began: that of the finding asked for; else that of the diagnosis' cause, or of the first of its chain that has a time. Null
 * when nothing is wrong, when it was so from the start, and when it lies outside of what was captured.
 */
function onsetOf(view: CaptureView, { report, finding }: PictureOptions): Onset | null {
  const chosen = finding ?? causeIn(report);
  if (chosen === null || chosen.onset === null) return null;
  const at = offsetOf(view, chosen.onset);
  return at >= 0 && at <= view.lastTime - view.firstTime ? { at, what: chosen.title } : null;
}

function causeIn({ findings, diagnosis }: PictureOptions["report"]): ReportFinding | null {
  const inChain = [
    ...diagnosis.chain.filter((link) => link.role === "cause"),
    ...diagnosis.chain.filter((link) => link.role !== "cause"),
  ];
  for (const { finding } of inChain) {
    const found = findings.find(({ id }) => id === finding);
    if (found !== undefined && found.onset !== null) return found;
  }
  return null;
}

/** Nanoseconds since the first packet, of a time in the report. */
function offsetOf({ clock, firstTime }: CaptureView, iso: string): Nanos {
  const epoch = BigInt(Date.parse(`${iso.slice(0, 19)}Z`)) * 1_000_000n + BigInt(iso.slice(20, 29).padEnd(9, "0"));
  return clock.fromEpoch(epoch) - firstTime;
}

/** How early the findings name a party: 0 for the first. Infinity: not at all. Those that are for information name nobody. */
export type Rank = (party: Party) => number;

/** By the finding asked for, then by the order of the report. A party is named by its address, and by its port where both have one. */
export function rankOf({ report, finding }: PictureOptions): Rank {
  const ranks = new Map<string, number>();
  for (const f of finding === undefined ? report.findings : [finding, ...report.findings]) {
    if (f.severity === "info" && f !== finding) continue;
    for (const party of [f.subject.holder, f.subject.peer]) {
      if (party === null) continue;
      const name = formatEndpoint(party);
      if (!ranks.has(name)) ranks.set(name, ranks.size);
    }
  }
  return (party) => ranks.get(formatEndpoint(party)) ?? Number.POSITIVE_INFINITY;
}

/** "2 clients are not shown: …" for the notes: what was left out is said. */
export const leftOut = (count: number, text: (n: number) => string): string[] => (count > 0 ? [text(count)] : []);
