// What was a service doing over time? How long its answers took, and when it took in requests and answered none of them.

import type { Nanos } from "../core/clock.ts";
import type { Rest, Silence, ServiceActivity as View } from "../core/flow-view.ts";
import { kindOf } from "../core/request-kind.ts";
import type { Exchange, Outcome } from "../core/stream-decoder.ts";
import { Latencies } from "./latencies.ts";
import { TimeBuckets } from "./time-buckets.ts";
import { WaitingRequests } from "./waiting-requests.ts";

/** A shorter silence is a slow answer, and nothing that a person would call a stall. */
const LEAST_SILENCE = 200e6;
/** The longest silences are kept, and so many answers that took longer than {@link SLOW}. */
const MAX_SILENCES = 16;
const MAX_SLOW = 2048;
const SLOW = 100e6;
/** A request that came in the last part of a silence had not been waiting with the others. */
const LATE_SHARE = 0.9;
const LEAST_REST = 1e9;
const MAX_RESTS = 16;
/** Different requests named of a silence: more say nothing new. */
const MAX_KINDS = 8;

interface Waited {
  readonly flows: Set<number>;
  readonly kinds: Set<string>;
}

export class ServiceActivity implements View {
  readonly overTime = new TimeBuckets();
  readonly latencies = new Latencies();
  readonly silences: Silence[] = [];
  readonly rests: Rest[] = [];
  readonly slow: Exchange[] = [];
  slowCount = 0;
  /** Requests that wait for an answer, in order. */
  readonly open = new WaitingRequests();
  private silentFrom = Number.NaN;
  /** When the last request was answered or given up, none being left. */
  private restsFrom = Number.NaN;
  /** When a request came or was answered last; exchanges are not judged in the order of time. */
  latest = Number.NEGATIVE_INFINITY;
  /** The first that was given up in this silence. */
  private abandoned: Exchange | null = null;
  private asks = 0;
  private gaveUp = 0;
  /** What waited in this silence, once it has lasted. */
  private waited: Waited | null = null;

  /** hot: a request came. */
  asked(e: Exchange): void {
    this.overTime.asked(e);
    if (e.request!.waits === true) return;
    if (this.open.size === 0) this.rest(e.request!.time);
    this.open.add(e);
    const { time } = e.request!;
    if (time > this.latest) this.latest = time;
    if (Number.isNaN(this.silentFrom)) this.fallSilent(time);
    this.asks++;
    if (time - this.silentFrom >= LEAST_SILENCE) this.note(e);
  }

  /** hot: an exchange was judged; again, where it had been judged as `before`. */
  settled(e: Exchange, before?: Outcome): void {
    const { request, response } = e;
    if (request === null) return;
    if (before === undefined) this.overTime.settled(e);
    else this.overTime.amended(e, before);
    if (response !== null && request.waits !== true) this.keep(response.time, e);
    this.open.delete(e);
    if (response !== null && response.time > this.latest) this.latest = response.time;
    if (this.open.size === 0) this.restsFrom = Math.max(this.latest, response?.time ?? request.time + e.waited);
    if (response === null) {
      this.gaveUp++;
      this.abandoned ??= e;
      return;
    }
    if (request.waits === true) return;
    this.latencies.answered(e);
    if (e.waited >= SLOW) {
      this.slowCount++;
      if (this.slow.length < MAX_SLOW) this.slow.push(e);
    }
    if (this.open.size === 0) this.silentFrom = Number.NaN;
    else this.fallSilent(response.time);
    this.asks = this.open.size;
  }

  /** It was let go of with its connection, for want of memory: it counts, and nothing cites it. */
  dropped(e: Exchange): void {
    this.overTime.settled(e);
    this.open.delete(e);
    if (this.open.size === 0 && e.request !== null) this.restsFrom = Math.max(this.latest, e.request.time + e.waited);
  }

  /** What is kept of it that names a flow, latencies aside. */
  *cited(): Iterable<Exchange> {
    yield* this.slow;
    for (const { first } of this.silences) yield first;
    if (this.abandoned !== null) yield this.abandoned;
  }

  /** The capture has ended. */
  end(time: Nanos): void {
    this.keep(time, null);
    this.silentFrom = Number.NaN;
    if (this.open.size === 0) this.rest(time);
    this.restsFrom = Number.NaN;
  }

  /** Kinds of requests go by other names from now on; behind {@link end}. */
  rename(of: (kind: string) => string): void {
    this.latencies.rename(of);
    this.silences.forEach((silence, n) => {
      this.silences[n] = { ...silence, kinds: silence.kinds.map(of) };
    });
  }

  /** When the request came that came last, of those that wait; −Infinity when none waits. */
  newestOpenAt(): Nanos {
    return this.open.newest?.request?.time ?? Number.NEGATIVE_INFINITY;
  }

  /** Adds to `to` those that wait, the newest first, until it holds `most`. */
  newestOpen(most: number, to: Exchange[]): void {
    for (let e = this.open.newest; e !== null && to.length < most; e = e.waitsBehind) to.push(e);
  }

  private fallSilent(time: Nanos): void {
    this.silentFrom = time;
    this.abandoned = null;
    this.asks = 0;
    this.gaveUp = 0;
    this.waited = null;
  }

  private note(e: Exchange): Waited {
    const waited = (this.waited ??= { flows: new Set(), kinds: new Set() });
    waited.flows.add(e.flow);
    if (waited.kinds.size < MAX_KINDS) waited.kinds.add(kindOf(e));
    return waited;
  }

  private rest(until: Nanos): void {
    if (!(until - this.restsFrom >= LEAST_REST)) return;
    this.rests.push({ from: this.restsFrom, until });
    if (this.rests.length > MAX_RESTS) this.rests.splice(shortestOf(this.rests), 1);
  }

  /** `answered` ended it; null: the end of the capture did. */
  private keep(until: Nanos, answered: Exchange | null): void {
    if (!(until - this.silentFrom >= LEAST_SILENCE)) return;
    for (const e of this.open) if (this.note(e).flows.size > MAX_KINDS) break;
    const oldest = this.open.oldest ?? this.abandoned;
    const first =
      this.abandoned !== null && oldest !== null && isBefore(this.abandoned, oldest) ? this.abandoned : oldest;
    if (first === null) return;
    const { flows, kinds } = this.note(first);
    const silence: Silence = {
      from: this.silentFrom,
      until,
      isOpen: answered === null,
      isSelective:
        answered !== null &&
        answered !== first &&
        answered.request!.time - this.silentFrom > LATE_SHARE * (until - this.silentFrom),
      first,
      requests: this.asks,
      gaveUp: this.gaveUp,
      connections: flows.size,
      kinds: [...kinds],
    };
    this.silences.push(silence);
    if (this.silences.length > MAX_SILENCES) this.silences.splice(shortestOf(this.silences), 1);
  }
}

/** Index of the shortest span. */
const shortestOf = (spans: readonly Rest[]): number =>
  spans.reduce((least, span, n) => (lengthOf(span) < lengthOf(spans[least]!) ? n : least), 0);
const lengthOf = ({ from, until }: Rest): Nanos => until - from;

const isBefore = (a: Exchange, b: Exchange): boolean => a.request!.time < b.request!.time;
