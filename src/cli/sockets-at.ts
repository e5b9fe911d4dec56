// How does a person read the sockets of a moment? First how many of each state a service and its clients hold, then each.

import { formatEndpoint } from "../core/address.ts";
import { count, dayOf, formatDuration, formatNumber, formatTime, secondsBetween } from "../core/format.ts";
import type { ReportSocket, ReportStateCounts } from "../core/report.ts";
import { SOCKET_STATES } from "../core/state-option.ts";
import { type Column, tableLines } from "./table.ts";

/** Services in the table for people, those with most sockets; the JSON has every socket. */
const MAX_SERVICES = 50;

type Service = Pick<ReportStateCounts["by_endpoint"][number], "counts"> & { local: string; remote: string };

/** `sockets`: of the same moments in the same order. */
export function* socketLines(
  moments: Iterable<ReportStateCounts>,
  sockets: Iterable<ReportSocket>,
  summary: boolean,
): Iterable<string> {
  const all = sockets[Symbol.iterator]();
  let isFirst = true;
  for (const moment of moments) {
    if (!isFirst) yield "\n";
    isFirst = false;
    const n = total(moment.counts);
    yield `${dayOf(moment.time)} ${formatTime(moment.time)} UTC: ${n === 0 ? "no socket" : count(n, "socket")}\n`;
    if (n === 0) continue;
    yield "\n";
    yield* serviceLines(moment);
    if (summary) continue;
    yield "\n";
    yield* tableLines(COLUMNS, take(all, n));
  }
}

export const total = (counts: ReportStateCounts["counts"]): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0);

function* serviceLines({ counts, by_endpoint }: ReportStateCounts): Iterable<string> {
  const services = by_endpoint
    .slice(0, MAX_SERVICES)
    .map((e): Service => ({ local: formatEndpoint(e.local), remote: formatEndpoint(e.remote), counts: e.counts }));
  const states = SOCKET_STATES.filter((state) => counts[state] !== undefined);
  const columns: Column<Service>[] = [
    ...states.map((state) => ({ title: state, value: (s: Service) => formatCount(s.counts[state]), right: true })),
    { title: "LOCAL", value: (s) => s.local },
    { title: "REMOTE", value: (s) => s.remote },
  ];
  yield* tableLines(columns, [{ local: "all", remote: "", counts }, ...services]);
  const more = by_endpoint.slice(MAX_SERVICES);
  if (more.length > 0) {
    const held = more.reduce((sum, e) => sum + total(e.counts), 0);
    yield `and ${count(more.length, "more pair", "more pairs")} of service and client with ${count(held, "socket")}\n`;
  }
}

export const formatCount = (n: number | undefined): string => (n === undefined || n === 0 ? "" : formatNumber(n));

function* take<T>(iterator: Iterator<T>, n: number): Iterable<T> {
  for (let i = 0; i < n; i++) {
    const next = iterator.next();
    if (next.done === true) return;
    yield next.value;
  }
}

const COLUMNS: readonly Column<ReportSocket>[] = [
  { title: "STATE", value: (s) => s.state },
  { title: "SINCE", value: (s) => (s.since === null ? "earlier" : formatTime(s.since, dayOf(s.at))) },
  { title: "HELD", value: (s) => (s.since === null ? "" : formatDuration(secondsBetween(s.since, s.at))), right: true },
  { title: "LOCAL", value: (s) => formatEndpoint(s.local) },
  { title: "REMOTE", value: (s) => formatEndpoint(s.remote) },
  { title: "FLOW", value: (s) => String(s.flow), right: true },
  { title: "CERTAIN", value: (s) => (s.certain ? "yes" : "no") },
];
