// Which service calls which, and on what does that rest? Reads the votes of the flow room (src/flow/legs.ts).

import type { CaptureView, Durations, Edge, ServiceTally } from "../src/core/flow-view.ts";

/** Ids are unique: a few of them settle it. */
const IDS = 3;
const ID_SHARE = 0.5;
/** The same words at the same time happen by chance; most of many do not. */
const WORDS = 5;
const WORDS_SHARE = 0.5;
/** Lying within the time of another request is chance on a busy host, unless nearly all do. */
const NESTED = 5;
const NESTED_SHARE = 0.8;

export type Basis = "request ids" | "the same requests" | "time";

export interface Link {
  /** The service that calls; null for a client that is called by nobody in this capture. */
  readonly caller: ServiceTally | null;
  readonly client: string;
  readonly service: ServiceTally;
  readonly requests: number;
  /** Of all answers to that client. */
  readonly waited: Durations;
  /** On what the caller rests; null without one. */
  readonly basis: Basis | null;
  /** The share of the requests that speak for it. */
  readonly share: number;
}

interface WorkedOut {
  readonly links: readonly Link[];
  /** By service: those that call it directly. */
  readonly direct: ReadonlyMap<ServiceTally, readonly ServiceTally[]>;
  /** By service: those that call it, as far as anybody asked. */
  readonly all: Map<ServiceTally, ReadonlySet<ServiceTally>>;
}

const workedOut = new WeakMap<CaptureView, WorkedOut>();

function workOut(view: CaptureView): WorkedOut {
  const known = workedOut.get(view);
  if (known !== undefined) return known;
  const links = withoutCircles(view.edges.flatMap(linksOf));
  const direct = new Map<ServiceTally, ServiceTally[]>();
  for (const { caller, service } of links) {
    if (caller === null) continue;
    const callers = direct.get(service);
    if (callers === undefined) direct.set(service, [caller]);
    else callers.push(caller);
  }
  const made = { links, direct, all: new Map() };
  workedOut.set(view, made);
  return made;
}

export const linksIn = (view: CaptureView): readonly Link[] => workOut(view).links;

/** The services that `service` calls, directly. */
export const calledBy = (view: CaptureView, service: ServiceTally): ServiceTally[] => [
  ...new Set(
    linksIn(view)
      .filter((l) => l.caller === service)
      .map((l) => l.service),
  ),
];

/** The services that call `service`, directly or through others. */
export function callersOf(view: CaptureView, service: ServiceTally): ReadonlySet<ServiceTally> {
  const { direct, all } = workOut(view);
  const known = all.get(service);
  if (known !== undefined) return known;
  const callers = new Set<ServiceTally>();
  const next = [service];
  for (let s = next.pop(); s !== undefined; s = next.pop()) {
    for (const caller of direct.get(s) ?? []) {
      if (callers.has(caller)) continue;
      callers.add(caller);
      next.push(caller);
    }
  }
  all.set(service, callers);
  return callers;
}

function linksOf(edge: Edge): Link[] {
  const link = (caller: ServiceTally | null, basis: Basis | null, n: number): Link => ({
    caller,
    client: edge.client,
    service: edge.service,
    requests: n,
    waited: edge.waited,
    basis,
    share: edge.requests === 0 ? 0 : n / edge.requests,
  });
  const found: Link[] = [];
  for (const [caller, n] of edge.byId)
    if (n >= IDS || n >= ID_SHARE * edge.withId) found.push(link(caller, "request ids", n));
  // Requests with an id that nobody on this host was serving come from elsewhere.
  if (found.length === 0 && edge.withId < edge.requests / 2) {
    for (const [caller, n] of edge.byWords)
      if (n >= WORDS && n >= WORDS_SHARE * edge.requests) found.push(link(caller, "the same requests", n));
    if (found.length === 0) {
      for (const [caller, n] of edge.byTime)
        if (n >= NESTED && n >= NESTED_SHARE * edge.requests) found.push(link(caller, "time", n));
    }
  }
  const own = edge.requests - found.reduce((sum, l) => sum + l.requests, 0);
  return own > 0 || found.length === 0 ? [...found, link(null, null, Math.max(0, own))] : found;
}

/** Nobody serves a request by asking who asked for it: of two that seem to call each other, the weaker link is chance. */
function withoutCircles(links: readonly Link[]): Link[] {
  /** By who calls, then who is called: the first of them. */
  const called = new Map<ServiceTally, Map<ServiceTally, Link>>();
  for (const l of links) {
    if (l.caller === null) continue;
    let of = called.get(l.caller);
    if (of === undefined) called.set(l.caller, (of = new Map()));
    if (!of.has(l.service)) of.set(l.service, l);
  }
  return links.map((l) => {
    if (l.caller === null) return l;
    const back = called.get(l.service)?.get(l.caller);
    return back !== undefined && weight(back) >= weight(l) ? { ...l, caller: null, basis: null } : l;
  });
}

const WEIGHT: Record<Basis, number> = { "request ids": 3, "the same requests": 2, time: 1 };
const weight = (l: Link): number => (l.basis === null ? 0 : WEIGHT[l.basis] + l.share);
