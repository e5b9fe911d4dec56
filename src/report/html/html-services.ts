// Who calls whom, how often, and how long did the answers take? The picture of the services, and the figures behind it.

import { formatEndpoint } from "../../core/address.ts";
import { formatDuration, formatNumber } from "../../core/format.ts";
import type { ReportLink } from "../../core/report.ts";
import type { PageFacts } from "./html-facts.ts";
import { fitting, type Html, html } from "./html-markup.ts";
import { figure } from "./html-picture.ts";

const TABLE_BYTES = 80_000;

/** Null where nothing called anything. */
export function servicesSection(facts: PageFacts): Html | null {
  const { topology } = facts.report;
  const pictures = facts.pictures.filter((p) => p.kind === "topology");
  if (topology.calls.length === 0 && pictures.length === 0) return null;
  return html`<section id="services" aria-labelledby="services-heading"><h2 id="services-heading">Services</h2>
${pictures.map(figure)}
${topology.calls.length === 0 ? null : table(topology.calls, topology.links)}
</section>`;
}

function table(calls: readonly ReportLink[], links: number): Html {
  const { shown } = fitting(calls.map(row), TABLE_BYTES);
  const rest = links - shown.length;
  const caption =
    rest > 0
      ? `The ${formatNumber(shown.length)} busiest of ${formatNumber(links)} links`
      : "Requests by who sent them, and how long answers took";
  return html`<div class="scroll" role="group" aria-label="Services and their callers" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Caller</th><th scope="col">Service</th><th scope="col">Protocol</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Median</th><th scope="col" class="n">99 %</th><th scope="col" class="n">Longest</th><th scope="col">Linked by</th></tr></thead>
<tbody>${shown}</tbody></table></div>`;
}

function row(l: ReportLink): Html {
  const within = (seconds: number | null): string => (seconds === null ? "–" : formatDuration(seconds));
  const basis = l.basis === null ? "–" : `${l.basis} (${formatNumber(Math.floor(l.share * 100))} %)`;
  return html`<tr><td>${l.caller === null ? l.client : formatEndpoint(l.caller)}</td><th scope="row">${formatEndpoint(l.service)}</th><td>${l.protocol}</td><td class="n">${formatNumber(l.requests)}</td><td class="n">${within(l.waited_s)}</td><td class="n">${within(l.waited_p99_s)}</td><td class="n">${within(l.longest_s)}</td><td>${basis}</td></tr>`;
}
