// What happened, in one paragraph? Joins the findings of the analyses into a chain in order of time, says how sure that
// is, and what is ruled out. The rules stand in one table: which finding is cause, mechanism or symptom.

import { formatEndpoint } from "../src/core/address.ts";
import type { FoundFinding, Party } from "../src/core/analysis.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import type { Diagnosis, Role } from "../src/core/report.ts";
import { clockTime, duration, plural } from "./grouping.ts";

export interface Found {
  id: string;
  analysis: string;
  finding: FoundFinding;
}

interface Rule {
  role: Role;
  /** Which finding leads the summary when several are equally severe: the lowest. */
  rank: number;
  /** What the summary says of it when it leads. */
  lead: (f: FoundFinding, view: CaptureView) => string;
}

const at = (f: FoundFinding, view: CaptureView): string =>
  f.onset === null ? "" : ` at ${clockTime(view.clock.iso(f.onset))}`;
const clock = (f: FoundFinding, view: CaptureView): string => clockTime(view.clock.iso(f.onset ?? view.firstTime));
const count = (f: FoundFinding, one: string): string => plural(f.count, one);
const seconds = (value: unknown): string => (typeof value === "number" ? duration(value * 1e9) : "");
const holder = (f: FoundFinding): string => formatEndpoint(f.subject.holder);
const peer = (f: FoundFinding): string => (f.subject.peer === null ? "its peer" : formatEndpoint(f.subject.peer));

const RULES: Record<string, Rule> = {
  "refused-connections": {
    role: "cause",
    rank: 4,
    lead: (f, view) =>
      f.metrics.kind === "refused"
        ? `${holder(f)} refuses connections: nobody listens there. ${count(f, "attempt")} of ${peer(f)} failed, the first${at(f, view)}.`
        : `${holder(f)} does not answer connection attempts: ${count(f, "attempt")} of ${peer(f)} met silence, the first${at(f, view)}.`,
  },
  "unanswered-requests": {
    role: "symptom",
    rank: 3,
    lead: (f, view) => {
      const gaveUp = f.metrics.gave_up_after_s;
      const ended = f.metrics.service_ended_connection;
      return (
        `${holder(f)} stopped answering its client ${peer(f)}${at(f, view)}: ${count(f, "request")} of ${f.metrics.requests} had no response` +
        (typeof gaveUp === "number" ? `, and ${peer(f)} gave up after ${seconds(gaveUp)} each time.` : ".") +
        (ended === f.count ? ` ${holder(f)} ended those connections itself.` : "")
      );
    },
  },
  "half-closed-connections": {
    role: "mechanism",
    rank: 5,
    lead: (f, view) =>
      `${holder(f)} does not close: ${count(f, "connection")} that ${peer(f)} had closed stayed half-closed (CLOSE_WAIT) from ${clock(f, view)} on, for ${seconds(f.metrics.held_s)} (median).`,
  },
  "late-answers": {
    role: "symptom",
    rank: 6,
    lead: (f, view) =>
      `${holder(f)} answered too late: ${count(f, "response")} came after ${seconds(f.metrics.waited_s)} (median), when ${peer(f)} had given up, the first${at(f, view)}.`,
  },
  "unbalanced-closes": {
    role: "mechanism",
    rank: 8,
    lead: (f) => f.summary,
  },
  resets: { role: "symptom", rank: 9, lead: (f) => f.summary },
  "port-exhaustion": { role: "symptom", rank: 0, lead: (f) => f.summary },
  "stale-connections": { role: "cause", rank: 2, lead: (f) => f.summary },
  "accept-backlog": { role: "cause", rank: 1, lead: (f) => f.summary },
  "time-wait-buildup": { role: "mechanism", rank: 7, lead: (f) => f.summary },
  "idle-timeouts": { role: "mechanism", rank: 10, lead: (f) => f.title },
};

/** Fewer analyses than have a rule here: the clean bill says so. */
const ALL_RULES = Object.keys(RULES).length;

/** The findings joined, the worst first in words, all in order of time in the chain. */
export function diagnose(
  found: readonly Found[],
  view: CaptureView,
  unsure: readonly { analysis: string; needs: string }[],
  ran: readonly string[],
): Diagnosis {
  const serious = found.filter((f) => f.finding.severity !== "info");
  const lead = serious.filter((f) => RULES[f.analysis] !== undefined && !isExplained(f, serious)).sort(leadsFirst)[0];
  if (lead === undefined) return nothingWrong(view, unsure.length > 0, ran);

  const chain = serious
    .map((f) => ({ f, role: RULES[f.analysis]?.role ?? ("symptom" as const) }))
    .sort((a, b) => (a.f.finding.onset ?? view.firstTime) - (b.f.finding.onset ?? view.firstTime));
  const sentences = [RULES[lead.analysis]!.lead(lead.finding, view)];
  const consequence = followedBy(lead, serious, "half-closed-connections");
  if (consequence !== undefined) {
    const f = consequence.finding;
    sentences.push(
      `${holder(f)} holds ${f.count === 1 ? "1 connection" : `${formatWhole(f.count)} connections`} half-closed (CLOSE_WAIT) since ${clock(f, view)}: that follows from the hang, it does not cause it.`,
    );
  }
  const others = serious.filter((f) => f !== lead && f !== consequence);
  if (others.length > 0)
    sentences.push(
      `Also found: ${others
        .slice(0, 3)
        .map((f) => f.finding.title)
        .join("; ")}${others.length > 3 ? `; and ${others.length - 3} more` : ""}.`,
    );
  if (lead.analysis === "unanswered-requests") {
    sentences.push(
      `What ${holder(lead.finding)} was waiting for, its requests alone do not tell: look at what it calls (databases, other services) at that moment.`,
    );
  }
  return {
    summary: sentences.join(" "),
    confidence: confidence(lead.finding, view),
    chain: chain.map(({ f, role }) => ({
      finding: f.id,
      role,
      at: f.finding.onset === null ? null : view.clock.iso(f.finding.onset),
      text: f.finding.title,
    })),
    ruled_out: ruledOut(lead, consequence, view),
  };
}

const SEVERITY_ORDER = ["critical", "high", "medium", "low", "info"];

const leadsFirst = (a: Found, b: Found): number =>
  SEVERITY_ORDER.indexOf(a.finding.severity) - SEVERITY_ORDER.indexOf(b.finding.severity) ||
  RULES[a.analysis]!.rank - RULES[b.analysis]!.rank ||
  b.finding.count - a.finding.count;

/** A service that does not accept cannot answer either. Where requests waited before that, it hung, and the queue filled up. */
const isExplained = (f: Found, serious: readonly Found[]): boolean =>
  f.analysis === "unanswered-requests" &&
  serious.some(
    (other) =>
      other.analysis === "accept-backlog" &&
      same(other.finding.subject.holder, f.finding.subject.holder) &&
      (other.finding.onset ?? 0) <= (f.finding.onset ?? 0),
  );

const same = (a: Party | null, b: Party | null): boolean => a?.address === b?.address && a?.port === b?.port;

/** The finding of `analysis` on the same parties that began after the lead: its consequence. */
function followedBy(lead: Found, serious: readonly Found[], analysis: string): Found | undefined {
  if (lead.analysis !== "unanswered-requests") return undefined;
  return serious.find(
    (f) =>
      f.analysis === analysis &&
      same(f.finding.subject.holder, lead.finding.subject.holder) &&
      same(f.finding.subject.peer, lead.finding.subject.peer) &&
      (f.finding.onset ?? 0) >= (lead.finding.onset ?? 0) &&
      f.finding.metrics.with_unanswered_request === f.finding.count,
  );
}

/** Many cases, all of them judged, nothing missing: high. A handful, or holes in the capture: medium. */
function confidence(lead: FoundFinding, view: CaptureView): Diagnosis["confidence"] {
  const unknown = view.services.reduce((n, s) => n + s.unknown, 0);
  const { dropped, damagedFiles } = view.quality;
  if (unknown > lead.count) return "low";
  return lead.count >= 5 && unknown === 0 && (dropped ?? 0) === 0 && damagedFiles === 0 ? "high" : "medium";
}

/** One segment in a thousand sent again is what a healthy network shows; a hundred times that would not hang a request for long either. */
const LOSS_THAT_MATTERS = 0.001;

function ruledOut(lead: Found, consequence: Found | undefined, view: CaptureView): Diagnosis["ruled_out"] {
  const out: Diagnosis["ruled_out"] = [];
  const service = lead.finding.subject.holder;
  if (lead.analysis === "unanswered-requests" || lead.analysis === "late-answers") {
    let packets = 0;
    let again = 0;
    for (const flow of view.flows()) {
      if (flow.server.address !== service.address || flow.server.port !== service.port) continue;
      packets += flow.client.packets + flow.server.packets;
      again += flow.client.retransmissions + flow.server.retransmissions;
    }
    if (packets > 0 && again / packets <= LOSS_THAT_MATTERS) {
      out.push({
        what: `packet loss on the way to ${formatEndpoint(service)}`,
        because: `${formatWhole(again)} of ${plural(packets, "segment")} were sent again, and the requests were acknowledged`,
      });
    }
  }
  if (consequence !== undefined) {
    out.push({
      what: "CLOSE_WAIT as the cause",
      because: "each of those connections became half-closed only after its request had waited in vain",
    });
  }
  const well = view.services.filter((s) => s.answered > 0 && s.unanswered + s.late + s.pending + s.unknown === 0);
  for (const s of well.slice(0, 3)) {
    out.push({
      what: `silence of ${formatEndpoint(s.service)}`,
      because: s.answered === 1 ? "it answered its one request" : `it answered all ${plural(s.answered, "request")}`,
    });
  }
  return out;
}

/** The clean bill: what was looked for and not found, and on what ground that stands. */
function nothingWrong(view: CaptureView, isUnsure: boolean, ran: readonly string[]): Diagnosis {
  if (view.flowCount === 0) {
    return {
      summary: "There is no TCP connection in this capture, so nothing can be said about who stopped answering.",
      confidence: "low",
      chain: [],
      ruled_out: [],
    };
  }
  const answered = view.services.reduce((n, s) => n + s.answered, 0);
  const unknown = view.services.reduce((n, s) => n + s.unknown, 0);
  let midway = 0;
  for (const flow of view.flows()) if (flow.handshake === "none" || flow.oneDirection) midway++;

  const grounds: string[] = [];
  if (ran.includes("unanswered-requests")) {
    grounds.push(
      answered > 0
        ? `${plural(answered, "request")} ${answered === 1 ? "was" : "were"} answered`
        : "no request that can be read is among them",
    );
  }
  if (ran.includes("half-closed-connections")) grounds.push("nobody holds a connection half-closed");
  if (ran.includes("refused-connections")) grounds.push("none was refused");
  const ground = grounds.length === 0 ? "" : ` On ${plural(view.flowCount, "connection")}: ${grounds.join(", ")}.`;
  const asked = ran.length < ALL_RULES ? " Only a part of the questions was asked." : "";
  const complete = answered > 0 && !isUnsure && unknown === 0 && midway === 0 && asked === "";
  return {
    summary: `Nothing wrong was found.${ground}${asked}`,
    confidence: complete ? "high" : answered > 0 ? "medium" : "low",
    chain: [],
    ruled_out: [],
  };
}
