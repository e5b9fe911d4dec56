// Where did closing need both ends, and got only one? FINs that met RST or nothing instead of the peer's FIN and ACK.

import type { Analysis, FoundFinding, Party } from "../src/core/analysis.ts";
import { toSeconds } from "../src/core/clock.ts";
import { type CaptureView, type EndRow, type FlowRow, Sign } from "../src/core/flow-view.ts";
import { type FrameRef, isBefore } from "../src/core/frame.ts";
import { HELD_NS } from "../src/core/half-closed.ts";
import { median, timelineOf } from "../src/core/statistics.ts";
import { agreeing, CITED, cite, clockTime, duration, type Group, Groups, name, plural } from "./grouping.ts";
import { staleWrites } from "./stale-connections.ts";

/** A FIN that nobody acknowledged for so long, sent more than once, met nobody. */
const UNACKED_NS = 1e9;
const SEVERAL = 3;
const MANY = 10;

type Kind = "expired" | "late" | "aborted" | "unacknowledged";

interface Unbalanced {
  flow: number;
  /** The first FIN of the close. */
  from: number;
  /** What met RST, or the last try. */
  until: number;
  frames: FrameRef[];
  /** All that came late was a farewell (a TLS alert, a QUIT): nobody waits for an answer to it. */
  isFarewell?: boolean;
}

export const unbalancedCloses: Analysis = {
  id: "unbalanced-closes",
  title: "Unbalanced closes",
  question: "Which connections were closed by one end while the other's close met RST or nothing?",
  why:
    "After such an ending neither side keeps TIME_WAIT, so zero TIME_WAIT beside many CLOSE_WAIT is itself a symptom. " +
    "Linux drops an orphaned FIN_WAIT_2 after tcp_fin_timeout (60 s) and answers what comes later with RST.",
  run(view) {
    const groups = new Map<Kind, Groups<Unbalanced>>();
    let balanced = 0;
    const stale = staleWrites(view).byFlow;
    for (const flow of view.flows(Sign.smoothClose)) if (!stale.has(flow.id)) balanced++;
    for (const flow of view.flows(Sign.roughClose)) {
      if (stale.has(flow.id)) continue;
      for (const closer of [flow.client, flow.server]) {
        const found = judge(flow, closer, view);
        if (found === null) continue;
        if (found === "balanced") {
          balanced++;
          continue;
        }
        const of = groups.get(found.kind) ?? new Groups<Unbalanced>();
        groups.set(found.kind, of);
        of.add(flow.server, flow.client, found.item, closer === flow.server ? "server" : "client");
      }
    }
    const findings = [...groups].flatMap(([kind, of]) => [...of].map((g) => describe(kind, g, view)));
    if (findings.length > 0) return { kind: "found", findings };
    if (balanced > 0)
      return { kind: "clear", because: `${plural(balanced, "close")} by FIN went through on both sides` };
    const needs =
      stale.size > 0
        ? "every connection closed by FIN was written to afterwards: see stale-connections"
        : "no connection was closed by FIN while the capture ran";
    return { kind: "unsure", needs };
  },
};

/** How the close that `closer` began went. Null when it began none, or the capture cannot tell. */
function judge(flow: FlowRow, closer: EndRow, view: CaptureView): { kind: Kind; item: Unbalanced } | "balanced" | null {
  const other = closer.side === flow.client.side ? flow.server : flow.client;
  const fin = closer.fin;
  if (fin === null || (other.fin !== null && isBefore(other.fin, fin))) return null;
  if (closer.finAcked === null) {
    const lasted = view.lastTime - fin.time;
    if (closer.fins < 2 || lasted < UNACKED_NS || other.rst !== null || flow.oneDirection) return null;
    return {
      kind: "unacknowledged",
      item: { flow: flow.id, from: fin.time, until: flow.last.time, frames: [fin.frame] },
    };
  }
  const rst = closer.rst;
  const lateFrame = other.fin ?? other.lastData;
  if (rst !== null && lateFrame !== null && lateFrame.time >= fin.time && rst.time - fin.time >= HELD_NS) {
    const kind = rst.time - fin.time >= view.hosts.of(closer.address).finTimeout ? "expired" : "late";
    const frames = [fin.frame, lateFrame.frame, rst.frame];
    const isFarewell = other.writesAfterClose > 0 && other.farewellsAfterClose === other.writesAfterClose;
    return { kind, item: { flow: flow.id, from: fin.time, until: rst.time, frames, isFarewell } };
  }
  if (other.rst !== null && other.fin === null && other.rst.time - fin.time >= HELD_NS) {
    const frames = [fin.frame, other.rst.frame];
    return { kind: "aborted", item: { flow: flow.id, from: fin.time, until: other.rst.time, frames } };
  }
  return other.fin !== null && rst === null ? "balanced" : null;
}

function describe(kind: Kind, g: Group<Unbalanced>, view: CaptureView): FoundFinding {
  const flow = view.row(g.items[0]!.flow);
  const closerIsServer = flow.closedFirst === "server";
  const closer: Party = closerIsServer ? g.service : g.peer;
  const other: Party = closerIsServer ? g.peer : g.service;
  const items = g.items;
  const after = median(items.map((u) => u.until - u.from));
  const first = items[0]!;
  const timeout = duration(view.hosts.of(closer.address).finTimeout);
  const count = plural(items.length, "connection");
  const at = clockTime(view.clock.iso(first.until));
  const texts: Record<Kind, { title: string; summary: string; advice: string }> = {
    expired: {
      title: `${name(other)} closed ${count} when ${name(closer)} had long forgotten them`,
      summary: `${name(closer)} closed first; ${name(other)} followed ${duration(after)} later (median) and met RST, the first time at ${at}: by then the socket in FIN_WAIT_2 had expired (${timeout}).`,
      advice: `Look for what kept ${name(other)} from closing for ${duration(after)}; the RST itself is only the late echo.`,
    },
    late: {
      title: `${name(other)} wrote to or closed ${count} after ${name(closer)} was gone`,
      summary: `${name(closer)} closed first; what ${name(other)} sent ${duration(after)} later (median) met RST, the first time at ${at}: the process had closed its socket and nobody could read it.`,
      advice: `Compare the time-out of ${name(closer)} with how long ${name(other)} ${agreeing(other, "works", "work")} on a request.`,
    },
    aborted: {
      title: `${name(other)} ended ${count} by RST after holding them half-closed`,
      summary: `${name(closer)} closed first; ${name(other)} held its side for ${duration(after)} (median) and then aborted it instead of closing, the first time at ${at}: unread data, a killed process, or SO_LINGER 0.`,
      advice: `Check whether ${name(other)} ${agreeing(other, "was", "were")} restarted or killed at ${at}.`,
    },
    unacknowledged: {
      title: `${name(closer)} closed ${count} and nobody acknowledged it`,
      summary: `The FIN of ${name(closer)} was repeated and never acknowledged by ${name(other)}, the first at ${clockTime(view.clock.iso(first.from))}: that host, or the path to it, is gone.`,
      advice: `Check whether ${name(other)} ${agreeing(other, "is", "are")} up and whether a firewall forgot the connection.`,
    },
  };
  const lost = items.filter((u) => u.isFarewell !== true).length;
  const serious = kind === "unacknowledged" ? lost >= SEVERAL : lost >= MANY;
  return {
    severity: serious ? "medium" : lost >= SEVERAL ? "low" : "info",
    title: texts[kind].title,
    summary: texts[kind].summary,
    subject: { holder: other, peer: closer },
    count: items.length,
    onset: first.until,
    metrics: { kind, after_s: toSeconds(after) },
    evidence: items.slice(0, CITED).map((u) => cite(u.flow, ...u.frames)),
    advice: [texts[kind].advice],
    timeline: timelineOf(
      items.map((u) => u.until),
      view.firstTime,
      view.lastTime,
    ),
  };
}
