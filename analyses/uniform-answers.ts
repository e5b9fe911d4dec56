// Which service gave many requests the same small answer, though it says OK? A rate limit that answers 200 hides from every alarm.

import type { Analysis, FoundFinding } from "../src/core/analysis.ts";
import type { CaptureView, LatencyPoint, ServiceTally } from "../src/core/flow-view.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, name, plural } from "./grouping.ts";

/** An error message, not a page. */
const SMALL = 512;
/** So many alike are no chance, and so many others of the same kind show that it is not what this request always gives. */
const MANY = 20;
const OTHERS = 10;
/** Lengths that the others have: where all are alike but one, it is a choice of two. */
const VARIED = 5;
/** It stands out among them: some length is always the most frequent. */
const TIMES_THE_NEXT = 3;

export const uniformAnswers: Analysis = {
  id: "uniform-answers",
  title: "Uniform answers",
  question: "Which service gave many requests the same small answer, though it says 200?",
  why:
    "A rate limiter or a guard that answers 200 with an error text in the body is seen by no alarm on status codes; only that the answers " +
    "are all alike gives it away. It is a hint: the bodies are not read (FACTS: HTTP).",
  run(view) {
    const findings = view.services.flatMap((s) => uniform(s, view));
    if (findings.length > 0) return { kind: "found", findings };
    return { kind: "clear", because: "no kind of request had the same small answer again and again beside others" };
  },
};

function uniform(service: ServiceTally, view: CaptureView): FoundFinding[] {
  const kinds = new Map<string, Map<number, LatencyPoint[]>>();
  for (const p of service.activity.latencies.points()) {
    if (p.status !== 200 || p.length === null || p.kind === "") continue;
    let lengths = kinds.get(p.kind);
    if (lengths === undefined) kinds.set(p.kind, (lengths = new Map()));
    const of = lengths.get(p.length);
    if (of === undefined) lengths.set(p.length, [p]);
    else of.push(p);
  }
  const byLength = new Map<number, LatencyPoint[]>();
  for (const lengths of kinds.values()) {
    const all = [...lengths.values()].reduce((n, points) => n + points.length, 0);
    for (const [length, points] of lengths) {
      if (length === 0 || length > SMALL || all - points.length < OTHERS || lengths.size <= VARIED) continue;
      byLength.set(length, [...(byLength.get(length) ?? []), ...points]);
    }
  }
  const standsOut = ([length, points]: [number, LatencyPoint[]]): boolean =>
    points.length >= MANY &&
    [...byLength].every(([other, of]) => other === length || points.length >= TIMES_THE_NEXT * of.length);
  return [...byLength].filter(standsOut).map(([length, points]) => describe(service, length, points, view));
}

function describe(service: ServiceTally, length: number, points: LatencyPoint[], view: CaptureView): FoundFinding {
  const holder = name(service.service);
  points.sort((a, b) => a.asked - b.asked);
  const clients = new Set(points.map((p) => view.row(p.flow).client.address));
  const client = clients.size === 1 ? [...clients][0]! : null;
  const since = clockTime(view.clock.iso(points[0]!.asked));
  const kinds = new Set(points.map((p) => p.kind));
  return {
    severity: "info",
    title: `${holder} gave ${plural(points.length, "request")} the same answer of ${length} bytes, with status 200`,
    summary:
      `From ${since} on ${plural(points.length, "answer")} of ${holder} to ${client ?? plural(clients.size, "client")} had ${length} bytes each, where the same requests have answers of many lengths otherwise: ` +
      "perhaps a limit or a guard that says 200.",
    subject: { holder: service.service, peer: client === null ? null : { address: client } },
    count: points.length,
    onset: points[0]!.asked,
    metrics: { body_bytes: length, kinds: kinds.size, kind_of_request: kinds.size === 1 ? [...kinds][0]! : null },
    evidence: points.slice(0, CITED).map((p) => cite(p.flow, p.frame)),
    advice: [`Read one of these bodies, and count them in ${holder}'s own metrics.`],
    timeline: timelineOf(
      points.map((p) => p.asked),
      view.firstTime,
      view.lastTime,
    ),
  };
}
