// How does a reader look at the packets behind a finding? What is cited, a Wireshark filter for all of it, and commands to copy.

import { formatNumber } from "../../core/format.ts";
import type { ReportFinding } from "../../core/report.ts";
import { commandLine, fileStem, filtersByFile } from "../reproduction.ts";
import { citedCases, citedOf, evidenceSentence, isLines } from "../sentences.ts";
import type { PageFacts } from "./html-facts.ts";
import { escaped, type Html, html, listOf, trusted } from "./html-markup.ts";

/** Bytes of the list of what is cited. */
const LIST_BYTES = 20_000;
/** Files whose filters are written out; the list names the others. */
const FILES = 6;

/** A line to copy. `label` says what it is to those who cannot see where it stands. */
export const codeLine = (text: string, label: string): Html =>
  trusted(`<div class="code"><pre aria-label="${escaped(label)}"><code>${escaped(text)}</code></pre></div>`);

/** Null where a finding cites nothing. */
export function evidenceBlock(f: ReportFinding, facts: PageFacts): Html | null {
  if (f.evidence.length === 0) return null;
  const cited = citedOf(f);
  const cases = citedCases(cited);
  const of = f.count > cases ? ` (${formatNumber(cases)} of ${formatNumber(f.count)})` : "";
  const filters = filtersByFile(cited, facts.report);
  const hasPackets = cited.some((e) => !isLines(e));
  const secrets = facts.report.redaction?.level === "none" ? "as they were sent" : "secrets replaced";
  return html`<p class="lead-in">Cited${of}:</p>
${listOf(
  cited.map((e) => html`${evidenceSentence(e)}`),
  LIST_BYTES,
)}
${filters.slice(0, FILES).map(
  ({
    file,
    filter,
    left,
    tshark,
  }) => html`<p class="lead-in">In Wireshark${file === null ? "" : `, ${file}`}${left === 0 ? "" : `, without ${formatNumber(left)} that would make it too long`}:</p>
${codeLine(filter, "Wireshark filter")}
<p class="lead-in">On a terminal:</p>
${codeLine(tshark, "tshark command")}`,
)}
${filters.length > FILES ? html`<p class="note">${filters.length - FILES} more files are cited in the list.</p>` : null}
${
  hasPackets
    ? html`<p class="lead-in">The packets of these connections as a file, ${secrets}:</p>
${codeLine(commandLine(facts.how, "extract", ["--finding", f.id, "-o", `${fileStem(f.id)}.pcapng`]), "halfclose command")}`
    : null
}`;
}
