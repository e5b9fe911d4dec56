// Which requests were never answered, by whom, and how long did the requester wait?

import type { Analysis, FoundFinding, Severity } from "../src/core/analysis.ts";
import { toSeconds } from "../src/core/clock.ts";
import type { CaptureView, ServiceTally } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { constantOf, largest, percentile, sorted, timelineOf } from "../src/core/statistics.ts";
import { type Exchange, otherSide } from "../src/core/stream-decoder.ts";
import { agreeing, CITED, cite, clockTime, duration, type Group, Groups, name, plural } from "./grouping.ts";
import { servicesAt } from "./services-at.ts";
import { staleWrites } from "./stale-connections.ts";

/** From this many, or this share of a service's requests, people notice. */
const MANY = 50;
const SEVERAL = 5;
const MOST = 0.5;
const SOME = 0.1;
/** One request in twenty or fewer, and only one: a user pressed stop. */
const STRAY = 0.05;
/** A request that waits at the end of the capture says something once it has waited this long. */
const PENDING_NS = 1e9;
/** So many waiting together, longer than any answer ever took, are a hang; fewer may be long polls. */
const PENDING_MANY = 10;
const PENDING_FACTOR = 3;

export const unansweredRequests: Analysis = {
  id: "unanswered-requests",
  title: "Unanswered requests",
  question: "Which requests were never answered, and how long did the requester wait?",
  why:
    "A service that takes a request, acknowledges it and stays silent is what users see as a hang; TCP alone looks healthy. " +
    "An acknowledgement is the kernel's word, not the application's (RFC 9293 §3.8.6).",
  run(view) {
    const given = new Groups<Exchange>();
    const pending = new Groups<Exchange>();
    const stale = staleWrites(view).byFlow;
    let undelivered = 0;
    for (const e of view.exchanges) {
      if (e.outcome !== "unanswered" && e.outcome !== "pending") continue;
      // Written onto a connection that its service had closed: it cannot have answered.
      if (stale.get(e.flow)?.write.frame === e.request!.frame) {
        undelivered++;
        continue;
      }
      const flow = view.row(e.flow);
      const groups = e.outcome === "unanswered" ? given : pending;
      groups.add(flow.end(otherSide(e.requester)), flow.end(e.requester), e);
    }
    const unsure: string[] = [];
    const findings = [...given].map((g) => unanswered(g, view));
    for (const g of pending) {
      const finding = stillWaiting(g, view);
      if (typeof finding === "string") unsure.push(finding);
      else findings.push(finding);
    }
    if (findings.length > 0) return { kind: "found", findings, unsure };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure };
    const answered = view.totals.answered + view.totals.late;
    const met = undelivered > 0 ? `; ${plural(undelivered, "more", "more")} met a connection closed before` : "";
    if (answered > 0) return { kind: "clear", because: `${plural(answered, "request")} had a response${met}` };
    const { unanswered: left, pending: waiting } = view.totals;
    if (left + waiting > undelivered) {
      return { kind: "unsure", needs: "what was left without a response is counted only" };
    }
    if (undelivered > 0) {
      const them = plural(undelivered, "request");
      return { kind: "unsure", needs: `no request can be judged but ${them} that met a connection closed before` };
    }
    return { kind: "unsure", needs: "no request that we can read is in the capture (encrypted, or another protocol)" };
  },
};

function unanswered(g: Group<Exchange>, view: CaptureView): FoundFinding {
  const tally = tallyOf(view, g);
  const all = tally === undefined ? g.items.length : requestsOf(tally);
  const waits = sorted(g.items.map((e) => e.waited));
  const byRequester = g.items.filter((e) => e.gaveUp === e.requester);
  const byResponder = g.items.filter((e) => e.gaveUp !== null && e.gaveUp !== e.requester);
  const gaveUpAfter = constantOf(byRequester.map((e) => e.waited));
  const first = g.items[0]!.request!;
  const service = name(g.service);
  const peer = name(g.peer);
  const since = clockTime(view.clock.iso(first.time));

  const sentences = [
    `${service} left ${plural(g.items.length, "request")} of ${formatWhole(all)} from ${peer} without a response, the first at ${since}.`,
  ];
  if (gaveUpAfter !== null)
    sentences.push(
      `${peer} gave up after ${duration(gaveUpAfter)} each time: that is ${agreeing(g.peer, "its", "their")} time-out.`,
    );
  else if (byRequester.length > 0)
    sentences.push(`${peer} gave up on ${byRequester.length} after ${range(byRequester)}.`);
  if (byResponder.length > 0)
    sentences.push(`${service} itself ended the connection without a response ${plural(byResponder.length, "time")}.`);

  const advice = [
    `Look at ${service} at ${since}: what were its threads or handlers waiting for? Take a stack dump while it hangs.`,
  ];
  if (byRequester.length > 0)
    advice.push("The requests were delivered: raising the requester's time-out only makes it wait longer.");
  if (byResponder.length > byRequester.length)
    advice.push(`Look for a crash, a restart or a connection limit of ${service}.`);
  return {
    severity: severityOf(g.items.length, g.items.length / all),
    title: `${service} did not answer ${plural(g.items.length, "request")} from ${peer}`,
    summary: sentences.join(" "),
    subject: { holder: g.service, peer: g.peer },
    count: g.items.length,
    onset: first.time,
    metrics: {
      requests: all,
      waited_s: toSeconds(percentile(waits, 0.5)),
      waited_p99_s: toSeconds(percentile(waits, 0.99)),
      gave_up_after_s: gaveUpAfter === null ? null : toSeconds(gaveUpAfter),
      requester_gave_up: byRequester.length,
      service_ended_connection: byResponder.length,
      last_answer: tally?.lastAnswer == null ? null : view.clock.iso(tally.lastAnswer.time),
    },
    evidence: g.items.slice(0, CITED).map((e) => cite(e.flow, e.request!.frame, e.gaveUpFrame)),
    advice,
    timeline: timelineOf(
      g.items.map((e) => e.request!.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

/** Requests that waited when the capture ended: a hang, or a text that says what it would take to know. */
function stillWaiting(g: Group<Exchange>, view: CaptureView): FoundFinding | string {
  const waited = (e: Exchange): number => view.lastTime - Math.max(e.requestEnd, e.request!.time);
  const items = g.items.filter((e) => waited(e) >= PENDING_NS);
  const longest = largest(g.items.map(waited));
  const service = name(g.service);
  const tally = tallyOf(view, g);
  const first = items[0]?.request;
  const silent = first != null && (tally?.lastAnswer == null || tally.lastAnswer.time < first.time);
  const slower = tally !== undefined && longest > PENDING_FACTOR * tally.longestAnswer;
  if (first == null || !((silent && items.length > 1) || (slower && items.length >= PENDING_MANY))) {
    return `${plural(g.items.length, "request")} to ${service} still waited when the capture ended (the longest for ${duration(longest)}): capture for longer`;
  }
  const since = clockTime(view.clock.iso(first.time));
  const waits = sorted(items.map(waited));
  return {
    severity: silent || items.length >= MANY ? "high" : "medium",
    title: `${service} kept ${plural(items.length, "request")} from ${name(g.peer)} waiting until the capture ended`,
    summary:
      `${plural(items.length, "request")} to ${service} had no response when the capture ended, the first sent at ${since}; the longest waited ${duration(longest)}. ` +
      (silent ? `${service} has answered nothing since then.` : `No answer of ${service} ever took that long.`),
    subject: { holder: g.service, peer: g.peer },
    count: items.length,
    onset: first.time,
    metrics: {
      requests: tally === undefined ? items.length : requestsOf(tally),
      waited_s: toSeconds(percentile(waits, 0.5)),
      waited_p99_s: toSeconds(percentile(waits, 0.99)),
      gave_up_after_s: null,
      pending: items.length,
      last_answer: tally?.lastAnswer == null ? null : view.clock.iso(tally.lastAnswer.time),
    },
    evidence: items.slice(0, CITED).map((e) => cite(e.flow, e.request!.frame)),
    advice: [`Look at ${service} at ${since}: what were its handlers waiting for? Take a stack dump while it hangs.`],
    timeline: timelineOf(
      items.map((e) => e.request!.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

const requestsOf = (t: ServiceTally): number => t.answered + t.late + t.unanswered + t.pending + t.unknown;

const tallyOf = (view: CaptureView, g: Group<Exchange>): ServiceTally | undefined => servicesAt(view, g.service)[0];

function severityOf(count: number, share: number): Severity {
  if (count >= MANY || (count >= SEVERAL && share >= MOST)) return "critical";
  if (count >= SEVERAL || share >= SOME) return "high";
  return count === 1 && share <= STRAY ? "low" : "medium";
}

function range(items: readonly Exchange[]): string {
  const waits = sorted(items.map((e) => e.waited));
  const [low, high] = [duration(waits[0]!), duration(waits.at(-1)!)];
  return low === high ? low : `${low} to ${high}`;
}
