// Which sockets were in TIME_WAIT, from when to when? By owner and destination: at a client without its port, at a service with it.

import type { Party } from "../src/core/analysis.ts";
import type { CaptureView, EndRow } from "../src/core/flow-view.ts";
import type { HostSettings } from "../src/core/host-settings.ts";
import { busyFlows, settingsAt } from "./busy-flows.ts";
import { PairMap } from "./pair-map.ts";

/** Sockets in TIME_WAIT of one owner towards one destination. */
export interface TimeWaitSockets {
  holder: Party;
  peer: Party;
  atClient: boolean;
  settings: HostSettings;
  flow: number[];
  from: number[];
  until: number[];
  /** When each connection began, for the rhythm: closes come late and in another order. */
  start: number[];
  requests: number;
  isRead: boolean;
  /** Both ends closed at once, and both keep TIME_WAIT. */
  crossed: number;
}

export function timeWaitSockets(view: CaptureView): TimeWaitSockets[] {
  const atClients = new PairMap<TimeWaitSockets>();
  const atServices = new PairMap<TimeWaitSockets>();
  const all: TimeWaitSockets[] = [];
  for (const flow of busyFlows(view)) {
    const { client, server } = flow;
    for (const end of [client, server]) {
      // Closed, and by no RST, it was the last to close: most servers of most captures, whose history need not be read.
      if (end.state === "CLOSED" && client.rst === null && server.rst === null && !flow.oneDirection) continue;
      const at = timeWaitOf(end, view);
      if (at < 0) continue;
      const atClient = end === client;
      const groups = atClient ? atClients : atServices;
      const holder = atClient ? end.host : end.place;
      const peer = atClient ? end.remotePlace : client.host;
      let g = groups.get(holder, peer);
      if (g === undefined) {
        const { address } = end;
        g = {
          holder: atClient ? { address } : { address, port: end.port },
          peer: atClient ? end.remote : { address: client.address },
          atClient,
          settings: settingsAt(view, end),
          flow: [],
          from: [],
          until: [],
          start: [],
          requests: 0,
          isRead: true,
          crossed: 0,
        };
        groups.add(holder, peer, g);
        all.push(g);
      }
      g.flow.push(flow.id);
      g.from.push(end.history.from(at));
      g.until.push(end.history.until(at));
      g.start.push(flow.first.time);
      g.requests += flow.requests;
      if (flow.protocol === "unknown") g.isRead = false;
      if (flow.closedFirst === "both") g.crossed++;
    }
  }
  return all;
}

/** Which span of the history is TIME_WAIT within the capture, or −1. It is the last one: nothing comes after it. */
function timeWaitOf(end: EndRow, view: CaptureView): number {
  const { history } = end;
  const last = history.count - 1;
  return last >= 0 && history.state(last) === "TIME_WAIT" && history.from(last) <= view.lastTime ? last : -1;
}
