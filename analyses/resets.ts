// Who sent RST, and what does each one mean?

import type { Analysis, Evidence, FoundFinding, Severity } from "../src/core/analysis.ts";
import { type CaptureView, type EndRow, type FlowRow, Sign } from "../src/core/flow-view.ts";
import { type FrameRef, isBefore } from "../src/core/frame.ts";
import { timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, type Group, Groups, joinServices, name, plural } from "./grouping.ts";
import { staleWrites } from "./stale-connections.ts";

const SEVERAL = 5;

/** The causes of FACTS "TCP on the wire", told apart by the RST's ACK flag and by what went before. */
type Cause =
  | "aborted-while-asked"
  | "cut-response"
  | "no-socket"
  | "socket-expired"
  | "socket-closed"
  | "probe-ended"
  | "requester-gave-up"
  | "aborted";

const CAUSES: Record<Cause, { severity: (n: number) => Severity; what: string; advice: string }> = {
  "aborted-while-asked": {
    severity: (n) => (n >= SEVERAL ? "high" : "medium"),
    what: "aborted a live connection while a request waited: the process was killed, or closed without reading what it had been sent",
    advice: "Look for a crash, a kill or a connection limit at that time.",
  },
  "cut-response": {
    severity: (n) => (n >= SEVERAL ? "high" : "medium"),
    what: "aborted the connection in the middle of its own response: what the client has is cut",
    advice: "Look for a crash or a kill in the middle of the answer.",
  },
  "no-socket": {
    severity: (n) => (n >= SEVERAL ? "medium" : "low"),
    what: "had no socket for a connection that its peer still used (RST without ACK): restarted host or process, a failover, or a middlebox that forgot it",
    advice:
      "Check for a restart or failover before that time, and for idle time-outs of firewalls and balancers in between.",
  },
  "socket-expired": {
    severity: () => "info",
    what: "answered something sent long after its own FIN: the socket in FIN_WAIT_2 had expired",
    advice: "See unbalanced-closes: the question is why the peer closed so late.",
  },
  "socket-closed": {
    severity: () => "info",
    what: "answered data that came after its process had closed the socket",
    advice: "See late-answers and unbalanced-closes for what came too late.",
  },
  "probe-ended": {
    severity: () => "info",
    what: "opened a connection and reset it without a byte, as TCP health checks do",
    advice: "Nothing to do if a health check is configured there.",
  },
  "requester-gave-up": {
    severity: () => "info",
    what: "gave up on its own request by RST",
    advice: "See unanswered-requests.",
  },
  aborted: {
    severity: () => "info",
    what: "closed by RST instead of FIN, with nothing outstanding (SO_LINGER 0, or bytes left unread)",
    advice: "Harmless, if the program means to.",
  },
};

/** Worked out when it is told: a group holds the numbers of its flows. */
interface Reset {
  frames: FrameRef[];
  time: number;
}

export const resets: Analysis = {
  id: "resets",
  title: "Resets",
  question: "Who sent RST, and which of its causes was it?",
  why:
    "A RST means different things: no such socket, an abort of a live one, or the echo of something late. " +
    "Without an ACK flag it answers a segment that found no socket (RFC 9293 §3.10.7.1).",
  run(view) {
    const waiting = new Map<number, number>();
    for (const e of view.exchanges) if (e.outcome === "unanswered") waiting.set(e.flow, e.requester);
    const cut = new Set(view.cutResponses.map((e) => e.flow));
    const groups = new Map<Cause, Groups<number>>();
    const stale = staleWrites(view).byFlow;
    for (const flow of view.flows(Sign.rst)) {
      if (flow.ending === "refused" || flow.ending === "unanswered") continue;
      const sender = firstReset(flow);
      if (sender === null || stale.get(flow.id)?.rst === sender.rst!.frame) continue;
      const cause = causeOf(flow, sender, waiting.get(flow.id), cut.has(flow.id), view);
      const of = groups.get(cause) ?? new Groups<number>();
      groups.set(cause, of);
      of.add(flow.server, flow.client, flow.id, sender === flow.server ? "server" : "client");
    }
    const findings = [...groups].flatMap(([cause, of]) => joinServices(of).map((g) => describe(cause, g, view)));
    if (findings.length > 0) return { kind: "found", findings };
    if (view.flowCount === 0) return { kind: "unsure", needs: "there is no TCP connection in the capture" };
    const met = stale.size > 0 ? " but by a write onto a closed one" : "";
    return { kind: "clear", because: `no established connection was reset${met}` };
  },
};

function firstReset(flow: FlowRow): EndRow | null {
  const [a, b] = [flow.client, flow.server];
  if (a.rst === null) return b.rst === null ? null : b;
  return b.rst === null || isBefore(a.rst, b.rst) ? a : b;
}

/** Of a flow that has one. */
function resetOf(flow: FlowRow): Reset {
  const sender = firstReset(flow)!;
  const { frame, time } = sender.rst!;
  return { frames: sender.fin === null ? [frame] : [sender.fin.frame, frame], time };
}

function causeOf(flow: FlowRow, sender: EndRow, requester: number | undefined, cut: boolean, view: CaptureView): Cause {
  if (sender.fin !== null) {
    const expired = sender.rst!.time - sender.fin.time >= view.hosts.of(sender.address).finTimeout;
    return expired ? "socket-expired" : "socket-closed";
  }
  if (requester === sender.side) return "requester-gave-up";
  if (requester !== undefined) return "aborted-while-asked";
  if (cut && sender === flow.server) return "cut-response";
  if (flow.client.bytes + flow.server.bytes === 0 && flow.handshake !== "none") return "probe-ended";
  return sender.rstWithAck ? "aborted" : "no-socket";
}

function describe(cause: Cause, g: Group<number>, view: CaptureView): FoundFinding {
  const one = view.row(g.items[0]!);
  const byServer = firstReset(one) === one.server;
  const holder = byServer ? g.service : g.peer;
  const peer = byServer ? g.peer : g.service;
  const { severity, what, advice } = CAUSES[cause];
  const times = new Float64Array(g.items.length);
  const evidence: Evidence[] = [];
  let n = 0;
  for (const flow of view.rows(g.items)) {
    const { frames, time } = resetOf(flow);
    times[n++] = time;
    if (evidence.length < CITED) evidence.push(cite(flow.id, ...frames));
  }
  return {
    // Each of many services may have done it once only.
    severity: severity(Math.ceil(g.items.length / g.services)),
    title: `${name(holder)} reset ${plural(g.items.length, "connection")} with ${name(peer)}`,
    summary: `${name(holder)} ${what}. ${plural(g.items.length, "time")}, first at ${clockTime(view.clock.iso(times[0]!))}.`,
    subject: { holder, peer },
    count: g.items.length,
    onset: times[0]!,
    metrics: { cause },
    evidence,
    advice: [advice],
    timeline: timelineOf(times, view.firstTime, view.lastTime),
  };
}
