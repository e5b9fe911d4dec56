// What may an analysis have missed because connections were summarised for want of memory? Its answer is then one about what was kept.

import type { Summarised, SummarisedKind } from "../src/core/summarised.ts";
import { plural } from "./grouping.ts";

type Rest = SummarisedKind | "exchanges" | "samples" | "services";
const ALL: readonly Rest[] = [
  "healthy",
  "ended",
  "unanswered",
  "silent",
  "waiting",
  "exchanges",
  "samples",
  "services",
];

/**
 * On what each question rests: connections of which kinds, exchanges and answers one by one, and what is known of services over time. What is
 * tallied for every connection while it is there (how long answers took, when a service was silent) misses nothing else. A question that is not here may rest on everything.
 */
export const RESTS_ON: Readonly<Record<string, readonly Rest[]>> = {
  "unanswered-requests": ["exchanges"],
  "late-answers": ["exchanges"],
  "slow-answers": ["samples", "services"],
  "stalled-services": ["waiting", "samples", "services"],
  "pool-starvation": ["healthy", "ended", "silent", "waiting", "exchanges", "samples", "services"],
  "half-closed-connections": ["ended", "waiting", "exchanges"],
  "unbalanced-closes": ["healthy", "ended", "waiting"],
  "stale-connections": ["ended", "waiting", "exchanges"],
  "idle-timeouts": ["healthy", "ended"],
  resets: ["ended", "exchanges"],
  "refused-connections": ["ended", "unanswered"],
  "accept-backlog": ["ended", "unanswered", "silent"],
  "time-wait-buildup": ["healthy", "ended", "waiting"],
  "port-exhaustion": ["healthy", "ended", "unanswered", "silent", "waiting"],
  "lossy-paths": ["healthy", "ended", "silent", "waiting"],
  "stalled-readers": ["ended", "silent", "waiting", "exchanges"],
  "broken-framing": ["healthy", "ended", "silent", "waiting"],
  "uniform-answers": ["samples", "services"],
};

interface Answers {
  found: readonly { analysis: string }[];
  clear: { analysis: string; because: string }[];
  unsure: { analysis: string; needs: string }[];
}

/** The same answers; those that may lack something say so. Nothing is clear where what was summarised may hold a fault. */
export function ofWhatWasKept<A extends Answers>(said: A, summarised: Summarised | undefined): A {
  if (summarised === undefined) return said;
  const clear: Answers["clear"] = [];
  const unsure = [...said.unsure];
  for (const { analysis, because } of said.clear) {
    const rests = RESTS_ON[analysis] ?? ALL;
    const lack = lackOf(rests, summarised);
    const kept = lack === null ? because : `${because}, in what was kept; not looked at: ${lack}`;
    if (lackOf(rests.filter(mayHoldFaults), summarised) === null) clear.push({ analysis, because: kept });
    else unsure.push({ analysis, needs: kept });
  }
  for (const analysis of new Set(said.found.map((f) => f.analysis))) {
    const lack = lackOf(RESTS_ON[analysis] ?? ALL, summarised);
    if (lack !== null)
      unsure.push({ analysis, needs: `its counts may be too low, its beginning too late; not looked at: ${lack}` });
  }
  return { ...said, clear, unsure };
}

const mayHoldFaults = (rest: Rest): boolean => rest !== "healthy" && rest !== "samples";

/** "3,000 connections that were summarised". Null when nothing of what it rests on was. */
function lackOf(
  rests: readonly Rest[],
  { kinds, exchanges, cutResponses, latencyPoints, forgotten }: Summarised,
): string | null {
  const flows = kinds.filter((k) => rests.includes(k.kind)).reduce((n, k) => n + k.flows, 0);
  const { answered: _, ...faulty } = exchanges;
  const counted = rests.includes("exchanges") ? Object.values(faulty).reduce((n, of) => n + of, cutResponses) : 0;
  const parts = [
    flows > 0 && `${plural(flows, "connection")} that ${flows === 1 ? "was" : "were"} summarised`,
    counted > 0 && `${plural(counted, "exchange")} that ${counted === 1 ? "is" : "are"} counted only`,
    rests.includes("samples") && latencyPoints > 0 && `${plural(latencyPoints, "sample")} of how long answers took`,
    rests.includes("services") &&
      forgotten.services > 0 &&
      `${plural(forgotten.services, "service")} that ${forgotten.services === 1 ? "was" : "were"} summarised`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? null : parts.join(", ");
}
