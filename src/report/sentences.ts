// What do the numbers of a report say in a sentence? The words that every format for people shares; not yet escaped.

import { formatEndpoint } from "../core/address.ts";
import { SEVERITIES, type Severity } from "../core/analysis.ts";
import { count, formatDuration, formatNumber, formatSpan, secondsBetween } from "../core/format.ts";
import { REPLACED, type Replaced } from "../core/redaction.ts";
import type { Report, ReportCapture, ReportEvidence, ReportFinding, ReportLineEvidence } from "../core/report.ts";
import { summarisedSentences } from "./summarised.ts";

/** Kinds of packets beside TCP that are named. */
const NAMED_OTHERS = 4;
/** Problems named a capture, and captures named in all. */
const NAMED_PROBLEMS = 5;
export const NAMED_CAPTURES = 20;
const NAMED_COMMENTS = 3;
/** Cases named of a question that could not be answered. */
const NAMED_DOUBTS = 5;

export const BLIND_SPOTS = "capture-blind-spots";

/** "half-closed-connections" → "half-closed connections". */
export const analysisName = (id: string): string =>
  id.replaceAll("-", " ").replace("half closed", "half-closed").replace("time wait", "TIME_WAIT");

/** "3,266 packets, 265 connections; 467 requests: 337 answered, 130 unanswered." */
export function totalsSentence({ totals }: Report): string {
  const outcomes = (["answered", "late", "unanswered", "pending", "unknown"] as const)
    .filter((name) => totals[name] > 0)
    .map((name) => `${formatNumber(totals[name])} ${OUTCOMES[name]}`);
  const requests = totals.requests === 0 ? "no request that can be read" : count(totals.requests, "request");
  const others = Object.entries(totals.other_packets).sort((a, b) => b[1] - a[1]);
  const named = others.slice(0, NAMED_OTHERS).map(([name, n]) => `${formatNumber(n)} ${name}`);
  if (others.length > NAMED_OTHERS) named.push(`${others.length - NAMED_OTHERS} other kinds`);
  const beside = named.length === 0 ? "" : ` Beside TCP: ${named.join(", ")}.`;
  return (
    `${count(totals.packets, "packet")}, ${formatNumber(totals.tcp_segments)} of them TCP, on ${count(totals.flows, "connection")}; ` +
    `${requests}${outcomes.length === 0 ? "" : `: ${outcomes.join(", ")}`}.${beside}`
  );
}

const OUTCOMES = {
  answered: "answered",
  late: "answered too late",
  unanswered: "unanswered",
  pending: "still waiting at the end",
  unknown: "not to be judged",
} as const;

/** "pcap.gz, ETHERNET, 3,266 packets in 26.027 s, 2026-11-21 04:25:46.373 to 04:26:12.400 UTC". */
export function captureSentence(c: ReportCapture): string {
  const parts = [c.format === "" ? "not read" : c.format, ...c.link_types];
  const { first_time: first, last_time: last } = c;
  if (first === null || last === null) parts.push(count(c.packets, "packet"));
  else {
    parts.push(
      `${count(c.packets, "packet")} in ${formatDuration(secondsBetween(first, last))}`,
      formatSpan(first, last),
    );
  }
  return parts.join(", ");
}

/** What is wrong with a capture file, one sentence each. */
export function problemSentences(c: ReportCapture): string[] {
  const lines = c.problems.slice(0, NAMED_PROBLEMS).map((p) => `${c.path}: ${p.message}`);
  const more = c.problems.length - lines.length + c.more_problems;
  if (more > 0) lines.push(`${c.path}: ${count(more, "more problem")} like these`);
  return lines;
}

export const isDamaged = (c: ReportCapture): boolean => c.problems.length > 0;

/** `before`: the capture told before this one. The files of a ring say the same of themselves: that is told once. */
export function commentSentences(c: ReportCapture, before: ReportCapture | undefined): string[] {
  return c.comments
    .slice(0, NAMED_COMMENTS)
    .filter((comment) => before?.comments.includes(comment) !== true)
    .map((comment) => `${c.path} carries the comment: ${comment}`);
}

export const allCommentSentences = (captures: readonly ReportCapture[]): string[] =>
  captures.flatMap((c, n) => commentSentences(c, captures[n - 1]));

/** How far the capture can be trusted, blind spots apart. */
export function trustSentences(report: Report): string[] {
  const { captures, totals, failed } = report;
  const sum = (of: (c: ReportCapture) => number): number => captures.reduce((n, c) => n + of(c), 0);
  const lines = [...summarisedSentences(report), ...captures.slice(0, NAMED_CAPTURES).flatMap(problemSentences)];
  const dropped = captures.filter((c) => c.dropped_packets !== null);
  if (dropped.length === 0) {
    if (captures.length > 0) lines.push("Whether packets were dropped while capturing is not recorded in the file.");
  } else {
    const n = sum((c) => c.dropped_packets ?? 0);
    if (n === 0) lines.push("No packet was dropped while capturing, by the file's own statistics.");
  }
  const copies = sum((c) => c.duplicates);
  if (copies > 0) {
    const verb = copies === 1 ? "is a copy" : "are copies";
    lines.push(`${count(copies, "packet")} ${verb} of one seen on another interface, and counted as such.`);
  }
  if (totals.unknown > 0) {
    lines.push(
      `${count(totals.unknown, "exchange")} cannot be judged: the capture lacks a part of ${totals.unknown === 1 ? "it" : "them"}.`,
    );
  }
  for (const f of failed) {
    lines.push(
      `The analysis ${f.analysis} failed by a fault of halfclose (${f.error}); please report it. The others are not affected.`,
    );
  }
  return lines;
}

/** What shows by itself is not told in words: a statement with `?` for its literals, a key with `*` for its parts. The JSON counts it. */
const PLAIN_REPLACED: ReadonlySet<Replaced> = new Set(["statement literals", "keys", "error texts"]);

const ONE_REPLACED: Record<Replaced, string> = {
  "target secrets": "secret in request targets",
  credentials: "credential",
  "statement literals": "statement literal",
  keys: "part of keys",
  "error texts": "value in error texts",
  "host names": "host name",
  "names of databases and users": "name of a database or user",
  addresses: "address",
  paths: "path",
  comments: "comment",
  "unread lines": "line that could not be read",
};
const MANY_REPLACED: Partial<Record<Replaced, string>> = {
  "target secrets": "secrets in request targets",
  keys: "parts of keys",
  "error texts": "values in error texts",
  "names of databases and users": "names of databases and users",
  addresses: "addresses",
  "unread lines": "lines that could not be read",
};

/** What was replaced in this report, and how names can be compared; null where there is nothing to say. */
export function redactionSentence({ redaction }: Pick<Report, "redaction">): string | null {
  if (redaction === undefined) return null;
  const { level, key, replaced } = redaction;
  if (level === "none") return "Nothing was redacted (--redact none): texts are shown as they were sent.";
  const parts = REPLACED.filter((what) => replaced[what] !== undefined && !PLAIN_REPLACED.has(what)).map((what) =>
    count(replaced[what]!, ONE_REPLACED[what], MANY_REPLACED[what]),
  );
  const told = parts.length === 0 ? "" : `Replaced before this was written: ${parts.join(", ")}.`;
  if (level === "default") return told === "" ? null : told;
  const names =
    key === "given"
      ? "Names and addresses are pseudonyms, the same in every report made with the same key."
      : "Names and addresses are pseudonyms made with a random key: those of two reports do not compare.";
  return told === "" ? names : `${names} ${told}`;
}

/** Findings in general, and those that say how far the capture can be trusted. */
export function splitFindings(report: Report): {
  serious: ReportFinding[];
  notes: ReportFinding[];
  blind: ReportFinding[];
} {
  const blind = report.findings.filter((f) => f.analysis === BLIND_SPOTS && f.severity === "info");
  const others = report.findings.filter((f) => !blind.includes(f));
  return {
    serious: others.filter((f) => f.severity !== "info"),
    notes: others.filter((f) => f.severity === "info"),
    blind,
  };
}

/** "2 critical, 1 low". */
export function severityCounts(findings: readonly ReportFinding[]): string {
  return SEVERITIES.map((severity) => ({ severity, n: findings.filter((f) => f.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${formatNumber(n)} ${severity}`)
    .join(", ");
}

/** "unanswered requests (60), resets (2)": by the question that found them. */
export function kindCounts(findings: readonly ReportFinding[]): string {
  const counts = new Map<string, number>();
  for (const { analysis } of findings) counts.set(analysis, (counts.get(analysis) ?? 0) + 1);
  return [...counts].map(([id, n]) => `${analysisName(id)} (${formatNumber(n)})`).join(", ");
}

/** What could not be told, by question: the first cases of each, and how many more there are. */
export function unsureSentences({ unsure }: Pick<Report, "unsure">): { question: string; needs: string }[] {
  const byQuestion = new Map<string, string[]>();
  for (const { analysis, needs } of unsure) {
    const known = byQuestion.get(analysis);
    if (known === undefined) byQuestion.set(analysis, [needs]);
    else known.push(needs);
  }
  return [...byQuestion].flatMap(([analysis, all]) => {
    const named = all.length <= NAMED_DOUBTS + 1 ? all : all.slice(0, NAMED_DOUBTS);
    const more = all.length - named.length;
    const sentences = more === 0 ? named : [...named, `${formatNumber(more)} more like these, in --format json`];
    return sentences.map((text) => ({ question: analysisName(analysis), needs: text }));
  });
}

export const worstOf = (findings: readonly ReportFinding[]): Severity | null =>
  SEVERITIES.find((severity) => findings.some((f) => f.severity === severity)) ?? null;

/** "flow 17, frames 211 and 260 of incident.pcap", "lines 12 and 40 of netstat.txt". */
export function evidenceSentence(e: ReportEvidence): string {
  const note = e.note === undefined ? "" : `: ${e.note}`;
  if (isLines(e)) return `${linesSentence(e.lines)} of ${e.dump}${note}`;
  const where = e.file === undefined ? "" : ` of ${e.file}`;
  return `flow ${e.flow}, ${e.frames.length === 1 ? "frame" : "frames"} ${listed(e.frames)}${where}${note}`;
}

const listed = (numbers: readonly number[]): string =>
  numbers.length <= 2 ? numbers.join(" and ") : `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;

/** Lines named in one sentence; the JSON has all of them. */
const NAMED_LINES = 12;

function linesSentence(lines: readonly number[]): string {
  const more = lines.length - NAMED_LINES;
  if (more > 1) return `lines ${lines.slice(0, NAMED_LINES).join(", ")} and ${formatNumber(more)} more`;
  return `${lines.length === 1 ? "line" : "lines"} ${listed(lines)}`;
}

export const isLines = (e: ReportEvidence): e is ReportLineEvidence => "lines" in e;

/** Display filters of what is cited; lines of a dump have none. */
export const filtersOf = (cited: readonly ReportEvidence[]): string[] =>
  cited.flatMap((e) => (isLines(e) ? [] : [e.wireshark]));

const isCase = (e: ReportEvidence): boolean => isLines(e) || e.continues !== true;

/** How many of its cases the evidence cites: each piece of packets begins one; where there is none, each line of a dump is one. */
export function citedCases(cited: readonly ReportEvidence[]): number {
  const ofPackets = cited.filter((e) => !isLines(e) && isCase(e)).length;
  return ofPackets > 0 ? ofPackets : cited.reduce((n, e) => n + (isLines(e) ? e.lines.length : 0), 0);
}

/** Where a case is like the next, three of them are enough; where each says something else, more are shown. */
const CITED = 3;
const CITED_WITH_NOTE = 24;

/** Packets first, then lines of dumps. */
export function citedOf({ evidence }: ReportFinding): readonly ReportEvidence[] {
  return [evidence.filter((e) => !isLines(e)), evidence.filter(isLines)].flatMap((kind) => {
    const most = kind[0]?.note === undefined ? CITED : CITED_WITH_NOTE;
    let cases = 0;
    return kind.filter((e) => (isCase(e) ? ++cases : cases) <= most);
  });
}

/** "127.0.0.1:8280 (peer 127.0.0.1)". */
export function subjectSentence({ subject }: ReportFinding): string {
  const { holder, peer } = subject;
  return peer === null ? formatEndpoint(holder) : `${formatEndpoint(holder)}, with ${formatEndpoint(peer)}`;
}

/** First and last moment of what was analysed; timelines run from the one to the other. */
export function analysedSpan(report: Report): { from: string; to: string } | null {
  const { analysed, captures } = report;
  if (analysed?.first_time && analysed.last_time) return { from: analysed.first_time, to: analysed.last_time };
  // ISO 8601 of one form and zone: in order of time when in order of letters.
  const from = captures.flatMap((c) => c.first_time ?? []).sort()[0];
  const to = captures
    .flatMap((c) => c.last_time ?? [])
    .sort()
    .at(-1);
  return from === undefined || to === undefined ? null : { from, to };
}

/** Links told in words; a program reads all of them. */
const TOLD_LINKS = 12;

/** "127.0.0.1:8280 → 127.0.0.1:3306: 1,200 mysql requests, answered within 400 µs (median), 2 ms (p99); linked by time (98 %)". */
export function topologySentences({ topology }: Report): string[] {
  if (topology.links < 2) return [];
  const lines = topology.calls.slice(0, TOLD_LINKS).map((l) => {
    const from = l.caller === null ? l.client : formatEndpoint(l.caller);
    const answered =
      l.waited_s === null
        ? "none answered"
        : `answered within ${formatDuration(l.waited_s)} (median), ${formatDuration(l.waited_p99_s!)} (p99)`;
    const basis = l.basis === null ? "" : `; linked by ${l.basis} (${formatNumber(Math.floor(l.share * 100))} %)`;
    return `${from} → ${formatEndpoint(l.service)}: ${count(l.requests, `${l.protocol} request`)}, ${answered}${basis}`;
  });
  if (topology.links > lines.length) lines.push(`and ${formatNumber(topology.links - lines.length)} more`);
  return lines;
}
