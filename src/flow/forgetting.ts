// Which connections may be let go of while packets still come? Those of which neither end has a socket any more, and when there are
// too many, those that said nothing for longest; so with services. For live analysis, which may run for weeks; a capture that ends is kept whole.

import { NANOS_PER_SECOND, type Nanos } from "../core/clock.ts";
import type { Hosts } from "../core/host-settings.ts";
import type { FlowTable } from "./flow-table.ts";
import { forgetServices } from "./forget-services.ts";
import { History } from "./state-history.ts";

/** Stragglers of a connection (a FIN sent again, a late RST) come within so long after its last packet; later they would look like a new one. */
export const LINGER_NS = 30 * NANOS_PER_SECOND;
/** The kernel's timers are late by as much as an eighth, TIME_WAIT by two seconds at most (measured by test/lab). */
const LATENESS_NS = 4 * NANOS_PER_SECOND;
/** Rows looked at in one sweep, and histories worked out: some milliseconds. The next sweep goes on where this one ended. */
const ROWS_A_SWEEP = 200_000;
const HISTORIES_A_SWEEP = 10_000;
/**
 * Some 300 bytes each. A host has 28,000 ports for each destination; more at once are a flood, or a router's. And what is known of
 * services over time, some 3 kB each.
 */
const MOST = { connections: 400_000, services: 10_000 };
/** When there are too many, so much is let go of that it does not happen again at once. */
const SHARE_KEPT = 0.9;
/** Addresses (IPv6) beyond those in use, before their table is made anew. */
const SPARE_ADDRESSES = 100_000;

export class Forgetting {
  /** Connections let go of because there were too many, though an end may still have its socket. */
  abandoned = 0;
  private at = 0;
  private table: FlowTable;
  private hosts: Hosts;
  private most: typeof MOST;

  constructor(table: FlowTable, hosts: Hosts, most = MOST) {
    this.table = table;
    this.hosts = hosts;
    this.most = most;
  }

  /** Call it every second or so. Returns how many connections it forgot. */
  sweep(now: Nanos): number {
    const { table, most } = this;
    const before = table.known;
    this.forgetClosed(now);
    if (table.known > most.connections) this.forgetSilent();
    if (table.ledger.serviceCount > most.services) {
      forgetServices(table.ledger, Math.floor(most.services * SHARE_KEPT));
    }
    if (table.addresses.count > 2 * table.known + SPARE_ADDRESSES) table.forgetAddresses();
    return before - table.known;
  }

  private forgetClosed(now: Nanos): void {
    const { table } = this;
    const { columns } = table;
    const settings = { hosts: this.hosts, horizon: now };
    const ends = [new History(table, 0, settings), new History(table, 1, settings)] as const;
    const silentSince = now - LINGER_NS;
    let histories = 0;
    const rows = Math.min(table.count, ROWS_A_SWEEP);
    for (let n = 0; n < rows && histories < HISTORIES_A_SWEEP; n++) {
      if (this.at >= table.count) this.at = 0;
      const f = this.at++;
      // What another connection has taken the place of goes with that one, and so does the half of a redirected connection.
      if (!table.isKnown(f) || columns.lastTime[f]! > silentSince || columns.successor[f] !== 0) continue;
      if (table.isHalf(f)) continue;
      histories++;
      if (!hasSocket(ends[0].read(f), now) && !hasSocket(ends[1].read(f), now)) table.forget(f);
    }
  }

  /** Those that were never answered, and then those that were silent for longest. */
  private forgetSilent(): void {
    const { table } = this;
    const { lastTime, successor, responses, synAckFrame } = table.columns;
    const flows: number[] = [];
    for (let f = 0; f < table.count; f++) if (table.isKnown(f) && successor[f] === 0 && !table.isHalf(f)) flows.push(f);
    const answered = (f: number): number => (responses[f] === 0 && synAckFrame[f] === 0 ? 0 : 1);
    flows.sort((a, b) => answered(a) - answered(b) || lastTime[a]! - lastTime[b]!);
    const target = Math.floor(this.most.connections * SHARE_KEPT);
    for (const f of flows) {
      if (table.known <= target) break;
      table.forget(f);
      this.abandoned++;
    }
  }
}

/** At this moment, or a little before it: timers are late. */
function hasSocket(history: History, now: Nanos): boolean {
  const { count } = history;
  return count > 0 && history.until(count - 1) > now - LATENESS_NS;
}
