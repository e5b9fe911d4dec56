// What does a person at a terminal see of socket dumps? What stands out first, then who holds how many sockets in which state.
//
// As text.ts: a string from objects and nothing else; every text of a dump is made inert before it is measured.

import { formatEndpoint } from "../core/address.ts";
import { count, formatNumber } from "../core/format.ts";
import type { ReportFinding } from "../core/report.ts";
import type { SocketsObject } from "../core/sockets-report.ts";
import { cut, displayWidth, padEnd, padStart } from "../core/wrap.ts";
import { Page, type TextOptions } from "./page.ts";
import { redactionSentence, severityCounts, worstOf } from "./sentences.ts";
import {
  growthSentence,
  hostSentence,
  hostsSentence,
  overTime,
  pastFindings,
  pastSentence,
  peaksOf,
  seriesSentence,
  spanOf,
  worstFirst,
} from "./sockets-changes.ts";
import type { SocketsReport, SocketsSeries } from "./sockets-objects.ts";
import {
  clearSentence,
  dumpSentence,
  isWhole,
  limitSentences,
  MEANINGS,
  nothingSentence,
  statesOf,
  summarySentence,
  unreadHeading,
  untoldSentence,
} from "./sockets-sentences.ts";
import { type Row, statesTable, widthsOf } from "./sockets-table.ts";
import { sparkline } from "./sparkline.ts";
import { PLAIN } from "./style.ts";
import { findingText, titleText } from "./text-finding.ts";

/** Shown in full; what is beyond is counted, and is in the JSON. */
const FULL_FINDINGS = 20;
const TITLES = 5;
/** Hosts told in full, and hosts that are named. */
const FULL_HOSTS = 20;
const NAMED_HOSTS = 200;
const ROWS = 12;
const NOTES = 10;
const UNREAD = 5;
const SPARK = 40;

export function renderSocketsText(report: SocketsReport, options: TextOptions = {}): string {
  const page = new Page(options, spanOf(report));
  const hosts = worstFirst(report.series);
  if (hosts.length > 1) page.paragraph(hostsSentence(hosts), { paint: page.style.bold });
  for (const series of hosts.slice(0, FULL_HOSTS)) {
    if (hosts.length > 1) page.rule();
    host(page, series);
  }
  if (hosts.length > FULL_HOSTS) {
    page.rule();
    for (const series of hosts.slice(FULL_HOSTS, NAMED_HOSTS)) page.item(hostSentence(series), 0);
    if (hosts.length > NAMED_HOSTS) page.paragraph(`and ${formatNumber(hosts.length - NAMED_HOSTS)} more, in --json`);
  }
  if (report.remarks.length > 0) {
    page.heading("Left out");
    for (const remark of report.remarks) page.item(remark, 2);
  }
  const redacted = redactionSentence(report);
  if (redacted !== null) {
    page.heading("Redaction");
    page.item(redacted, 2);
  }
  return page.text();
}

function host(page: Page, series: SocketsSeries): void {
  const { latest } = series;
  const serious = latest.findings.filter((f) => f.severity !== "info");
  answer(page, series, serious);
  findings(page, series, serious);
  past(page, series);
  states(page, latest);
  if (series.points.length > 1) changes(page, series);
  peers(page, latest);
  processes(page, latest);
  notes(page, latest);
  unread(page, latest);
  if (latest.clear.length > 0) {
    page.heading("Looked for and not found");
    page.paragraph(clearSentence(latest), { indent: 2 });
  }
  const limits = limitSentences(latest);
  if (limits.length > 0) page.heading("What this dump cannot tell");
  for (const line of limits) page.item(line, 2);
}

function answer(page: Page, series: SocketsSeries, serious: readonly ReportFinding[]): void {
  const { style } = page;
  const { latest } = series;
  const worst = worstOf(serious);
  const tag = worst === null ? (isWhole(latest) && pastFindings(series).length === 0 ? "OK" : "") : worst.toUpperCase();
  const painted = worst === null ? style.good(` ${tag} `) : style.severity(worst, ` ${tag} `);
  if (tag !== "") page.ready(style === PLAIN ? tag : painted);
  if (serious.length === 0) {
    page.paragraph(nothingSentence(latest), { paint: style.bold });
    const untold = untoldSentence(latest);
    if (untold !== "") page.paragraph(untold);
  }
  for (const f of serious.slice(0, TITLES)) page.paragraph(`${f.title}.`, { paint: style.bold });
  if (serious.length > TITLES) page.paragraph(`And ${count(serious.length - TITLES, "more finding")}.`);
  const { points } = series;
  if (points.length > 1) page.paragraph(`The latest of ${seriesSentence(series, page.day)}.`, { paint: style.dim });
  page.paragraph(dumpSentence(latest), { paint: style.dim });
}

/** Where no onset is known: a series began like that, of one dump there is nothing to say. */
const fromStart = ({ points }: SocketsSeries): string | null => (points.length > 1 ? "the first dump" : null);

function findings(page: Page, series: SocketsSeries, serious: readonly ReportFinding[]): void {
  if (serious.length === 0) return;
  page.heading("Findings", severityCounts(serious));
  serious.forEach((finding, n) => {
    page.blank();
    if (n < FULL_FINDINGS) findingText(page, finding, fromStart(series));
    else titleText(page, finding);
  });
}

function past(page: Page, series: SocketsSeries): void {
  const gone = pastFindings(series);
  if (gone.length === 0) return;
  page.heading("In earlier dumps, and not in the latest");
  for (const finding of gone.slice(0, NOTES)) page.item(pastSentence(finding, page.day), 2);
  if (gone.length > NOTES) page.paragraph(`and ${gone.length - NOTES} more, in --json`, { indent: 2 });
}

function states(page: Page, latest: SocketsObject): void {
  if (latest.summary !== undefined && latest.sockets > 0) {
    page.heading("Summary");
    page.paragraph(summarySentence(latest), { indent: 2 });
  }
  if (latest.sockets === 0) return;
  const rows = statesOf(latest.counts);
  page.heading("Sockets", formatNumber(latest.sockets));
  const numbers = rows.map(([, n]) => formatNumber(n));
  const width = Math.max(...numbers.map((n) => n.length));
  const names = Math.max(...rows.map(([state]) => state.length));
  rows.forEach(([state, _], i) => {
    const lead = `${padStart(numbers[i]!, width)}  ${padEnd(state, names)}  `;
    page.paragraph(MEANINGS[state], { indent: 2, lead, paint: page.style.dim });
  });
}

function changes(page: Page, series: SocketsSeries): void {
  page.heading("Over time");
  const rows = overTime(series.points);
  const hasGrowth = rows[0]!.growth !== null;
  const cells = rows.map((r) => [
    r.state,
    ...[r.first, r.last, r.low, r.peak].map(formatNumber),
    ...(hasGrowth ? [growthSentence(r.growth)] : []),
  ]);
  const titles = ["STATE", "FIRST", "LAST", "LOWEST", "PEAK", ...(hasGrowth ? ["A MINUTE"] : [])];
  const widths = widthsOf([titles, ...cells]);
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? padEnd : padStart)(cell, widths[i]!)).join("  ");
  page.ready(page.style.dim(cut(`  ${line(titles)}`, page.width, "")));
  rows.forEach((r, i) => {
    const text = `  ${line(cells[i]!)}`;
    const room = Math.min(SPARK, page.width - displayWidth(text) - 2);
    const drawn = room < 2 ? "" : `  ${sparkline(peaksOf(r.values, room), room, page.unicode).line}`;
    page.ready(cut(text, page.width, "") + drawn);
  });
}

function peers(page: Page, latest: SocketsObject): void {
  const rows = latest.by_peer.slice(0, ROWS).map(
    (p): Row => ({
      cells: [formatNumber(p.sockets), formatEndpoint(p.local), formatEndpoint(p.remote)],
      counts: p.counts,
    }),
  );
  if (rows.length === 0) return;
  page.heading("By service and peer");
  statesTable(page, ["SOCKETS", "LOCAL", "REMOTE", "STATES"], rows);
  more(page, latest.peers - rows.length, "pair");
}

function processes(page: Page, latest: SocketsObject): void {
  if (!latest.has_owners) return;
  const rows = latest.by_process.slice(0, ROWS).map(
    (p): Row => ({
      cells: [
        formatNumber(p.sockets),
        p.ports === 0 ? "" : formatNumber(p.ports),
        p.pid === null ? "" : String(p.pid),
        p.process ?? (p.pid === null ? "(none named)" : ""),
      ],
      counts: p.counts,
    }),
  );
  page.heading("By process");
  statesTable(page, ["SOCKETS", "PORTS", "PID", "PROCESS", "STATES"], rows);
  more(page, latest.processes - rows.length, "process", "processes");
}

function more(page: Page, n: number, one: string, many = `${one}s`): void {
  if (n > 0) page.paragraph(`and ${count(n, `more ${one}`, `more ${many}`)}, in --json`, { indent: 2 });
}

function notes(page: Page, latest: SocketsObject): void {
  const harmless = latest.findings.filter((f) => f.severity === "info");
  if (harmless.length === 0) return;
  page.heading("Also seen, and harmless by itself");
  for (const f of harmless.slice(0, NOTES)) page.item(`${f.title}. ${f.summary}`, 2);
  if (harmless.length > NOTES) page.paragraph(`and ${harmless.length - NOTES} more, in --json`, { indent: 2 });
}

function unread(page: Page, latest: SocketsObject): void {
  if (latest.unread_lines === 0) return;
  page.heading(unreadHeading(latest));
  for (const { line, text } of latest.unread.slice(0, UNREAD)) {
    const lead = `line ${line}: `;
    page.ready(
      `  ${page.style.dim(lead)}${cut(page.show(text), page.width - 2 - lead.length, page.unicode ? "…" : "...")}`,
    );
  }
  const rest = latest.unread_lines - Math.min(UNREAD, latest.unread.length);
  if (rest > 0) page.paragraph(`and ${count(rest, "more line")}`, { indent: 2 });
}
