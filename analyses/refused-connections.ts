// Which connection attempts got no connection: refused by RST, met by silence, or turned away in words (rejections.ts)?

import type { Analysis, Evidence, FoundFinding, Severity } from "../src/core/analysis.ts";
import { type CaptureView, type FlowRow, Sign } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { firstFrom, timelineOf } from "../src/core/statistics.ts";
import { turnedAway } from "./accept-backlog.ts";
import { CITED, cite, clockTime, type Group, Groups, name, plural } from "./grouping.ts";
import { rejections } from "./rejections.ts";
import { describeMany, type Failure, SEVERAL, TriedInVain } from "./tried-in-vain.ts";

/** A client that tries IPv6 first and is refused connects to the same port on the other family right away (RFC 8305). */
const FALLBACK_NS = 1e9;

/** Worked out when it is told: of a scan, a group holds the numbers of millions of flows. */
interface Attempt {
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
    const rejected = rejections(view);
    if (!anyFailed(view)) {
      if (rejected.length > 0) return { kind: "found", findings: rejected };
      return anyAccepted(view)
        ? { kind: "clear", because: "every connection attempt was accepted" }
        : { kind: "unsure", needs: "no connection was opened while the capture ran" };
    }

    const atFullQueue = turnedAway(view);
    const failed: number[] = [];
    let once = 0;
    for (const flow of view.flows(Sign.refused | Sign.unanswered)) {
      // Told by accept-backlog.
      if (atFullQueue.has(flow.id)) continue;
      // One SYN without an answer at the end of a capture, or in a capture of one direction, tells nothing.
      if (flow.ending !== "refused" && flow.client.syns < 2) once++;
      else failed.push(flow.id);
    }
    const findings = [...(failed.length === 0 ? [] : whatFailed(failed, view)), ...rejected];
    const unsure =
      once > 0
        ? [`${plural(once, "SYN")} without an answer, sent once: capture for longer, or in both directions`]
        : [];
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (once > 0) return { kind: "unsure", needs: unsure[0]! };
    return { kind: "clear", because: "no connection attempt was refused, or met the silence of a dead host" };
  },
};

function whatFailed(flows: readonly number[], view: CaptureView): FoundFinding[] {
  const accepted = new Accepted(view);
  const tried = new TriedInVain();
  const isInVain = (flow: FlowRow): boolean => !accepted.services.has(flow.server.place) && !fellBack(flow, accepted);
  for (const flow of view.rows(flows)) if (isInVain(flow)) tried.note(flow);
  const [refused, unanswered] = [new Failed(), new Failed()];
  for (const flow of view.rows(flows)) {
    const isMany = tried.isMany(flow) && isInVain(flow);
    (flow.ending === "refused" ? refused : unanswered).add(flow, isMany);
  }
  return [...refused.describe("refused", accepted, view), ...unanswered.describe("unanswered", accepted, view)];
}

/** Attempts that failed in one way. */
class Failed {
  private readonly groups = new Groups<number>();
  /** Of clients that tried many services: by their hosts. */
  private readonly many = new Map<number, number[]>();

  add({ id, server, client }: FlowRow, isMany: boolean): void {
    if (!isMany) {
      this.groups.add(server, client, id);
      return;
    }
    const flows = this.many.get(client.host);
    if (flows === undefined) this.many.set(client.host, [id]);
    else flows.push(id);
  }

  describe(how: Failure, accepted: Accepted, view: CaptureView): FoundFinding[] {
    return [
      ...[...this.groups].map((g) => describe(how, g, accepted, view)),
      ...[...this.many.values()].map((flows) => describeMany(how, flows, view)),
    ];
  }
}

function anyFailed(view: CaptureView): boolean {
  for (const _ of view.flows(Sign.refused | Sign.unanswered)) return true;
  return false;
}

function anyAccepted(view: CaptureView): boolean {
  for (const flow of view.flows()) if (flow.synAck !== null) return true;
  return false;
}

/** Who did accept connections, and when. */
class Accepted {
  /** By {@link EndRow.place}. */
  readonly services = new Set<number>();
  /** When the first ones of each port were opened, in order. */
  private readonly opened = new Map<number, number[]>();

  constructor(view: CaptureView) {
    let kept = 0;
    for (const { synAck, server, first } of view.flows()) {
      if (synAck === null) continue;
      this.services.add(server.place);
      if (kept++ >= FALLBACK_KEPT) continue;
      const times = this.opened.get(server.port);
      if (times === undefined) this.opened.set(server.port, [first.time]);
      else times.push(first.time);
    }
    for (const times of this.opened.values()) times.sort((a, b) => a - b);
  }

  /** Was a connection to this port, on any address, opened from one moment to the other? */
  opensWithin(port: number, from: number, until: number): boolean {
    const times = this.opened.get(port) ?? [];
    const next = times[firstFrom(times, from)];
    return next !== undefined && next <= until;
  }
}

/** Fallbacks are looked for among so many connections; beyond, a refusal counts as one. */
const FALLBACK_KEPT = 10_000;

function attempt(flow: FlowRow, accepted: Accepted): Attempt {
  const frames = [flow.first.frame, flow.server.rst?.frame ?? flow.last.frame];
  return { frames, time: flow.first.time, syns: flow.client.syns, fallback: fellBack(flow, accepted) };
}

/** Refused, and the same port answered on another address at once. */
function fellBack({ server, first: { time } }: FlowRow, accepted: Accepted): boolean {
  return server.rst !== null && accepted.opensWithin(server.port, time, time + FALLBACK_NS);
}

function describe(how: Failure, g: Group<number>, accepted: Accepted, view: CaptureView): FoundFinding {
  const service = name(g.service);
  const peer = name(g.peer);
  const everAccepted = accepted.services.has(g.place);
  let fallback = how === "refused" && !everAccepted;
  let syns = 0;
  const times = new Float64Array(g.items.length);
  const evidence: Evidence[] = [];
  let n = 0;
  for (const flow of view.rows(g.items)) {
    const a = attempt(flow, accepted);
    fallback &&= a.fallback;
    syns += a.syns;
    times[n++] = a.time;
    if (evidence.length < CITED) evidence.push(cite(flow.id, ...a.frames));
  }
  const since = clockTime(view.clock.iso(times[0]!));
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
    onset: times[0]!,
    metrics: { kind: how, syns, accepted_others: everAccepted },
    evidence,
    advice: refused
      ? [`Check on ${g.service.address} that something listens: ss -ltnp 'sport = :${g.service.port}'.`]
      : [
          `Capture on ${g.service.address} too: does the SYN arrive? If it does, look at ss -ltn and nstat -az TcpExtListenDrops.`,
          "If it does not, look at firewalls and routes between the two.",
        ],
    timeline: timelineOf(times, view.firstTime, view.lastTime),
  };
}

function severityOf(count: number, everAccepted: boolean): Severity {
  if (count >= SEVERAL) return everAccepted ? "medium" : "high";
  return "low";
}
