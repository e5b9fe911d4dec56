// What is said of the socket dumps beside a capture? One sentence each: how many of its rows the capture has, and whether the
// states agree.

import type { Report, ReportDump } from "../core/report.ts";
import { count, formatNumber, formatTime } from "./format.ts";

/** Dumps that are told; a series has hundreds. */
const TOLD = 10;
const DIFFERING = 3;

export function dumpSentences(report: Report, day?: string): string[] {
  const dumps = (report.sockets ?? []).filter((d) => d.format !== null);
  // Of a series the last ones: the capture often ends with them.
  const told = dumps.slice(-TOLD).map((d) => sentence(d, day));
  const more = dumps.length - told.length;
  return more > 0 ? [`${count(more, "earlier dump")}, in the JSON`, ...told] : told;
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
