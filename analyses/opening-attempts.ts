// How did each attempt to open a connection go, service by service, and what else shows that the service was alive?

import type { Nanos } from "../src/core/clock.ts";
import { type CaptureView, type EndRow, type FlowRow, Sign } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { RoughCounts } from "./rough-counts.ts";

/** No system repeats a SYN sooner (RFC 6298 §2.1: one second), so a repeated SYN before an answer this late was not answered at first. */
const FIRST_RETRY_NS = 0.9e9;
/** An answer to a retry comes a round trip behind a whole second (1, 3, 7 s, or every second); one that does not is a slow path. */
const ROUND_TRIP_NS = 0.4e9;
/** Clocks and timers of the two ends differ by less than this. */
const EARLY_NS = 0.02e9;
const SECOND_NS = 1e9;
/** With fewer attempts that did not go through at once, a service is not looked at. */
export const FEWEST_TROUBLED = 3;
/** Bytes that are not acknowledged are sent again within this time. */
const RETRANSMITTED_NS = 1e9;

type Kind = "plain" | "syn-dropped" | "ack-dropped" | "data-dropped" | "half-open";

export interface Attempt {
  flow: number;
  client: string;
  /**
   * syn-dropped: its SYN had no answer until it was sent again, if then. ack-dropped: the client has finished the handshake
   * and sent data, the service still repeats its SYN-ACK. data-dropped: it does not even do that (with SYN cookies it has
   * forgotten), and acknowledges nothing. half-open: of the client nothing came but SYNs.
   */
  kind: Kind;
  time: Nanos;
  /** When it got its connection, or was last tried. */
  until: Nanos;
  /** Null when it got none. */
  delay: Nanos | null;
  synRepeats: number;
  synAckRepeats: number;
  frame: FrameRef;
  lastFrame: FrameRef;
}

/** A request that the kernel acknowledged and the process left alone. */
export interface Waiting {
  from: Nanos;
  until: Nanos;
  served: boolean;
}

export interface ServiceOpenings {
  service: { address: string; port: number };
  /** When each attempt began, also those that went through at once. */
  starts: Nanos[];
  /** Those that did not, in order of time. */
  troubled: Attempt[];
  waiting: Waiting[];
  /** Moments at which a segment of the service was seen. */
  signs: Nanos[];
  /** From first to last segment of connections on which the client had to send again: the host itself may have been gone. */
  struggling: { from: Nanos; until: Nanos }[];
  /** Share of segments sent again on connections whose handshake went through at once. */
  loss: number;
}

export interface Openings {
  /** Attempts in the capture, those that were refused aside. */
  readonly attempts: number;
  /** Those of them that did not go through at once. */
  readonly troubled: number;
  /** Services with {@link FEWEST_TROUBLED} of them or more; there may be some with fewer among them. */
  readonly services: readonly ServiceOpenings[];
}

/** Two analyses ask. */
const workedOut = new WeakMap<CaptureView, Openings>();

export function openingsIn(view: CaptureView): Openings {
  const known = workedOut.get(view) ?? findOpenings(view);
  workedOut.set(view, known);
  return known;
}

/** Whole services are gathered only where there is trouble: most captures cost one look at each flow. */
function findOpenings(view: CaptureView): Openings {
  const counts = new RoughCounts(view.flowCount);
  let attempts = 0;
  let troubled = 0;
  for (const flow of view.flows()) {
    if (flow.answersOf !== null) continue;
    const kind = kindOf(flow);
    if (kind === null) continue;
    attempts++;
    if (kind === "plain" || flow.ending === "refused") continue;
    troubled++;
    counts.add(flow.server.place, 0);
  }
  for (const flow of view.flows(Sign.refused)) if (flow.answersOf === null && kindOf(flow) !== null) attempts--;
  const services = counts.most >= FEWEST_TROUBLED ? servicesOf(view, counts) : [];
  return { attempts, troubled, services };
}

/** Neither an attempt nor a sign of life: the other half of a redirected connection, and what refused-connections tells. */
const isLeftOut = (flow: FlowRow): boolean => flow.answersOf !== null || flow.ending === "refused";

function servicesOf(view: CaptureView, counts: RoughCounts): ServiceOpenings[] {
  const services = new Map<number, ServiceOpenings & { again: number; segments: number }>();
  for (const flow of view.flows()) {
    const { place } = flow.server;
    if (!counts.mayHave(place, 0, FEWEST_TROUBLED) || isLeftOut(flow)) continue;
    let of = services.get(place);
    if (of === undefined) {
      of = {
        service: { address: flow.server.address, port: flow.server.port },
        starts: [],
        troubled: [],
        waiting: [],
        signs: [],
        struggling: [],
        loss: 0,
        again: 0,
        segments: 0,
      };
      services.set(place, of);
    }
    const kind = kindOf(flow);
    if (kind !== null) of.starts.push(flow.first.time);
    if (kind !== null && kind !== "plain") of.troubled.push(attemptOf(flow, kind));
    else {
      if (flow.client.retransmissions > 0) of.struggling.push({ from: flow.first.time, until: flow.last.time });
      of.again += flow.client.retransmissions + flow.server.retransmissions;
      of.segments += flow.client.packets + flow.server.packets - flow.client.copies - flow.server.copies;
    }
    for (const sign of [flow.synAck, flow.server.lastData, flow.server.fin, flow.server.rst]) {
      if (sign !== null) of.signs.push(sign.time);
    }
    const waiting = waitingOf(flow, view);
    if (waiting !== null) of.waiting.push(waiting);
  }
  for (const of of services.values()) of.loss = of.segments === 0 ? 0 : of.again / of.segments;
  return [...services.values()];
}

/** How it went; null when the capture does not have its SYN. */
function kindOf(flow: FlowRow): Kind | null {
  const { client, server, synAck } = flow;
  if (client.syns === 0 || flow.oneDirection) return null;
  // Twice within a moment is one segment seen twice.
  if (flow.last.time - flow.first.time < FIRST_RETRY_NS) return "plain";
  const synRepeats = repeats(client, client.syns);
  const synAckRepeats = repeats(server, server.synAcks);
  const onlySyns = client.packets - client.copies === client.syns;
  if (synAck !== null && onlySyns) return synAckRepeats > 0 ? "half-open" : "plain";
  if (synAck !== null && client.lastData !== null && client.retransmissions > synRepeats) {
    if (synAckRepeats > 0) {
      const served = servedAfter(flow);
      if (served === null || served >= FIRST_RETRY_NS) return "ack-dropped";
    }
    if (server.packets - server.copies === server.synAcks && !flow.redirected) return "data-dropped";
  }
  if (synRepeats === 0) return "plain";
  if (synAck === null) return "syn-dropped";
  const answered = synAck.time - flow.first.time;
  const isRetryAnswered = answered >= FIRST_RETRY_NS && (answered + EARLY_NS) % SECOND_NS <= ROUND_TRIP_NS;
  return isRetryAnswered ? "syn-dropped" : "plain";
}

/** One that did not go through at once. */
function attemptOf(flow: FlowRow, kind: Kind): Attempt {
  const { client, server, synAck } = flow;
  const time = flow.first.time;
  const delay = delayOf(flow, kind);
  return {
    flow: flow.id,
    client: client.address,
    kind,
    time,
    until: delay === null ? flow.last.time : time + delay,
    delay,
    synRepeats: repeats(client, client.syns),
    synAckRepeats: repeats(server, server.synAcks),
    frame: flow.first.frame,
    lastFrame: delay !== null && synAck !== null ? synAck.frame : flow.last.frame,
  };
}

/** When it got its connection, counted from the SYN; null when it got none. */
function delayOf(flow: FlowRow, kind: Kind): Nanos | null {
  if (kind === "ack-dropped") return servedAfter(flow);
  return kind === "syn-dropped" && flow.synAck !== null ? flow.synAck.time - flow.first.time : null;
}

/** When the service's own socket came to be, counted from the SYN; at the latest with its last data. Null without any. */
function servedAfter(flow: FlowRow): Nanos | null {
  const { history, lastData } = flow.server;
  if (lastData === null) return null;
  for (let n = 0; n < history.count; n++) {
    if (history.state(n) === "ESTABLISHED") return history.from(n) - flow.first.time;
  }
  return lastData.time - flow.first.time;
}

/** How often the SYN or SYN-ACK was sent again. */
const repeats = (end: EndRow, sent: number): number => Math.max(0, Math.min(sent - 1, end.retransmissions));

function waitingOf(flow: FlowRow, view: CaptureView): Waiting | null {
  const { client, server } = flow;
  if (flow.synAck === null || client.lastData === null) return null;
  if (client.retransmissions > repeats(client, client.syns) || server.retransmissions > 0) return null;
  const from = client.lastData.time;
  const answer = server.lastData;
  if (answer !== null && answer.time < from) return null;
  const until =
    answer?.time ?? client.fin?.time ?? client.rst?.time ?? server.fin?.time ?? server.rst?.time ?? view.lastTime;
  return until - from < RETRANSMITTED_NS ? null : { from, until, served: answer !== null };
}
