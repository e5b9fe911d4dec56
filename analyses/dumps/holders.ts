// Who holds sockets of one kind, towards whom? A service of this host, whoever called it; or this host, towards a service that
// it calls. Counted first; what is worth a finding is then looked at closely.

import type { LineEvidence, Metrics, Party } from "../../src/core/analysis.ts";
import type { Hosts } from "../../src/core/host-settings.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { CITED } from "../grouping.ts";
import { Counters } from "./pair-index.ts";
import { NOT_CONNECTED, rolesOf, SERVICE } from "./roles.ts";
import { partyOf } from "./tallies.ts";

export type Wanted = (row: SocketRow) => boolean;

/** Holders that are told apart; the sockets of further ones are among the rest. */
const MAX_HOLDERS = 100_000;
/** Findings of one analysis; the sockets of further holders are told together. */
export const MOST_FINDINGS = 20;
/** Everybody who holds too few to be told alone. */
const REST = "";
/** Owners of one holder that are told apart. */
const MAX_OWNERS = 1000;

const keyOf = ({ local, remote }: SocketRow, role: number): string =>
  role === SERVICE ? `s ${local.address} ${local.port}` : `c ${local.address} ${remote.address} ${remote.port}`;

/** How many wanted rows each holder has. */
export function countsByHolder(dump: SocketDump, hosts: Hosts, wanted: Wanted): Map<string, number> {
  const roles = rolesOf(dump, hosts);
  const counters = new Counters();
  const keys = new Map<number, string>();
  let i = -1;
  for (const row of dump.rows()) {
    i++;
    const n = roles.holder[i]!;
    if (n < 0 || !wanted(row)) continue;
    if (counters.add(n) === 1 && keys.size < MAX_HOLDERS) keys.set(n, keyOf(row, roles.of[i]!));
  }
  const counts = new Map<string, number>();
  for (const [n, key] of keys) counts.set(key, counters.of(n));
  return counts;
}

/** The holders with `least` rows or more: the largest, as many as get a finding of their own. */
export const largest = (counts: ReadonlyMap<string, number>, least: number): string[] =>
  [...counts]
    .filter(([, count]) => count >= least)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_FINDINGS)
    .map(([key]) => key);

export interface Owner {
  pid: number | null;
  process: string | null;
  count: number;
}

/** What one holder holds. */
export class Holding {
  readonly key: string;
  /** The holder is a service, not a client. */
  readonly atService: boolean;
  /** The destination, or the one who calls; null where there are several. */
  peer: Party | null;
  holder: Party;
  count = 0;
  readonly lines: number[] = [];
  readonly ports = new PortSet();
  private readonly owners = new Map<string, Owner>();

  constructor(key: string, { local, remote }: SocketRow, role: number) {
    this.key = key;
    this.atService = key !== REST && role === SERVICE;
    this.holder = partyOf(local.address, this.atService ? local.port : null);
    this.peer = key === REST ? null : partyOf(remote.address, this.atService ? null : remote.port);
  }

  /** Holders too small to be told alone. */
  get isRest(): boolean {
    return this.key === REST;
  }

  add({ line, local, remote, pid, process }: SocketRow): void {
    this.count++;
    if (this.lines.length < CITED) this.lines.push(line);
    if (local.port !== null) this.ports.add(local.port);
    if (this.peer !== null && this.peer.address !== remote.address) this.peer = null;
    if (pid === null && process === null) return;
    const key = `${pid} ${process}`;
    const owner = this.owners.get(key);
    if (owner !== undefined) owner.count++;
    else if (this.owners.size < MAX_OWNERS) this.owners.set(key, { pid, process, count: 1 });
  }

  /** Who owns most of them; null where the dump names nobody. */
  get owner(): Owner | null {
    let most: Owner | null = null;
    for (const owner of this.owners.values()) if (most === null || owner.count > most.count) most = owner;
    return most;
  }

  /** "java (pid 4711)", and how many of them are its own where not all are; empty where the dump names nobody. */
  ownerText(): string {
    const { owner } = this;
    if (owner === null) return "";
    const share = owner.count === this.count ? "" : `, ${formatWhole(owner.count)} of them`;
    return `${ownerName(owner)}${share}`;
  }
}

export const ownerName = ({ pid, process }: Omit<Owner, "count">): string =>
  process === null ? `pid ${pid}` : pid === null ? process : `${process} (pid ${pid})`;

/** The fixed metrics `process` and `pid`: null where the dump does not tell. */
export const ownerMetrics = (owner: Omit<Owner, "count"> | null): Metrics => ({
  process: owner?.process ?? null,
  pid: owner?.pid ?? null,
});

/**
 * Looks at the rows of `keys`, and at all others together, unless they are fewer than `leastRest`. `visit` is told of every row.
 * Most sockets first.
 */
export function holdingsOf(
  dump: SocketDump,
  hosts: Hosts,
  wanted: Wanted,
  keys: readonly string[],
  leastRest: number,
  visit: (holding: Holding, row: SocketRow) => void = () => {},
): Holding[] {
  const roles = rolesOf(dump, hosts);
  const chosen = new Set(keys);
  const holdings = new Map<string, Holding>();
  /** By number of the holder. */
  const byHolder = new Map<number, Holding>();
  let i = -1;
  for (const row of dump.rows()) {
    i++;
    if (roles.of[i] === NOT_CONNECTED || !wanted(row)) continue;
    const n = roles.holder[i]!;
    let holding = byHolder.get(n);
    if (holding === undefined) {
      const own = keyOf(row, roles.of[i]!);
      const key = chosen.has(own) ? own : REST;
      holding = holdings.get(key);
      if (holding === undefined) holdings.set(key, (holding = new Holding(key, row, roles.of[i]!)));
      byHolder.set(n, holding);
    }
    holding.add(row);
    visit(holding, row);
  }
  return [...holdings.values()]
    .filter((h) => !h.isRest || h.count >= leastRest)
    .sort((a, b) => Number(a.isRest) - Number(b.isRest) || b.count - a.count);
}

export const citeLines = (dump: SocketDump, lines: readonly number[], note?: string): LineEvidence => ({
  dump: dump.source,
  lines: [...lines],
  ...(note === undefined ? {} : { note }),
});

/** Distinct ports, in 8 kB. */
export class PortSet {
  private readonly held = new Uint32Array(65_536 / 32);
  size = 0;

  add(port: number): void {
    if (this.has(port)) return;
    this.held[port >>> 5]! |= 1 << (port & 31);
    this.size++;
  }

  has(port: number): boolean {
    return ((this.held[port >>> 5]! >>> (port & 31)) & 1) === 1;
  }
}
