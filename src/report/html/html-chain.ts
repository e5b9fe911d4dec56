// In which order did it happen? The diagnosis's chain; each link opens its evidence.

import type { ReportFinding } from "../../core/report.ts";
import { evidenceBlock } from "./html-evidence.ts";
import { laddersOf, type PageFacts, pictureAnchor, timeOf } from "./html-facts.ts";
import { fitting, type Html, html } from "./html-markup.ts";

/** Bytes of all links. */
const CHAIN_BYTES = 150_000;

/** Null without a chain. */
export function chainSection(facts: PageFacts): Html | null {
  const { chain } = facts.report.diagnosis;
  if (chain.length === 0) return null;
  const byId = new Map(facts.report.findings.map((f) => [f.id, f]));
  const items = chain.map((step) => {
    const f = byId.get(step.finding);
    return html`<li class="${step.role}">
<p class="when">${step.at === null ? "from the start" : timeOf(step.at, facts.day)} <span class="role">${step.role}</span></p>
<p class="what">${step.text}</p>
${f === undefined ? null : links(f, facts)}
</li>`;
  });
  const { shown, left } = fitting(items, CHAIN_BYTES);
  return html`<section id="chain" aria-labelledby="chain-heading"><h2 id="chain-heading">How it came about</h2>
<ol class="chain">${shown}</ol>
${left === 0 ? null : html`<p class="note">and ${left} more links, in the JSON</p>`}
</section>`;
}

function links(f: ReportFinding, facts: PageFacts): Html {
  const anchor = facts.anchors.get(f.id);
  const evidence = evidenceBlock(f, facts);
  const refs = [
    ...(anchor === undefined
      ? []
      : [html`<a href="#${anchor}">The finding<span class="unseen">: ${f.title}</span></a>`]),
    ...laddersOf(facts, f.id).map(
      (p) => html`<a href="#${pictureAnchor(p)}">Its packets as a picture<span class="unseen">: ${p.title}</span></a>`,
    ),
  ];
  return html`${refs.length === 0 ? null : html`<p class="refs">${refs}</p>`}
${evidence === null ? null : html`<details class="fold"><summary>Evidence<span class="unseen">: ${f.title}</span></summary><div class="inside">${evidence}</div></details>`}`;
}
