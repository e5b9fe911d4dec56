// What of socket dumps goes into a ticket? The same as for the terminal, in the Markdown of GitHub and GitLab, in which nothing acts.

import { formatEndpoint } from "../core/address.ts";
import { cellCode, codeBlock, markdown } from "../core/escape.ts";
import { count, dayOf, formatNumber } from "../core/format.ts";
import type { SocketsObject } from "../core/sockets-report.ts";
import { findingBlocks, findingsTable, list } from "./markdown.ts";
import { redactionSentence, severityCounts } from "./sentences.ts";
import {
  growthSentence,
  hostSentence,
  hostsSentence,
  overTime,
  pastFindings,
  pastSentence,
  peaksOf,
  seriesSentence,
  spanOf,
  worstFirst,
} from "./sockets-changes.ts";
import type { SocketsReport, SocketsSeries } from "./sockets-objects.ts";
import {
  clearSentence,
  countsSentence,
  dumpSentence,
  limitSentences,
  MEANINGS,
  nothingSentence,
  statesOf,
  summarySentence,
  unreadHeading,
  untoldSentence,
} from "./sockets-sentences.ts";
import { sparkline } from "./sparkline.ts";

/** Told in full, and named; trackers limit a description to 64 kB (GitHub) or 1 MB (GitLab). */
const FULL_HOSTS = 10;
const NAMED_HOSTS = 100;
const FULL_FINDINGS = 20;
const ROWS = 20;
const NOTES = 20;
const SPARK = 40;

export function renderSocketsMarkdown(report: SocketsReport): string {
  const span = spanOf(report);
  const hosts = worstFirst(report.series);
  const out = hosts.length > 1 ? [markdown(hostsSentence(hosts))] : [];
  for (const series of hosts.slice(0, FULL_HOSTS)) out.push(...host(series, span));
  if (hosts.length > FULL_HOSTS) {
    const items = hosts.slice(FULL_HOSTS, NAMED_HOSTS).map((series) => markdown(hostSentence(series)));
    if (hosts.length > NAMED_HOSTS) items.push(`and ${formatNumber(hosts.length - NAMED_HOSTS)} more`);
    out.push("# The other hosts", list(items));
  }
  if (report.remarks.length > 0) out.push("## Left out", list(report.remarks.map(markdown)));
  const redacted = redactionSentence(report);
  if (redacted !== null) out.push(markdown(redacted));
  out.push(`Times are UTC. Written by halfclose ${markdown(report.version)}.`);
  return `${out.join("\n\n")}\n`;
}

type Span = { from: string; to: string } | null;

function host(series: SocketsSeries, span: Span): string[] {
  const { latest, points } = series;
  const day = span === null ? undefined : dayOf(span.from);
  const serious = latest.findings.filter((f) => f.severity !== "info");
  const harmless = latest.findings.filter((f) => f.severity === "info");
  const out = ["# What stands out"];
  if (serious.length === 0) out.push(markdown(`${nothingSentence(latest)} ${untoldSentence(latest)}`.trim()));
  if (points.length > 1) out.push(markdown(`The latest of ${seriesSentence(series, day)}.`));
  out.push(markdown(dumpSentence(latest)));
  if (serious.length > 0) {
    const start = points.length > 1 ? "the first dump" : "";
    out.push(`## Findings: ${severityCounts(serious)}`, findingsTable(serious, day, start));
    for (const f of serious.slice(0, FULL_FINDINGS)) out.push(...findingBlocks(f, day, span));
  }
  const gone = pastFindings(series);
  if (gone.length > 0) {
    const items = gone.slice(0, NOTES).map((finding) => markdown(pastSentence(finding, day)));
    if (gone.length > NOTES) items.push(`and ${gone.length - NOTES} more`);
    out.push("## In earlier dumps, and not in the latest", list(items));
  }
  out.push(...states(latest));
  if (points.length > 1) out.push(...changes(series));
  out.push(...peers(latest), ...processes(latest));
  if (harmless.length > 0) {
    const items = harmless.slice(0, NOTES).map((f) => `${markdown(f.title)}. ${markdown(f.summary)}`);
    if (harmless.length > NOTES) items.push(`and ${harmless.length - NOTES} more`);
    out.push("## Also seen, and harmless by itself", list(items));
  }
  if (latest.unread_lines > 0) {
    out.push(`## ${unreadHeading(latest)}`, codeBlock(latest.unread.map(({ line, text }) => `line ${line}: ${text}`)));
    const rest = latest.unread_lines - latest.unread.length;
    if (rest > 0) out.push(`And ${count(rest, "more line")}.`);
  }
  if (latest.clear.length > 0) out.push("## Looked for and not found", markdown(clearSentence(latest)));
  const limits = limitSentences(latest);
  if (limits.length > 0) out.push("## What this dump cannot tell", list(limits.map(markdown)));
  return out;
}

const rowOf = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** `align`: "r" for a column of numbers. */
function table(titles: readonly string[], align: string, rows: readonly (readonly string[])[]): string {
  const rule = [...align].map((a) => (a === "r" ? "---:" : "---"));
  return [rowOf(titles), rowOf(rule), ...rows.map(rowOf)].join("\n");
}

function states(latest: SocketsObject): string[] {
  const out: string[] = [];
  if (latest.summary !== undefined && latest.sockets > 0) out.push("## Summary", markdown(summarySentence(latest)));
  if (latest.sockets === 0) return out;
  const rows = statesOf(latest.counts).map(([state, n]) => [formatNumber(n), state, MEANINGS[state]]);
  return [...out, `## ${count(latest.sockets, "socket")}`, table(["Sockets", "State", "Meaning"], "rll", rows)];
}

function changes({ points }: SocketsSeries): string[] {
  const rows = overTime(points).map((r) => [
    r.state,
    ...[r.first, r.last, r.low, r.peak].map(formatNumber),
    growthSentence(r.growth),
    cellCode(sparkline(peaksOf(r.values, SPARK), SPARK, true).line),
  ]);
  return ["## Over time", table(["State", "First", "Last", "Lowest", "Peak", "A minute", ""], "lrrrrrl", rows)];
}

function peers(latest: SocketsObject): string[] {
  if (latest.by_peer.length === 0) return [];
  const rows = latest.by_peer
    .slice(0, ROWS)
    .map((p) => [
      formatNumber(p.sockets),
      cellCode(formatEndpoint(p.local)),
      cellCode(formatEndpoint(p.remote)),
      countsSentence(p.counts),
    ]);
  const rest = latest.peers - rows.length;
  if (rest > 0) rows.push(["", `and ${count(rest, "more pair")}`, "", ""]);
  return ["## By service and peer", table(["Sockets", "Local", "Remote", "States"], "rlll", rows)];
}

function processes(latest: SocketsObject): string[] {
  if (!latest.has_owners) return [];
  const rows = latest.by_process
    .slice(0, ROWS)
    .map((p) => [
      formatNumber(p.sockets),
      formatNumber(p.ports),
      p.pid === null ? "" : String(p.pid),
      p.process === null ? "" : cellCode(p.process),
      countsSentence(p.counts),
    ]);
  const rest = latest.processes - rows.length;
  if (rest > 0) rows.push(["", "", "", `and ${count(rest, "more process", "more processes")}`, ""]);
  return ["## By process", table(["Sockets", "Ports", "PID", "Process", "States"], "rrrll", rows)];
}
