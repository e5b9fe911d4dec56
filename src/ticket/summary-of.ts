// What does an engineer want to read in a ticket? The answer on one screen; then the findings, the files and the packets.
//
// The order is that of importance, for a tracker with a limit cuts at the end. Words are not yet escaped: each tracker's markup does.

import { formatEndpoint } from "../core/address.ts";
import { count, dayOf, formatNumber, formatTime, isTime } from "../core/format.ts";
import type { Report, ReportFinding } from "../core/report.ts";
import {
  analysedSpan,
  BLIND_SPOTS,
  captureSentence,
  redactionSentence,
  severityCounts,
  splitFindings,
  topologySentences,
  trustSentences,
  worstOf,
} from "../report/sentences.ts";
import type { Ladder } from "./bundle/bundle-ladder.ts";
import { baseName } from "./mark.ts";
import type { Block, Inline } from "./summary.ts";
import { unansweredBy } from "./unanswered-calls.ts";

/** Rows of the table; ten is what a person looks at, the report has all. */
const FINDINGS = 10;
/** The answer is to fit one screen: these many lines of each, the rest is counted. */
const STEPS = 6;
const ADVICE = 3;
const CALLS = 5;
const TRUST = 3;
/** Characters of one text; ten times what the longest of a report of ours has. A comment has 32,767 on Jira. */
const MAX_TEXT = 2_000;

/** A file of the bundle, as the comment tells of it. */
export interface ToldFile {
  /** As it is on the ticket. */
  readonly name: string;
  readonly what: string;
  /** `contentWords` (mark.ts), by which a later run sees whether it changed. */
  readonly content: string;
}

export interface SummaryFacts {
  /** On the ticket. None where the tracker takes no files: what to drag in, it says itself. */
  readonly files: readonly ToldFile[];
  /** What is not on the ticket, and why. */
  readonly leftOut: readonly { readonly name: string; readonly because: string }[];
  readonly ladder: Ladder | null;
  /** A digest of the rest of the comment, by which a later run sees whether it still says the same. */
  readonly state: string;
}

export function summaryOf(report: Report, facts: SummaryFacts): Block[] {
  const { serious } = splitFindings(report);
  const head = headOf(report, serious);
  return [
    ...answer(report, serious, head),
    ...chain(report),
    ...firstSteps(report, head),
    ...findings(report, serious),
    ...calls(report),
    ...files(facts),
    ...trust(report, facts),
    ...ladder(facts.ladder),
  ];
}

const text = (words: string): Inline => ({ kind: "text", text: bounded(words) });
const strong = (words: string): Inline => ({ kind: "strong", text: bounded(words) });
const code = (words: string): Inline => ({ kind: "code", text: bounded(words) });
const paragraph = (...words: Inline[]): Block => ({ kind: "paragraph", words });
const heading = (words: string): Block => ({ kind: "heading", text: bounded(words) });
const listOf = (items: readonly (readonly Inline[])[], ordered = false): Block => ({ kind: "list", ordered, items });

const bounded = (words: string): string =>
  words.length <= MAX_TEXT
    ? words
    : `${words.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, "")} … (${count(words.length - MAX_TEXT, "more character")}: see the report)`;

/** The finding that the diagnosis calls the cause, or the worst. */
function headOf({ diagnosis, findings: all }: Report, serious: readonly ReportFinding[]): ReportFinding | null {
  const cause = diagnosis.chain.find((step) => step.role === "cause");
  return all.find((f) => f.id === cause?.finding && f.severity !== "info") ?? serious[0] ?? null;
}

const dayOfReport = (report: Report): string | undefined => {
  const from = analysedSpan(report)?.from;
  return isTime(from) ? dayOf(from) : undefined;
};

function answer(report: Report, serious: readonly ReportFinding[], head: ReportFinding | null): Block[] {
  const { diagnosis } = report;
  const because = diagnosis.confidence_because === "" ? "" : `: ${diagnosis.confidence_because}`;
  const confidence = [text("Confidence: "), strong(diagnosis.confidence), text(`${because}.`)];
  const worst = worstOf(serious);
  if (head === null || worst === null)
    return [heading("Nothing serious was found"), paragraph(text(diagnosis.summary)), paragraph(...confidence)];
  return [
    heading(`${worst.charAt(0).toUpperCase()}${worst.slice(1)}: ${head.title}`),
    paragraph(text(diagnosis.summary)),
    listOf([
      [text("Since: "), strong(since(head, report))],
      [text("Who should act: "), code(formatEndpoint(head.subject.holder)), text(processOf(head))],
      confidence,
    ]),
  ];
}

function since({ onset }: ReportFinding, report: Report): string {
  if (isTime(onset)) return `${dayOf(onset)} ${formatTime(onset)} UTC`;
  const from = analysedSpan(report)?.from;
  return isTime(from) ? `before the capture began (${dayOf(from)} ${formatTime(from)} UTC)` : "before the first dump";
}

/** Where a socket dump names it. */
function processOf({ metrics }: ReportFinding): string {
  const { process, pid } = metrics;
  const named = [
    ...(typeof process === "string" ? [process] : []),
    ...(typeof pid === "number" || typeof pid === "string" ? [`PID ${pid}`] : []),
  ];
  return named.length === 0 ? "" : ` (${named.join(", ")})`;
}

function chain(report: Report): Block[] {
  const { chain: all } = report.diagnosis;
  // A chain of one says what the headline says.
  if (all.length < 2) return [];
  const day = dayOfReport(report);
  const steps = all
    .slice(0, STEPS)
    .map(({ at, role, text: words }) => [
      text(`${at === null ? "from the start" : formatTime(at, day)}, `),
      strong(role),
      text(`: ${words}`),
    ]);
  const left = all.length - steps.length;
  return [
    paragraph(strong("In order of time"), text(day === undefined ? " (UTC)" : ` (${day}, UTC)`)),
    listOf(steps, true),
    ...(left > 0 ? [paragraph(text(`and ${count(left, "more step")}: see the report`))] : []),
  ];
}

function firstSteps({ diagnosis }: Report, head: ReportFinding | null): Block[] {
  const all = head !== null && head.advice.length > 0 ? head.advice : (diagnosis.next ?? []);
  if (all.length === 0) return [];
  return [
    paragraph(strong("What to do first")),
    listOf(
      all.slice(0, ADVICE).map((words) => [text(words)]),
      true,
    ),
  ];
}

function findings(report: Report, serious: readonly ReportFinding[]): Block[] {
  if (serious.length === 0) return [];
  const day = dayOfReport(report);
  const rows = serious
    .slice(0, FINDINGS)
    .map((f) => [
      [text(f.severity)],
      [text(f.title)],
      [code(formatEndpoint(f.subject.holder))],
      [text(formatNumber(f.count))],
      [text(f.onset === null ? "the start" : formatTime(f.onset, day))],
    ]);
  const left = serious.length - rows.length;
  return [
    heading(`Findings: ${severityCounts(serious)}`),
    { kind: "table", head: ["Severity", "Finding", "Who should act", "Count", "Since"], rows },
    ...(left > 0 ? [paragraph(text(`and ${count(left, "more finding")}: see the report`))] : []),
  ];
}

function calls(report: Report): Block[] {
  const { topology } = report;
  const lines = topologySentences(report);
  if (lines.length === 0) return [];
  const { ofLink, ofSeveral } = unansweredBy(report, CALLS);
  const shown = topology.calls.slice(0, CALLS).map((link, i) => {
    const n = ofLink.get(link);
    return [text(`${lines[i]}${n === undefined ? "" : `; ${formatNumber(n)} unanswered`}`)];
  });
  const left = topology.links - shown.length;
  return [
    paragraph(strong("Who calls whom")),
    listOf([
      ...shown,
      ...ofSeveral.map((words) => [text(words)]),
      ...(left > 0 ? [[text(`and ${formatNumber(left)} more`)]] : []),
    ]),
  ];
}

function files({ files: told, leftOut }: SummaryFacts): Block[] {
  const blocks: Block[] = [];
  if (told.length > 0) {
    const rows = told.map(({ name, what, content }): (readonly Inline[])[] => [
      [{ kind: "file", name }],
      [text(what)],
      [text(content)],
    ]);
    blocks.push(paragraph(strong("Files on this ticket")));
    blocks.push({ kind: "table", head: ["File", "What it is", "Content"], rows });
  }
  if (leftOut.length > 0) {
    blocks.push(paragraph(strong("Not attached")));
    blocks.push(listOf(leftOut.map(({ name, because }) => [code(name), text(`: ${because}`)])));
  }
  return blocks;
}

/** How far it can be trusted, what it was read from, what was replaced, and who wrote it: a paragraph each, of a line or two. */
function trust(report: Report, { state }: SummaryFacts): Block[] {
  const { captures } = report;
  const { blind } = splitFindings(report);
  const clear = report.clear.filter((c) => c.analysis === BLIND_SPOTS).map((c) => sentence(c.because));
  const all = [...clear, ...blind.map((f) => sentence(f.title)), ...trustSentences(report).map(ended)];
  const left = all.length - TRUST;
  const shown = [...all.slice(0, TRUST), ...(left > 0 ? [`And ${formatNumber(left)} more: see the report.`] : [])];
  const redacted = redactionSentence(report);
  const first = captures[0];
  const others = captures.length > 1 ? ` (and ${count(captures.length - 1, "more capture")})` : "";
  return [
    ...(shown.length === 0 ? [] : [paragraph(strong("How far it can be trusted"), text(`: ${shown.join(" ")}`))]),
    ...(first === undefined
      ? []
      : [
          paragraph(
            strong("Read from"),
            text(" "),
            code(baseName(first.path)),
            text(`: ${captureSentence(first)}${others}`),
          ),
        ]),
    ...(redacted === null ? [] : [paragraph(text(redacted))]),
    paragraph(text(`Times are UTC. Written by halfclose ${report.version} (state ${state}).`)),
  ];
}

const sentence = (words: string): string => ended(words.charAt(0).toUpperCase() + words.slice(1));

const ended = (words: string): string => (/[.!?]$/.test(words) ? words : `${words}.`);

function ladder(drawn: Ladder | null): Block[] {
  if (drawn === null) return [];
  const { title, mermaid, text: characters } = drawn;
  if (mermaid === null) return [heading(`The packets: ${title}`), { kind: "code", text: characters ?? "" }];
  return [heading("The packets"), { kind: "diagram", title: bounded(title), mermaid, text: characters ?? mermaid }];
}
