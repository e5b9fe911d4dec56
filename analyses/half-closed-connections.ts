// Who was told that the peer is done, and did not close its own side?

import { type Analysis, type FoundFinding, isMany, type Severity } from "../src/core/analysis.ts";
import { toSeconds } from "../src/core/clock.ts";
import { type CaptureView, type EndRow, type FlowRow, Sign, type StateName } from "../src/core/flow-view.ts";
import { type FrameRef, isBefore } from "../src/core/frame.ts";
import { HELD_NS } from "../src/core/half-closed.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { median, percentile, sorted, timelineOf } from "../src/core/statistics.ts";
import { otherSide, type Side } from "../src/core/stream-decoder.ts";
import { agreeing, CITED, cite, clockTime, duration, type Group, Groups, name, plural } from "./grouping.ts";
import { PortSupply } from "./port-supply.ts";

/** A FIN this shortly before the end of the capture says nothing: its ACK alone may lag 40 ms. */
export const TOO_SHORT_NS = 200e6;
/** One or two may be a client's pool that has not looked yet. From three on somebody forgets to close. */
const FEW = 3;
const SEVERAL = 10;
const MANY = 100;

export interface Held {
  flow: number;
  holder: Side;
  /** The peer's FIN and its acknowledgement: CLOSE_WAIT begins. */
  finFrame: FrameRef;
  ackFrame: FrameRef;
  /** From when nothing moved any more. */
  from: number;
  /** Until the holder closed, a RST ended it, or the capture did. */
  until: number;
  /** Neither closed nor reset when the capture ended. */
  open: boolean;
  peerState: StateName;
  /** A request of the peer on this connection was never answered. */
  unanswered: boolean;
}

/** How long `holder` kept its side open after the peer was done; null when the peer did not close, or closed last. */
export function holding(flow: FlowRow, holder: EndRow, view: CaptureView): Held | null {
  const peer = flow.end(otherSide(holder.side));
  const { fin, finAcked } = peer;
  if (fin === null || finAcked === null) return null;
  if (holder.fin !== null && !isBefore(finAcked, holder.fin)) return null;
  // What the holder still sends is no holding: a half-closed peer may be waiting for it (RFC 9293 §3.6).
  const lastMove =
    holder.lastData !== null && holder.lastData.time > finAcked.time ? holder.lastData.time : finAcked.time;
  const ends = [holder.fin?.time, holder.rst?.time, peer.rst?.time].filter((t): t is number => t !== undefined);
  const until = ends.length > 0 ? Math.min(...ends) : view.lastTime;
  return {
    flow: flow.id,
    holder: holder.side,
    finFrame: fin.frame,
    ackFrame: finAcked.frame,
    from: lastMove,
    until: Math.max(until, lastMove),
    open: ends.length === 0,
    peerState: peer.state,
    unanswered: false,
  };
}

export const halfClosedConnections: Analysis = {
  id: "half-closed-connections",
  title: "Half-closed connections",
  question: "Who was told that the peer is done, and did not close its own side?",
  why:
    "CLOSE_WAIT has no time-out: it lasts until the process closes, and each one keeps a descriptor. " +
    "Half-closed alone is legal (RFC 9293 §3.6); holding it with nothing to say is a leak or a blocked process.",
  run(view) {
    const asked = new Map<number, string>();
    for (const e of view.exchanges) if (e.outcome !== "late") asked.set(e.flow, e.outcome);
    const groups = new Groups<Held>();
    let tooSoon = 0;
    let isClosed = false;
    for (const flow of view.flows(Sign.roughClose)) {
      for (const holder of [flow.client, flow.server]) {
        const held = holding(flow, holder, view);
        if (held === null) continue;
        isClosed = true;
        const length = held.until - held.from;
        if (held.open && length < TOO_SHORT_NS) tooSoon++;
        if (length < (held.open ? TOO_SHORT_NS : HELD_NS)) continue;
        // The peer half-closed on purpose and its request is still in work.
        if (asked.get(flow.id) === "pending") continue;
        held.unanswered = asked.get(flow.id) === "unanswered";
        const isServer = holder === flow.server;
        groups.add(flow.server, flow.client, held, isServer ? "server" : "client");
      }
    }
    const findings: FoundFinding[] = [];
    const unsure: string[] = [];
    for (const g of groups) {
      if (g.items.some((h) => h.until - h.from >= HELD_NS)) findings.push(describe(g, view));
      else
        unsure.push(
          `${plural(g.items.length, "connection")} to ${name(g.service)} half-closed for under a second at the end: capture for longer`,
        );
    }
    if (tooSoon > 0) unsure.push(`${plural(tooSoon, "FIN")} in the last 200 ms: too late in the capture to judge`);
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure };
    if (view.flowCount === 0) return { kind: "unsure", needs: "there is no TCP connection in the capture" };
    return {
      kind: "clear",
      because:
        isClosed || anyClosedInTurn(view)
          ? "every end that was told to close did so within a second"
          : "no connection was closed by one end alone",
    };
  },
};

/** Did one end of any connection close after the other? */
function anyClosedInTurn(view: CaptureView): boolean {
  for (const _ of view.flows(Sign.closedInTurn)) return true;
  return false;
}

function describe(g: Group<Held>, view: CaptureView): FoundFinding {
  const flow = view.row(g.items[0]!.flow);
  const atServer = flow.server.side === g.items[0]!.holder;
  const holder = atServer ? g.service : g.peer;
  const peer = atServer ? g.peer : g.service;
  const items = [...g.items].sort((a, b) => a.from - b.from);
  const held = sorted(items.map((h) => h.until - h.from));
  const first = items[0]!;
  const span = items.at(-1)!.from - first.from;
  const growth = items.length > 1 && span > 0 ? (items.length - 1) / (span / 1e9) : null;
  const open = items.filter((h) => h.open).length;
  const unanswered = items.filter((h) => h.unanswered).length;
  // Ports are used up at the end that chose them: the client.
  const usedUp =
    !atServer && !isMany(holder) && growth !== null && open > 0
      ? PortSupply.in(view).usedUpAt(holder.address, g.service, growth)
      : null;
  const since = clockTime(view.clock.iso(first.from));
  const sentences = [
    `${name(peer)} closed its side and ${name(holder)} acknowledged that, but kept ${agreeing(holder, "its", "their")} own side open (CLOSE_WAIT) on ${plural(items.length, "connection")}, since ${since}, for ${duration(median(held))} (median).`,
    open === items.length
      ? "All were still held when the capture ended."
      : open === 0
        ? "None was held any more when the capture ended."
        : `${formatWhole(open)} were still held when the capture ended.`,
  ];
  if (unanswered > 0) {
    sentences.push(
      `On ${unanswered === items.length ? "all" : formatWhole(unanswered)} of them a request was waiting for its response: a consequence of the hang, not its cause.`,
    );
  }
  return {
    severity: severityOf(items.length, growth !== null && span > HELD_NS, unanswered),
    title: `${name(holder)} ${agreeing(holder, "holds", "hold")} ${plural(items.length, "connection")} half-closed that ${name(peer)} had closed`,
    summary: sentences.join(" "),
    subject: { holder, peer },
    count: items.length,
    onset: first.from,
    metrics: {
      held_s: toSeconds(median(held)),
      held_p99_s: toSeconds(percentile(held, 0.99)),
      still_held: open,
      growth_per_s: growth === null ? null : Number(growth.toPrecision(4)),
      range_used_up_at: usedUp === null ? null : view.clock.iso(usedUp),
      with_unanswered_request: unanswered,
      peer_state: mostFrequent(items.map((h) => h.peerState)),
    },
    evidence: items.slice(0, CITED).map((h) => cite(h.flow, h.finFrame, h.ackFrame)),
    advice: advise(name(holder), unanswered, items.length),
    timeline: timelineOf(
      items.map((h) => h.from),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function advise(holder: string, unanswered: number, count: number): string[] {
  const confirm = `Confirm on that host: ss -tanp state close-wait. Recv-Q 1 (or more) says the process has not read the end of file; 0, that it did and forgot to close.`;
  return unanswered * 2 >= count
    ? [`Find what blocks the handlers of ${holder}: they hold these connections while they wait.`, confirm]
    : [
        `Find the code path of ${holder} that reads the end of file and does not close (an error path, a client made per call).`,
        confirm,
      ];
}

function severityOf(count: number, growing: boolean, unanswered: number): Severity {
  if (count >= MANY) return "critical";
  if (count >= SEVERAL) return growing ? "high" : "medium";
  if (count >= FEW) return "medium";
  return unanswered > 0 ? "low" : "info";
}

function mostFrequent<T>(values: readonly T[]): T | null {
  const counts = new Map<T, number>();
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
