// How did each attempt to open a connection go, service by service, and what else shows that the service was alive?

import type { Nanos } from "../src/core/clock.ts";
import type { CaptureView, EndRow, FlowRow } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";

/** No system repeats a SYN sooner (RFC 6298 §2.1: one second), so a repeated SYN before an answer this late was not answered at first. */
const FIRST_RETRY_NS = 0.9e9;
/** An answer to a retry comes a round trip behind a whole second (1, 3, 7 s, or every second); one that does not is a slow path. */
const ROUND_TRIP_NS = 0.4e9;
/** Clocks and timers of the two ends differ by less than this. */
const EARLY_NS = 0.02e9;
const SECOND_NS = 1e9;
/** Bytes that are not acknowledged are sent again within this time. */
const RETRANSMITTED_NS = 1e9;

export interface Attempt {
  flow: number;
  client: string;
  /**
   * syn-dropped: its SYN had no answer until it was sent again, if then. ack-dropped: the client has finished the handshake
   * and sent data, the service still repeats its SYN-ACK. data-dropped: it does not even do that (with SYN cookies it has
   * forgotten), and acknowledges nothing. half-open: of the client nothing came but SYNs.
   */
  kind: "plain" | "syn-dropped" | "ack-dropped" | "data-dropped" | "half-open";
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

export function serviceOpenings(view: CaptureView): ServiceOpenings[] {
  const services = new Map<string, ServiceOpenings & { again: number; segments: number }>();
  for (const flow of view.flows()) {
    if (flow.answersOf !== null || flow.ending === "refused") continue;
    const { address, port } = flow.server;
    const key = `${address} ${port}`;
    let of = services.get(key);
    if (of === undefined) {
      of = {
        service: { address, port },
        starts: [],
        troubled: [],
        waiting: [],
        signs: [],
        struggling: [],
        loss: 0,
        again: 0,
        segments: 0,
      };
      services.set(key, of);
    }
    const attempt = attemptOf(flow);
    if (attempt !== null) of.starts.push(attempt.time);
    if (attempt !== null && attempt.kind !== "plain") of.troubled.push(attempt);
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

/** Null when the capture does not have its SYN. */
function attemptOf(flow: FlowRow): Attempt | null {
  const { client, server, synAck } = flow;
  if (client.syns === 0 || flow.oneDirection) return null;
  const time = flow.first.time;
  const synRepeats = repeats(client, client.syns);
  const synAckRepeats = repeats(server, server.synAcks);
  const answered = synAck === null ? null : synAck.time - time;
  const attempt = (kind: Attempt["kind"], delay: Nanos | null): Attempt => ({
    flow: flow.id,
    client: client.address,
    kind,
    time,
    until: delay === null ? flow.last.time : time + delay,
    delay,
    synRepeats,
    synAckRepeats,
    frame: flow.first.frame,
    lastFrame: delay !== null && synAck !== null ? synAck.frame : flow.last.frame,
  });

  // Twice within a moment is one segment seen twice.
  if (flow.last.time - time < FIRST_RETRY_NS) return attempt("plain", answered);
  const onlySyns = client.packets - client.copies === client.syns;
  if (synAck !== null && onlySyns) return attempt(synAckRepeats > 0 ? "half-open" : "plain", null);
  if (synAck !== null && client.lastData !== null && client.retransmissions > synRepeats) {
    const served = server.lastData === null ? null : servedAfter(flow);
    if (synAckRepeats > 0 && (served === null || served >= FIRST_RETRY_NS)) return attempt("ack-dropped", served);
    if (server.packets - server.copies === server.synAcks && !flow.redirected) return attempt("data-dropped", null);
  }
  if (synRepeats === 0) return attempt("plain", answered);
  if (answered === null) return attempt("syn-dropped", null);
  const isRetryAnswered = answered >= FIRST_RETRY_NS && (answered + EARLY_NS) % SECOND_NS <= ROUND_TRIP_NS;
  return attempt(isRetryAnswered ? "syn-dropped" : "plain", answered);
}

/** When the service's own socket came to be, counted from the SYN; at the latest with its last data. */
function servedAfter(flow: FlowRow): Nanos {
  const { history } = flow.server;
  for (let n = 0; n < history.count; n++) {
    if (history.state(n) === "ESTABLISHED") return history.from(n) - flow.first.time;
  }
  return flow.server.lastData!.time - flow.first.time;
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
