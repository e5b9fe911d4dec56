// What did each service do with its requests over time? From its buckets, its thinned answers, and every exchange that went wrong.

import { formatEndpoint } from "../core/address.ts";
import type { CaptureView, RequestBucket, ServiceTally } from "../core/flow-view.ts";
import { count } from "../core/format.ts";
import { type Exchange, type Outcome, otherSide } from "../core/stream-decoder.ts";
import type { ExchangesPicture, ServiceTimeline, WaitPoint } from "../diagram/over-time/exchanges-picture.ts";
import { chartOf, leftOut, type Made, type PictureOptions, rankOf } from "./over-time.ts";

/** Three charts each: more services are more than an eye compares. */
const MAX_SERVICES = 5;
/** Marks of one service: more lie upon one another. */
const MAX_ANSWERS = 400;
const MAX_FAULTY = 400;

export function exchangesPicture(view: CaptureView, options: PictureOptions): Made<ExchangesPicture> {
  const asked = view.services.filter((tally) => requestsIn(tally) > 0);
  if (asked.length === 0) return { picture: null, because: "no request of a protocol that is read is in the capture" };
  const rank = rankOf(options);
  const rankedBy = new Map(asked.map((tally) => [tally, rank(tally.service)]));
  const inOrder = [...asked].sort(
    (a, b) => difference(rankedBy.get(a)!, rankedBy.get(b)!) || requestsIn(b) - requestsIn(a),
  );
  const chosen = inOrder.slice(0, MAX_SERVICES);
  const faulty = faultyOf(view, chosen);
  const services = chosen.map((tally) => timelineOf(view, tally, faulty.get(tally)!));
  const others = inOrder.slice(MAX_SERVICES);
  const forgotten = view.summarised?.forgotten;
  const hidden = others.length + (forgotten?.services ?? 0);
  const theirs = [...others, ...(forgotten === undefined ? [] : [forgotten.exchanges])].reduce(
    (n, of) => n + requestsIn(of),
    0,
  );
  const notes = [
    ...leftOut(hidden, (n) => `Not shown: ${count(n, "other service")} with ${count(theirs, "request")}.`),
    ...services.flatMap((s) => {
      const { service, points, measured } = s;
      return leftOut(
        measured - points.length,
        () =>
          `Waiting times of ${service}: ${count(points.length, "mark")} for ${count(measured, "exchange")}, spread evenly.`,
      );
    }),
  ];
  return { picture: { ...chartOf(view, options, notes), services } };
}

const requestsIn = (t: Readonly<Record<Outcome, number>>): number =>
  t.answered + t.late + t.unanswered + t.pending + t.unknown;
const difference = (a: number, b: number): number => (a === b ? 0 : a - b);

function timelineOf(view: CaptureView, tally: ServiceTally, faulty: readonly Exchange[]): ServiceTimeline {
  const { answered, late, unanswered, pending, unknown, activity } = tally;
  // How long a late answer took is kept, too; but whoever asked had not waited so long.
  const lateOnes = new Set(faulty.flatMap((e) => (e.outcome === "late" ? [`${e.flow} ${e.request!.time}`] : [])));
  const all = [...activity.latencies.points()].filter((p) => !lateOnes.has(`${p.flow} ${p.asked}`));
  const answers = thinned(all, MAX_ANSWERS).map(
    (p): WaitPoint => ({ asked: p.asked - view.firstTime, waited: p.waited, outcome: "answered" }),
  );
  const others = thinned(faulty, MAX_FAULTY).map((e) => pointOf(e, view));
  return {
    service: formatEndpoint(tally.service),
    protocol: tally.protocol,
    outcomes: { answered, late, unanswered, pending, unknown },
    buckets: activity.overTime.buckets().map((bucket) => shifted(bucket, view.firstTime)),
    points: [...answers, ...others].sort((a, b) => a.asked - b.asked),
    measured: answered + faulty.length,
  };
}

const shifted = (bucket: RequestBucket, by: number): RequestBucket => ({
  ...bucket,
  from: bucket.from - by,
  until: bucket.until - by,
});

/** What went wrong, by service. */
function faultyOf(view: CaptureView, tallies: readonly ServiceTally[]): Map<ServiceTally, Exchange[]> {
  const of = new Map<ServiceTally, Exchange[]>(tallies.map((tally) => [tally, []]));
  const byName = new Map(tallies.map((tally) => [`${tally.protocol} ${formatEndpoint(tally.service)}`, tally]));
  const ofFlow = new Map<string, ServiceTally | undefined>();
  for (const e of view.exchanges) {
    if (e.outcome === "unknown" || e.request === null || e.request.waits === true) continue;
    const key = `${e.flow} ${e.requester} ${e.protocol}`;
    if (!ofFlow.has(key)) {
      const { address, port } = view.row(e.flow).end(otherSide(e.requester));
      ofFlow.set(key, byName.get(`${e.protocol} ${formatEndpoint({ address, port })}`));
    }
    const tally = ofFlow.get(key);
    if (tally !== undefined) of.get(tally)!.push(e);
  }
  return of;
}

function pointOf(e: Exchange, view: CaptureView): WaitPoint {
  const asked = e.request!.time;
  const waited = e.outcome === "pending" ? Math.max(0, view.lastTime - asked) : (e.gaveUpAfter ?? e.waited);
  return { asked: asked - view.firstTime, waited, outcome: e.outcome as WaitPoint["outcome"] };
}

/** At most so many, spread evenly over the list; the first and the last are kept. */
function thinned<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, n) => list[Math.round((n * (list.length - 1)) / (most - 1))]!);
}
