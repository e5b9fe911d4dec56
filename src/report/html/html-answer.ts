// What does the first screen say? How bad, what, how sure, since when, who should act, and what to do.

import { formatEndpoint } from "../../core/address.ts";
import { count, formatDuration, formatNumber, formatSpan, secondsBetween } from "../../core/format.ts";
import type { Report, ReportFinding } from "../../core/report.ts";
import { isDamaged, severityCounts, worstOf } from "../sentences.ts";
import { type PageFacts, timeOf } from "./html-facts.ts";
import { type Html, html } from "./html-markup.ts";

/** What to do, of the cause; the findings have all of it. */
const FIRST_ADVICE = 3;

/** The finding that the incident is about: the cause, else the first of the chain, else the worst. */
export function mainFinding(facts: PageFacts): ReportFinding | null {
  const { chain } = facts.report.diagnosis;
  const step = chain.find((s) => s.role === "cause") ?? chain[0];
  return facts.report.findings.find((f) => f.id === step?.finding) ?? facts.serious[0] ?? null;
}

/** A first sentence that is short enough to be a headline, and what follows it. */
const FIRST_SENTENCE = /^(.{10,120}?[\p{L})]\.) (?=\p{Lu})(.+)$/u;

/** In one line what it is about, and the rest of the answer. */
export function headlineOf(facts: PageFacts): { headline: string; rest: string } {
  const { chain, summary } = facts.report.diagnosis;
  const step = chain.find((s) => s.role === "cause") ?? chain[0];
  const title = step?.text ?? facts.serious[0]?.title;
  if (title !== undefined) return { headline: title, rest: summary };
  const sentences = FIRST_SENTENCE.exec(summary);
  return sentences === null ? { headline: summary, rest: "" } : { headline: sentences[1]!, rest: sentences[2]! };
}

/** "critical", or "ok" where nothing is wrong for sure, or "note" where nobody can tell. */
export function levelOf(facts: PageFacts): string {
  const worst = worstOf(facts.serious);
  if (worst !== null) return worst;
  return facts.report.diagnosis.confidence === "high" ? "ok" : "note";
}

const LEVELS: Record<string, string> = { ok: "Nothing found", note: "Not certain" };

export function answer(facts: PageFacts): Html {
  const { diagnosis } = facts.report;
  const level = levelOf(facts);
  const { headline, rest } = headlineOf(facts);
  const main = mainFinding(facts);
  const advice = main === null || level === "ok" ? [] : main.advice.slice(0, FIRST_ADVICE);
  const next = diagnosis.next ?? [];
  return html`<section class="answer ${level}" id="answer" aria-labelledby="headline">
<p class="eyebrow"><span class="badge ${level}">${LEVELS[level] ?? level}</span> ${eyebrow(facts)}</p>
<h1 id="headline">${headline}</h1>
${damage(facts.report)}
<dl class="keys">${keys(facts, level === "ok" ? null : main)}</dl>
${rest === "" ? null : html`<p class="summary">${rest}</p>`}
${advice.length === 0 ? null : html`<h2 class="minor">What to do first</h2><ul class="advice">${advice.map((a) => html`<li>${a}</li>`)}</ul>`}
${next.length === 0 ? null : html`<h2 class="minor">Look at next</h2><ul class="advice">${next.slice(0, FIRST_ADVICE * 2).map((a) => html`<li>${a}</li>`)}</ul>`}
</section>`;
}

function eyebrow({ serious, span }: PageFacts): string {
  const found = serious.length === 0 ? "" : `${severityCounts(serious)} in ${count(serious.length, "finding")} · `;
  return `${found}${span === null ? "no packet" : formatSpan(span.from, span.to)}`;
}

function damage({ captures }: Report): Html | null {
  const damaged = captures.filter(isDamaged).length;
  if (damaged === 0) return null;
  const which =
    captures.length === 1
      ? "The capture is"
      : `${formatNumber(damaged)} of ${count(captures.length, "capture")} ${damaged === 1 ? "is" : "are"}`;
  return html`<p class="caution">${which} damaged or could not be read to the end: what came before was analysed. <a href="#trust">How far it can be trusted</a></p>`;
}

function keys(facts: PageFacts, main: ReportFinding | null): Html[] {
  const { report, span, day } = facts;
  const { diagnosis, totals } = report;
  const key = (name: string, value: Html | string, more: Html | string | null = null): Html =>
    html`<div><dt>${name}</dt><dd>${value}${more === null || more === "" ? null : html`<small>${more}</small>`}</dd></div>`;
  const out: Html[] = [];
  if (main !== null) {
    const step = diagnosis.chain.find((s) => s.finding === main.id);
    const at = step === undefined ? main.onset : step.at;
    out.push(
      key(
        "Since",
        at === null ? "the start of the capture" : timeOf(at, day),
        at === null || span === null ? null : html`${formatDuration(secondsBetween(span.from, at))} into the capture`,
      ),
    );
    const { holder, peer } = main.subject;
    out.push(key("Who should act", formatEndpoint(holder), peer === null ? null : `towards ${formatEndpoint(peer)}`));
  }
  out.push(key("Confidence", diagnosis.confidence, diagnosis.confidence_because));
  const length = span === null ? "" : ` in ${formatDuration(secondsBetween(span.from, span.to))}`;
  out.push(
    key(
      "Captured",
      `${count(totals.packets, "packet")}${length}`,
      `${count(totals.flows, "connection")}, ${count(totals.requests, "request")}`,
    ),
  );
  return out;
}
