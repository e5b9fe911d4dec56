// Who wrote a request onto a connection that the service had already closed?

import type { Analysis, FoundFinding, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import { type CaptureView, type FlowRow, type Moment, Sign } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { median, timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, duration, type Group, Groups, name, plural } from "./grouping.ts";
import { idleTimeoutsIn } from "./idle-ends.ts";

/** Who writes after such a pause begins something new; the middle of a message pauses for less than TCP's least time-out. */
const PAUSE_NS = 200e6;
/** What a program sends within this time of the FIN is its reaction to it (a TLS alert, a QUIT), unless it reads as a request. */
const REACTION_NS = 20e6;
/** A program that says farewell and closes does both at once; whoever asks waits. */
const FAREWELL_NS = 5e6;
/** A RST comes within a round trip; without one for so long, the bytes were taken, or nobody is there. */
const ANSWER_NS = 1e9;
/** What is on the wire arrives within this time; a write still later was made by someone whom the close never reached. */
const CROSSING_NS = 200e6;
/** A close that comes back within this share of the handshake's round trip was sent before the write arrived. */
const NO_ANSWER_YET = 0.5;
/** Each is a request that failed unless the client tried again: one or two happen to any pool, ten a user sees. */
const SEVERAL = 3;
const MANY = 10;

export interface StaleWrite {
  flow: number;
  /** Crossed: write and close passed each other on the wire. */
  kind: "stale" | "crossed";
  closed: Moment;
  closedBy: "FIN" | "RST";
  write: Moment;
  /** How long no payload had moved before it. */
  idle: Nanos;
  /** The RST that it met. */
  rst: FrameRef | undefined;
}

export interface StaleWrites {
  groups: Groups<StaleWrite>;
  /** By flow: other analyses leave to this one what it tells. */
  byFlow: Map<number, StaleWrite>;
  /** So late in the capture that what they met is not in it. */
  early: number;
}

export const staleConnections: Analysis = {
  id: "stale-connections",
  title: "Stale connections",
  question: "Who wrote a request onto a connection that the service had already closed?",
  why:
    "A pool that keeps connections for longer than the service does hands out dead ones; the caller sees an unexpected end of file or " +
    "a reset, and the service's log nothing, for the request never reached it. HTTP clients must expect it (RFC 9112 §9.3.1, §9.5).",
  run(view) {
    const { groups, early } = staleWrites(view);
    const timeouts = idleTimeoutsIn(view).filter((t) => t.closer === "server");
    const findings = [...groups].map((g) => {
      const timeout = timeouts.find((t) => name(t.service) === name(g.service));
      return describe(g, timeout?.idle ?? null, view);
    });
    const needs = `${plural(early, "write")} onto a closed connection at the very end: capture for longer`;
    if (findings.length > 0) return { kind: "found", findings, unsure: early > 0 ? [needs] : [] };
    if (early > 0) return { kind: "unsure", needs };
    if (!hasWhole(view)) return { kind: "unsure", needs: "no connection with both directions is in the capture" };
    return { kind: "clear", because: "no client wrote onto a connection that its service had closed" };
  },
};

const workedOut = new WeakMap<CaptureView, StaleWrites>();

/** Several analyses ask; it is worked out once. */
export function staleWrites(view: CaptureView): StaleWrites {
  const known = workedOut.get(view) ?? findStaleWrites(view);
  workedOut.set(view, known);
  return known;
}

function findStaleWrites(view: CaptureView): StaleWrites {
  const requests = new Map<number, Set<FrameRef>>();
  for (const e of view.exchanges) {
    const frames = requests.get(e.flow) ?? new Set();
    requests.set(e.flow, frames.add(e.request!.frame));
  }
  const groups = new Groups<StaleWrite>();
  const byFlow = new Map<number, StaleWrite>();
  let early = 0;
  // Without a RST, only what was written behind the close can be stale.
  for (const flow of view.flows(Sign.rst | Sign.hindered)) {
    if (!isWhole(flow)) continue;
    const write = staleWrite(flow, requests.get(flow.id), view);
    if (write === "early") early++;
    else if (write !== null) {
      groups.add(flow.server, flow.client, write);
      byFlow.set(flow.id, write);
    }
  }
  return { groups, byFlow, early };
}

/** Both directions of it are there. */
const isWhole = (flow: FlowRow): boolean => flow.answersOf === null && !flow.oneDirection;

function hasWhole(view: CaptureView): boolean {
  for (const flow of view.flows()) if (isWhole(flow)) return true;
  return false;
}

/** What the client wrote when the service had closed. `requests`: first frames of requests without a plain answer. */
function staleWrite(
  flow: FlowRow,
  requests: Set<FrameRef> | undefined,
  view: CaptureView,
): StaleWrite | "early" | null {
  const { client, server } = flow;
  const idleBefore = server.idleBeforeFin ?? server.idleBeforeRst;
  if (idleBefore === null) return null;
  const closedBy = server.idleBeforeFin !== null ? "FIN" : "RST";
  const closed = (closedBy === "FIN" ? server.fin : server.rst)!;
  if (isBefore(client.fin, closed) || isBefore(client.rst, closed)) return null;
  const write = client.firstWriteAfterClose ?? client.lastData;
  if (write === null) return null;
  const rst = closedBy === "FIN" && server.rst !== null && server.rst.time >= write.time ? server.rst.frame : undefined;
  const after = write.time - closed.time;
  const idle = after >= 0 ? idleBefore + after : write.time - (server.lastData?.time ?? write.time);
  const found = { flow: flow.id, closed, closedBy, write, idle, rst } as const;

  // A write that had not acknowledged the FIN, or came behind a RST, was under way when the service closed.
  if (client.firstWriteAfterClose === null || closedBy === "RST") {
    return hasCrossed(flow, idle, after) ? { ...found, kind: "crossed" } : null;
  }
  if (flow.protocol === "http") {
    // The rest of a request in work is no new one.
    if (requests?.has(write.frame) !== true) return null;
  } else if (idle < PAUSE_NS || after < REACTION_NS || isFarewell(flow)) {
    return null;
  }
  if (rst !== undefined) return { ...found, kind: "stale" };
  // A service that had only shut down its sending side acknowledges what comes, and reads it.
  if (view.lastTime - write.time < ANSWER_NS) return "early";
  return flow.protocol === "http" || client.retransmissions > 0 ? { ...found, kind: "stale" } : null;
}

const isBefore = (end: Moment | null, closed: Moment): boolean => end !== null && end.time < closed.time;

/** Nobody waits for an answer to a protocol's farewell. */
const isFarewell = ({ client }: FlowRow): boolean => client.farewellsAfterClose === client.writesAfterClose;

/**
 * Did write and close pass each other? Seen near the service: the close went out, then came a write that did not know of it.
 * Seen near the client: the close came back sooner than any answer could.
 */
function hasCrossed(flow: FlowRow, idle: Nanos, after: Nanos): boolean {
  const { client, server } = flow;
  if (idle < PAUSE_NS || server.rst === null || client.lastData === null) return false;
  // Both closed at the same time: what goes before a FIN at once is a farewell, for there was no end of file to read.
  if (client.fin !== null && client.fin.time - client.lastData.time < FAREWELL_NS) return false;
  if (after >= 0) return after < CROSSING_NS;
  const roundTrip = flow.synAck === null || client.syns > 1 ? 0 : flow.synAck.time - flow.first.time;
  return -after < NO_ANSWER_YET * roundTrip;
}

function describe(g: Group<StaleWrite>, timeout: Nanos | null, view: CaptureView): FoundFinding {
  const stale = g.items.filter((w) => w.kind === "stale");
  const crossed = g.items.length - stale.length;
  const items = (stale.length > 0 ? stale : g.items).sort((a, b) => a.write.time - b.write.time);
  const [service, client] = [name(g.service), name(g.peer)];
  const first = items[0]!;
  const idle = median(items.map((w) => w.idle));
  const after = median(items.map((w) => Math.max(0, w.write.time - w.closed.time)));
  const drewRst = items.filter((w) => w.rst !== undefined).length;
  const since = clockTime(view.clock.iso(first.write.time));
  const writes = plural(items.length, "request");
  const known = timeout === null ? "" : ` ${service} closes after ${duration(timeout)} idle.`;
  const onWire = `${crossed === 1 ? "1 more" : `${crossed} more`} crossed the close on the wire.`;
  const closedBy = items.every((w) => w.closedBy === first.closedBy) ? first.closedBy : "FIN or RST";
  return {
    severity: stale.length > 0 ? severityOf(stale.length) : crossed >= SEVERAL ? "low" : "info",
    title:
      stale.length > 0
        ? `${client} wrote ${writes} onto connections that ${service} had closed`
        : `${writes} of ${client} crossed the close by ${service}`,
    summary:
      stale.length > 0
        ? `${client} reused idle connections ${duration(after)} (median) after ${service} had closed them with ${closedBy}, first at ${since}: ` +
          `${drewRst === items.length ? "each write" : `${drewRst} of the writes`} drew RST, and the request was lost unless it was sent again. ` +
          `They had been idle for ${duration(idle)} (median).${known}${crossed > 0 ? ` ${onWire}` : ""}`
        : `${service} closed idle connections while a request was on its way to it, first at ${since}: neither side could know.${known}`,
    subject: { holder: g.peer, peer: g.service },
    count: items.length,
    onset: first.write.time,
    metrics: {
      kind: stale.length > 0 ? "stale" : "crossed",
      idle_s: toSeconds(idle),
      after_close_s: toSeconds(after),
      drew_rst: drewRst,
      connections: items.length,
      crossed,
      closed_by: closedBy,
      server_idle_timeout_s: timeout === null ? null : toSeconds(timeout),
    },
    evidence: items.slice(0, CITED).map((w) => cite(w.flow, w.closed.frame, w.write.frame, w.rst)),
    advice: [
      `Let the pool of ${client} give up idle connections before ${service} does${timeout === null ? "" : `, that is well before ${duration(timeout)}`}: idleTimeout and maxLifetime (HikariCP), SetConnMaxIdleTime (Go database/sql), IdleConnTimeout (Go net/http), the agent's keep-alive time-out (HTTP clients).`,
      "Check a connection when it is taken out of the pool, and send again what is safe to repeat.",
    ],
    timeline: timelineOf(
      items.map((w) => w.write.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function severityOf(count: number): Severity {
  if (count >= MANY) return "high";
  return count >= SEVERAL ? "medium" : "low";
}
