// Which process is it? A capture knows addresses; a dump that was taken by root knows who holds the sockets.

import { formatEndpoint } from "../core/address.ts";
import type { Party } from "../core/analysis.ts";
import type { SocketDump, SocketRow } from "../core/socket-table.ts";

export interface Owner {
  process: string | null;
  pid: number | null;
}

/** A party to look for: a service by its address and port, or a client by its address and whom it calls. */
export interface Sought {
  holder: Party;
  peer: Party | null;
}

/**
 * For each of `sought` the process that owns most of its sockets in these dumps; null where no row says it. A service is asked
 * for at its LISTEN row first, for that is its own. One pass over the rows, whatever the number of parties.
 */
export function ownersOf(dumps: readonly SocketDump[], sought: readonly Sought[]): (Owner | null)[] {
  const tallies = sought.map(() => new Tally());
  const services = new Map<string, number[]>();
  const clients = new Map<string, number[]>();
  sought.forEach(({ holder, peer }, n) => {
    if (holder.port !== undefined) add(services, formatEndpoint(holder), n);
    else if (peer !== null) add(clients, `${holder.address} ${formatEndpoint(peer)}`, n);
  });
  for (const dump of dumps) {
    if (!dump.hasOwners) continue;
    for (const row of dump.rows()) {
      if (row.pid === null && row.process === null) continue;
      const { local, remote } = row;
      if (local.port === null) continue;
      if (row.state === "LISTEN" && local.address === "*") {
        sought.forEach(({ holder }, n) => {
          if (holder.port === local.port) tallies[n]!.listens(row, 1);
        });
        continue;
      }
      for (const n of services.get(formatEndpoint({ address: local.address, port: local.port })) ?? []) {
        if (row.state === "LISTEN") tallies[n]!.listens(row, 2);
        else tallies[n]!.holds(row);
      }
      if (clients.size === 0) continue;
      const peer =
        remote.port === null ? remote.address : formatEndpoint({ address: remote.address, port: remote.port });
      for (const n of clients.get(`${local.address} ${peer}`) ?? []) tallies[n]!.holds(row);
      for (const n of clients.get(`${local.address} ${remote.address}`) ?? []) tallies[n]!.holds(row);
    }
  }
  return tallies.map((t) => t.owner());
}

function add(to: Map<string, number[]>, key: string, n: number): void {
  const list = to.get(key);
  if (list === undefined) to.set(key, [n]);
  else list.push(n);
}

/** Owners that are told apart for one party; a service has one, or a few after a restart. */
const MAX_OWNERS = 64;

class Tally {
  private listener: Owner | null = null;
  /** 2: listens at that very address, 1: at any. */
  private rank = 0;
  private readonly owners = new Map<string, { owner: Owner; count: number }>();

  listens({ pid, process }: SocketRow, rank: number): void {
    if (rank < this.rank) return;
    this.rank = rank;
    this.listener = { pid, process };
  }

  holds({ pid, process }: SocketRow): void {
    const key = `${pid} ${process}`;
    const known = this.owners.get(key);
    if (known !== undefined) known.count++;
    else if (this.owners.size < MAX_OWNERS) this.owners.set(key, { owner: { pid, process }, count: 1 });
  }

  owner(): Owner | null {
    if (this.listener !== null) return this.listener;
    const [most] = [...this.owners.values()].sort((a, b) => b.count - a.count);
    return most?.owner ?? null;
  }
}
