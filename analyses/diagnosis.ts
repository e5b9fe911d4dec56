// What happened, in one paragraph? Joins the findings into a chain from the cause to its symptoms (causes.ts), says how sure that is
// and why, what is ruled out (ruled-out.ts), and what to look at next where the capture cannot tell (next-steps.ts).

import type { FoundFinding } from "../src/core/analysis.ts";
import { type CaptureView, Sign } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import type { Diagnosis, Role } from "../src/core/report.ts";
import { type Found, follows, OF_THE_DUMP, RULES } from "./causes.ts";
import { name, plural } from "./grouping.ts";
import { analyses } from "./index.ts";
import { nextSteps } from "./next-steps.ts";
import { ruledOut } from "./ruled-out.ts";

export type { Found } from "./causes.ts";

const CLEARLY_NS = 200e6;
/** Fewer cases may be chance. */
const FEW = 5;
/** Beside the chain, so many further findings are named. */
const OTHERS = 3;
const CONSEQUENCES = 6;
/** Of one analysis, so many findings are held against all others, the worst: what follows from what, nobody reads of more. */
const MOST_JOINED = 32;

export interface Outcome {
  found: readonly Found[];
  clear: readonly { analysis: string; because: string }[];
  unsure: readonly { analysis: string; needs: string }[];
  /** The analyses that ran. */
  ran: readonly string[];
}

/** The findings joined: the cause first in words, all in order of time in the chain. */
export function diagnose({ found, clear, unsure, ran }: Outcome, view: CaptureView): Diagnosis {
  const serious = found.filter((f) => f.finding.severity !== "info");
  const known = worstOfEach(serious.filter((f) => RULES[f.analysis] !== undefined));
  const isCause = (cause: Found, f: Found): boolean =>
    follows(f, cause, view) && !(follows(cause, f, view) && isFirst(f, cause, view));
  const explained = new Map(known.map((f) => [f, known.filter((cause) => isCause(cause, f))]));
  const roots = known.filter((f) => explained.get(f)!.length === 0);
  const followers = followersOf(explained);
  const worst = new Map(roots.map((f) => [f, worstOf(f, followers)]));
  const lead = roots.sort((a, b) => worst.get(a)! - worst.get(b)! || leadsFirst(a, b))[0];
  if (lead === undefined) return nothingWrong(view, unsure.length > 0, ran);

  const due = dueTo(lead, followers);
  const consequences = known.filter((f) => f !== lead && due.has(f)).sort((a, b) => onset(a, view) - onset(b, view));
  const sentences = [leadOf(lead, view)];
  const said = consequences.filter((f) => RULES[f.analysis]!.consequence !== undefined);
  if (said.length > 0) {
    const named = said.slice(0, CONSEQUENCES).map((f) => consequenceOf(f, view));
    sentences.push(`${capital(named.join("; "))}${andMore(said.length - named.length)}.`);
  }
  const others = serious.filter((f) => f !== lead && !due.has(f));
  if (others.length > 0) {
    const named = others.slice(0, OTHERS).map((f) => f.finding.title);
    sentences.push(`Also found: ${named.join("; ")}${andMore(others.length - named.length)}.`);
  }
  if (serious.some((f) => RULES[f.analysis] !== undefined && !explained.has(f)))
    sentences.push(`What follows from what was asked of the worst ${MOST_JOINED} findings of each analysis.`);
  sentences.push(...ownerOf(lead.finding));
  const next = nextSteps(lead, view);
  if (lead.analysis === "unanswered-requests") sentences.push("What it was waiting for, the capture does not show.");
  const { level, because } = isOfDump(lead) ? inDump(lead) : confidence(lead, view);
  return {
    summary: sentences.join(" "),
    confidence: level,
    confidence_because: because,
    chain: [...serious]
      .sort((a, b) => onset(a, view) - onset(b, view))
      .map((f) => ({
        finding: f.id,
        role: f === lead && consequences.length > 0 ? "cause" : roleOf(f, explained),
        at: f.finding.onset === null ? null : view.clock.iso(f.finding.onset),
        text: f.finding.title,
      })),
    ruled_out: ruledOut(lead, consequences, clear, view),
    ...(next.length === 0 ? {} : { next }),
  };
}

/** What only a socket dump says has no packets, and no times of packets to tell. */
const isOfDump = ({ finding }: Found): boolean => finding.evidence.length === 0;
const leadOf = (f: Found, view: CaptureView): string =>
  isOfDump(f) ? f.finding.summary : RULES[f.analysis]!.lead(f.finding, view);
const consequenceOf = (f: Found, view: CaptureView): string =>
  isOfDump(f) ? f.finding.title : RULES[f.analysis]!.consequence!(f.finding, view);

const onset = (f: Found, view: CaptureView): number => f.finding.onset ?? view.firstTime;
/** Of two that could each be the other's cause: what was clearly first; else what stands first in the table. */
function isFirst(a: Found, b: Found, view: CaptureView): boolean {
  const ahead = onset(b, view) - onset(a, view);
  if (Math.abs(ahead) > CLEARLY_NS) return ahead > 0;
  return RULES[a.analysis]!.rank < RULES[b.analysis]!.rank || (a.analysis === b.analysis && a.id < b.id);
}

/** Which process it is, where a socket dump says so. */
function ownerOf({ subject, metrics: { process, pid } }: FoundFinding): string[] {
  // What a dump says of its whole host names the process itself.
  if ((process == null && pid == null) || subject.holder.address === OF_THE_DUMP) return [];
  const who = process == null ? `process ${pid}` : pid == null ? `${process}` : `${process}, process ${pid}`;
  return [`${name(subject.holder)} is ${who}.`];
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** What something explains is a symptom of it, or a mechanism on the way. */
function roleOf(f: Found, explained: ReadonlyMap<Found, readonly Found[]>): Role {
  const role = RULES[f.analysis]?.role ?? "symptom";
  return role === "cause" && (explained.get(f)?.length ?? 0) > 0 ? "symptom" : role;
}

/** Of each analysis the worst, which are its first. */
function worstOfEach(found: readonly Found[]): Found[] {
  const counts = new Map<string, number>();
  return found.filter(({ analysis }) => {
    const count = (counts.get(analysis) ?? 0) + 1;
    counts.set(analysis, count);
    return count <= MOST_JOINED;
  });
}

/** What follows from each, directly. */
function followersOf(explained: ReadonlyMap<Found, readonly Found[]>): Map<Found, Found[]> {
  const followers = new Map<Found, Found[]>();
  for (const [f, causes] of explained) {
    for (const cause of causes) {
      const of = followers.get(cause);
      if (of === undefined) followers.set(cause, [f]);
      else of.push(f);
    }
  }
  return followers;
}

/** What follows from it, directly or through others. */
function dueTo(cause: Found, followers: ReadonlyMap<Found, readonly Found[]>): Set<Found> {
  const due = new Set<Found>();
  const next = [cause];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    for (const f of followers.get(at) ?? []) {
      if (!due.has(f)) next.push(f);
      due.add(f);
    }
  }
  return due;
}

const SEVERITY_ORDER = ["critical", "high", "medium", "low", "info"];
const severity = (f: Found): number => SEVERITY_ORDER.indexOf(f.finding.severity);

/** A cause is as bad as the worst that follows from it. */
const worstOf = (f: Found, followers: ReadonlyMap<Found, readonly Found[]>): number =>
  Math.min(severity(f), ...[...dueTo(f, followers)].map(severity));

/** Of two that are equally bad. */
const leadsFirst = (a: Found, b: Found): number =>
  RULES[a.analysis]!.rank - RULES[b.analysis]!.rank || b.finding.count - a.finding.count;

/** A dump is the kernel's own list, of one moment. */
const inDump = ({ finding }: Found): { level: Diagnosis["confidence"]; because: string } => ({
  level: finding.count < FEW ? "medium" : "high",
  because: `the socket dump lists ${plural(finding.count, "case")}`,
});

/** Many cases, all of them judged, nothing missing: high. A handful, or holes in the capture: medium. */
function confidence({ finding }: Found, view: CaptureView): { level: Diagnosis["confidence"]; because: string } {
  const { unknown } = view.totals;
  const { dropped, damagedFiles } = view.quality;
  if (unknown > finding.count)
    return { level: "low", because: `${plural(unknown, "exchange")} cannot be judged, more than are counted here` };
  if ((dropped ?? 0) > 0)
    return { level: "medium", because: `${plural(dropped!, "packet")} were dropped while capturing` };
  if (damagedFiles > 0) return { level: "medium", because: "the capture is damaged" };
  if (unknown > 0) return { level: "medium", because: `${plural(unknown, "exchange")} cannot be judged` };
  const lost = summarisedText(view);
  if (lost !== null) return { level: "medium", because: lost };
  if (finding.count < FEW) return { level: "medium", because: `it rests on ${plural(finding.count, "case")}` };
  return {
    level: "high",
    because: `${plural(finding.count, "case")}, and nothing is missing from the capture that they rest on`,
  };
}

const andMore = (n: number): string => (n > 0 ? `; and ${formatWhole(n)} more` : "");

/** What a memory budget did not keep; null when everything is there. */
function summarisedText({ summarised, flowCount }: CaptureView): string | null {
  if (summarised === undefined) return null;
  const { flows, resumed, exchanges, cutResponses, forgotten } = summarised;
  const counted = Object.values(exchanges).reduce((n, of) => n + of, cutResponses);
  if (flows > 0) {
    const which =
      resumed === 0
        ? `${formatWhole(flows)} of ${plural(flowCount, "connection")} were summarised`
        : `connections were summarised ${plural(flows, "time")} (of ${formatWhole(flowCount)}; some went on, and went again)`;
    return `${which} to stay within the memory budget`;
  }
  return counted > 0
    ? `${plural(counted, "exchange")} are counted only, to stay within the memory budget`
    : `${plural(forgotten.services, "service")} were summarised to stay within the memory budget`;
}

/** What is known to be amiss with what was not kept. */
function leftOf({ summarised }: CaptureView): string {
  if (summarised === undefined) return "";
  const { late, unanswered, pending } = summarised.exchanges;
  const ended = summarised.kinds.find((k) => k.kind === "ended")?.flows ?? 0;
  const attempts = summarised.kinds.find((k) => k.kind === "unanswered")?.flows ?? 0;
  const parts = [
    late + unanswered + pending > 0 && `${plural(late + unanswered + pending, "request")} without an answer in time`,
    ended > 0 && `${plural(ended, "connection")} refused, reset, or closed with something amiss`,
    attempts > 0 && `${plural(attempts, "attempt")} that nobody answered`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? "" : ` But among what was summarised: ${parts.join(", ")}.`;
}

/** The clean bill: what was looked for and not found, and on what ground that stands. */
function nothingWrong(view: CaptureView, isUnsure: boolean, ran: readonly string[]): Diagnosis {
  if (view.flowCount === 0) {
    return {
      summary: "There is no TCP connection in this capture, so nothing can be said about who stopped answering.",
      confidence: "low",
      confidence_because: "there is nothing to look at",
      chain: [],
      ruled_out: [],
    };
  }
  const { answered, pending, unknown } = view.totals;
  let midway = 0;
  for (const _ of view.flows(Sign.partial)) midway++;

  const grounds: string[] = [];
  if (ran.includes("unanswered-requests")) {
    if (answered > 0) grounds.push(`${plural(answered, "request")} ${answered === 1 ? "was" : "were"} answered`);
    if (pending > 0) grounds.push(`${plural(pending, "request")} still waited when the capture ended`);
    if (grounds.length === 0) grounds.push("no request that can be read is among them");
  }
  if (ran.includes("half-closed-connections")) grounds.push("nobody holds a connection half-closed");
  if (ran.includes("refused-connections")) grounds.push("none was refused");
  const lost = summarisedText(view);
  const said = grounds.length === 0 ? "" : `: ${grounds.join(", ")}`;
  const connections = plural(view.flowCount, "connection");
  const ground =
    lost !== null ? ` in what was kept of ${connections}${said}.` : said === "" ? "." : `. On ${connections}${said}.`;
  const part = analyses.some((a) => !ran.includes(a.id));
  const asked = part ? " Only a part of the questions was asked." : "";
  const doubts = [
    answered === 0 && "no answer can be read",
    lost !== null && lost,
    unknown > 0 && `${plural(unknown, "exchange")} cannot be judged`,
    midway > 0 && `${plural(midway, "connection")} began before the capture or show one direction only`,
    part && "not every question was asked",
    isUnsure && "some questions could not be answered",
  ].filter((d) => d !== false);
  return {
    summary: `Nothing wrong was found${ground}${asked}${leftOf(view)}`,
    confidence: doubts.length === 0 ? "high" : answered > 0 ? "medium" : "low",
    confidence_because:
      doubts.length === 0 ? "every connection and every exchange is there and could be judged" : doubts.join(", "),
    chain: [],
    ruled_out: [],
  };
}
