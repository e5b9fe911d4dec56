// Which service answers SYNs of clients from which nothing else ever comes? Part of accept-backlog: it looks alike and is not.

import type { FoundFinding } from "../src/core/analysis.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, name, plural } from "./grouping.ts";
import type { ServiceOpenings } from "./opening-attempts.ts";

/** Fewer are clients that vanished. */
const SEVERAL = 5;
const MANY = 10;
const FLOOD = 100;

/** SYN-ACKs repeated to clients of which nothing came but the SYN: no full accept queue, but clients that are not there. */
export function halfOpen(services: readonly ServiceOpenings[], view: CaptureView): FoundFinding[] {
  return services.flatMap((openings) => {
    const items = openings.troubled.filter((a) => a.kind === "half-open");
    if (items.length < SEVERAL) return [];
    const service = name(openings.service);
    const sources = new Set(items.map((a) => a.client));
    const retried = items.filter((a) => a.synRepeats > 0).length;
    const lost = retried * 2 > items.length;
    const from = plural(sources.size, "source");
    const first = items[0]!;
    return {
      severity: items.length >= FLOOD ? "high" : items.length >= MANY ? "medium" : "low",
      title: lost
        ? `SYN-ACKs of ${service} do not reach ${from}`
        : `${plural(items.length, "half-open connection")} at ${service}, from ${from}`,
      summary: lost
        ? `${service} answered ${plural(items.length, "SYN")} and repeated the SYN-ACK; the clients repeated their SYN: the answers are lost on the way back.`
        : `${service} answered ${plural(items.length, "SYN")} and repeated the SYN-ACK in vain, first at ${clockTime(view.clock.iso(first.time))}: no ACK and no RST ever came. A SYN flood with false source addresses looks so, or clients behind a one-way path. It is no full accept queue.`,
      subject: { holder: openings.service, peer: sources.size === 1 ? { address: first.client } : null },
      count: items.length,
      onset: first.time,
      metrics: {
        kind: lost ? "answers-lost" : "half-open",
        sources: sources.size,
        syn_acks_repeated: items.reduce((n, a) => n + a.synAckRepeats, 0),
        syns_repeated: retried,
      },
      evidence: items.slice(0, CITED).map((a) => cite(a.flow, a.frame, a.lastFrame)),
      advice: lost
        ? ["Look at the route, the firewalls and the address translation from the service back to these clients."]
        : [`Look at ss -tn state syn-recv on ${openings.service.address}, and keep net.ipv4.tcp_syncookies on.`],
      timeline: timelineOf(
        items.map((a) => a.time),
        view.firstTime,
        view.lastTime,
      ),
    };
  });
}
