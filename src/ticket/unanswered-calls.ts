// Which calls of one service to another were not answered? The findings count them, the links of the report say who calls whom.

import { formatEndpoint } from "../core/address.ts";
import { formatNumber } from "../core/format.ts";
import type { Report, ReportLink } from "../core/report.ts";

/**
 * How many requests the findings say were not answered, by link. One client may have several links to a service, each for another caller:
 * which of them it was, a finding does not say, so it is told of all together, in `ofSeveral`: `most` lines, for the findings have them all.
 */
export function unansweredBy(
  { findings, topology }: Report,
  most: number,
): { ofLink: Map<ReportLink, number>; ofSeveral: string[] } {
  const ofLink = new Map<ReportLink, number>();
  const ofSeveral: string[] = [];
  for (const { analysis, count: n, subject } of findings) {
    const { holder, peer } = subject;
    if (analysis !== "unanswered-requests" || peer === null) continue;
    const links = topology.calls.filter(
      ({ client, service }) =>
        service.address === holder.address && service.port === holder.port && client === peer.address,
    );
    if (links.length === 1) ofLink.set(links[0]!, (ofLink.get(links[0]!) ?? 0) + n);
    else if (links.length > 1 && ofSeveral.length < most)
      ofSeveral.push(
        `${formatEndpoint(peer)} → ${formatEndpoint(holder)}, for all callers: ${formatNumber(n)} unanswered`,
      );
  }
  return { ofLink, ofSeveral };
}
