// How are the findings told? In full with their evidence and pictures as far as the page has room; then one line each; then counted.

import { formatEndpoint } from "../../core/address.ts";
import { SEVERITIES } from "../../core/analysis.ts";
import { dayOf, formatNumber, formatTime } from "../../core/format.ts";
import type { ReportFinding } from "../../core/report.ts";
import { metricLines } from "../metrics.ts";
import { severityCounts } from "../sentences.ts";
import { evidenceBlock } from "./html-evidence.ts";
import { laddersOf, type PageFacts, PLACED_FINDINGS, timeOf } from "./html-facts.ts";
import { fitting, type Html, html, listOf } from "./html-markup.ts";
import { foldedFigure } from "./html-picture.ts";

/** Bytes of findings told in full, without their pictures; of those in one line; of notes. */
const FULL_BYTES = 550_000;
const SHORT_BYTES = 250_000;
const NOTE_BYTES = 60_000;
/** A list of one or two needs no search. */
const SEARCHED_FROM = 3;

export function findingsSection(facts: PageFacts): Html | null {
  const { serious } = facts;
  if (serious.length === 0) return null;
  const full = fitting(
    serious.slice(0, PLACED_FINDINGS).map((f) => told(f, facts)),
    FULL_BYTES,
  );
  const rest = serious.slice(full.shown.length);
  return html`<section id="findings" aria-labelledby="findings-heading"><h2 id="findings-heading">Findings <small>${severityCounts(serious)}</small></h2>
${serious.length < SEARCHED_FROM ? null : searchBar(serious)}
${full.shown.map((body, i) => article(serious[i]!, body, facts))}
${rest.length === 0 ? null : shortTable(rest, facts)}
</section>`;
}

/** Shown by the script that serves it. */
function searchBar(findings: readonly ReportFinding[]): Html {
  const severities = SEVERITIES.filter((s) => findings.some((f) => f.severity === s));
  return html`<form class="bar" id="search" role="search" aria-label="Findings" hidden>
<label>Find <input type="search" id="search-text" autocomplete="off" spellcheck="false"></label>
<label>Severity <select id="search-severity"><option value="">all</option>${severities.map((s) => html`<option>${s}</option>`)}</select></label>
<output id="search-result"></output>
</form>`;
}

function article(f: ReportFinding, body: Html, facts: PageFacts): Html {
  const anchor = facts.anchors.get(f.id)!;
  return html`<article class="finding ${f.severity}" id="${anchor}" data-severity="${f.severity}" aria-labelledby="${anchor}-title">
<h3 id="${anchor}-title"><span class="badge ${f.severity}">${f.severity}</span> ${f.title}</h3>
${body}
${laddersOf(facts, f.id).map(foldedFigure)}
</article>`;
}

/** All of it but its title and its pictures, which are weighed apart. */
function told(f: ReportFinding, facts: PageFacts): Html {
  const evidence = evidenceBlock(f, facts);
  return html`<p>${f.summary}</p>
${timeline(f, facts)}
<dl class="metrics">${metrics(f, facts)}</dl>
${f.advice.length === 0 ? null : html`<h4>What to do</h4><ul class="advice">${f.advice.map((a) => html`<li>${a}</li>`)}</ul>`}
${evidence === null ? null : html`<details class="fold"><summary>Evidence<span class="unseen">: ${f.title}</span></summary><div class="inside">${evidence}</div></details>`}`;
}

/** Characters: a longer figure has a line of its own. */
const LONG_VALUE = 28;

function metrics(f: ReportFinding, { day }: PageFacts): Html[] {
  const { holder, peer } = f.subject;
  const rows: { label: string; value: string | Html }[] = [
    { label: "since", value: f.onset === null ? "the start" : timeOf(f.onset, day) },
    { label: "who should act", value: formatEndpoint(holder) },
    ...(peer === null ? [] : [{ label: "towards", value: formatEndpoint(peer) }]),
    { label: "count", value: formatNumber(f.count) },
    ...metricLines(f.metrics, day),
  ];
  return rows.map(({ label, value }) => {
    const isWide = typeof value === "string" && value.length > LONG_VALUE;
    return html`<div class="${isWide ? "wide" : "short"}"><dt>${label}</dt><dd>${value}</dd></div>`;
  });
}

/** Bars of a timeline, as many as are drawn; wider ones are joined. */
const BARS = 120;
const BAR_WIDTH = 8;
const HEIGHT = 40;

/** How often it happened, from the first packet of the capture to its last. */
function timeline(f: ReportFinding, { span, day }: PageFacts): Html | null {
  if (f.timeline === undefined || f.timeline.length === 0 || span === null || f.count < 2) return null;
  const values = joined(f.timeline, BARS);
  const peak = values.reduce((a, b) => Math.max(a, b), 0);
  if (!(peak > 0)) return null;
  const bars = values.flatMap((v, i) => {
    const height = v <= 0 ? 0 : Math.max(2, Math.round((v / peak) * HEIGHT));
    return height === 0
      ? []
      : [html`<rect x="${i * BAR_WIDTH}" y="${HEIGHT - height}" width="${BAR_WIDTH - 1}" height="${height}"/>`];
  });
  const [from, to] = [formatTime(span.from, day), formatTime(span.to, dayOf(span.from))];
  return html`<div class="bars"><svg viewBox="0 0 ${values.length * BAR_WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="How often, from ${from} to ${to}: at most ${formatNumber(peak)} in a bar">${bars}</svg>
<p><span>${from}</span> <span>at most ${formatNumber(peak)} a bar</span> <span>${to}</span></p></div>`;
}

function joined(timeline: readonly number[], bars: number): number[] {
  const group = Math.max(1, Math.ceil(timeline.length / bars));
  const values: number[] = [];
  for (let i = 0; i < timeline.length; i += group) values.push(timeline.slice(i, i + group).reduce((a, b) => a + b, 0));
  return values;
}

function shortTable(findings: readonly ReportFinding[], { day }: PageFacts): Html {
  const rows = findings.map(
    (
      f,
    ) => html`<tr class="finding" data-severity="${f.severity}"><td><span class="badge ${f.severity}">${f.severity}</span></td>
<th scope="row">${f.title}</th><td>${formatEndpoint(f.subject.holder)}</td><td class="n">${formatNumber(f.count)}</td><td>${f.onset === null ? "the start" : timeOf(f.onset, day)}</td></tr>`,
  );
  const { shown, left } = fitting(rows, SHORT_BYTES);
  return html`<h3 id="more-findings">More findings, in short</h3>
<div class="scroll" role="group" aria-label="More findings" tabindex="0"><table><caption>${formatNumber(findings.length)} findings that the page has no room to tell in full; the JSON has them whole.</caption>
<thead><tr><th scope="col">Severity</th><th scope="col">Finding</th><th scope="col">Who should act</th><th scope="col" class="n">Count</th><th scope="col">Since</th></tr></thead>
<tbody>${shown}</tbody></table></div>
${left === 0 ? null : html`<p class="note">and ${formatNumber(left)} more, in the JSON</p>`}`;
}

/** What is harmless by itself. */
export function notesSection({ notes }: PageFacts): Html | null {
  if (notes.length === 0) return null;
  return html`<section id="notes" aria-labelledby="notes-heading"><h2 id="notes-heading">Also seen, and harmless by itself</h2>
${listOf(
  notes.map((f) => html`<strong>${f.title}.</strong> ${f.summary}`),
  NOTE_BYTES,
)}
</section>`;
}
