// What goes into a ticket? The report in the Markdown of GitHub and GitLab, in which nothing that was captured can act.

import { formatEndpoint } from "../core/address.ts";
import { cellCode, codeBlock, codeSpan, markdown } from "../core/escape.ts";
import { count, dayOf, formatNumber, formatTime } from "../core/format.ts";
import type { Report, ReportFinding } from "../core/report.ts";
import { dumpSentences } from "./dump-sentences.ts";
import { metricLines } from "./metrics.ts";
import {
  analysedSpan,
  analysisName,
  BLIND_SPOTS,
  captureSentence,
  citedCases,
  citedOf,
  commentSentences,
  evidenceSentence,
  filtersOf,
  kindCounts,
  NAMED_CAPTURES,
  redactionSentence,
  severityCounts,
  splitFindings,
  topologySentences,
  totalsSentence,
  trustSentences,
  unsureSentences,
} from "./sentences.ts";
import { sparkline } from "./sparkline.ts";

/** Findings told in full, and lines of the lists; trackers limit a description to 64 kB (GitHub) or 1 MB (GitLab). */
const FULL_FINDINGS = 20;
const TABLE_ROWS = 50;
const STEPS = 20;
const NOTES = 20;
const SPARK_WIDTH = 40;

/** A picture of the bundle that a report in Markdown may refer to. */
export interface LinkedPicture {
  /** In the bundle, with slashes; letters, digits, dots and dashes. */
  path: string;
  title: string;
  kind: string;
  /** The code of a Mermaid diagram. */
  mermaid: string;
}

/** What lies beside the report, where it is one of several files. */
export interface MarkdownSurroundings {
  pictures: readonly LinkedPicture[];
}

/** GitHub and GitLab draw no Mermaid of more than 50,000 characters; one of a screen's height has less than this. */
const MAX_MERMAID = 15_000;

export function renderMarkdown(report: Report, surroundings: MarkdownSurroundings = { pictures: [] }): string {
  const { serious, notes, blind } = splitFindings(report);
  const { diagnosis } = report;
  const span = analysedSpan(report);
  const day = span === null ? undefined : dayOf(span.from);
  const out: string[] = [];
  const section = (heading: string, ...blocks: string[]): void => {
    if (blocks.length > 0) out.push(`## ${heading}`, ...blocks);
  };

  out.push(
    "# What happened",
    markdown(diagnosis.summary),
    `Confidence: **${diagnosis.confidence}**${diagnosis.confidence_because === "" ? "" : `: ${markdown(diagnosis.confidence_because)}`}.`,
  );
  if (diagnosis.chain.length > 1) {
    const steps = diagnosis.chain.slice(0, STEPS).map((s, i) => {
      const at = s.at === null ? "from the start" : formatTime(s.at, day);
      return `${i + 1}. ${at}, *${s.role}*: ${markdown(s.text)}`;
    });
    const more = diagnosis.chain.length - steps.length;
    section(
      "In order of time",
      steps.join("\n"),
      ...(more > 0 ? [`and ${formatNumber(more)} more: see the findings`] : []),
    );
  }
  if (serious.length > 0) {
    section(`Findings: ${severityCounts(serious)}`, findingsTable(serious, day));
    for (const f of serious.slice(0, FULL_FINDINGS)) out.push(...findingBlocks(f, day, span));
  }
  section("Pictures", ...pictureBlocks(surroundings.pictures));
  if (diagnosis.ruled_out.length > 0) {
    section("Ruled out", list(diagnosis.ruled_out.map((r) => `${markdown(r.what)}: ${markdown(r.because)}`)));
  }
  if (diagnosis.next !== undefined) section("Look at next", list(diagnosis.next.map(markdown)));
  const calls = topologySentences(report);
  if (calls.length > 0) section("Who calls whom", list(calls.map(markdown)));
  const captures = report.captures
    .slice(0, NAMED_CAPTURES)
    .flatMap((c, n) => [
      `${codeSpan(c.path)}: ${markdown(captureSentence(c))}`,
      ...commentSentences(c, report.captures[n - 1]).map(markdown),
    ]);
  if (report.captures.length > NAMED_CAPTURES) {
    captures.push(`and ${count(report.captures.length - NAMED_CAPTURES, "more capture")}`);
  }
  section("Capture", markdown(totalsSentence(report)), list(captures));
  const dumps = dumpSentences(report, day);
  if (dumps.length > 0) section("Socket dumps", list(dumps.map(markdown)));
  if (notes.length > 0) {
    const shown = notes.slice(0, NOTES).map((f) => `${markdown(f.title)}. ${markdown(f.summary)}`);
    if (notes.length > NOTES) shown.push(`and ${notes.length - NOTES} more`);
    section("Also seen, and harmless by itself", list(shown));
  }
  const clear = report.clear.filter((c) => c.analysis !== BLIND_SPOTS);
  if (clear.length > 0) {
    section(
      "Looked for and not found",
      list(clear.map((c) => `${markdown(analysisName(c.analysis))}: ${markdown(c.because)}`)),
    );
  }
  const unsure = unsureSentences(report).map((u) => `${markdown(u.question)}: ${markdown(u.needs)}`);
  if (unsure.length > 0) section("Could not be told", list(unsure));
  const trust = [
    ...report.clear.filter((c) => c.analysis === BLIND_SPOTS).map((c) => c.because),
    ...blind.map((f) => `${f.title}. ${f.summary} ${f.advice.join(" ")}`),
    ...trustSentences(report),
    ...[redactionSentence(report)].filter((s) => s !== null),
  ];
  if (trust.length > 0) section("How far this capture can be trusted", list(trust.map(markdown)));
  out.push(`Times are UTC. Written by halfclose ${markdown(report.version)}.`);
  return `${out.join("\n\n")}\n`;
}

/** Links to the files beside; and the first ladder that is not too long, drawn by GitHub and GitLab (elsewhere it is a block of code). */
function pictureBlocks(pictures: readonly LinkedPicture[]): string[] {
  if (pictures.length === 0) return [];
  const drawn = pictures.find((p) => p.kind === "ladder" && p.mermaid.length <= MAX_MERMAID);
  return [
    list(pictures.map((p) => `[${markdown(p.title)}](${p.path})`)),
    ...(drawn === undefined
      ? []
      : [`${markdown(drawn.title)}:`, codeBlock(drawn.mermaid.trimEnd().split("\n"), "mermaid")]),
  ];
}

export const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join("\n");

/** `fromStart`: what is said where no onset is known. */
export function findingsTable(
  findings: readonly ReportFinding[],
  day: string | undefined,
  fromStart = "the start",
): string {
  const rows = findings.slice(0, TABLE_ROWS).map((f) => {
    const since = f.onset === null ? fromStart : formatTime(f.onset, day);
    const holder = cellCode(formatEndpoint(f.subject.holder));
    return `| ${f.severity} | ${markdown(f.title)} | ${holder} | ${formatNumber(f.count)} | ${since} |`;
  });
  const more = findings.slice(TABLE_ROWS);
  if (more.length > 0) rows.push(`| | and ${formatNumber(more.length)} more: ${markdown(kindCounts(more))} | | | |`);
  return ["| Severity | Finding | Who should act | Count | Since |", "| --- | --- | --- | ---: | --- |", ...rows].join(
    "\n",
  );
}

export function findingBlocks(
  f: ReportFinding,
  day: string | undefined,
  span: { from: string; to: string } | null,
): string[] {
  const out = [`### ${f.severity}: ${markdown(f.title)}`, markdown(f.summary)];
  const rows = metricLines(f.metrics, day).map((m) => `| ${markdown(m.label)} | ${markdown(m.value)} |`);
  if (rows.length > 0) out.push(["| | |", "| --- | --- |", ...rows].join("\n"));
  if (f.timeline !== undefined && f.timeline.length > 0 && span !== null && f.count > 1) {
    const { line, peak } = sparkline(f.timeline, SPARK_WIDTH, true);
    out.push(
      codeBlock([
        `${formatTime(span.from)} ${line} ${formatTime(span.to, dayOf(span.from))}  peak ${formatNumber(peak)}`,
      ]),
    );
  }
  if (f.advice.length > 0) out.push("What to do:", list(f.advice.map(markdown)));
  const cited = citedOf(f);
  if (cited.length > 0) {
    const filters = filtersOf(cited);
    const cases = Math.min(citedCases(cited), f.count);
    const told = `Evidence (${formatNumber(cases)} of ${formatNumber(f.count)}): ${markdown(cited.map(evidenceSentence).join("; "))}.`;
    if (filters.length === 0) out.push(told);
    else out.push(`${told} In Wireshark:`, codeBlock(filters));
  }
  return out;
}
