// Which services does a ledger let go of when there are too many? Those of which nothing would be said go first, and of them those that
// were quiet for longest.

import type { ExchangeLedger, ServiceTallyOf } from "./exchange-ledger.ts";

/** Leaves so many, or as few as may be: one that is busy stays, and one of which a faulty exchange is kept. */
export function forgetServices(ledger: ExchangeLedger, most: number): void {
  const { services, legs } = ledger;
  const linked = legs.linked();
  const rest = services.filter((tally) => !tally.isCited && !legs.isBusy(tally));
  const wanted = services.length - most;
  const isDull = (tally: ServiceTallyOf): boolean => isHealthy(tally) && !linked.has(tally);
  const quietest = [...rest.filter(isDull).sort(byLast), ...rest.filter((tally) => !isDull(tally)).sort(byLast)];
  ledger.forget(quietest.slice(0, Math.max(0, wanted)));
}

/** It answered all that it was asked, and soon. */
function isHealthy({ late, unanswered, pending, unknown, activity }: ServiceTallyOf): boolean {
  return late + unanswered + pending + unknown === 0 && activity.slowCount === 0 && activity.silences.length === 0;
}

const byLast = (a: ServiceTallyOf, b: ServiceTallyOf): number => a.activity.latest - b.activity.latest;
