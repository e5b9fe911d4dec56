// What does the capture tell of the path between two hosts: how long a round trip takes, and how much had to be sent again?

import type { Evidence } from "../src/core/analysis.ts";
import type { Nanos } from "../src/core/clock.ts";
import { type CaptureView, type EndRow, type FlowRow, isIpv4, type Moment, Sign } from "../src/core/flow-view.ts";
import { CITED, cite } from "./grouping.ts";
import { PairMap } from "./pair-map.ts";
import { type Bounds, shareBounds } from "./share-bounds.ts";

/** Payload of a full segment on Ethernet. A sending host's capture holds what its card will cut into so many. */
const SEGMENT_BYTES = 1460;
/** Repetitions of all connections of a path within this time are one event (RFC 5348 §5.2; repetitions.ts in the flow room). */
const EVENT_NS = 200e6;
/** More of the repetitions than this are packets captured twice: then so are many of the others, a little later. */
const ECHO_SHARE = 0.2;
const LEAST_ECHOES = 5;
/** Enough to see that two hosts do the same service. */
const MAX_PORTS = 16;

/** What one of the two hosts sent. */
export interface Direction {
  segments: number;
  again: number;
  doubtful: number;
  /** Numbers of the {@link EVENT_NS} in which something was sent again. */
  events: Set<number> | null;
  echoes: number;
  first: Moment | null;
  last: Moment | null;
}

export interface Path {
  hosts: readonly [string, string];
  /** The first of them as the rows number it. */
  firstHost: number;
  sent: readonly [Direction, Direction];
  flows: number;
  /** Of handshakes without a repetition: SYN to the client's ACK, wherever the capture was taken. */
  roundTrips: Nanos[];
  /** The part of them that lies beyond the capture as seen from each host. */
  beyond: [Nanos, Nanos];
  repeatedSyns: number;
  /** Ports on which each host served, the first ones. */
  served: [number[], number[]];
  evidence: Evidence[];
}

const direction = (): Direction => ({
  segments: 0,
  again: 0,
  doubtful: 0,
  events: null,
  echoes: 0,
  first: null,
  last: null,
});

/** Paths between different hosts, in order of first appearance. */
export function pathsOf(view: CaptureView): Path[] {
  const paths = new PairMap<Path>();
  for (const flow of view.flows(Sign.data)) {
    if (!isOnPath(flow)) continue;
    const { client, server } = flow;
    const [a, b] = [Math.min(client.host, server.host), Math.max(client.host, server.host)];
    let path = paths.get(a, b);
    if (path === undefined) {
      path = newPath(client, server);
      paths.add(a, b, path);
    }
    measure(path, flow);
  }
  return paths.values;
}

function newPath(client: EndRow, server: EndRow): Path {
  const [one, other] = client.address < server.address ? [client, server] : [server, client];
  return {
    hosts: [one.address, other.address],
    firstHost: one.host,
    sent: [direction(), direction()],
    flows: 0,
    roundTrips: [],
    beyond: [0, 0],
    repeatedSyns: 0,
    served: [[], []],
    evidence: [],
  };
}

/**
 * How many connections between hosts there are, when none of them sent anything again and no handshake took `slow` or longer; null
 * otherwise. Most captures are like that, and a server has a path for each of its clients.
 */
export function quietConnections(view: CaptureView, slow: Nanos): number | null {
  let connections = 0;
  for (const flow of view.flows(Sign.data)) {
    if (!isOnPath(flow)) continue;
    if (flow.client.repetitions !== null || flow.server.repetitions !== null) return null;
    connections++;
    // The handshake is a part of it; its history need not be read.
    if (flow.last.time - flow.first.time < slow) continue;
    const trip = roundTrip(flow);
    if (trip !== null && trip.toServer + trip.toClient >= slow) return null;
  }
  return connections;
}

/** Without payload there is nothing to lose: no flood of SYNs from made-up addresses fills the table of paths. */
function isOnPath(flow: FlowRow): boolean {
  if (flow.client.firstData === 0 && flow.server.firstData === 0) return false;
  if (flow.answersOf !== null || flow.redirected || flow.oneDirection) return false;
  const { client, server } = flow;
  return client.host !== server.host && !isLoopback(client) && !isLoopback(server);
}

const isLoopback = (end: EndRow): boolean => (isIpv4(end.host) ? end.host >>> 24 === 127 : end.address === "::1");

function measure(path: Path, flow: FlowRow): void {
  const { client, server } = flow;
  path.flows++;
  const [c, s] = client.host === path.firstHost ? ([0, 1] as const) : ([1, 0] as const);
  const ports = path.served[s];
  if (ports.length < MAX_PORTS && !ports.includes(server.port)) ports.push(server.port);
  path.repeatedSyns += Math.max(0, Math.min(client.syns - 1, client.retransmissions));
  // A SYN-ACK sent again: the service had not taken the connection yet, and dropped what the client sent on it (a full
  // accept queue, TCP_DEFER_ACCEPT). What is sent to an end without room is no loss either.
  const isTakenLate = server.synAcks > 1 && server.retransmissions > 0;
  if (!isTakenLate && !hasHadNoRoom(server)) count(path, path.sent[c], flow, client);
  if (!hasHadNoRoom(client)) count(path, path.sent[s], flow, server);

  const trip = roundTrip(flow);
  if (trip === null) return;
  path.roundTrips.push(trip.toServer + trip.toClient);
  path.beyond[c] += trip.toServer;
  path.beyond[s] += trip.toClient;
}

const hasHadNoRoom = (end: EndRow): boolean => (end.stalls?.waited ?? 0) > 0;

function count(path: Path, to: Direction, flow: FlowRow, end: EndRow): void {
  const { repetitions } = end;
  const echoes = repetitions?.echoes ?? 0;
  const own = end.packets - end.copies;
  to.segments += Math.max(own - echoes, Math.ceil((end.bytes * own) / Math.max(1, end.packets) / SEGMENT_BYTES));
  to.echoes += echoes;
  to.doubtful += repetitions?.doubtful ?? 0;
  if (repetitions === null || repetitions.count === 0) return;
  const { first, last, events } = repetitions;
  to.again += repetitions.count;
  if (to.first === null || first.time < to.first.time) to.first = first;
  if (to.last === null || last.time > to.last.time) to.last = last;
  // First and last are known, those between are thought to lie evenly.
  const step = events > 1 ? (last.time - first.time) / (events - 1) : 0;
  to.events ??= new Set();
  for (let n = 0; n < events; n++) to.events.add(Math.floor((first.time + n * step) / EVENT_NS));
  if (path.evidence.length < CITED)
    path.evidence.push(cite(flow.id, first.frame, last.frame === first.frame ? undefined : last.frame));
}

/** SYN to SYN-ACK is the round trip from the capture to the server, SYN-ACK to ACK the one to the client. */
function roundTrip(flow: FlowRow): { toServer: Nanos; toClient: Nanos } | null {
  const { client, server, synAck } = flow;
  if (flow.handshake !== "full" || synAck === null || client.syns === 0) return null;
  // Sent twice: which of the two was answered, nobody knows.
  if (client.syns > 1 || server.synAcks > 1) return null;
  const { history } = server;
  for (let n = 0; n < history.count; n++) {
    if (history.state(n) !== "SYN_RECEIVED") continue;
    const toClient = history.until(n) - synAck.time;
    const toServer = synAck.time - flow.first.time;
    return toClient >= 0 && toServer >= 0 && Number.isFinite(toClient) ? { toServer, toClient } : null;
  }
  return null;
}

export const boundsOf = (d: Direction): Bounds => shareBounds(d.again, d.segments, momentsOf(d));

/** At how many moments something was sent again. */
export const momentsOf = (d: Direction): number => d.events?.size ?? 0;

/** The direction that is surely the worse. */
export const worseOf = (path: Path): Direction =>
  boundsOf(path.sent[0]).least >= boundsOf(path.sent[1]).least ? path.sent[0] : path.sent[1];

/** The same packets stand in the capture twice, and nothing tells which of them were sent again. */
export const isCapturedTwice = (path: Path): boolean =>
  path.sent.some((d) => d.echoes >= LEAST_ECHOES && d.echoes >= ECHO_SHARE * (d.echoes + d.again));

/** Several paths as one. */
export function joined(paths: readonly Path[]): Direction {
  const all = direction();
  const events = new Set<number>();
  all.events = events;
  for (const path of paths) {
    for (const d of path.sent) {
      all.segments += d.segments;
      all.again += d.again;
      all.doubtful += d.doubtful;
      for (const e of d.events ?? []) events.add(e);
      if (d.first !== null && (all.first === null || d.first.time < all.first.time)) all.first = d.first;
      if (d.last !== null && (all.last === null || d.last.time > all.last.time)) all.last = d.last;
    }
  }
  return all;
}
