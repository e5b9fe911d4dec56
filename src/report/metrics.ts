// What do the metrics of a finding say in words? `gave_up_after_s: 1` reads "gave up after  1.000 s".

import type { Metrics } from "../core/analysis.ts";
import { formatBytes, formatDuration, formatNumber, formatTime, isTime } from "../core/format.ts";

/** Where the name alone would not tell enough. Fixed names and their meaning: DESIGN, "What other programs read". */
const LABELS: Record<string, string> = {
  waited_s: "waited (median)",
  held_s: "held (median)",
  after_s: "after (median)",
  growth_per_s: "growth",
  range_used_up_at: "port range used up",
  accepted_others: "accepts others",
  service_ended_connection: "ended by the service",
  requester_gave_up: "requester gave up",
  with_unanswered_request: "request unanswered",
  peer_state: "peer is in",
  syns: "SYNs",
  pid: "process id",
};

interface Unit {
  suffix: string;
  format: (n: number) => string;
}

/** Longest suffix first. */
const UNITS: readonly Unit[] = [
  { suffix: "_per_min", format: (n) => `${formatNumber(n)} per minute` },
  { suffix: "_per_s", format: (n) => `${formatNumber(n)} per second` },
  { suffix: "_percent", format: (n) => `${formatNumber(n)} %` },
  { suffix: "_bytes", format: formatBytes },
  { suffix: "_ns", format: (n) => formatDuration(n / 1e9) },
  { suffix: "_ms", format: (n) => formatDuration(n / 1e3) },
  { suffix: "_s", format: formatDuration },
];

/** Numbers that name something: "pid 43210" is not 43,210 of anything. */
const NAMES = /(?:^|_)(?:pid|port)$/;

export interface MetricLine {
  label: string;
  value: string;
}

/** In their order. What the capture cannot tell (null) and inner codes that the title says in words are left out. */
export function metricLines(metrics: Metrics, day: string | undefined): MetricLine[] {
  const lines: MetricLine[] = [];
  for (const [name, value] of Object.entries(metrics)) {
    if (value === null || name === "kind" || name === "cause") continue;
    lines.push({ label: labelOf(name), value: formatMetric(name, value, day) });
  }
  return lines;
}

function labelOf(name: string): string {
  const known = LABELS[name];
  if (known !== undefined) return known;
  const unit = UNITS.find((u) => name.endsWith(u.suffix));
  const stem = unit === undefined || unit.suffix === "_bytes" ? name : name.slice(0, -unit.suffix.length);
  const percentile = /^(.*)_p(\d+)$/.exec(stem);
  return percentile === null ? stem.replaceAll("_", " ") : `${percentile[1]!.replaceAll("_", " ")} (p${percentile[2]})`;
}

function formatMetric(name: string, value: number | string | boolean, day: string | undefined): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return isTime(value) ? formatTime(value, day) : value;
  if (NAMES.test(name)) return String(value);
  return (UNITS.find((u) => name.endsWith(u.suffix))?.format ?? formatNumber)(value);
}
