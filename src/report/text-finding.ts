// How is one finding told in text? Title, summary, a timeline, figures in columns, evidence to look up, and what to do.

import { formatTime, secondsBetween } from "../core/format.ts";
import { formatWhole } from "../core/numbers.ts";
import type { ReportFinding } from "../core/report.ts";
import { displayWidth, padEnd } from "../core/wrap.ts";
import { type MetricLine, metricLines } from "./metrics.ts";
import type { Page } from "./page.ts";
import { citedCases, citedOf, evidenceSentence, isLines } from "./sentences.ts";
import { sparkline } from "./sparkline.ts";

/** "CRITICAL" and two spaces. */
const TAG = 10;

export function titleText(page: Page, f: ReportFinding): void {
  const { style } = page;
  page.paragraph(f.title, {
    lead: padEnd(f.severity.toUpperCase(), TAG),
    paint: style.bold,
    paintLead: (tag) => style.severity(f.severity, tag.trimEnd()) + " ".repeat(tag.length - tag.trimEnd().length),
  });
}

/** What is said where no onset is known; null says nothing (a single dump has no start). */
export function findingText(page: Page, f: ReportFinding, fromStart: string | null = "from the start"): void {
  titleText(page, f);
  page.paragraph(f.summary, { indent: TAG });
  timeline(page, f);
  const onset = f.onset === null ? fromStart : formatTime(f.onset, page.day);
  const since = onset === null ? [] : [{ label: "since", value: onset }];
  metrics(page, [...since, ...metricLines(f.metrics, page.day)]);
  evidence(page, f);
  if (f.advice.length === 0) return;
  page.blank();
  page.paragraph("What to do:", { indent: TAG, paint: page.style.dim });
  for (const advice of f.advice) page.item(advice, TAG);
}

/** `04:25:46 ▁▁▁█▁█▂▇▃▆ 04:26:12  peak 8`: from the first packet of the capture to its last. */
function timeline(page: Page, f: ReportFinding): void {
  const { span, style } = page;
  // One thing that happened once is said by its time.
  if (f.timeline === undefined || f.timeline.length === 0 || span === null || f.count < 2) return;
  const short = secondsBetween(span.from, span.to) < 10;
  const label = (iso: string): string => {
    const clock = formatTime(iso, page.day);
    return short ? clock : clock.slice(0, -4);
  };
  const [from, to] = [label(span.from), label(span.to)];
  const room = page.width - TAG - from.length - to.length - 2;
  const { line, peak } = sparkline(f.timeline, room, page.unicode);
  const tail = `  peak ${formatWhole(peak)}`;
  const fits = line.length + tail.length <= room;
  page.blank();
  page.ready(
    `${" ".repeat(TAG)}${style.dim(from)} ${style.severity(f.severity === "critical" ? "high" : f.severity, line)} ${style.dim(to + (fits ? tail : ""))}`,
  );
}

/** Labels and values in two columns where both fit, else in one. */
function metrics(page: Page, lines: readonly MetricLine[]): void {
  const shown = lines.map(({ label, value }) => ({ label: page.show(label), value: page.show(value) }));
  const cell = ({ label, value }: MetricLine, widths: Widths): string => `${padEnd(label, widths.label)}  ${value}`;
  const room = page.width - TAG;
  const left = shown.filter((_, i) => i % 2 === 0);
  const right = shown.filter((_, i) => i % 2 === 1);
  const [a, b] = [widthsOf(left), widthsOf(right)];
  const leftWidth = a.label + a.value + 2;
  const gap = 3;
  if (right.length > 0 && leftWidth + gap + b.label + b.value + 2 <= room) {
    left.forEach((line, i) => {
      const other = right[i];
      const text = other === undefined ? cell(line, a) : padEnd(cell(line, a), leftWidth + gap) + cell(other, b);
      page.ready(" ".repeat(TAG) + text);
    });
    return;
  }
  const all = widthsOf(shown);
  for (const line of shown) {
    const label = padEnd(line.label, Math.min(all.label, room >> 1));
    page.paragraph(line.value, { indent: TAG, lead: `${label}  ` });
  }
}

interface Widths {
  label: number;
  value: number;
}

const widthsOf = (lines: readonly MetricLine[]): Widths => ({
  label: Math.max(0, ...lines.map((l) => displayWidth(l.label))),
  value: Math.max(0, ...lines.map((l) => displayWidth(l.value))),
});

function evidence(page: Page, f: ReportFinding): void {
  if (f.evidence.length === 0) return;
  const cited = citedOf(f);
  const cases = citedCases(cited);
  const of = f.count > cases ? ` (${formatWhole(cases)} of ${formatWhole(f.count)})` : "";
  const how = cited.every(isLines) ? "" : ", with the filter to find it in Wireshark";
  page.blank();
  page.paragraph(`Evidence${of}${how}:`, { indent: TAG, paint: page.style.dim });
  for (const e of cited) {
    page.item(evidenceSentence(e), TAG);
    if (!isLines(e)) page.verbatim(e.wireshark, TAG + 4);
  }
}
