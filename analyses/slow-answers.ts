// Which service answers more slowly than it did, since when, and does it wait for another one?

import type { Analysis, FoundFinding, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView, LatencyPoint, ServiceTally } from "../src/core/flow-view.ts";
import { median, percentile, sorted, timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, duration, name, plural } from "./grouping.ts";
import { calledBy } from "./legs.ts";
import { heldIn, stallsIn } from "./stalled-services.ts";

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
  baseline: Nanos;
  /** In order of length. */
  waits: number[];
  asked: number[];
  /** What is slow; null when it is more than one kind of request. */
  kind: string | null;
  /** The called service that takes most of the time; null when it is its own. */
  because: ServiceTally | null;
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
  return {
    service,
    from: first.from,
    baseline: first.baseline,
    waits: sorted(slow.map((p) => p.waited)),
    asked: slow.map((p) => p.asked),
    kind: slow.every((p) => p.kind === slow[0]!.kind) ? slow[0]!.kind : null,
    because: null,
  };
}

/** Since when are these slower than they were? Null when they are not. */
function onsetIn(points: readonly LatencyPoint[]): Onset | null {
  const waits = points.map((p) => p.waited);
  for (let n = KNOWN; n + WINDOW <= waits.length; n++) {
    if (waits[n]! < SLOW_NS) continue;
    const baseline = median(waits.slice(0, n));
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
    const stood = stallsIn(view).some(
      (x) => x.service === called && x.silence.from <= until && x.silence.until >= s.from,
    );
    const held = heldIn(view).some(
      (h) => h.service === called && h.items.some((e) => e.request!.time <= until && e.response!.time >= s.from),
    );
    if (stood || held) return called;
  }
  return null;
}

function describe(s: Slowness, view: CaptureView): FoundFinding {
  const { service, waits, because } = s;
  const holder = name(service.service);
  const since = clockTime(view.clock.iso(s.from));
  const middle = duration(percentile(waits, 0.5));
  const exchanges = service.activity.slow.filter((e) => e.request!.time >= s.from);
  const reason =
    because === null
      ? calledBy(view, service).length > 0
        ? ` What it calls was not slow: the time is its own.`
        : ""
      : ` ${name(because.service)}, which it calls, takes most of that time.`;
  const what =
    s.kind === null || s.kind === ""
      ? plural(waits.length, "answer")
      : `${plural(waits.length, "answer")} to ${s.kind}`;
  return {
    severity: severityOf(waits.length, percentile(waits, 0.5)),
    title: `${holder} became slow: ${middle} instead of ${duration(s.baseline)}`,
    summary: `${holder} became slow at ${since}: ${what} took ${middle} (median), at worst ${duration(waits.at(-1)!)}; before, it was ${duration(s.baseline)}.${reason}`,
    subject: { holder: service.service, peer: because?.service ?? null },
    count: waits.length,
    onset: s.from,
    metrics: {
      waited_s: toSeconds(percentile(waits, 0.5)),
      waited_p95_s: toSeconds(percentile(waits, 0.95)),
      waited_p99_s: toSeconds(percentile(waits, 0.99)),
      longest_s: toSeconds(waits.at(-1)!),
      before_s: toSeconds(s.baseline),
      kind_of_request: s.kind,
      because_of: because === null ? null : name(because.service),
    },
    evidence: exchanges.slice(0, CITED).map((e) => cite(e.flow, e.request!.frame, e.response!.frame)),
    advice: [
      because === null
        ? `Look at what ${holder} did from ${since} on: processor time, a query plan that changed, collections, a lock.`
        : `Look at ${name(because.service)} first: ${holder} only waits for it.`,
    ],
    timeline: timelineOf(s.asked, view.firstTime, view.lastTime),
  };
}

function severityOf(count: number, middle: Nanos): Severity {
  return count >= MANY && middle >= 1e9 ? "high" : "medium";
}
