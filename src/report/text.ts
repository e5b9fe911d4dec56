// What does a person at a terminal see? The answer first, then what it stands on.
//
// Plain text of a given width, a string from a report and nothing else. Every text of the report is made inert before it is
// measured and wrapped; colours are put on whole lines afterwards, so that they never count as width.

import { count, formatNumber, formatTime } from "../core/format.ts";
import type { Report, ReportFinding } from "../core/report.ts";
import { displayWidth, padEnd } from "../core/wrap.ts";
import { dumpSentences } from "./dump-sentences.ts";
import { Page, type Paint, type TextOptions } from "./page.ts";
import {
  analysedSpan,
  analysisName,
  BLIND_SPOTS,
  captureSentence,
  commentSentences,
  isDamaged,
  kindCounts,
  NAMED_CAPTURES,
  redactionSentence,
  severityCounts,
  splitFindings,
  topologySentences,
  totalsSentence,
  trustSentences,
  unsureSentences,
  worstOf,
} from "./sentences.ts";
import { PLAIN } from "./style.ts";
import { findingText, titleText } from "./text-finding.ts";

export type { TextOptions };

/** Shown in full, and by their titles at least; what is beyond is counted, and is in the JSON. A screen holds about two findings. */
const FULL_FINDINGS = 20;
const TOLD_FINDINGS = 50;
const STEPS = 10;
const NOTES = 10;

export function renderText(report: Report, options: TextOptions = {}): string {
  const page = new Page(options, analysedSpan(report));
  const { serious, notes, blind } = splitFindings(report);
  answer(page, report, serious);
  steps(page, report);
  ruledOut(page, report);
  next(page, report);
  topology(page, report);
  capture(page, report);
  findings(page, serious);
  notable(page, notes);
  clear(page, report);
  unsure(page, report);
  trust(page, report, blind);
  return page.text();
}

function answer(page: Page, report: Report, serious: readonly ReportFinding[]): void {
  const { diagnosis, captures } = report;
  const worst = worstOf(serious);
  const tag = worst === null ? (diagnosis.confidence === "high" ? "OK" : "") : worst.toUpperCase();
  const paintTag: Paint = (t) => (worst === null ? page.style.good(t) : page.style.severity(worst, t));
  if (tag !== "") page.ready(page.style === PLAIN ? tag : paintTag(` ${tag} `));
  page.paragraph(diagnosis.summary, { paint: page.style.bold });
  const because = diagnosis.confidence_because === "" ? "" : `: ${diagnosis.confidence_because}`;
  page.paragraph(`Confidence: ${diagnosis.confidence}${because}.`, { paint: page.style.dim });
  const damaged = captures.filter(isDamaged).length;
  if (damaged > 0) {
    const which =
      captures.length === 1
        ? "The capture is"
        : `${damaged} of ${count(captures.length, "capture")} ${damaged === 1 ? "is" : "are"}`;
    page.paragraph(
      `${which} damaged or could not be read to the end: what came before was analysed (see the last section).`,
      {
        paint: (line) => page.style.severity("medium", line),
      },
    );
  }
}

function steps(page: Page, { diagnosis }: Report): void {
  const { chain } = diagnosis;
  // A chain of one says what the only finding says.
  if (chain.length < 2) return;
  page.heading("In order of time");
  const shown = chain.slice(0, STEPS);
  const digits = String(shown.length).length;
  const times = shown.map((s) => (s.at === null ? "from the start" : formatTime(s.at, page.day)));
  const timeWidth = Math.max(...times.map(displayWidth));
  const roleWidth = Math.max(...shown.map((s) => s.role.length));
  shown.forEach((step, i) => {
    const lead = `${String(i + 1).padStart(digits)}. ${padEnd(times[i]!, timeWidth)}  ${step.role.padEnd(roleWidth)}  `;
    page.paragraph(step.text, { indent: 2, lead: page.show(lead), paintLead: page.style.dim });
  });
  if (chain.length > shown.length)
    page.paragraph(`and ${formatNumber(chain.length - shown.length)} more: see the findings`, { indent: 2 });
}

function ruledOut(page: Page, { diagnosis }: Report): void {
  if (diagnosis.ruled_out.length === 0) return;
  page.heading("Ruled out");
  for (const { what, because } of diagnosis.ruled_out) page.item(`${what}: ${because}`, 2);
}

function next(page: Page, { diagnosis }: Report): void {
  if (diagnosis.next === undefined) return;
  page.heading("Look at next");
  for (const step of diagnosis.next) page.item(step, 2);
}

function topology(page: Page, report: Report): void {
  const lines = topologySentences(report);
  if (lines.length === 0) return;
  page.heading("Who calls whom");
  for (const line of lines) page.item(line, 2);
}

function capture(page: Page, report: Report): void {
  page.heading("Capture");
  page.paragraph(totalsSentence(report), { indent: 2 });
  for (const [n, c] of report.captures.slice(0, NAMED_CAPTURES).entries()) {
    page.paragraph(`${c.path}: ${captureSentence(c)}`, { indent: 2, lead: page.bullet, paintLead: page.style.dim });
    for (const comment of commentSentences(c, report.captures[n - 1]))
      page.paragraph(comment, { indent: 4, paint: page.style.dim });
  }
  const more = report.captures.length - NAMED_CAPTURES;
  if (more > 0) page.paragraph(`and ${count(more, "more capture")}`, { indent: 2 });
  const dumps = dumpSentences(report, page.day);
  if (dumps.length === 0) return;
  page.heading("Socket dumps");
  for (const dump of dumps) page.item(dump, 2);
}

function findings(page: Page, serious: readonly ReportFinding[]): void {
  if (serious.length === 0) return;
  page.heading("Findings", severityCounts(serious));
  for (const finding of serious.slice(0, FULL_FINDINGS)) {
    page.blank();
    findingText(page, finding);
  }
  for (const finding of serious.slice(FULL_FINDINGS, TOLD_FINDINGS)) {
    page.blank();
    titleText(page, finding);
  }
  const more = serious.slice(TOLD_FINDINGS);
  if (more.length === 0) return;
  page.blank();
  page.paragraph(`and ${formatNumber(more.length)} more, in --format json: ${kindCounts(more)}`);
}

function notable(page: Page, notes: readonly ReportFinding[]): void {
  if (notes.length === 0) return;
  page.heading("Also seen, and harmless by itself");
  for (const f of notes.slice(0, NOTES)) page.item(`${f.title}. ${f.summary}`, 2);
  if (notes.length > NOTES) page.paragraph(`and ${notes.length - NOTES} more, in --format json`, { indent: 2 });
}

function clear(page: Page, report: Report): void {
  const found = report.clear.filter((c) => c.analysis !== BLIND_SPOTS);
  if (found.length === 0) return;
  page.heading("Looked for and not found");
  page.paragraph(`${found.map((c) => `${analysisName(c.analysis)}: ${c.because}`).join("; ")}.`, { indent: 2 });
}

function unsure(page: Page, report: Report): void {
  if (report.unsure.length === 0) return;
  page.heading("Could not be told");
  for (const { question, needs } of unsureSentences(report)) page.item(`${question}: ${needs}`, 2);
}

function trust(page: Page, report: Report, blind: readonly ReportFinding[]): void {
  page.heading("How far this capture can be trusted");
  for (const c of report.clear) if (c.analysis === BLIND_SPOTS) page.item(capitalised(`${c.because}.`), 2);
  for (const f of blind) page.item(`${f.title}. ${f.summary} ${f.advice.join(" ")}`, 2);
  for (const line of trustSentences(report)) page.item(line, 2);
  const redacted = redactionSentence(report);
  if (redacted !== null) page.item(redacted, 2);
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
