// Who does not read what was sent to it, so that its peer cannot go on?

import type { Analysis, FoundFinding, Party, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import { type CaptureView, Sign, type Stalls } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { largest, median, smallest, timelineOf } from "../src/core/statistics.ts";
import { agreeing, CITED, cite, clockTime, duration, type Group, Groups, name, plural } from "./grouping.ts";

/** A reader that is busy for a moment lets its buffer fill up: on one connection, less than this in all is flow control at work. */
const LEAST_NS = 1e9;
/** Garbage collectors, disks and schedulers stop a process for a second or two; from here on somebody waits. */
const PAUSE_NS = 3e9;
/** Most callers give up after 5 to 10 s. */
const STUCK_NS = 5e9;
const LONG_PAUSE_NS = 10e9;
/** A process that has not read for a minute does not come back by itself. */
const GONE_NS = 60e9;
/** One connection may be forgotten by its owner; several are a process that hangs. */
const SEVERAL = 3;
/** A single spell that is at least half of all the waiting is a pause; many like one another are a slow reader. */
const HALF = 0.5;
/** The capture of a slow reader ends within one of its spells: it stopped when this one is by far longer than those before (their mean). */
const TIMES_BEFORE = 3;

/** stopped: no room until the connection or the capture ended. paused: one long spell. slow: it opened again and again. */
type Kind = "stopped" | "paused" | "slow";

interface Case {
  flow: number;
  kind: Kind;
  stalls: Stalls;
  isServer: boolean;
  /** A request on this connection was not plainly answered. */
  harmed: boolean;
}

export const stalledReaders: Analysis = {
  id: "stalled-readers",
  title: "Stalled readers",
  question: "Who does not read what was sent to it, so that its peer cannot go on?",
  why:
    "A receive window of zero says that the process leaves its data in the kernel (RFC 9293 §3.8.6.1): the peer must hold back, and its threads, " +
    "buffers and pools fill up in turn. Packets flow, acknowledgements and probes included, so that the network looks healthy and the sender guilty.",
  run(view) {
    if (view.flowCount === 0) return { kind: "unsure", needs: "there is no TCP connection in the capture" };
    const groups = new Groups<Case>();
    const brief = { count: 0, longest: 0 };
    const harmed = new Set(view.exchanges.map((e) => e.flow));
    for (const flow of view.flows(Sign.hindered)) {
      for (const end of [flow.client, flow.server]) {
        const { stalls } = end;
        if (stalls === null) continue;
        const kind = kindOf(stalls);
        if (kind === null) {
          brief.count += stalls.count;
          brief.longest = Math.max(brief.longest, stalls.waited);
          continue;
        }
        const isServer = end.side === flow.server.side;
        const found: Case = { flow: flow.id, kind, stalls, isServer, harmed: harmed.has(flow.id) };
        groups.add(flow.server, flow.client, found, isServer ? "server" : "client");
      }
    }
    if (groups.size > 0) return { kind: "found", findings: [...groups].map((g) => describe(g, view)) };
    return {
      kind: "clear",
      because:
        brief.count === 0
          ? `every end always had room for more (${plural(view.flowCount, "connection")})`
          : `${plural(brief.count, "time")} an end had no room for a while, and no peer waited longer than ${duration(brief.longest)} for it`,
    };
  },
};

/** Null when nobody had to wait long enough. */
function kindOf(s: Stalls): Kind | null {
  const before = s.pressed > 1 ? (s.waited - s.stuck) / (s.pressed - 1) : 0;
  if (s.stuck >= LEAST_NS && s.stuck >= TIMES_BEFORE * before) return "stopped";
  if (s.waited < LEAST_NS) return null;
  return s.longestWait >= HALF * s.waited ? "paused" : "slow";
}

const WORST_FIRST: readonly Kind[] = ["stopped", "paused", "slow"];

function describe(g: Group<Case>, view: CaptureView): FoundFinding {
  const { isServer } = g.items[0]!;
  const holder = isServer ? g.service : g.peer;
  const peer = isServer ? g.peer : g.service;
  const kind = WORST_FIRST.find((k) => g.items.some((c) => c.kind === k))!;
  const worst = g.items.filter((c) => c.kind === kind);
  const since = smallest(worst.map((c) => beginning(c)));
  const longest = worst.reduce((most, c) => Math.max(most, lengthOf(c)), 0);
  const open = worst.filter((c) => c.stalls.open).length;
  const all = g.items.map((c) => c.stalls);
  return {
    severity: severityOf(kind, worst, longest),
    title: titleOf(kind, holder, peer, g.items.length, longest),
    summary: [
      sentence(kind, worst, name(holder), name(peer), clockTime(view.clock.iso(since)), longest, open),
      ...(worst.length < g.items.length
        ? [`On ${plural(g.items.length - worst.length, "more connection")} it had no room for a shorter time.`]
        : []),
    ].join(" "),
    subject: { holder, peer },
    count: g.items.length,
    onset: since,
    metrics: {
      kind,
      stopped: g.items.filter((c) => c.kind === "stopped").length,
      paused: g.items.filter((c) => c.kind === "paused").length,
      slow: g.items.filter((c) => c.kind === "slow").length,
      still_stalled: open,
      stalled_s: toSeconds(median(all.map((s) => s.waited))),
      longest_s: toSeconds(kind === "slow" ? largest(all.map((s) => s.longestWait)) : longest),
      zero_windows: all.reduce((n, s) => n + s.count, 0),
      with_failed_request: g.items.filter((c) => c.harmed).length,
    },
    evidence: worst.slice(0, CITED).map((c) => cite(c.flow, ...framesOf(c.stalls))),
    advice: adviceFor(kind, holder.address, name(holder), name(peer)),
    timeline: timelineOf(
      all.map((s) => s.since.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

const beginning = (c: Case): Nanos => (c.kind === "stopped" ? c.stalls.last.time : c.stalls.since.time);

/** What the reader is blamed for: the spell that did not end, the longest one, or all of them. */
function lengthOf(c: Case): Nanos {
  if (c.kind === "stopped") return c.stalls.stuck;
  return c.kind === "paused" ? c.stalls.longestWait : c.stalls.waited;
}

function framesOf(s: Stalls): FrameRef[] {
  const frames = [s.since.frame, s.last.frame, ...(s.until === null ? [] : [s.until.frame])];
  return frames.filter((f, n) => frames.indexOf(f) === n);
}

function titleOf(kind: Kind, holder: Party, peer: Party, connections: number, longest: Nanos): string {
  const on = `on ${plural(connections, "connection")} with ${name(peer)}`;
  if (kind === "stopped") return `${name(holder)} stopped reading ${on}`;
  if (kind === "paused") return `${name(holder)} did not read for ${duration(longest)} ${on}`;
  const [reads, sends] = [agreeing(holder, "reads", "read"), agreeing(peer, "sends", "send")];
  return `${name(holder)} ${reads} more slowly than ${name(peer)} ${sends}, ${on}`;
}

function sentence(
  kind: Kind,
  cases: Case[],
  holder: string,
  peer: string,
  since: string,
  longest: Nanos,
  open: number,
): string {
  const spells = cases.reduce((n, c) => n + c.stalls.count, 0);
  const typical = duration(median(cases.map(lengthOf)));
  const howLong = cases.length === 1 ? typical : `${typical} (median), at longest ${duration(longest)}`;
  const where = cases.length === 1 ? "" : ` on ${plural(cases.length, "connection")}`;
  if (kind === "stopped") {
    const ended = cases.length - open;
    const endings = [
      open > 0 ? `${ended === 0 ? "it had" : `${formatWhole(open)} had`} none when the capture ended` : "",
      ended > 0 ? `${open === 0 ? "it had" : `${formatWhole(ended)} had`} none when the connection ended` : "",
    ].filter((s) => s !== "");
    return `${holder} acknowledged what ${peer} sent but stopped reading it${where}, ${cases.length === 1 ? "" : "the first "}at ${since}: it had no room (window 0) for ${howLong} while ${peer} had more to send, and ${endings.join("; ")}.`;
  }
  if (kind === "paused")
    return `From ${since} on ${holder} read nothing${where} for ${howLong}: it had no room (window 0) while ${peer} had more to send, and then went on.`;
  return `${holder} had no room (window 0) ${plural(spells, "time")}${where} from ${since} on, in all for ${howLong}, and went on reading each time: the sender is faster, which flow control is there for.`;
}

function severityOf(kind: Kind, cases: readonly Case[], longest: Nanos): Severity {
  const several = cases.length >= SEVERAL;
  const harmed = cases.some((c) => c.harmed);
  if (kind === "slow") return harmed ? "low" : "info";
  if (longest < PAUSE_NS) return harmed ? "low" : "info";
  if (kind === "paused") {
    if (longest < LONG_PAUSE_NS) return harmed || several ? "medium" : "low";
    return harmed && several ? "high" : "medium";
  }
  if (longest < STUCK_NS) return harmed || several ? "medium" : "low";
  return longest >= GONE_NS || several ? "high" : "medium";
}

function adviceFor(kind: Kind, host: string, holder: string, peer: string): string[] {
  if (kind === "slow")
    return [
      `If this is too slow, look at ${holder}, not at the network or at ${peer}: what does it do with each piece?`,
    ];
  return [
    `Look at the process on ${host}: what did the thread that reads this connection wait for (a lock, a full queue or disk, a response body that nobody reads)?`,
    `ss -tmi on ${host} shows such a connection by its Recv-Q, on the other side by its Send-Q and a persist timer.`,
  ];
}
