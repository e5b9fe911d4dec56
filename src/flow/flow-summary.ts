// What did the connections amount to that were let go of? Counts by kind and by service, of a stated size.

import type { Endpoint } from "../core/address.ts";
import type { Nanos } from "../core/clock.ts";
import type { Ending } from "../core/flow-view.ts";
import { DEFAULT_HOSTS } from "../core/host-settings.ts";
import { otherSide, type Side } from "../core/stream-decoder.ts";
import { type KindSummary, type ServiceSummary, SUMMARISED_KINDS, type SummarisedKind } from "../core/summarised.ts";
import { Row } from "./flow-rows.ts";
import type { FlowTable } from "./flow-table.ts";

/** Services counted apart; whatever a scan touched beyond them is one sum. Some 300 bytes each. */
const MAX_SERVICES = 1000;
/** Beyond what an IPv4 address and a port need: tells the sums of IPv6, which go by text, from these. */
const PORTS = 65_536;

const counts = () => ({
  flows: 0,
  endings: { closed: 0, "half-closed": 0, reset: 0, refused: 0, unanswered: 0, open: 0 } as Record<Ending, number>,
  closedFirst: { client: 0, server: 0, both: 0 },
  packets: 0,
  bytes: 0,
  first: Number.POSITIVE_INFINITY as Nanos,
  last: Number.NEGATIVE_INFINITY as Nanos,
});
type Counts = ReturnType<typeof counts>;

export class FlowSummary {
  /** Rows of the table that were given back: the two halves of a redirected connection are two. */
  flows = 0;
  private byKind = new Map<SummarisedKind, { flows: number; first: Nanos; last: Nanos }>();
  private byService = new Map<number | string, Counts & { service: Endpoint }>();
  private others: Counts | null = null;
  private table: FlowTable;
  private row: Row;

  constructor(table: FlowTable) {
    this.table = table;
    // Which timers a host has says nothing about how a connection ended.
    this.row = new Row(table, { hosts: DEFAULT_HOSTS, horizon: 0 });
  }

  /** It is about to be forgotten, with its other half. */
  add(f: number, kind: SummarisedKind): void {
    const { table } = this;
    const c = table.columns;
    const row = this.row.moveTo(f);
    const ending = kind === "unanswered" ? "unanswered" : row.ending;
    const closedFirst = ending === "closed" || ending === "half-closed" ? row.closedFirst : null;
    const of = this.service(f, otherSide(row.clientSide));
    const halves = table.partners.has(f) ? [f, table.partners.get(f)!] : [f];
    for (const half of halves) {
      const first = c.firstTime[half]!;
      const last = c.lastTime[half]!;
      this.flows++;
      this.addKind(kind, first, last);
      of.flows++;
      of.endings[ending]++;
      if (closedFirst !== null) of.closedFirst[closedFirst]++;
      of.packets += c.packets[half * 2]! + c.packets[half * 2 + 1]!;
      of.bytes += c.bytes[half * 2]! + c.bytes[half * 2 + 1]!;
      of.first = Math.min(of.first, first);
      of.last = Math.max(of.last, last);
    }
  }

  get kinds(): KindSummary[] {
    return SUMMARISED_KINDS.flatMap((kind) => {
      const of = this.byKind.get(kind);
      return of === undefined ? [] : [{ kind, ...of }];
    });
  }

  get services(): (ServiceSummary & { service: Endpoint })[] {
    return [...this.byService.values()].sort((a, b) => b.flows - a.flows || a.first - b.first);
  }

  get elsewhere(): ServiceSummary | null {
    return this.others;
  }

  private addKind(kind: SummarisedKind, first: Nanos, last: Nanos): void {
    const of = this.byKind.get(kind);
    if (of === undefined) this.byKind.set(kind, { flows: 1, first, last });
    else {
      of.flows++;
      of.first = Math.min(of.first, first);
      of.last = Math.max(of.last, last);
    }
  }

  private service(f: number, server: Side): Counts {
    const { table } = this;
    const c = table.columns;
    const port = table.port(f, server);
    // By numbers: a text for each of millions of connections would cost more than all the rest.
    const address = (server ^ c.flipped[f]!) === 0 ? c.keyA[f]! : c.keyB[f]!;
    const key = c.family[f] === 6 ? `${table.address(f, server)} ${port}` : (address >>> 0) * PORTS + port;
    let of = this.byService.get(key);
    if (of !== undefined) return of;
    if (this.byService.size >= MAX_SERVICES) return (this.others ??= counts());
    of = { service: { address: table.address(f, server), port }, ...counts() };
    this.byService.set(key, of);
    return of;
  }
}
