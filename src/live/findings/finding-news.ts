// What is new of what was found? The findings of one analysis beside those of the one before: new, grown, over.

import { isMany, type Party, SEVERITIES, type Severity } from "../../core/analysis.ts";
import { formatNumber, formatTime } from "../../core/format.ts";
import { cut, padEnd, wrap } from "../../core/wrap.ts";

/** Of a report's finding, what tells it from others and what is said of it. */
export interface FoundNow {
  analysis: string;
  severity: Severity;
  title: string;
  summary: string;
  subject: { holder: Party; peer: Party | null };
  count: number;
}

export type News = "new" | "grown" | "over";

export interface FindingNews {
  news: News;
  finding: FoundNow;
}

/** Told again when there are so many times more. */
const GROWN = 2;
/** Findings remembered: an analysis that finds more says little with each. */
const MAX_KNOWN = 1000;
/** Lines that one finding takes. */
const MAX_LINES = 2;

/** The same case from one analysis to the next: numbers and titles change, who it is about does not. */
function keysOf(findings: readonly FoundNow[]): Map<string, FoundNow> {
  const keyed = new Map<string, FoundNow>();
  for (const finding of findings) {
    if (keyed.size >= MAX_KNOWN) break;
    // What is harmless by itself waits for the report; that the packets end here is no news while more come.
    if (finding.severity === "info") continue;
    const { holder, peer } = finding.subject;
    const key = JSON.stringify([finding.analysis, ...[holder, peer].map((p) => (p && isMany(p) ? "many" : p))]);
    // Several of the same subject are told as one: the first is the worst.
    if (!keyed.has(key)) keyed.set(key, finding);
  }
  return keyed;
}

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);

export class KnownFindings {
  /** As they were when they were told last. */
  private told = new Map<string, FoundNow>();

  /** In the order of the report, what is over last. */
  update(findings: readonly FoundNow[]): FindingNews[] {
    const now = keysOf(findings);
    const news: FindingNews[] = [];
    for (const [key, finding] of now) {
      const before = this.told.get(key);
      if (before === undefined) news.push({ news: "new", finding });
      else if (finding.count >= GROWN * before.count || rank(finding.severity) < rank(before.severity))
        news.push({ news: "grown", finding });
      else continue;
      this.told.set(key, finding);
    }
    for (const [key, finding] of this.told) {
      if (now.has(key)) continue;
      news.push({ news: "over", finding });
      this.told.delete(key);
    }
    return news;
  }
}

/** `18:34:05 NEW   HIGH      9,640 connections …`, in at most two lines. */
export function newsLines({ news, finding }: FindingNews, iso: string, columns: number): string[] {
  const lead = `${formatTime(iso).slice(0, 8)} ${padEnd(news.toUpperCase(), 5)} ${padEnd(finding.severity.toUpperCase(), 8)} `;
  const width = Math.max(20, columns - lead.length);
  const text =
    news === "over"
      ? `${finding.title} (${formatNumber(finding.count)}): no longer in the packets kept`
      : finding.title;
  const lines = wrap(text, width);
  const shown = lines.slice(0, MAX_LINES);
  if (lines.length > MAX_LINES) shown[MAX_LINES - 1] = `${cut(shown[MAX_LINES - 1]!, width - 1, "")}…`;
  return shown.map((line, n) => (n === 0 ? lead : " ".repeat(lead.length)) + line);
}
