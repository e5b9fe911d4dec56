// Which sockets did each service and its clients hold over time? From the histories of all ends, with timers of the hosts included:
// what `ss` would have counted, moment by moment.

import { formatEndpoint } from "../core/address.ts";
import type { Party } from "../core/analysis.ts";
import type { CaptureView, EndRow, FlowRow, StateName } from "../core/flow-view.ts";
import { count } from "../core/format.ts";
import { SOCKET_STATES } from "../core/state-option.ts";
import type { StatesPanel, StatesPicture } from "../diagram/over-time/states-picture.ts";
import { chartOf, leftOut, type Made, momentsOf, type PictureOptions, type Rank, rankOf } from "./over-time.ts";
import { countSpans, Spans } from "./span-counts.ts";

/** More panels are more than an eye compares. */
const MAX_PANELS = 4;
/** Groups with a smaller share of the busiest one's connections are left out, unless a finding names them: one of 100,000 clients. */
const LEAST_SHARE = 0.01;
const STATES = SOCKET_STATES.length;
const STATE_NUMBER = new Map<StateName, number>(SOCKET_STATES.map((state, n) => [state, n]));

/** The sockets of a service, with whomever; or those of one client address with one service. */
interface Group {
  /** One of its flows: who they are, it tells. */
  flow: number;
  isService: boolean;
  rank: number;
  /** Of a service: the host of its first client, and whether it has others. */
  host: number;
  hasSeveral: boolean;
  /** Ends of connections. */
  ends: number;
  number: number;
}

export function statesPicture(view: CaptureView, options: PictureOptions): Made<StatesPicture> {
  const groups = new Groups(view, rankOf(options));
  if (groups.all.length === 0) return { picture: null, because: "there is no TCP connection in the capture" };
  const chosen = chooseFrom(groups.all);
  const moments = momentsOf(view);
  const { byKind, byGroup } = countSpans(spansOf(view, groups), chosen.length * STATES, STATES, moments);
  const panels = chosen.map(
    (group, n): StatesPanel => ({
      holder: formatEndpoint(partiesOf(group, view).holder),
      peer: peerText(group, groups, view),
      states: SOCKET_STATES.map((state, s) => ({ state, series: byKind[n * STATES + s]! })).filter(
        ({ series }) => series.peak > 0,
      ),
      total: byGroup[n]!,
    }),
  );
  const shown = panels.filter(({ total }) => total.peak > 0);
  if (shown.length === 0)
    return { picture: null, because: "no end of a connection held a socket while it was captured" };
  const ends = groups.all.reduce((sum, g) => (g.number < 0 ? sum + g.ends : sum), 0);
  const notes = leftOut(
    groups.all.length - chosen.length,
    (n) => `Not shown: ${count(n, "other group")} of sockets, with ${count(ends, "end")} of connections.`,
  );
  const times = moments.map((t) => t - view.firstTime);
  return { picture: { ...chartOf(view, options, notes), times, panels: shown } };
}

function partiesOf({ flow, isService }: Group, view: CaptureView): { holder: Party; peer: Party } {
  const { client, server } = view.row(flow);
  return isService
    ? { holder: { address: server.address, port: server.port }, peer: { address: server.remote.address } }
    : { holder: { address: client.address }, peer: client.remote };
}

function peerText(group: Group, groups: Groups, view: CaptureView): string {
  const { isService, hasSeveral } = group;
  const { peer } = partiesOf(group, view);
  const text = hasSeveral ? count(groups.clientsOf(view.row(group.flow).server.place), "client") : formatEndpoint(peer);
  return isService ? `service, with ${text}` : `client, with ${text}`;
}

// ─────────────────────────── groups ───────────────────────────

/** Only counts: the histories of all connections are seconds of work. */
class Groups {
  /** In order of first appearance. */
  readonly all: Group[] = [];
  private readonly services = new Map<number, Group>();
  /** By the place of the service, then by the client's host. */
  private readonly clients = new Map<number, Map<number, Group>>();
  private readonly rank: Rank;

  constructor(view: CaptureView, rank: Rank) {
    this.rank = rank;
    for (const flow of view.flows()) {
      if (flow.answersOf !== null) continue;
      (this.of(flow, flow.client) ?? this.add(flow, flow.client)).ends++;
      const service = this.of(flow, flow.server) ?? this.add(flow, flow.server);
      service.ends++;
      if (service.host !== flow.client.host) service.hasSeveral = true;
    }
  }

  of(flow: FlowRow, end: EndRow): Group | undefined {
    return end === flow.client ? this.clients.get(end.remotePlace)?.get(end.host) : this.services.get(end.place);
  }

  /** A service has as many peers as clients have a group with it. */
  clientsOf(place: number): number {
    return Math.max(2, this.clients.get(place)?.size ?? 0);
  }

  private add(flow: FlowRow, end: EndRow): Group {
    const { rank } = this;
    const { address, port, host, remote } = end;
    const isService = end === flow.server;
    const group: Group = {
      flow: flow.id,
      isService,
      rank: isService ? rank({ address, port }) : Math.max(rank({ address }), rank(remote)),
      host: flow.client.host,
      hasSeveral: false,
      ends: 0,
      number: -1,
    };
    this.all.push(group);
    if (isService) {
      this.services.set(end.place, group);
      return group;
    }
    const others = this.clients.get(end.remotePlace);
    if (others === undefined) this.clients.set(end.remotePlace, new Map([[host, group]]));
    else others.set(host, group);
    return group;
  }
}

/** Numbers those that are shown: named by findings first, then those with most connections; a service before its clients. */
function chooseFrom(groups: readonly Group[]): Group[] {
  const chosen: Group[] = [];
  const before = (a: Group, b: Group): boolean => {
    const difference = a.rank - b.rank;
    if (Number.isNaN(difference) || difference === 0) {
      return a.ends !== b.ends ? a.ends > b.ends : a.isService && !b.isService;
    }
    return difference < 0;
  };
  let busiest = 0;
  for (const { ends } of groups) if (ends > busiest) busiest = ends;
  for (const group of groups) {
    if (group.ends < busiest * LEAST_SHARE && group.rank === Number.POSITIVE_INFINITY) continue;
    let at = chosen.length;
    while (at > 0 && before(group, chosen[at - 1]!)) at--;
    if (at >= MAX_PANELS) continue;
    chosen.splice(at, 0, group);
    if (chosen.length > MAX_PANELS) chosen.pop();
  }
  chosen.forEach((group, n) => {
    group.number = n;
  });
  return chosen;
}

function spansOf(view: CaptureView, groups: Groups): Spans {
  const spans = new Spans();
  for (const flow of view.flows()) {
    if (flow.answersOf !== null) continue;
    for (const end of [flow.client, flow.server]) {
      const number = groups.of(flow, end)!.number;
      if (number < 0) continue;
      const { history } = end;
      for (let n = 0; n < history.count; n++) {
        const state = STATE_NUMBER.get(history.state(n));
        if (state === undefined || !(history.until(n) > view.firstTime) || history.from(n) > view.lastTime) continue;
        spans.add(number * STATES + state, Math.max(view.firstTime, history.from(n)), history.until(n));
      }
    }
  }
  return spans;
}
