// Who tried so many services, of which none ever accepted, that one finding tells more than one of each? A scan, a list that is out of date,
// or, where it keeps trying each, a whole cluster or network that is down.

import { type Evidence, type FoundFinding, manyServices } from "../src/core/analysis.ts";
import type { CaptureView, FlowRow } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, MOST_SERVICES, plural } from "./grouping.ts";

/** Clients of which that is known; a flood has as many as packets, each with one service. */
const MOST_CLIENTS = 65_536;

/** Attempts at one service, one after the other, of whoever expects it there. */
export const SEVERAL = 3;

export type Failure = "refused" | "unanswered";

/** Counts the services that each client tried in vain, as far as needed. */
export class TriedInVain {
  /** By the client's host: its first service, by place; and the others, once there are any. */
  private readonly first = new Map<number, number>();
  private readonly others = new Map<number, Set<number>>();

  note({ client, server }: FlowRow): void {
    const first = this.first.get(client.host);
    if (first === undefined) {
      if (this.first.size < MOST_CLIENTS) this.first.set(client.host, server.place);
      return;
    }
    if (first === server.place) return;
    let others = this.others.get(client.host);
    if (others === undefined) this.others.set(client.host, (others = new Set()));
    if (others.size < MOST_SERVICES) others.add(server.place);
  }

  isMany({ client }: FlowRow): boolean {
    return (this.others.get(client.host)?.size ?? 0) >= MOST_SERVICES;
  }
}

/** `flows`: the attempts of one client, in order. */
export function describeMany(how: Failure, flows: readonly number[], view: CaptureView): FoundFinding {
  const places = new Set<number>();
  const hosts = new Set<number>();
  const times = new Float64Array(flows.length);
  const evidence: Evidence[] = [];
  let syns = 0;
  let n = 0;
  for (const flow of view.rows(flows)) {
    places.add(flow.server.place);
    hosts.add(flow.server.host);
    times[n++] = flow.first.time;
    syns += flow.client.syns;
    if (evidence.length < CITED)
      evidence.push(cite(flow.id, flow.first.frame, flow.server.rst?.frame ?? flow.last.frame));
  }
  const { client, server } = view.row(flows[0]!);
  const services =
    hosts.size === 1
      ? plural(places.size, `port of ${server.address}`, `ports of ${server.address}`)
      : `${plural(places.size, "service")} on ${plural(hosts.size, "host")}`;
  const since = clockTime(view.clock.iso(times[0]!));
  const attempts = plural(flows.length, "connection attempt");
  const met =
    how === "refused"
      ? `The SYNs were answered by RST, the first at ${since}`
      : `${plural(syns, "SYN")} had no answer at all, the first at ${since}`;
  const each = flows.length / places.size;
  const isScan = each < SEVERAL;
  const meaning = isScan
    ? "So many, and none right, are a scan, or a list of addresses that is out of date."
    : `Each was tried some ${formatWhole(Math.round(each))} times: they are all gone, or what leads to them is.`;
  return {
    severity: isScan ? "low" : "high",
    title:
      how === "refused"
        ? `${client.address} was refused by ${services}`
        : `${attempts} of ${client.address} to ${services} met silence`,
    summary: `${met}, and nobody was accepted there while the capture ran. ${meaning}`,
    subject: {
      holder: { address: client.address },
      peer: hosts.size === 1 ? { address: server.address } : manyServices(places.size),
    },
    count: flows.length,
    onset: times[0]!,
    metrics: { kind: `many-${how}`, syns, services: places.size, hosts: hosts.size },
    evidence,
    advice: [
      isScan
        ? `Find out what on ${client.address} connects to them: a port scan, a monitor, service discovery with an old list${how === "refused" ? "" : " (ss -tnp state syn-sent)"}.`
        : "Look at what they have in common: a deployment, a switch, a firewall, a network that is down.",
    ],
    timeline: timelineOf(times, view.firstTime, view.lastTime),
  };
}
