// How is it told what a memory budget did not keep? As an object of the report, and in the sentences of every format for people.

import { formatEndpoint } from "../core/address.ts";
import type { CaptureClock } from "../core/clock.ts";
import { count, formatBytes, formatNumber, formatSpan } from "../core/format.ts";
import type { Report, ReportServiceSummary, ReportSummarised } from "../core/report.ts";
import type { ServiceSummary, Summarised, SummarisedKind } from "../core/summarised.ts";

/** Services named in a sentence; the JSON has them all. */
const NAMED_SERVICES = 5;

const KIND_WORDS: Record<SummarisedKind, string> = {
  healthy: "closed properly, with every request answered",
  ended: "refused, reset, or closed with something amiss",
  unanswered: "attempts that nobody answered",
  silent: "open and silent for longest",
  waiting: "half-closed, or waiting for an answer",
};

export function summarisedObject(s: Summarised, clock: CaptureClock): ReportSummarised {
  const span = ({ first, last }: { first: number; last: number }) => ({
    first_time: clock.iso(first),
    last_time: clock.iso(last),
  });
  const summary = (of: ServiceSummary): ReportServiceSummary => ({
    flows: of.flows,
    closed: of.endings.closed,
    half_closed: of.endings["half-closed"],
    reset: of.endings.reset,
    refused: of.endings.refused,
    unanswered: of.endings.unanswered,
    open: of.endings.open,
    closed_first: { ...of.closedFirst },
    packets: of.packets,
    bytes: of.bytes,
    ...span(of),
  });
  return {
    because: becauseOf(s),
    budget_bytes: s.budget,
    within_budget: !s.isOver,
    flows: s.flows,
    kinds: s.kinds.map((k) => ({ kind: k.kind, flows: k.flows, ...span(k) })),
    services: s.services.map((of) => ({ service: of.service, ...summary(of) })),
    ...(s.elsewhere === null ? {} : { other_services: summary(s.elsewhere) }),
    ...(s.forgotten.services === 0
      ? {}
      : { forgotten_services: { services: s.forgotten.services, exchanges: { ...s.forgotten.exchanges } } }),
    exchanges: { ...s.exchanges },
    cut_responses: s.cutResponses,
    latency_samples: s.latencyPoints,
    late_segments: s.lateSegments,
    resumed: s.resumed,
  };
}

function becauseOf(s: Summarised): string {
  const over = s.isOver ? " More was needed all the same: what is left is cited, or under way." : "";
  return (
    `A memory budget of ${formatBytes(s.budget)} was set. What no longer fits is counted by service, and is in no list, finding or ` +
    `picture; flow numbers are those of this run.${over}`
  );
}

/** Empty when everything was kept. */
export function summarisedSentences({ summarised: s, totals }: Report): string[] {
  if (s === undefined) return [];
  const lines: string[] = [];
  if (s.flows > 0) {
    const kinds = s.kinds.map(
      (k) => `${formatNumber(k.flows)} ${KIND_WORDS[k.kind]} (${formatSpan(k.first_time, k.last_time)})`,
    );
    const which =
      s.resumed === 0
        ? `${formatNumber(s.flows)} of ${count(totals.flows, "connection")} ${s.flows === 1 ? "was" : "were"} summarised`
        : `Connections were summarised ${count(s.flows, "time")}`;
    lines.push(`${which}: ${kinds.join("; ")}.`);
    lines.push(serviceSentence(s));
  }
  if (s.forgotten_services !== undefined) {
    const { services, exchanges } = s.forgotten_services;
    lines.push(
      `Of ${count(services, "service")} it is no longer known how ${services === 1 ? "it" : "they"} answered over time, only how often: ${outcomes(exchanges)}.`,
    );
  }
  const counted = outcomes(s.exchanges);
  if (counted !== "") lines.push(`Exchanges that are counted only: ${counted}.`);
  if (s.resumed > 0) lines.push(`${count(s.resumed, "connection")} went on after that, and began anew in this report.`);
  return [...lines, s.because];
}

const outcomes = (exchanges: Readonly<Record<string, number>>): string =>
  Object.entries(exchanges)
    .flatMap(([outcome, n]) => (n > 0 ? [`${formatNumber(n)} ${outcome}`] : []))
    .join(", ");

function serviceSentence(s: ReportSummarised): string {
  const named = s.services.slice(0, NAMED_SERVICES).map((of) => `${formatEndpoint(of.service)}: ${endings(of)}`);
  const more = s.services.slice(NAMED_SERVICES).reduce((n, of) => n + of.flows, s.other_services?.flows ?? 0);
  if (more > 0) named.push(`other services: ${count(more, "connection")}`);
  return `By service: ${named.join("; ")}.`;
}

function endings(of: ReportServiceSummary): string {
  const by = [
    [of.closed, "closed"],
    [of.half_closed, "half-closed"],
    [of.reset, "reset"],
    [of.refused, "refused"],
    [of.unanswered, "unanswered"],
    [of.open, "open"],
  ] as const;
  return by.flatMap(([n, word]) => (n === 0 ? [] : [`${formatNumber(n)} ${word}`])).join(", ");
}
