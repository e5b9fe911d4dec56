// How does a table of flows stay within a budget? It lets go of connections, those first that a report needs least, and keeps count of
// them. When that happens depends on the packets alone, not on how they were read.

import { NANOS_PER_SECOND, type Nanos } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import { nthSmallest } from "../core/statistics.ts";
import type { Summarised, SummarisedKind } from "../core/summarised.ts";
import { SUMMARISED_KINDS } from "../core/summarised.ts";
import { citedFlows } from "./cited-flows.ts";
import { kindOfFlow } from "./flow-kind.ts";
import { FlowSummary } from "./flow-summary.ts";
import type { FlowTable } from "./flow-table.ts";
import { forgetServices } from "./forget-services.ts";
import { LateComers } from "./late-comers.ts";
import type { FlowLimit } from "./memory-budget.ts";

/** So much is let go of at once that it does not happen again at once. */
const SHARE_KEPT = 0.8;
/** When nothing more can be let go of, so many connections more come before it is tried again. */
const GROWTH = 1.25;
/** A connection that had a packet within this time is in the middle of something: those that had none go before it. */
const FRESH_NS = NANOS_PER_SECOND;
/** Points of latencies keep their connections while they are no more than this part of all. */
const POINTS_SHARE = 0.25;
/** Addresses (IPv6) beyond those in use, before their table is made anew. */
const SPARE_ADDRESSES = 100_000;
const IS_OVER: ReadonlySet<SummarisedKind> = new Set(["healthy", "ended"]);

/** Stands before a table, and takes the segments in its place. */
export class BoundedFlows {
  private table: FlowTable;
  private limit: FlowLimit;
  private summary: FlowSummary;
  private late = new LateComers();
  private lateSegments = 0;
  private resumed = 0;
  private points = 0;
  /** With more of them, some are let go of. */
  private mostServices: number;
  /** When so many are known, the estimate is made. */
  private next: number;

  constructor(table: FlowTable, limit: FlowLimit) {
    this.table = table;
    this.limit = limit;
    this.summary = new FlowSummary(table);
    this.next = limit.step;
    this.mostServices = limit.services;
    table.ledger.limit(limit.exchanges);
  }

  get watchCopies(): boolean {
    return this.table.watchCopies;
  }
  set watchCopies(watch: boolean) {
    this.table.watchCopies = watch;
  }
  get copies(): readonly number[] {
    return this.table.copies;
  }

  /** hot: one segment. */
  update(p: Packet): void {
    const met = this.late.meet(p);
    if (met === "over") {
      this.lateSegments++;
      return;
    }
    const f = this.table.update(p);
    if (met === "gone-on") {
      this.resumed++;
      this.table.resumed.add(f);
    }
    if (this.table.known >= this.next) this.makeRoom(p.time);
  }

  /** What was summarised; null when everything was kept. */
  result(): Summarised | null {
    const { summary, table, lateSegments, resumed } = this;
    const { notKept, cutNotKept, forgotten } = table.ledger;
    const exchanges = Object.values(notKept).reduce((n, of) => n + of, 0) + cutNotKept;
    if (summary.flows + exchanges + forgotten.services === 0) return null;
    return {
      budget: this.limit.budget,
      isOver: table.known > this.limit.flows(table),
      flows: summary.flows,
      kinds: summary.kinds,
      services: summary.services,
      elsewhere: summary.elsewhere,
      forgotten,
      exchanges: { ...notKept },
      cutResponses: cutNotKept,
      latencyPoints: this.points,
      lateSegments,
      resumed,
    };
  }

  private makeRoom(now: Nanos): void {
    const { table, limit } = this;
    const { ledger } = table;
    if (ledger.serviceCount > this.mostServices) {
      forgetServices(ledger, Math.floor(limit.services * SHARE_KEPT));
      this.mostServices = Math.max(limit.services, Math.ceil(ledger.serviceCount * GROWTH));
    }
    const most = limit.flows(table);
    if (table.known > most) {
      this.letGo(table.known - Math.floor(most * SHARE_KEPT), now);
      if (table.addresses.count > 2 * table.known + SPARE_ADDRESSES) table.forgetAddresses();
    }
    // What cannot be let go of is not looked through again for every packet.
    this.next = table.known > most ? Math.ceil(table.known * GROWTH) : Math.min(most + 1, table.known + limit.step);
  }

  /** Those that nothing cites: by kind, and of a kind those that said nothing for longest. */
  private letGo(wanted: number, now: Nanos): void {
    const { table } = this;
    const { ledger } = table;
    const points = ledger.services.reduce((n, { activity }) => n + activity.latencies.points().length, 0);
    const keepsPoints = points <= table.known * POINTS_SHARE;
    const cited = citedFlows(table, keepsPoints);
    const target = table.known - wanted;
    const gone = new Uint8Array(table.count);
    ledger.isLettingGo = true;
    for (const flows of this.candidates(cited, now)) {
      if (table.known <= target) break;
      for (const f of this.oldest(flows, table.known - target)) if (this.forget(f)) gone[f] = 1;
    }
    ledger.isLettingGo = false;
    if (!keepsPoints) for (const { activity } of ledger.services) this.points += activity.latencies.drop(gone);
  }

  /** In the order in which they may go. Of those that are in the middle of something, the kind says little. */
  private candidates(cited: Uint8Array, now: Nanos): number[][] {
    const { table } = this;
    const { lastTime } = table.columns;
    const byKind = new Map<SummarisedKind, number[]>(SUMMARISED_KINDS.map((kind) => [kind, []]));
    const justOver: number[] = [];
    const underWay: number[] = [];
    const isCited = (f: number): boolean => cited[f] === 1 || !table.mayForgetAlone(f);
    for (let f = 0; f < table.count; f++) {
      if (!table.isKnown(f) || table.isHalf(f) || isCited(f)) continue;
      const partner = table.partners.get(f);
      if (partner !== undefined && isCited(partner)) continue;
      const kind = kindOfFlow(table, f);
      const isFresh = now - lastTime[f]! < FRESH_NS;
      (isFresh ? (IS_OVER.has(kind) ? justOver : underWay) : byKind.get(kind)!).push(f);
    }
    return [...byKind.values(), justOver, underWay];
  }

  private forget(f: number): boolean {
    const partner = this.table.partners.get(f);
    if (!this.table.mayForgetAlone(f) || (partner !== undefined && !this.table.mayForgetAlone(partner))) return false;
    const kind = kindOfFlow(this.table, f);
    if (kind === "ended" && this.isKeptForAnExchange(f)) return false;
    this.summary.add(f, kind);
    this.late.remember(this.table, f, IS_OVER.has(kind));
    if (partner !== undefined) this.late.remember(this.table, partner, IS_OVER.has(kind));
    this.table.forgetAlone(f);
    return true;
  }

  /**
   * A reset leaves requests open, for an answer may be on its way. They are judged now; while there is room the first ones are kept, so
   * that what is told of them begins when it began, and with them their connection.
   */
  private isKeptForAnExchange(f: number): boolean {
    const { ledger, streams } = this.table;
    if (streams.of(f) === null) return false;
    const before = ledger.kept.length;
    ledger.isLettingGo = false;
    streams.endStream(f, "reset");
    ledger.isLettingGo = true;
    return ledger.kept.length > before;
  }

  /** So many, or all; in the order of their numbers, which is that of nothing that a result depends on. */
  private oldest(flows: readonly number[], count: number): readonly number[] {
    if (flows.length <= count) return flows;
    const { lastTime } = this.table.columns;
    const times = new Float64Array(flows.length);
    for (let n = 0; n < flows.length; n++) times[n] = lastTime[flows[n]!]!;
    const limit = nthSmallest(times, count - 1);
    const older: number[] = [];
    const same: number[] = [];
    for (const f of flows) {
      if (lastTime[f]! < limit) older.push(f);
      else if (lastTime[f] === limit) same.push(f);
    }
    return [...older, ...same.slice(0, count - older.length)];
  }
}
