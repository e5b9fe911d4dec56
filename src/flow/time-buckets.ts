// How many requests came, were answered, were given up, and how many waited, over time? Counts in a fixed number of equal
// buckets whose width doubles as the capture goes on, in the manner of histogram.ts.
//
// Buckets begin at whole multiples of their width, so that any two neighbours that are joined make one of the next width: a count
// never moves to a time at which it was not.

import type { Nanos } from "../core/clock.ts";
import type { RequestBucket, RequestsOverTime } from "../core/flow-view.ts";
import type { Exchange, Outcome } from "../core/stream-decoder.ts";

/** What is counted. `left`: whoever asked waits no longer, whatever the reason. */
const ASKED = 0;
const LEFT = 1;
const ANSWERED = 2;
const LATE = 3;
const UNANSWERED = 4;
const KINDS = 5;

/** Once they have doubled, 128 at least are in use: as many as a picture has room for. */
const BUCKETS = 256;
/** One millisecond: no picture shows less. */
const NARROWEST = 1e6;
/** So few events are kept as they are: a crafted capture has as many services as connections. */
const FEW = 32;

export class TimeBuckets implements RequestsOverTime {
  /** Pairs of a kind and a time, until there are too many of them. */
  private few: number[] = [];
  /** Bucket `n` begins at `n` widths; a row of kinds each, that of `first` first. */
  private counts: Int32Array | null = null;
  private width = NARROWEST;
  private first = 0;
  /** The first and the last bucket that hold something. */
  private low = 0;
  private high = -1;

  /** hot: a request came. Who means to wait (`waits`) does not count as waiting. */
  asked(e: Exchange): void {
    const { time, waits } = e.request!;
    this.add(ASKED, time, 1);
    if (waits === true) this.add(LEFT, time, 1);
  }

  /** hot: an exchange with a request was judged. */
  settled(e: Exchange): void {
    if (e.outcome === "answered" && this.counts !== null && e.request!.waits !== true) {
      // Nearly all, and both at one moment.
      const at = this.placeOf(e.response!.time);
      this.counts![at + ANSWERED]!++;
      this.counts![at + LEFT]!++;
      return;
    }
    const kind = KIND_OF[e.outcome];
    if (kind !== NONE) this.add(kind, momentOf(e), 1);
    if (e.outcome !== "pending" && e.request!.waits !== true) this.add(LEFT, leftAt(e), 1);
  }

  /** What had been judged `before` was answered late: whoever asked had left before, and stays counted so. */
  amended(e: Exchange, before: Outcome): void {
    if (before === "unanswered") this.add(UNANSWERED, leftAt(e), -1);
    const kind = KIND_OF[e.outcome];
    if (kind !== NONE) this.add(kind, momentOf(e), 1);
  }

  buckets(): RequestBucket[] {
    if (this.counts === null) this.spread();
    const buckets: RequestBucket[] = [];
    let waiting = 0;
    for (let n = this.low; n <= this.high; n++) {
      const at = (n - this.first) * KINDS;
      const of = (kind: number): number => this.counts![at + kind]!;
      waiting += of(ASKED) - of(LEFT);
      buckets.push({
        from: n * this.width,
        until: (n + 1) * this.width,
        asked: of(ASKED),
        answered: of(ANSWERED),
        late: of(LATE),
        unanswered: of(UNANSWERED),
        waiting: Math.max(0, waiting),
      });
    }
    return buckets;
  }

  /** hot */
  private add(kind: number, time: Nanos, by: 1 | -1): void {
    if (this.counts === null) {
      if (by > 0 && this.few.length < 2 * FEW) {
        this.few.push(kind, time);
        return;
      }
      this.spread();
    }
    const at = this.placeOf(time) + kind;
    this.counts![at]! += by;
  }

  private spread(): void {
    this.counts = new Int32Array(BUCKETS * KINDS);
    const { few } = this;
    this.few = [];
    for (let i = 0; i < few.length; i += 2) this.add(few[i]!, few[i + 1]!, 1);
  }

  /** hot: where the row of the bucket of `time` begins, once there is room for it. */
  private placeOf(time: Nanos): number {
    const n = Math.floor(time / this.width) - this.first;
    if (n >= 0 && n < BUCKETS && this.high >= this.low) {
      if (n + this.first > this.high) this.high = n + this.first;
      else if (n + this.first < this.low) this.low = n + this.first;
      return n * KINDS;
    }
    return this.makeRoom(time);
  }

  /** Joins neighbours until all fit, and lets the first be first. */
  private makeRoom(time: Nanos): number {
    const { low, high } = this;
    let by = 1;
    let n = Math.floor(time / this.width);
    if (high < low) this.low = this.high = n;
    else {
      while (Math.max(n, Math.floor(high / by)) - Math.min(n, Math.floor(low / by)) >= BUCKETS) {
        by *= 2;
        n = Math.floor(time / (this.width * by));
      }
    }
    this.width *= by;
    const before = this.counts!;
    const after = new Int32Array(BUCKETS * KINDS);
    const first = Math.min(n, Math.floor(this.low / by));
    for (let m = low; m <= high; m++) {
      const from = (m - this.first) * KINDS;
      const to = (Math.floor(m / by) - first) * KINDS;
      for (let kind = 0; kind < KINDS; kind++) after[to + kind]! += before[from + kind]!;
    }
    this.counts = after;
    this.first = first;
    this.low = first;
    this.high = Math.max(n, Math.floor(this.high / by));
    return (n - first) * KINDS;
  }
}

const NONE = -1;
const KIND_OF: Record<Outcome, number> = {
  answered: ANSWERED,
  late: LATE,
  unanswered: UNANSWERED,
  pending: NONE,
  unknown: NONE,
};

const momentOf = (e: Exchange): Nanos => e.response?.time ?? leftAt(e);

/** When whoever asked had its answer, or gave up. Of what cannot be judged, when it asked: it is not said to have waited. */
function leftAt(e: Exchange): Nanos {
  if (e.outcome === "unknown") return e.request!.time;
  if (e.outcome === "answered") return e.response!.time;
  const gaveUpAfter = e.gaveUpAfter ?? (e.response === null ? e.waited : null);
  return gaveUpAfter === null ? e.response!.time : Math.max(e.requestEnd, e.request!.time) + gaveUpAfter;
}
