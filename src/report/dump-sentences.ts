// What is said of the socket dumps beside a capture? One sentence each: how many of its rows the capture has, and whether the
// states agree.

import { count, formatNumber, formatTime } from "../core/format.ts";
import type { Report, ReportDump } from "../core/report.ts";

/** Dumps that are told. */
const TOLD = 10;
const DIFFERING = 3;

/** Of several dumps in one file the last is told, and the others are counted. */
export function dumpSentences(report: Report, day?: string): string[] {
  const byFile = new Map<string, ReportDump[]>();
  for (const d of report.sockets ?? []) {
    if (d.format === null) continue;
    const key = `${d.format} ${d.source.replace(/#\d+$/, "")}`;
    byFile.set(key, [...(byFile.get(key) ?? []), d]);
  }
  const files = [...byFile.values()];
  const told = files.slice(0, TOLD).map((dumps) => `${sentence(dumps.at(-1)!, day)}${earlier(dumps.slice(0, -1))}`);
  const more = files.length - told.length;
  return more > 0 ? [...told, `${count(more, "more file")}, in the JSON`] : told;
}

function earlier(dumps: readonly ReportDump[]): string {
  if (dumps.length === 0) return "";
  const sum = (of: (d: ReportDump) => number): number => dumps.reduce((n, d) => n + of(d), 0);
  const [listed, inCapture] = [sum((d) => d.connections), sum((d) => d.in_capture)];
  const [agree, differ] = [sum((d) => d.states?.agree ?? 0), sum((d) => d.states?.differ ?? 0)];
  const other = differ > 0 ? `, ${formatNumber(differ)} in another` : "";
  return `. ${count(dumps.length, "earlier dump")} in that file: ${formatNumber(inCapture)} of ${formatNumber(listed)} in the capture, ${formatNumber(agree)} in the state that the packets say${other}`;
}

function sentence(d: ReportDump, day: string | undefined): string {
  const zone = d.zone_assumed ? " (no zone given: taken as UTC)" : "";
  const taken = d.taken_at === null ? "" : `, ${formatTime(d.taken_at, day)}${zone}`;
  const parts = [`${formatNumber(d.in_capture)} of ${count(d.connections, "connection")} are in the capture`];
  if (d.not_looked_up > 0) parts.push(`${formatNumber(d.not_looked_up)} have names for addresses, or cut ones`);
  if (d.states === null) parts.push("it says no time, so its states could not be checked");
  else if (d.in_capture > 0) parts.push(...states(d, d.states));
  if (d.unread_lines > 0) parts.push(`${count(d.unread_lines, "line")} could not be read`);
  return `${d.source} (${d.format}${taken}): ${parts.join("; ")}`;
}

function states(d: ReportDump, { agree, unsure, differ }: NonNullable<ReportDump["states"]>): string[] {
  const parts = [`${formatNumber(agree)} in the state that the packets say`];
  if (unsure > 0) parts.push(`${formatNumber(unsure)} in another, which the packets do not rule out`);
  if (differ > 0) {
    const cited = d.differing
      .slice(0, DIFFERING)
      .map((x) => `line ${x.line}: ${x.listed}, by the packets of flow ${x.flow} ${x.worked_out}`);
    parts.push(`${formatNumber(differ)} in another (${cited.join("; ")})`);
  }
  return parts;
}
