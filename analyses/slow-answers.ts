// Which service answers more slowly than it did, since when, and does it wait for another one, or for a connection of its own pool?

import type { Analysis, FoundFinding, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView, LatencyPoint, ServiceTally } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { largest, median, percentile, sorted, timelineOf } from "../src/core/statistics.ts";
import type { Exchange } from "../src/core/stream-decoder.ts";
import { CITED, cite, clockTime, duration, name, plural } from "./grouping.ts";
import { calledBy } from "./legs.ts";
import { adviceOnPool, type FilledPool, figuresOf, filledPool, fullPool, inWords, isLonger } from "./pool-use.ts";
import { heldIn, stallsIn } from "./stalled-services.ts";
import { faultyOf } from "./waiting.ts";

/** People notice an answer that takes this long, and no network explains it. */
const SLOW_NS = 300e6;
/** Slower than before by so much: load varies, by less. */
const FACTOR = 5;
/** Answers on each side of the onset, without which it is chance. */
const KNOWN = 10;
const MANY = 50;
/** From the onset on, so many of them are slow: else it is a kind of request that takes long, as it did before. */
const SHARE = 0.5;
/** So many answers in a row tell where it began. */
const WINDOW = 10;
/** A called service whose answers take this share of the time is the reason. */
const EXPLAINED = 0.5;

export interface Slowness {
  service: ServiceTally;
  from: Nanos;
  /** Null: it was never seen to be quicker. */
  baseline: Nanos | null;
  /** In order of length. */
  waits: number[];
  asked: number[];
  /** When the last of them came. */
  until: Nanos;
  /** Those among them that nobody waited for any more; only where nothing tells how long it took before. */
  givenUp: readonly Exchange[];
  /** What is slow; null when it is more than one kind of request. */
  kind: string | null;
  /** The called service that takes most of the time; null when it is its own. */
  because: ServiceTally | null;
  /** The pool for whose connections the requests queued; null when for none. */
  pool: FilledPool | null;
}

export const slowAnswers: Analysis = {
  id: "slow-answers",
  title: "Slow answers",
  question: "Which service answers more slowly than it did, since when, and does it wait for another one?",
  why:
    "A service that gets slow makes its callers wait, and their callers; the first one whose own time it is has to be found. " +
    "Percentiles, not means: the one in a hundred that waits for seconds is a user (RFC 7679 §4).",
  run(view) {
    const slow = slownessIn(view);
    if (slow.length > 0) return { kind: "found", findings: slow.map((s) => describe(s, view)) };
    const answered = view.services.filter((s) => s.activity.latencies.count > 0);
    if (answered.length === 0)
      return { kind: "unsure", needs: "no request with an answer that we can read is in the capture" };
    const worst = answered.reduce((a, b) => (p99(b) > p99(a) ? b : a));
    return {
      kind: "clear",
      because: `no service became slower (99 % of the answers of ${name(worst.service)} within ${duration(p99(worst))})`,
    };
  },
};

const p99 = (s: ServiceTally): Nanos => s.activity.latencies.percentile(0.99);

const workedOut = new WeakMap<CaptureView, Slowness[]>();

export function slownessIn(view: CaptureView): Slowness[] {
  const known = workedOut.get(view);
  if (known !== undefined) return known;
  const found = view.services.map((s) => slownessOf(s, view)).filter((s) => s !== null);
  for (const s of found) s.because = reasonOf(s, found, view);
  for (const s of found) if (s.because === null) s.pool = filledPool(view, s.service, s.from, s.until);
  for (const s of view.services) {
    const overload = found.some((f) => f.service === s) ? null : overloadOf(s, view);
    if (overload !== null) found.push(overload);
  }
  workedOut.set(view, found);
  return found;
}

interface Onset {
  from: Nanos;
  baseline: Nanos;
  slow: LatencyPoint[];
}

function slownessOf(service: ServiceTally, view: CaptureView): Slowness | null {
  const stalls = stallsIn(view)
    .filter((s) => s.service === service)
    .map((s) => s.silence);
  const held = new Set(
    heldIn(view)
      .filter((h) => h.service === service)
      .flatMap((h) => h.items.map((e) => e.response!.frame)),
  );
  // What waited for a stall or a lock to end is told there.
  const points = [...service.activity.latencies.points()]
    .filter((p) => !held.has(p.frame))
    .filter((p) => !stalls.some((s) => p.asked <= s.until && p.asked + p.waited >= s.from))
    .sort((a, b) => a.asked - b.asked);
  const kinds = new Map<string, LatencyPoint[]>();
  for (const p of points) {
    const of = kinds.get(p.kind);
    if (of === undefined) kinds.set(p.kind, [p]);
    else of.push(p);
  }
  // One statement of many, or all of them.
  const found = [points, ...kinds.values()].map(onsetIn).filter((o) => o !== null);
  if (found.length === 0) return null;
  const first = found.reduce((a, b) => (b.from < a.from ? b : a));
  const slow = [...new Set(found.flatMap((o) => o.slow))].sort((a, b) => a.asked - b.asked);
  const kindsOfSlow = new Set(slow.map((p) => p.kind));
  const before = points.filter((p) => p.asked < first.from && kindsOfSlow.has(p.kind));
  return {
    service,
    from: first.from,
    // Of the same kinds: reports take longer than look-ups.
    baseline: before.length < KNOWN ? first.baseline : median(before.map((p) => p.waited)),
    waits: sorted(slow.map((p) => p.waited)),
    asked: slow.map((p) => p.asked),
    until: largest(slow.map((p) => p.asked + p.waited)),
    givenUp: [],
    kind: kindsOfSlow.size === 1 ? slow[0]!.kind : null,
    because: null,
    pool: null,
  };
}

/**
 * A service that was never seen to be quick may be meant to take its time; but where requests are given up, and queue for a pool
 * that is full, it is overloaded, and the capture began in the middle of it.
 */
function overloadOf(service: ServiceTally, view: CaptureView): Slowness | null {
  const givenUp = faultyOf(view, service).filter((e) => e.outcome === "unanswered" && e.waited >= SLOW_NS);
  if (givenUp.length < KNOWN) return null;
  const from = givenUp[0]!.request!.time;
  const until = givenUp.reduce((last, e) => Math.max(last, e.request!.time + e.waited), from);
  const use = fullPool(view, service, from, until);
  if (use === null || [service, ...calledBy(view, service)].some((x) => stoodStill(x, from, until, view))) return null;
  const least = Math.max(SLOW_NS, FACTOR * use.took);
  const points = [...service.activity.latencies.points()].filter((p) => p.waited >= least && p.asked < until);
  const all = [
    ...points.filter((p) => p.asked + p.waited > from),
    ...givenUp.map((e) => ({ asked: e.request!.time, waited: e.waited })),
  ].sort((a, b) => a.asked - b.asked);
  return {
    service,
    from: all[0]!.asked,
    baseline: null,
    waits: sorted(all.map((p) => p.waited)),
    asked: all.map((p) => p.asked),
    until,
    givenUp,
    kind: null,
    because: null,
    pool: { use, before: null },
  };
}

/** Since when are these slower than they were? Null when they are not. */
function onsetIn(points: readonly LatencyPoint[]): Onset | null {
  const waits = points.map((p) => p.waited);
  for (let n = KNOWN; n + WINDOW <= waits.length; n++) {
    if (waits[n]! < SLOW_NS) continue;
    // Where it gets slow bit by bit, what came last before that was on its way up already.
    const baseline = median(waits.slice(0, Math.max(KNOWN, n >> 1)));
    const least = Math.max(SLOW_NS, FACTOR * baseline);
    if (median(waits.slice(n, n + WINDOW)) < least) continue;
    const after = points.slice(n);
    // A kind of request that always took long is not slower than it was.
    const quick = new Set(points.slice(0, n).map((p) => (p.waited < least ? p.kind : null)));
    const slow = after.filter((p) => p.waited >= least && quick.has(p.kind));
    if (slow.length === 0) return null;
    // It may have healed: what matters is the time up to the last slow one.
    const during = after.slice(0, after.indexOf(slow.at(-1)!) + 1);
    if (slow.length < KNOWN || slow.length < SHARE * during.length) return null;
    return { from: points[n]!.asked, baseline, slow };
  }
  return null;
}

function reasonOf(s: Slowness, all: readonly Slowness[], view: CaptureView): ServiceTally | null {
  const own = median(s.waits);
  const until = s.asked.at(-1)!;
  for (const called of calledBy(view, s.service)) {
    const theirs = all.find((other) => other.service === called);
    if (theirs !== undefined && median(theirs.waits) >= EXPLAINED * own) return called;
    if (stoodStill(called, s.from, until, view)) return called;
  }
  return null;
}

/** Did it stand still, or hold commands back, at some time between these moments? */
function stoodStill(service: ServiceTally, from: Nanos, until: Nanos, view: CaptureView): boolean {
  const stood = stallsIn(view).some((x) => x.service === service && x.silence.from <= until && x.silence.until >= from);
  return (
    stood ||
    heldIn(view).some(
      (h) => h.service === service && h.items.some((e) => e.request!.time <= until && e.response!.time >= from),
    )
  );
}

function describe(s: Slowness, view: CaptureView): FoundFinding {
  const { service, waits, because, baseline, pool } = s;
  const holder = name(service.service);
  const middle = duration(percentile(waits, 0.5));
  const exchanges = [...service.activity.slow.filter((e) => e.request!.time >= s.from), ...s.givenUp];
  const reason = because ?? (pool !== null && isLonger(pool) ? pool.use.database : null);
  const known = baseline === null ? "" : ` instead of ${duration(baseline)}`;
  return {
    severity: severityOf(waits.length, percentile(waits, 0.5)),
    title:
      `${holder} ${baseline === null ? "was" : "became"} slow: ${middle}${known}` +
      (pool === null ? "" : `, for want of a free connection to ${name(pool.use.database.service)}`),
    summary: pool === null ? slower(s, view) : overloaded(s, pool, view),
    subject: { holder: service.service, peer: reason?.service ?? null },
    count: waits.length,
    onset: s.from,
    metrics: {
      waited_s: toSeconds(percentile(waits, 0.5)),
      waited_p95_s: toSeconds(percentile(waits, 0.95)),
      waited_p99_s: toSeconds(percentile(waits, 0.99)),
      longest_s: toSeconds(waits.at(-1)!),
      before_s: baseline === null ? null : toSeconds(baseline),
      kind_of_request: s.kind,
      because_of: reason === null ? null : name(reason.service),
      ...(pool === null ? {} : figuresOf(pool)),
    },
    evidence: exchanges.slice(0, CITED).map((e) => cite(e.flow, e.request!.frame, e.response?.frame ?? e.gaveUpFrame)),
    advice: adviceOn(s, view),
    timeline: timelineOf(s.asked, view.firstTime, view.lastTime),
  };
}

/** How long it took, and before. */
function slower(s: Slowness, view: CaptureView): string {
  const { service, because } = s;
  const reason =
    because === null
      ? calledBy(view, service).length > 0
        ? ` What it calls was not slow: the time is its own.`
        : ""
      : ` ${name(because.service)}, which it calls, takes most of that time.`;
  return `${name(service.service)} became slow at ${clockTime(view.clock.iso(s.from))}: ${tookOf(s)}.${reason}`;
}

/** The pool was full and moved: what waited was in front of it. */
function overloaded(s: Slowness, pool: FilledPool, view: CaptureView): string {
  const took = tookOf(s);
  return (
    `${name(s.service.service)} was overloaded from ${clockTime(view.clock.iso(s.from))} on: ${inWords(pool)}; requests queued for a free one. ` +
    `${took.slice(0, 1).toUpperCase()}${took.slice(1)}.`
  );
}

function tookOf({ waits, kind, baseline, givenUp }: Slowness): string {
  const one = baseline === null ? "request" : "answer";
  const what = `${plural(waits.length, one)}${kind === null || kind === "" ? "" : ` to ${kind}`}`;
  const long = `${duration(percentile(waits, 0.5))} (median), at worst ${duration(waits.at(-1)!)}`;
  if (baseline === null) return `${what} waited ${long}, ${formatWhole(givenUp.length)} of them in vain`;
  return `${what} took ${long}; before, it was ${duration(baseline)}`;
}

function adviceOn({ service, because, pool, from }: Slowness, view: CaptureView): string[] {
  const holder = name(service.service);
  if (because !== null) return [`Look at ${name(because.service)} first: ${holder} only waits for it.`];
  if (pool === null) {
    const since = clockTime(view.clock.iso(from));
    return [
      `Look at what ${holder} did from ${since} on: processor time, a query plan that changed, collections, a lock.`,
    ];
  }
  return adviceOnPool(holder, pool);
}

function severityOf(count: number, middle: Nanos): Severity {
  return count >= MANY && middle >= 1e9 ? "high" : "medium";
}
