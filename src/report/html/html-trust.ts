// How far does the answer hold? What the captures are and lack, what is ruled out, what was looked for, what could not be told.

import { count, formatNumber, formatSpan } from "../../core/format.ts";
import type { ReportCapture } from "../../core/report.ts";
import { dumpSentences } from "../dump-sentences.ts";
import {
  allCommentSentences,
  analysisName,
  BLIND_SPOTS,
  redactionSentence,
  totalsSentence,
  trustSentences,
  unsureSentences,
} from "../sentences.ts";
import type { PageFacts } from "./html-facts.ts";
import { fitting, type Html, html, listOf } from "./html-markup.ts";

/** Bytes of each list. */
const LIST_BYTES = 60_000;

export function trustSection(facts: PageFacts): Html {
  const { report, blind, day } = facts;
  const caveats = [
    ...report.clear.filter((c) => c.analysis === BLIND_SPOTS).map((c) => html`${capitalised(`${c.because}.`)}`),
    ...blind.map((f) => html`<strong>${f.title}.</strong> ${f.summary} ${f.advice.join(" ")}`),
    ...trustSentences(report).map((s) => html`${s}`),
    ...[redactionSentence(report)].flatMap((s) => (s === null ? [] : [html`${s}`])),
    ...allCommentSentences(report.captures).map((s) => html`${s}`),
  ];
  const unsure = unsureSentences(report).map((u) => html`<strong>${u.question}:</strong> ${u.needs}`);
  const dumps = dumpSentences(report, day).map((s) => html`${s}`);
  return html`<section id="trust" aria-labelledby="trust-heading"><h2 id="trust-heading">How far this capture can be trusted</h2>
<p>${totalsSentence(report)}</p>
${captureTable(report.captures)}
${caveats.length === 0 ? null : listOf(caveats, LIST_BYTES)}
${unsure.length === 0 ? null : html`<h3>Could not be told</h3>${listOf(unsure, LIST_BYTES)}`}
${dumps.length === 0 ? null : html`<h3>Socket dumps</h3>${listOf(dumps, LIST_BYTES)}`}
</section>`;
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function captureTable(captures: readonly ReportCapture[]): Html {
  const rows = captures.map((c) => {
    const span = c.first_time === null || c.last_time === null ? "–" : formatSpan(c.first_time, c.last_time);
    const problems = c.problems.length + c.more_problems;
    return html`<tr><th scope="row">${c.path}</th><td>${c.format === "" ? "not read" : [c.format, ...c.link_types].join(", ")}</td><td class="n">${formatNumber(c.packets)}</td><td>${span}</td><td class="n">${c.dropped_packets === null ? "not recorded" : formatNumber(c.dropped_packets)}</td><td class="n">${formatNumber(c.truncated_packets)}</td><td class="n">${formatNumber(c.duplicates)}</td><td class="n">${formatNumber(problems)}</td></tr>`;
  });
  const { shown, left } = fitting(rows, LIST_BYTES);
  return html`<div class="scroll" role="group" aria-label="Captures" tabindex="0"><table><caption>${count(captures.length, "capture")}${left === 0 ? "" : `, ${formatNumber(left)} of them not shown`}</caption>
<thead><tr><th scope="col">File</th><th scope="col">Format</th><th scope="col" class="n">Packets</th><th scope="col">From, to</th><th scope="col" class="n">Dropped</th><th scope="col" class="n">Cut short</th><th scope="col" class="n">Copies</th><th scope="col" class="n">Problems</th></tr></thead>
<tbody>${shown}</tbody></table></div>`;
}

export function ruledOutSection({ report }: PageFacts): Html | null {
  const { ruled_out: ruledOut } = report.diagnosis;
  if (ruledOut.length === 0) return null;
  return html`<section id="ruled-out" aria-labelledby="ruled-out-heading"><h2 id="ruled-out-heading">Ruled out</h2>
${listOf(
  ruledOut.map((r) => html`<strong>${r.what}:</strong> ${r.because}`),
  LIST_BYTES,
)}
</section>`;
}

export function clearSection({ report }: PageFacts): Html | null {
  const clear = report.clear.filter((c) => c.analysis !== BLIND_SPOTS);
  if (clear.length === 0) return null;
  return html`<section id="clear" aria-labelledby="clear-heading"><h2 id="clear-heading">Looked for and not found</h2>
${listOf(
  clear.map((c) => html`<strong>${analysisName(c.analysis)}:</strong> ${c.because}`),
  LIST_BYTES,
)}
</section>`;
}
