// Which requests to a service waited during a span of time, and what did they ask?

import type { Nanos } from "../src/core/clock.ts";
import type { CaptureView, ServiceTally } from "../src/core/flow-view.ts";
import { type Exchange, otherSide } from "../src/core/stream-decoder.ts";

/** A request that waits for less is on its way. */
const WAITED_NS = 200e6;

/** Requests to `service` that waited for an answer between these moments, for 200 ms or longer, in order. */
export function waitingDuring(view: CaptureView, service: ServiceTally, from: Nanos, until: Nanos): Exchange[] {
  const found: Exchange[] = [];
  for (const e of [...faultyOf(view, service), ...service.activity.slow]) {
    if (e.request === null || e.request.waits === true) continue;
    const end = e.outcome === "pending" ? view.lastTime : e.request.time + e.waited;
    if (Math.min(end, until) - Math.max(e.request.time, from) >= WAITED_NS) found.push(e);
  }
  return [...new Set(found)].sort((a, b) => a.request!.time - b.request!.time);
}

const workedOut = new WeakMap<CaptureView, Map<string, Exchange[]>>();

/** Requests to `service` that had no plain answer. */
export function faultyOf(view: CaptureView, { service, protocol }: ServiceTally): readonly Exchange[] {
  let byService = workedOut.get(view);
  if (byService === undefined) {
    byService = new Map();
    for (const e of view.exchanges) {
      const { address, port } = view.row(e.flow).end(otherSide(e.requester));
      const key = `${e.protocol} ${address} ${port}`;
      const list = byService.get(key);
      if (list === undefined) byService.set(key, [e]);
      else list.push(e);
    }
    workedOut.set(view, byService);
  }
  return byService.get(`${protocol} ${service.address} ${service.port}`) ?? [];
}
