// What is to be seen on each flow, in two bytes? Worked out once, in one walk over the rows, for all the questions that are about few.

import { type EndRow, type FlowRow, IDLE_NS, type Moment, Sign } from "../core/flow-view.ts";
import { isBefore } from "../core/frame.ts";
import { HELD_NS } from "../core/half-closed.ts";
import type { Protocol } from "../core/stream-decoder.ts";

export interface Signs {
  /** By flow: {@link Sign}s, added up. */
  readonly of: Uint16Array;
  readonly protocols: ReadonlySet<Protocol>;
}

export function signsOf(flows: Iterable<FlowRow>, count: number): Signs {
  const of = new Uint16Array(count);
  const protocols = new Set<Protocol>();
  let latest: Protocol = "unknown";
  for (const flow of flows) {
    of[flow.id] = signs(flow);
    const { protocol } = flow;
    if (protocol === latest) continue;
    latest = protocol;
    protocols.add(protocol);
  }
  protocols.delete("unknown");
  return { of, protocols };
}

/** hot: of every flow. */
function signs(flow: FlowRow): number {
  const { client, server } = flow;
  const clientRst = client.rst;
  const serverRst = server.rst;
  let found = 0;
  if (client.firstData !== 0 || server.firstData !== 0) found |= Sign.data;
  if (clientRst !== null || serverRst !== null) found |= Sign.rst;
  const { ending } = flow;
  if (ending === "refused") found |= Sign.refused;
  if (ending === "unanswered") found |= Sign.unanswered;
  if (flow.notes !== null) found |= Sign.notes;
  if (flow.handshake === "none" || flow.oneDirection) found |= Sign.partial;
  const clientFin = client.fin;
  const serverFin = server.fin;
  if (clientFin !== null || serverFin !== null) {
    found |=
      (found & Sign.rst) === 0 ? closeOf(clientFin, serverFin, client.finAcked, server.finAcked) : Sign.roughClose;
  }
  if (isIdleEnd(client) || isIdleEnd(server)) found |= Sign.idleEnd;
  if (flow.hasGaps || isHindered(client) || isHindered(server)) found |= Sign.hindered;
  return found;
}

/** Of a connection without a RST: when the ends closed, and when that was acknowledged. */
function closeOf(a: Moment | null, b: Moment | null, aAcked: Moment | null, bAcked: Moment | null): number {
  if (a === null || b === null || aAcked === null || bAcked === null) return Sign.roughClose;
  // A connection to itself has one FIN for both ends, and of two files nobody knows whose was first when the times are equal.
  if (!isBefore(a, b) && !isBefore(b, a)) return Sign.roughClose;
  const first = Math.min(a.time, b.time);
  if (Math.max(a.time, b.time, aAcked.time, bAcked.time) - first >= HELD_NS) return Sign.roughClose;
  const isInTurn = isBefore(aAcked, b) || isBefore(bAcked, a);
  return isInTurn ? Sign.smoothClose | Sign.closedInTurn : Sign.smoothClose;
}

const isIdleEnd = (end: EndRow): boolean => (end.idleBeforeFin ?? end.idleBeforeRst ?? 0) >= IDLE_NS;

const isHindered = (end: EndRow): boolean =>
  end.missing > 0 ||
  end.retransmissions > 0 ||
  end.writesAfterClose > 0 ||
  end.stalls !== null ||
  end.repetitions !== null;
