// Which connection attempts got no connection: refused by RST, met by silence, or turned away in words (rejections.ts)?

import type { Analysis, FoundFinding, Severity } from "../src/core/analysis.ts";
import type { CaptureView, FlowRow } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { turnedAway } from "./accept-backlog.ts";
import { CITED, cite, clockTime, type Group, Groups, name, plural } from "./grouping.ts";
import { rejections } from "./rejections.ts";

const SEVERAL = 3;
/** A client that tries IPv6 first and is refused connects to the same port on the other family right away (RFC 8305). */
const FALLBACK_NS = 1e9;

interface Attempt {
  flow: number;
  frames: FrameRef[];
  time: number;
  syns: number;
  /** The same port answered on another address at once: the client's fallback, not a fault. */
  fallback: boolean;
}

export const refusedConnections: Analysis = {
  id: "refused-connections",
  title: "Refused connections",
  question: "Which connection attempts were refused, or never answered?",
  why:
    "RST to a SYN says that nobody listens on that port; a SYN repeated at 1, 3 and 7 s says that it, or its answer, is dropped " +
    "(a firewall, a full SYN backlog). Neither shows in the service's own log. A database without a place left accepts, and says so.",
  run(view) {
    const attempts: { flow: number; refused: boolean }[] = [];
    let accepted = 0;
    for (const flow of view.flows()) {
      const { ending } = flow;
      if (ending === "refused" || ending === "unanswered")
        attempts.push({ flow: flow.id, refused: ending === "refused" });
      else if (flow.synAck !== null) accepted++;
    }
    const rejected = rejections(view);
    if (attempts.length === 0) {
      if (rejected.length > 0) return { kind: "found", findings: rejected };
      return accepted === 0
        ? { kind: "unsure", needs: "no connection was opened while the capture ran" }
        : { kind: "clear", because: "every connection attempt was accepted" };
    }

    const { connected, opened } = acceptedServices(view);
    const atFullQueue = turnedAway(view);
    const refused = new Groups<Attempt>();
    const silent = new Groups<Attempt>();
    let once = 0;
    for (const a of attempts) {
      // Told by accept-backlog.
      if (atFullQueue.has(a.flow)) continue;
      const flow = view.row(a.flow);
      // One SYN without an answer at the end of a capture, or in a capture of one direction, tells nothing.
      if (!a.refused && flow.client.syns < 2) {
        once++;
        continue;
      }
      (a.refused ? refused : silent).add(flow.server, flow.client, attempt(flow, opened));
    }
    const findings = [
      ...[...refused].map((g) => describe("refused", g, connected, view)),
      ...[...silent].map((g) => describe("unanswered", g, connected, view)),
      ...rejected,
    ];
    const unsure =
      once > 0
        ? [`${plural(once, "SYN")} without an answer, sent once: capture for longer, or in both directions`]
        : [];
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (once > 0) return { kind: "unsure", needs: unsure[0]! };
    return { kind: "clear", because: "no connection attempt was refused, or met the silence of a dead host" };
  },
};

/** Who did accept connections, and when. */
function acceptedServices(view: CaptureView): { connected: Set<string>; opened: Opened[] } {
  const connected = new Set<string>();
  const opened: Opened[] = [];
  for (const flow of view.flows()) {
    if (flow.synAck === null) continue;
    connected.add(`${flow.server.address} ${flow.server.port}`);
    if (opened.length < FALLBACK_KEPT) opened.push({ port: flow.server.port, time: flow.first.time });
  }
  return { connected, opened };
}

interface Opened {
  port: number;
  time: number;
}

/** Fallbacks are looked for among so many connections; beyond, a refusal counts as one. */
const FALLBACK_KEPT = 10_000;

function attempt(flow: FlowRow, opened: readonly Opened[]): Attempt {
  const { port } = flow.server;
  const time = flow.first.time;
  const fallback = opened.some((o) => o.port === port && o.time >= time && o.time - time <= FALLBACK_NS);
  const frames = [flow.first.frame, flow.server.rst?.frame ?? flow.last.frame];
  return { flow: flow.id, frames, time, syns: flow.client.syns, fallback: fallback && flow.server.rst !== null };
}

function describe(
  how: "refused" | "unanswered",
  g: Group<Attempt>,
  connected: ReadonlySet<string>,
  view: CaptureView,
): FoundFinding {
  const service = name(g.service);
  const peer = name(g.peer);
  const everAccepted = connected.has(`${g.service.address} ${g.service.port}`);
  const fallback = how === "refused" && g.items.every((a) => a.fallback) && !everAccepted;
  const first = g.items[0]!;
  const since = clockTime(view.clock.iso(first.time));
  const syns = g.items.reduce((n, a) => n + a.syns, 0);
  const refused = how === "refused";
  const attempts = plural(g.items.length, "connection attempt");
  return {
    severity: fallback ? "info" : severityOf(g.items.length, everAccepted),
    title: refused ? `${service} refused ${attempts} of ${peer}` : `${attempts} of ${peer} to ${service} met silence`,
    summary: refused
      ? `The SYN was answered by RST, first at ${since}: nobody listens on ${service}${everAccepted ? " at times, for other attempts were accepted" : ""}.${fallback ? " Each time the client went on to another address at once." : ""}`
      : `${plural(syns, "SYN")} had no answer at all, first at ${since}: dropped on the way there or back (firewall, wrong address, full SYN backlog)${everAccepted ? ", while other attempts were accepted" : ""}.`,
    subject: { holder: g.service, peer: g.peer },
    count: g.items.length,
    onset: first.time,
    metrics: { kind: how, syns, accepted_others: everAccepted },
    evidence: g.items.slice(0, CITED).map((a) => cite(a.flow, ...a.frames)),
    advice: refused
      ? [`Check on ${g.service.address} that something listens: ss -ltnp 'sport = :${g.service.port}'.`]
      : [
          `Capture on ${g.service.address} too: does the SYN arrive? If it does, look at ss -ltn and nstat -az TcpExtListenDrops.`,
          "If it does not, look at firewalls and routes between the two.",
        ],
    timeline: timelineOf(
      g.items.map((a) => a.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function severityOf(count: number, everAccepted: boolean): Severity {
  if (count >= SEVERAL) return everAccepted ? "medium" : "high";
  return "low";
}
