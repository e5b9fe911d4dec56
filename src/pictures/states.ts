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
  holder: Party;
  /** Null: several, counted in `peers`. */
  peer: Party | null;
  peers: number;
  isService: boolean;
  /** Ends of connections. */
  ends: number;
  number: number;
}

export function statesPicture(view: CaptureView, options: PictureOptions): Made<StatesPicture> {
  const { groups, groupOf } = groupsIn(view);
  if (groups.size === 0) return { picture: null, because: "there is no TCP connection in the capture" };
  const chosen = chooseFrom(groups, rankOf(options));
  const moments = momentsOf(view);
  const { byKind, byGroup } = countSpans(spansOf(view, groupOf), chosen.length * STATES, STATES, moments);
  const panels = chosen.map(
    (group, n): StatesPanel => ({
      holder: formatEndpoint(group.holder),
      peer: peerText(group),
      states: SOCKET_STATES.map((state, s) => ({ state, series: byKind[n * STATES + s]! })).filter(
        ({ series }) => series.peak > 0,
      ),
      total: byGroup[n]!,
    }),
  );
  const shown = panels.filter(({ total }) => total.peak > 0);
  if (shown.length === 0)
    return { picture: null, because: "no end of a connection held a socket while it was captured" };
  const ends = [...groups.values()].filter((g) => g.number < 0).reduce((sum, g) => sum + g.ends, 0);
  const notes = leftOut(
    groups.size - chosen.length,
    (n) => `Not shown: ${count(n, "other group")} of sockets, with ${count(ends, "end")} of connections.`,
  );
  const times = moments.map((t) => t - view.firstTime);
  return { picture: { ...chartOf(view, options, notes), times, panels: shown } };
}

function peerText({ peer, peers, isService }: Group): string {
  const text = peer === null ? count(peers, "client") : formatEndpoint(peer);
  return isService ? `service, with ${text}` : `client, with ${text}`;
}

// ─────────────────────────── groups ───────────────────────────

type Groups = Map<string, Group>;

const keyOf = (flow: FlowRow, end: EndRow): string =>
  end === flow.client ? `${end.address} ${end.remote.address} ${end.remote.port}` : `${end.address} ${end.port}`;

/** The group of the client's end of each flow, then of the server's. */
type GroupOf = (Group | undefined)[];

/** Only counts: the histories of all connections are seconds of work. */
function groupsIn(view: CaptureView): { groups: Groups; groupOf: GroupOf } {
  const groups: Groups = new Map();
  const groupOf: GroupOf = [];
  for (const flow of view.flows()) {
    if (flow.answersOf !== null) continue;
    for (const end of [flow.client, flow.server]) {
      const key = keyOf(flow, end);
      const isService = end === flow.server;
      const { address, port } = end.remote;
      let group = groups.get(key);
      if (group === undefined) {
        group = {
          holder: isService ? { address: end.address, port: end.port } : { address: end.address },
          peer: isService ? { address } : { address, port },
          peers: 1,
          isService,
          ends: 0,
          number: -1,
        };
        groups.set(key, group);
      } else if (isService && group.peer?.address !== address) {
        group.peer = null;
      }
      group.ends++;
      groupOf[flow.id * 2 + (isService ? 1 : 0)] = group;
    }
  }
  countPeers(groups);
  return { groups, groupOf };
}

/** A service has as many peers as clients have a group with it. */
function countPeers(groups: Groups): void {
  const clients = new Map<string, number>();
  for (const { isService, peer } of groups.values()) {
    if (isService || peer === null) continue;
    const key = `${peer.address} ${peer.port}`;
    clients.set(key, (clients.get(key) ?? 0) + 1);
  }
  for (const [key, group] of groups) if (group.isService) group.peers = Math.max(2, clients.get(key) ?? 0);
}

/** Numbers those that are shown: named by findings first, then those with most connections; a service before its clients. */
function chooseFrom(groups: Groups, rank: Rank): Group[] {
  const ranks = new Map<Group, number>();
  for (const group of groups.values()) {
    const holder = rank(group.holder);
    const peer = group.peer === null ? Number.POSITIVE_INFINITY : rank(group.peer);
    ranks.set(group, group.isService ? holder : Math.max(holder, peer));
  }
  const chosen: Group[] = [];
  const before = (a: Group, b: Group): boolean => {
    const difference = ranks.get(a)! - ranks.get(b)!;
    if (Number.isNaN(difference) || difference === 0) {
      return a.ends !== b.ends ? a.ends > b.ends : a.isService && !b.isService;
    }
    return difference < 0;
  };
  let busiest = 0;
  for (const { ends } of groups.values()) if (ends > busiest) busiest = ends;
  for (const group of groups.values()) {
    if (group.ends < busiest * LEAST_SHARE && ranks.get(group) === Number.POSITIVE_INFINITY) continue;
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

function spansOf(view: CaptureView, groupOf: GroupOf): Spans {
  const spans = new Spans();
  for (const flow of view.flows()) {
    for (const role of [0, 1]) {
      const number = groupOf[flow.id * 2 + role]?.number ?? -1;
      if (number < 0) continue;
      const { history } = role === 0 ? flow.client : flow.server;
      for (let n = 0; n < history.count; n++) {
        const state = STATE_NUMBER.get(history.state(n));
        if (state === undefined || !(history.until(n) > view.firstTime) || history.from(n) > view.lastTime) continue;
        spans.add(number * STATES + state, Math.max(view.firstTime, history.from(n)), history.until(n));
      }
    }
  }
  return spans;
}
