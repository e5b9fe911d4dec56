// How many spans lie over one another at each moment, and at most in between? One sweep over their beginnings and ends, in order of
// time, for several kinds at once.

import type { Nanos } from "../core/clock.ts";
import type { StepSeries } from "../diagram/over-time/chart-picture.ts";

/** Spans of several kinds, in columns that grow. */
export class Spans {
  count = 0;
  kind = new Uint32Array(64);
  from = new Float64Array(64);
  until = new Float64Array(64);

  /** Holds from its beginning up to, and without, its end. */
  add(kind: number, from: Nanos, until: Nanos): void {
    if (!(until > from)) return;
    if (this.count === this.kind.length) this.grow();
    const i = this.count++;
    this.kind[i] = kind;
    this.from[i] = from;
    this.until[i] = until;
  }

  private grow(): void {
    const size = this.count * 2;
    const kind = new Uint32Array(size);
    const from = new Float64Array(size);
    const until = new Float64Array(size);
    kind.set(this.kind);
    from.set(this.from);
    until.set(this.until);
    Object.assign(this, { kind, from, until });
  }
}

/**
 * By kind, and by group: kinds [g × perGroup, (g + 1) × perGroup) are one. `moments` on the clock of the spans, in order of time;
 * times in the series are since the first of them.
 What was over before the first moment is not counted.
 */
export function countSpans(spans: Spans, kinds: number, perGroup: number, moments: readonly Nanos[]) {
  const byKind = Array.from({ length: kinds }, () => new Counter());
  const byGroup = Array.from({ length: kinds / perGroup }, () => new Counter());
  const begins = orderOf(spans.from, spans.count);
  const ends = orderOf(spans.until, spans.count);
  const first = moments[0] ?? 0;
  let begun = 0;
  let ended = 0;
  /** What ends at a moment is over when the next begins. What changes at one of `moments` is of the step that begins with it. */
  const advance = (until: Nanos, isMoment: boolean): void => {
    for (;;) {
      const begin = begun < begins.length ? spans.from[begins[begun]!]! : Number.POSITIVE_INFINITY;
      const end = ended < ends.length ? spans.until[ends[ended]!]! : Number.POSITIVE_INFINITY;
      const time = Math.min(begin, end);
      if (isMoment ? !(time <= until) : !(time < until)) return;
      const isEnd = end <= begin;
      const kind = spans.kind[isEnd ? ends[ended++]! : begins[begun++]!]!;
      const by = isEnd ? -1 : 1;
      byKind[kind]!.add(by, time - first, !isMoment);
      byGroup[Math.floor(kind / perGroup)]!.add(by, time - first, !isMoment);
    }
  };
  for (const [n, moment] of moments.entries()) {
    advance(moment, true);
    for (const counter of byKind) counter.stand();
    for (const counter of byGroup) counter.stand();
    const next = moments[n + 1];
    if (next !== undefined) advance(next, false);
  }
  return { byKind: byKind.map((c) => c.series()), byGroup: byGroup.map((c) => c.series()) };
}

class Counter {
  private now = 0;
  private readonly at: number[] = [];
  private readonly most: number[] = [];
  private changedAt = 0;
  private peak = 0;
  private peakAt = 0;

  /** `isWithin` a step: its most is of what was at any time in it. */
  add(by: 1 | -1, time: Nanos, isWithin: boolean): void {
    this.now += by;
    this.changedAt = Math.max(0, time);
    if (!isWithin) return;
    const step = this.most.length - 1;
    if (this.now > this.most[step]!) this.most[step] = this.now;
    this.top();
  }

  /** A moment has come. */
  stand(): void {
    this.at.push(this.now);
    this.most.push(this.now);
    this.top();
  }

  private top(): void {
    if (this.now <= this.peak) return;
    this.peak = this.now;
    this.peakAt = this.changedAt;
  }

  series(): StepSeries {
    return { at: this.at, most: this.most, peak: this.peak, peakAt: this.peakAt };
  }
}

function orderOf(times: Float64Array, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, n) => n);
  return order.sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : 0));
}
