// What was it not? Causes that a person on call would suspect, each with the reason for which it is not the one.

import { formatEndpoint } from "../src/core/address.ts";
import type { CaptureView, ServiceTally } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import type { Diagnosis } from "../src/core/report.ts";
import { type Found, same } from "./causes.ts";
import { duration, name, plural } from "./grouping.ts";
import { calledBy } from "./legs.ts";
import { servicesAt } from "./services-at.ts";

/** One segment in a thousand sent again is what a healthy network shows; a hundred times that would not hang a request for long either. */
const LOSS_THAT_MATTERS = 0.001;
/** So many services are named as innocent. */
const NAMED = 3;
/** The findings that make one ask what the service waited for. */
const OF_SILENCE = new Set([
  "unanswered-requests",
  "late-answers",
  "pool-starvation",
  "stalled-services",
  "slow-answers",
]);

export function ruledOut(
  lead: Found,
  consequences: readonly Found[],
  clear: readonly { analysis: string; because: string }[],
  view: CaptureView,
): Diagnosis["ruled_out"] {
  const out: Diagnosis["ruled_out"] = [];
  const { holder, peer } = lead.finding.subject;
  if (OF_SILENCE.has(lead.analysis)) {
    const loss = lossTo(holder, view);
    if (loss !== null) out.push(loss);
    for (const s of servicesAt(view, holder)) {
      for (const called of calledBy(view, s)) {
        if (!same(called.service, peer) || lead.analysis === "pool-starvation") out.push(...innocent(called));
      }
    }
  }
  const held = consequences.find((f) => f.analysis === "half-closed-connections");
  if (held !== undefined && lead.analysis !== "half-closed-connections") {
    const all = held.finding.metrics.with_unanswered_request === held.finding.count;
    out.push({
      what: "CLOSE_WAIT as the cause",
      because: all
        ? "each of those connections became half-closed only after its request had waited in vain"
        : "those connections became half-closed after it had begun",
    });
  }
  if (lead.analysis !== "port-exhaustion") {
    const ports = clear.find((c) => c.analysis === "port-exhaustion");
    if (ports !== undefined && OF_SILENCE.has(lead.analysis))
      out.push({ what: "used-up ports", because: ports.because });
  }
  const told = new Set(out.map((o) => o.what));
  // Of a service that was let go of in between, only what came after is known.
  const known = (view.summarised?.forgotten.services ?? 0) > 0 ? [] : view.services;
  const well = known.filter(
    (s) => s.answered > 0 && s.unanswered + s.late + s.pending + s.unknown === 0 && !same(s.service, holder),
  );
  for (const s of well.slice(0, NAMED)) {
    const what = `silence of ${formatEndpoint(s.service)}`;
    if ([...told].some((t) => t.endsWith(`(${name(s.service)})`))) continue;
    out.push({
      what,
      because: s.answered === 1 ? "it answered its one request" : `it answered all ${plural(s.answered, "request")}`,
    });
  }
  return out;
}

function lossTo(service: { address: string; port?: number }, view: CaptureView): Diagnosis["ruled_out"][number] | null {
  let packets = 0;
  let again = 0;
  for (const flow of view.flows()) {
    if (flow.server.address !== service.address || flow.server.port !== service.port) continue;
    packets += flow.client.packets + flow.server.packets - flow.client.copies - flow.server.copies;
    again += flow.client.retransmissions + flow.server.retransmissions;
  }
  if (packets === 0 || again / packets > LOSS_THAT_MATTERS) return null;
  return {
    what: `packet loss on the way to ${formatEndpoint(service)}`,
    because: `${formatWhole(again)} of ${plural(packets, "segment")} were sent again, and the requests were acknowledged`,
  };
}

/** A called service that answered everything, and quickly. */
function innocent(s: ServiceTally): Diagnosis["ruled_out"] {
  if (s.answered === 0 || s.unanswered + s.pending + s.late > 0) return [];
  const kind = s.protocol === "mysql" || s.protocol === "postgresql" ? "a slow database" : "slowness";
  return [
    {
      what: `${kind} (${name(s.service)})`,
      because: `all ${plural(s.answered, "command")} had an answer, 99 % of them within ${duration(s.activity.latencies.percentile(0.99))}`,
    },
  ];
}
