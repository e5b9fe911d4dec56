// What does each finding mean for the others? One table: whether it is a cause, a mechanism or a symptom where nothing else explains
// it, what follows from it, and how it is said when it leads and when it follows.

import { formatEndpoint } from "../src/core/address.ts";
import type { FoundFinding, Party } from "../src/core/analysis.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import type { Role } from "../src/core/report.ts";
import { agreeing, clockTime, duration, plural } from "./grouping.ts";
import { callersOf } from "./legs.ts";
import { servicesAt } from "./services-at.ts";

export interface Found {
  id: string;
  analysis: string;
  finding: FoundFinding;
}

/** Where a consequence shows. */
type Where =
  /** At the same holder. */
  | "there"
  /** At the same holder, or one of the two is the other's peer. */
  | "involved"
  /** There, or at a service that calls it, directly or through others. */
  | "callers"
  /** At services on that host, or that are reached by that path. */
  | "host";

export interface Rule {
  /** What it is where nothing else in the capture explains it. */
  role: Role;
  /** Which finding leads the summary when several are equally severe: the lowest. */
  rank: number;
  /** Its consequences: analysis → where they show. What began before does not follow. */
  follows?: Record<string, Where>;
  /** What the summary says when it leads. */
  lead: (f: FoundFinding, view: CaptureView) => string;
  /** What the summary says when it follows; without it, it is only listed. */
  consequence?: (f: FoundFinding, view: CaptureView) => string;
}

/** The holder of what a dump says of its whole host, whose address it may not tell. */
export const OF_THE_DUMP = "*";
/** Onsets are those of different things (a packet, a request, a state): so much disorder is none. */
const SAME_TIME_NS = 1e9;

const at = (f: FoundFinding, view: CaptureView): string =>
  f.onset === null ? "" : ` at ${clockTime(view.clock.iso(f.onset))}`;
const clock = (f: FoundFinding, view: CaptureView): string => clockTime(view.clock.iso(f.onset ?? view.firstTime));
const count = (f: FoundFinding, one: string): string => plural(f.count, one);
const seconds = (value: unknown): string => (typeof value === "number" ? duration(value * 1e9) : "");
const holder = (f: FoundFinding): string => formatEndpoint(f.subject.holder);
const peer = (f: FoundFinding): string => (f.subject.peer === null ? "its peer" : formatEndpoint(f.subject.peer));

/** What the silence of a service brings about. */
const OF_SILENCE: Record<string, Where> = {
  "unanswered-requests": "callers",
  "late-answers": "callers",
  "slow-answers": "callers",
  "stalled-services": "callers",
  "accept-backlog": "callers",
  "half-closed-connections": "involved",
  "unbalanced-closes": "involved",
  resets: "involved",
};

export const RULES: Record<string, Rule> = {
  "pool-starvation": {
    role: "cause",
    rank: 0,
    follows: OF_SILENCE,
    lead: (f) => f.summary,
  },
  "stalled-services": {
    role: "cause",
    rank: 1,
    follows: OF_SILENCE,
    lead: (f) => f.summary,
    consequence: (f, view) => `${holder(f)} stood still with it from ${clock(f, view)} on`,
  },
  "accept-backlog": {
    role: "cause",
    rank: 2,
    follows: OF_SILENCE,
    lead: (f) => f.summary,
    consequence: (f, view) => `its queue of new connections filled up from ${clock(f, view)} on`,
  },
  "refused-connections": {
    role: "cause",
    rank: 5,
    follows: { "unanswered-requests": "callers", "slow-answers": "callers" },
    lead: (f, view) => {
      switch (f.metrics.kind) {
        case "turned-away":
        case "ended":
          return f.summary;
        case "many-refused":
        case "many-unanswered":
          return `${f.title}. ${f.summary}`;
        case "refused":
          return `${holder(f)} refuses connections: nobody listens there. ${count(f, "attempt")} of ${peer(f)} failed, the first${at(f, view)}.`;
        default:
          return `${holder(f)} does not answer connection attempts: ${count(f, "attempt")} of ${peer(f)} met silence, the first${at(f, view)}.`;
      }
    },
  },
  "bound-ports": {
    role: "cause",
    rank: 3,
    follows: { "port-exhaustion": "host" },
    lead: (f) => f.summary,
  },
  "stale-connections": { role: "cause", rank: 4, follows: { resets: "involved" }, lead: (f) => f.summary },
  "lossy-paths": {
    role: "cause",
    rank: 9,
    follows: { "slow-answers": "host", "late-answers": "host", "unanswered-requests": "host" },
    lead: (f) => f.summary,
  },
  "stalled-readers": {
    role: "cause",
    rank: 8,
    follows: { "slow-answers": "involved", "unanswered-requests": "involved" },
    lead: (f) => `${f.title}. ${f.summary}`,
  },
  "broken-framing": {
    role: "cause",
    rank: 7,
    follows: { resets: "involved" },
    lead: (f) => `${f.title}. ${f.summary}`,
  },
  "unanswered-requests": {
    role: "symptom",
    rank: 6,
    follows: OF_SILENCE,
    lead: (f, view) => {
      const gaveUp = f.metrics.gave_up_after_s;
      const ended = f.metrics.service_ended_connection;
      const alone = f.count === 1;
      const what = `From ${peer(f)} ${count(f, "request")} ${alone ? "was" : "were"} delivered and had no response`;
      if (typeof ended === "number" && ended * 2 > f.count)
        return `${holder(f)} ended ${alone ? "a connection" : "connections"} instead of answering, from ${clock(f, view)} on. ${what}.`;
      return `${holder(f)} stopped answering${at(f, view)}. ${what}${gaveUp === null ? "" : `; ${agreeing(f.subject.peer, "it", "they")} gave up after ${seconds(gaveUp)}${alone ? "" : " each time"}`}.`;
    },
    consequence: (f, view) => {
      const gaveUp = f.metrics.gave_up_after_s;
      return `${count(f, "request")} to ${holder(f)} had no answer from ${clock(f, view)} on${gaveUp === null ? "" : `; ${peer(f)} gave up after ${seconds(gaveUp)} each`}`;
    },
  },
  "slow-answers": {
    role: "cause",
    rank: 10,
    follows: OF_SILENCE,
    lead: (f) => f.summary,
    consequence: (f, view) =>
      `${holder(f)} answered in ${seconds(f.metrics.waited_s)}${f.metrics.before_s === null ? "" : ` instead of ${seconds(f.metrics.before_s)}`} from ${clock(f, view)} on`,
  },
  "late-answers": {
    role: "symptom",
    rank: 12,
    follows: { resets: "involved" },
    lead: (f, view) =>
      `${holder(f)} answered too late: ${count(f, "response")} came after ${seconds(f.metrics.waited_s)} (median), when ${peer(f)} had given up, the first${at(f, view)}.`,
    consequence: (f, view) => `${count(f, "answer")} of ${holder(f)} came too late, from ${clock(f, view)} on`,
  },
  "half-closed-connections": {
    role: "mechanism",
    rank: 11,
    follows: {
      "port-exhaustion": "involved",
      "unbalanced-closes": "involved",
      resets: "involved",
      "unidentified-sockets": "host",
    },
    lead: (f, view) =>
      `${holder(f)} ${agreeing(f.subject.holder, "does", "do")} not close: ${count(f, "connection")} that ${peer(f)} had closed stayed half-closed (CLOSE_WAIT) from ${clock(f, view)} on, for ${seconds(f.metrics.held_s)} (median).`,
    consequence: (f, view) =>
      `${holder(f)} ${agreeing(f.subject.holder, "holds", "hold")} ${f.count === 1 ? "1 connection" : `${formatWhole(f.count)} connections`} half-closed (CLOSE_WAIT) since ${clock(f, view)}: that follows from the hang, it does not cause it`,
  },
  "unidentified-sockets": { role: "mechanism", rank: 13, lead: (f) => f.summary },
  "time-wait-buildup": {
    role: "mechanism",
    rank: 3,
    follows: { "port-exhaustion": "involved" },
    lead: (f) => f.summary,
  },
  "port-exhaustion": {
    role: "symptom",
    rank: 3,
    lead: (f) => f.summary,
    consequence: (f) => f.summary.replace(/\.$/, "").replace(/^At /, "at "),
  },
  "unbalanced-closes": {
    role: "mechanism",
    rank: 14,
    follows: { resets: "involved" },
    lead: (f) => f.summary,
    consequence: (f, view) => `${count(f, "late close")} of ${holder(f)} met RST, from ${clock(f, view)} on`,
  },
  resets: { role: "symptom", rank: 15, lead: (f) => f.summary },
  "idle-timeouts": { role: "mechanism", rank: 16, lead: (f) => f.title },
};

/** Does `other` follow from `cause`? */
export function follows(other: Found, cause: Found, view: CaptureView): boolean {
  const where = RULES[cause.analysis]?.follows?.[other.analysis];
  if (where === undefined || other === cause) return false;
  const [o, c] = [other.finding, cause.finding];
  if (o.onset !== null && c.onset !== null && o.onset < c.onset - SAME_TIME_NS) return false;
  // Requests that waited before the queue was full: the service hung, and the queue filled up.
  if (cause.analysis === "accept-backlog" && (o.onset ?? 0) < (c.onset ?? 0)) return false;
  if (cause.analysis === other.analysis)
    return where === "callers" && callsInto(o.subject.holder, c.subject.holder, view);
  return isWhere(where, o, c, view);
}

function isWhere(where: Where, o: FoundFinding, c: FoundFinding, view: CaptureView): boolean {
  const [from, to] = [o.subject, c.subject];
  switch (where) {
    case "there":
      return same(from.holder, to.holder);
    case "involved":
      return (
        same(from.holder, to.holder) ||
        (from.peer !== null && covers(from.peer, to.holder)) ||
        (to.peer !== null && covers(from.holder, to.peer) && (from.peer === null || covers(from.peer, to.holder)))
      );
    case "callers":
      return same(from.holder, to.holder) || callsInto(from.holder, to.holder, view);
    case "host":
      return (
        [from.holder.address, to.holder.address].includes(OF_THE_DUMP) ||
        from.holder.address === to.holder.address ||
        from.peer?.address === to.holder.address
      );
  }
}

export const same = (a: Party | null, b: Party | null): boolean => a?.address === b?.address && a?.port === b?.port;

/** The same endpoint, or the host that it is on. */
const covers = (a: Party, b: Party): boolean => a.address === b.address && (a.port === undefined || a.port === b.port);

function callsInto(caller: Party, service: Party, view: CaptureView): boolean {
  const callers = servicesAt(view, caller);
  if (callers.length === 0) return false;
  return servicesAt(view, service).some((s) => {
    const calling = callersOf(view, s);
    return callers.some((c) => calling.has(c));
  });
}
