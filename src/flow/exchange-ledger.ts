// What became of each request? Judges exchanges by what the two ends did (DESIGN.md §4), tallies them by service, and
// keeps those that a report needs: the faulty ones, or all of them when they are to be listed.

import { NANOS_PER_MILLISECOND, type Nanos } from "../core/clock.ts";
import type { ServiceTally } from "../core/flow-view.ts";
import type { FrameRef } from "../core/frame.ts";
import { type Exchange, type Outcome, otherSide, type Protocol, type Side } from "../core/stream-decoder.ts";
import { Legs, type Place } from "./legs.ts";
import { ServiceActivity } from "./service-activity.ts";

/**
 * A FIN this soon after the request's last byte is a half-close on purpose ("I have said everything"), sent by the same
 * piece of code as the request. Nobody gives up after 20 ms; a sender on the same machine needs microseconds.
 */
export const HALF_CLOSE_ON_PURPOSE_NS = 20 * NANOS_PER_MILLISECOND;

/** Exchanges still open on one flow. A crafted capture may pipeline without end: beyond this, the oldest are settled as unknown. */
export const MAX_OPEN_PER_FLOW = 1 << 20;

/** When the requester, or the responder, ended the connection while an answer was due. */
export function giveUp(e: Exchange, side: Side, frame: FrameRef, time: Nanos, byReset: boolean): void {
  if (e.gaveUp !== null || e.response !== null || e.request === null) return;
  const waited = time - Math.max(e.requestEnd, e.request.time);
  const onPurpose = side === e.requester && !byReset && e.requestComplete && waited <= HALF_CLOSE_ON_PURPOSE_NS;
  if (onPurpose) return;
  e.gaveUp = side;
  e.gaveUpFrame = frame;
  e.waited = Math.max(0, waited);
  e.gaveUpAfter = e.waited;
}

/** What the flow knows at the moment of judgement. */
export interface Ending {
  /** The responder's direction carries packets in this capture. */
  responderSeen: boolean;
  /** The connection is over: RST, or FIN from the responder, or FIN from both. */
  over: boolean;
}

/** The verdict on an exchange without a response. */
export function judgeUnanswered(e: Exchange, ending: Ending): void {
  if (!ending.responderSeen) {
    e.doubt ??= "one-direction";
    e.outcome = "unknown";
  } else if (e.doubt !== null) {
    e.outcome = "unknown";
  } else if (e.gaveUp !== null || ending.over) {
    e.outcome = "unanswered";
  } else {
    e.outcome = "pending";
  }
  if (e.outcome === "unknown") e.gaveUp = null;
}

/** As the flow room keeps it. */
export interface ServiceTallyOf extends ServiceTally {
  readonly activity: ServiceActivity;
  /** For the legs. */
  readonly place: Place;
  /** A faulty exchange with it is kept. */
  isCited: boolean;
  /** It was let go of: whoever still refers to it means the one that came after it. */
  isForgotten: boolean;
}

const OUTCOMES: readonly Outcome[] = ["answered", "late", "unanswered", "pending", "unknown"];
const noExchanges = (): Record<Outcome, number> => ({ answered: 0, late: 0, unanswered: 0, pending: 0, unknown: 0 });

export class ExchangeLedger {
  readonly legs = new Legs();
  /** Settled exchanges that are kept, in the order of settling. */
  readonly kept: Exchange[] = [];
  /** Answered, but a reset cut the body of the response. */
  readonly cut: Exchange[] = [];
  readonly totals = { requests: 0, ...noExchanges() };
  /** What a report would have listed, and was counted only, for want of room. */
  readonly notKept = noExchanges();
  cutNotKept = 0;
  /** Services that were let go of, and how their exchanges were judged; one that came back and went again counts twice. */
  readonly forgotten = { services: 0, exchanges: noExchanges() };
  /** What is judged now is of flows that are let go of: their exchanges are counted only. */
  isLettingGo = false;
  private readonly keepAll: boolean;
  private tallies: ServiceTallyOf[] = [];
  /** The same, by protocol, address and port. */
  private readonly known = new Map<Protocol, Map<string, Map<number, ServiceTallyOf>>>();
  /** How many more of those that were answered are kept. */
  private spare: number;
  private most = Number.POSITIVE_INFINITY;

  constructor(keepAll: boolean, maxAnswered = Number.POSITIVE_INFINITY) {
    this.keepAll = keepAll && maxAnswered === Number.POSITIVE_INFINITY;
    this.spare = keepAll ? maxAnswered : 0;
  }

  /** Keeps so many at most; of those that were answered, half as many. The others are counted only. */
  limit(most: number): void {
    this.most = most;
    this.spare = Math.min(this.spare, Math.floor(most / 2));
  }

  /** Takes what was kept out of it. */
  takeKept(): Exchange[] {
    this.cut.length = 0;
    for (const tally of this.tallies) tally.isCited = false;
    return this.kept.splice(0);
  }

  /** A reset cut the body of its response. */
  noteCut(e: Exchange): void {
    if (this.isLettingGo || this.cut.length >= this.most) this.cutNotKept++;
    else this.cut.push(e);
  }

  get serviceCount(): number {
    return this.tallies.length;
  }

  get services(): readonly ServiceTallyOf[] {
    return this.tallies;
  }

  /** The tally of a service; made once for it. */
  tally(address: string, port: number, protocol: Protocol): ServiceTallyOf {
    const ofProtocol = within(this.known, protocol);
    const ofAddress = within(ofProtocol, address);
    let t = ofAddress.get(port);
    if (t === undefined) {
      t = {
        service: { address, port },
        protocol,
        flows: 0,
        answered: 0,
        late: 0,
        unanswered: 0,
        pending: 0,
        unknown: 0,
        lastAnswer: null,
        longestAnswer: 0,
        activity: new ServiceActivity(),
        place: this.legs.placeAt(address),
        isCited: false,
        isForgotten: false,
      };
      ofAddress.set(port, t);
      this.tallies.push(t);
    }
    return t;
  }

  /** Lets go of services that are not busy. One that is asked again is another from there on. */
  forget(services: readonly ServiceTallyOf[]): void {
    const { forgotten } = this;
    for (const tally of services) {
      const { address, port } = tally.service;
      tally.isForgotten = true;
      const ofProtocol = this.known.get(tally.protocol)!;
      const ofAddress = ofProtocol.get(address)!;
      ofAddress.delete(port);
      if (ofAddress.size === 0) ofProtocol.delete(address);
      forgotten.services++;
      for (const outcome of OUTCOMES) forgotten.exchanges[outcome] += tally[outcome];
    }
    this.tallies = this.tallies.filter((tally) => !tally.isForgotten);
    this.legs.forget(this.tallies);
  }

  /** Streams go on to refer to a service that was let go of. */
  private present(tally: ServiceTallyOf): ServiceTallyOf {
    if (!tally.isForgotten) return tally;
    const { service, protocol } = tally;
    const present = this.tally(service.address, service.port, protocol);
    if (present.flows === 0) present.flows = 1;
    return present;
  }

  /** A request was made from this address. Returns the service on its host that took a request last, and has not answered it. */
  asked(e: Exchange, client: string, of: ServiceTallyOf): ServiceTallyOf | null {
    const tally = this.present(of);
    const caller = this.legs.asked(e, client, tally);
    tally.activity.asked(e);
    return caller;
  }

  /** An exchange with this client was judged. */
  settle(e: Exchange, client: string, of: ServiceTallyOf): void {
    const tally = this.present(of);
    if (this.isLettingGo) tally.activity.dropped(e);
    else tally.activity.settled(e);
    this.legs.settled(e, client, tally);
    if (e.request !== null) this.totals.requests++;
    this.totals[e.outcome]++;
    tally[e.outcome]++;
    this.keepLastAnswer(e, tally);
    if (e.outcome === "answered" && e.waited > tally.longestAnswer) tally.longestAnswer = e.waited;
    this.keep(e, tally);
  }

  /** What had been settled as `before`, and is kept as such, was answered late. The legs have let it go. */
  amend(e: Exchange, before: Outcome, tally: ServiceTallyOf): void {
    this.totals[before]--;
    this.totals[e.outcome]++;
    const counts = tally.isForgotten ? this.forgotten.exchanges : tally;
    counts[before]--;
    counts[e.outcome]++;
    if (tally.isForgotten) return;
    tally.activity.settled(e, before);
    this.keepLastAnswer(e, tally);
  }

  private keep(e: Exchange, tally: ServiceTallyOf): void {
    const isFaulty = e.outcome !== "answered" && e.request !== null;
    const hasRoom = !this.isLettingGo && this.kept.length < this.most;
    if (hasRoom && (isFaulty || this.spare > 0)) {
      if (isFaulty) tally.isCited = true;
      else this.spare--;
      this.kept.push(e);
    } else if (isFaulty || this.keepAll) this.notKept[e.outcome]++;
  }

  private keepLastAnswer({ response }: Exchange, tally: ServiceTallyOf): void {
    if (response === null || (tally.lastAnswer !== null && response.time <= tally.lastAnswer.time)) return;
    tally.lastAnswer = { frame: response.frame, time: response.time };
  }
}

export const responderOf = (e: Exchange): Side => otherSide(e.requester);

/** The map within a map; made when it is asked for first. */
function within<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
