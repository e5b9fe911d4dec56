// What do the dumps of a series, and of several hosts, say together? Who changed, what was there before, which host is the worst.

import { SEVERITIES } from "../core/analysis.ts";
import { count, formatDuration, formatNumber, formatTime, secondsBetween } from "../core/format.ts";
import type { ReportFinding } from "../core/report.ts";
import type { SocketState } from "../core/socket-table.ts";
import { worstOf } from "./sentences.ts";
import type { SocketsPoint, SocketsReport, SocketsSeries } from "./sockets-objects.ts";
import { nameOf, socketsSentence } from "./sockets-sentences.ts";

// ─────────────────────────── several hosts ───────────────────────────

const seriousOf = ({ latest }: SocketsSeries): ReportFinding[] => latest.findings.filter((f) => f.severity !== "info");

/** Those with the worst findings first. */
export function worstFirst(series: readonly SocketsSeries[]): SocketsSeries[] {
  const rank = (s: SocketsSeries): number => {
    const worst = worstOf(seriousOf(s));
    return worst === null ? SEVERITIES.length : SEVERITIES.indexOf(worst);
  };
  return [...series].sort((a, b) => rank(a) - rank(b) || seriousOf(b).length - seriousOf(a).length);
}

/** "3 hosts (or commands), which are not compared with each other: something stands out in 1 of them." */
export function hostsSentence(series: readonly SocketsSeries[]): string {
  const n = series.filter((s) => seriousOf(s).length > 0).length;
  const what = n === 0 ? "nothing stands out in any of them" : `something stands out in ${n} of them, told first`;
  return `Dumps of ${formatNumber(series.length)} hosts, or by as many commands: ${what}.`;
}

/** A host in one line. */
export function hostSentence(series: SocketsSeries): string {
  const serious = seriousOf(series);
  const { latest } = series;
  return `${nameOf(latest.source)}: ${serious.length === 0 ? socketsSentence(latest) : serious.map((f) => f.title).join("; ")}`;
}

// ─────────────────────────── over time ───────────────────────────

export interface StateOverTime {
  state: SocketState | "all";
  first: number;
  last: number;
  low: number;
  peak: number;
  /** A minute; null where no time is known or none has passed. */
  growth: number | null;
  values: readonly number[];
}

/** Each state, the one that changed most first; all of them together before. */
export function overTime(points: readonly SocketsPoint[]): StateOverTime[] {
  const minutes = minutesOf(points);
  const row = (state: StateOverTime["state"], of: (p: SocketsPoint) => number): StateOverTime => {
    const values = points.map(of);
    const [first, last] = [values[0]!, values.at(-1)!];
    let [low, peak] = [first, first];
    for (const v of values) {
      low = Math.min(low, v);
      peak = Math.max(peak, v);
    }
    return { state, first, last, low, peak, growth: minutes > 0 ? (last - first) / minutes : null, values };
  };
  const states = new Set(points.flatMap((p) => Object.keys(p.counts) as SocketState[]));
  const rows = [...states].map((state) => row(state, (p) => p.counts[state] ?? 0));
  rows.sort((a, b) => b.peak - b.low - (a.peak - a.low) || b.peak - a.peak);
  return [row("all", (p) => p.sockets), ...rows];
}

const minutesOf = (points: readonly SocketsPoint[]): number => {
  const [from, to] = [points[0]?.taken_at ?? null, points.at(-1)?.taken_at ?? null];
  return from === null || to === null ? 0 : secondsBetween(from, to) / 60;
};

/** "+160 a minute", "-3.2 a minute", "". */
export function growthSentence(growth: number | null): string {
  if (growth === null) return "";
  if (growth === 0) return "0";
  const size = Math.abs(growth);
  const shown = size >= 100 ? formatNumber(Math.round(size)) : String(Number(size.toPrecision(2)));
  return `${growth > 0 ? "+" : "-"}${shown}`;
}

/** The peak of each of at most `width` groups, so that a short peak is not averaged away. */
export function peaksOf(values: readonly number[], width: number): number[] {
  const group = Math.max(1, Math.ceil(values.length / Math.max(1, width)));
  const peaks: number[] = [];
  for (let i = 0; i < values.length; i += group) {
    let peak = 0;
    for (let j = i; j < Math.min(i + group, values.length); j++) peak = Math.max(peak, values[j]!);
    peaks.push(peak);
  }
  return peaks;
}

/** "3,600 dumps in 60 min, 10:00:00.000 to 11:00:00.000 UTC". */
export function seriesSentence({ points }: SocketsSeries, day: string | undefined): string {
  const [from, to] = [points[0]!.taken_at, points.at(-1)!.taken_at];
  const n = count(points.length, "dump");
  if (from === null || to === null || points.some((p) => p.taken_at === null))
    return `${n}, in the order in which they were given (when they were taken is not known)`;
  return `${n} in ${formatDuration(secondsBetween(from, to))}, ${formatTime(from, day)} to ${formatTime(to, day)} UTC`;
}

/** "18:14:05.000, netstat-1.txt: high: 192.0.2.10:8280 did not accept connections (in 3 dumps)". */
export function pastSentence({ finding, point, times }: PastFinding, day: string | undefined): string {
  const at = point.taken_at === null ? "" : `${formatTime(point.taken_at, day)}, `;
  const often = times === 1 ? "" : ` (last there; in ${formatNumber(times)} dumps)`;
  return `${at}${nameOf(point.source)}: ${finding.severity}: ${finding.title}${often}`;
}

export interface PastFinding {
  finding: ReportFinding;
  /** Where it was last seen. */
  point: SocketsPoint;
  times: number;
}

/** Findings of earlier dumps that the latest does not have any more, each kind once: where it was last seen, and how often. */
export function pastFindings({
  points,
}: SocketsSeries): { finding: ReportFinding; point: SocketsPoint; times: number }[] {
  const now = new Set(points.at(-1)!.findings.map(kindOf));
  const past = new Map<string, PastFinding>();
  for (const point of points.slice(0, -1)) {
    for (const finding of point.findings) {
      const kind = kindOf(finding);
      if (finding.severity === "info" || now.has(kind)) continue;
      const times = (past.get(kind)?.times ?? 0) + 1;
      past.set(kind, { finding, point, times });
    }
  }
  return [...past.values()];
}

const kindOf = ({ analysis, subject: { holder, peer } }: ReportFinding): string =>
  JSON.stringify([analysis, holder.address, holder.port, peer?.address, peer?.port]);

/** First and last time of all dumps; null when one has none. */
export function spanOf({ series }: SocketsReport): { from: string; to: string } | null {
  const times = series.flatMap((s) => s.points.map((p) => p.taken_at));
  if (times.length === 0 || times.includes(null)) return null;
  // Texts of one form, in one zone: their order is that of time.
  let [from, to] = [times[0]!, times[0]!];
  for (const time of times as string[]) {
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return { from, to };
}
