// What to look at next, where the capture cannot tell: the packets that are missing from it, and what only the host knows.

import { formatEndpoint } from "../src/core/address.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import type { Found } from "./causes.ts";
import { calledBy } from "./legs.ts";
import { servicesAt } from "./services-at.ts";

/** For the findings that say who was silent, and not why. */
export function nextSteps(lead: Found, view: CaptureView): string[] {
  const { holder } = lead.finding.subject;
  if (holder.port === undefined) return [];
  if (lead.analysis !== "unanswered-requests" && lead.analysis !== "late-answers" && lead.analysis !== "slow-answers")
    return [];
  // Requests that queue for a pool: the capture has told it.
  if (lead.finding.metrics.pool_of !== undefined) return [];
  const steps: string[] = [];
  const services = servicesAt(view, holder);
  const calls = services.flatMap((s) => calledBy(view, s));
  if (calls.length === 0 && callsAny(holder.address, view) === 0) {
    steps.push(
      `What ${formatEndpoint(holder)} calls itself (databases, other services) is not in this capture. On its host: tcpdump -i any -s 0 -w outgoing.pcap 'tcp and not port ${holder.port}'`,
    );
  }
  steps.push(
    `Take a stack dump of ${formatEndpoint(holder)} while it hangs, and beside it: ss -tanp 'sport = :${holder.port}' (Recv-Q above 0: it does not even read).`,
  );
  return steps;
}

/** Requests, to whatever service, from this host. */
const callsAny = (address: string, view: CaptureView): number =>
  view.edges.filter((e) => e.client === address && e.service.service.address !== address).length;
