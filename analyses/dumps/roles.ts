// Which end of each listed connection is the service, and which connections are listed from both ends?
//
// A listening socket of the same dump says it. Where the dump has none (`ss state close-wait`, a paste cut short): the end that
// many connections share; else the port that the system does not give to clients.

import type { Hosts, PortRange } from "../../src/core/host-settings.ts";
import type { ListedEnd, SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { settingsFor } from "./host.ts";
import { Counters, PairIndex } from "./pair-index.ts";

/** What a row's local end is. */
export const NOT_CONNECTED = 0;
export const SERVICE = 1;
export const CLIENT = 2;

export interface Roles {
  /** By row, in the order of `rows()`. */
  readonly of: Uint8Array;
  /** By row: rows of one service, or of one address of this host and one service that it calls, have the same number. */
  readonly holder: Int32Array;
  /** By row: the same, and the caller's address beside the service. */
  readonly pair: Int32Array;
  /** Connections of which both ends are listed. */
  readonly mirrored: number;
}

/**
 * An end that so many connections share is a service, though its port lies in the range of clients: Linux gives one port out for
 * several destinations, but hardly for so many at once.
 */
const SHARED = 10;
/** Distinct ends, and mirrored connections, that are told apart: those of all rows that are kept. */
const MAX_ENDS = 1 << 23;
const ANY = "*";
const NO_PORT = -1;

const known = new WeakMap<SocketDump, { hosts: Hosts; roles: Roles }>();

/** Worked out once a dump. */
export function rolesOf(dump: SocketDump, hosts: Hosts): Roles {
  const before = known.get(dump);
  if (before !== undefined && before.hosts === hosts) return before.roles;
  const roles = judge(dump, hosts);
  known.set(dump, { hosts, roles });
  return roles;
}

/** A row that has a peer. */
export function isConnection({ state, remote }: SocketRow): boolean {
  if (remote.address === "" || remote.address === ANY) return false;
  return state !== "LISTEN" && state !== "BOUND" && state !== "UNIDENTIFIED" && state !== "CLOSED";
}

function judge(dump: SocketDump, hosts: Hosts): Roles {
  const rows = dump.rowCount;
  const listening = new Listening();
  const addresses = new Map<string, number>();
  const ends = new PairIndex(MAX_ENDS);
  const local = new Ends(rows);
  const remote = new Ends(rows);
  const add = (side: Ends, row: number, { address, port }: ListedEnd): void => {
    let a = addresses.get(address);
    if (a === undefined) addresses.set(address, (a = addresses.size));
    side.add(row, a, ends.number(a, port ?? NO_PORT));
  };
  let i = -1;
  for (const row of dump.rows()) {
    i++;
    if (row.state === "LISTEN") listening.add(row.local.address, row.local.port);
    if (!isConnection(row)) continue;
    add(local, i, row.local);
    add(remote, i, row.remote);
  }

  const of = new Uint8Array(rows);
  const holder = new Int32Array(rows).fill(-1);
  const pair = new Int32Array(rows).fill(-1);
  const holders = new PairIndex(MAX_ENDS);
  const pairs = new PairIndex(MAX_ENDS);
  const mirrors = new Mirrors();
  i = -1;
  for (const row of dump.rows()) {
    i++;
    if (!isConnection(row)) continue;
    const here = local.end[i]!;
    const there = remote.end[i]!;
    const isListed = local.sharing(there) > 0;
    if (isListed && here !== there) mirrors.add(here, there);
    const role =
      roleOf(row, isListed, listening) ??
      byNumbers(row, local.sharing(here), remote.sharing(there), settingsFor(dump, hosts, row.local.address).ports);
    of[i] = role;
    // Ends of either role have numbers of their own: a service of this host is no client of itself.
    holder[i] = role === SERVICE ? holders.number(here, -1) : holders.number(there, local.address[i]!);
    pair[i] = role === SERVICE ? pairs.number(here, -1 - remote.address[i]!) : pairs.number(there, local.address[i]!);
  }
  return { of, holder, pair, mirrored: mirrors.count };
}

/** What the dump says outright; null where it does not. */
function roleOf({ state, local, remote }: SocketRow, isListed: boolean, listening: Listening): number | null {
  // The first segment of a handshake came from here, or came to here.
  if (state === "SYN_SENT") return CLIENT;
  if (state === "SYN_RECEIVED") return SERVICE;
  const here = listening.has(local.address, local.port);
  const there = isListed && listening.has(remote.address, remote.port);
  return here === there ? null : here ? SERVICE : CLIENT;
}

/** By how many connections share either end, and by the ports. */
function byNumbers({ local, remote }: SocketRow, shareLocal: number, shareRemote: number, range: PortRange): number {
  const shared = shareLocal - shareRemote;
  if (Math.max(shareLocal, shareRemote) >= SHARED && shared !== 0) return shared > 0 ? SERVICE : CLIENT;
  const isClients = isIn(local.port, range);
  if (isClients !== isIn(remote.port, range)) return isClients ? CLIENT : SERVICE;
  if (shared !== 0) return shared > 0 ? SERVICE : CLIENT;
  return local.port !== null && remote.port !== null && local.port < remote.port ? SERVICE : CLIENT;
}

const isIn = (port: number | null, range: PortRange): boolean =>
  port !== null && port >= range.first && port <= range.last;

/** Addresses on which a port listens. */
class Listening {
  private readonly byPort = new Map<number, Set<string>>();

  add(address: string, port: number | null): void {
    if (port === null) return;
    const addresses = this.byPort.get(port);
    if (addresses === undefined) this.byPort.set(port, new Set([address]));
    else addresses.add(address);
  }

  has(address: string, port: number | null): boolean {
    const addresses = port === null ? undefined : this.byPort.get(port);
    return addresses !== undefined && (addresses.has(address) || addresses.has(ANY));
  }
}

/** One end of every row: its number, that of its address, and how many rows share it. */
class Ends {
  readonly end: Int32Array;
  readonly address: Int32Array;
  private readonly shared = new Counters();

  constructor(rows: number) {
    this.end = new Int32Array(rows).fill(-1);
    this.address = new Int32Array(rows).fill(-1);
  }

  add(row: number, address: number, end: number): void {
    this.end[row] = end;
    this.address[row] = address;
    if (end >= 0) this.shared.add(end);
  }

  sharing(end: number): number {
    return end < 0 ? 0 : this.shared.of(end);
  }
}

/** Connections whose other end is a local one, too. */
class Mirrors {
  count = 0;
  private readonly connections = new PairIndex(MAX_ENDS);
  private seen = new Uint8Array(1024);

  /** A connection that is listed twice from one end is not mirrored. */
  add(here: number, there: number): void {
    const isUp = here < there;
    const n = isUp ? this.connections.number(here, there) : this.connections.number(there, here);
    if (n < 0) return;
    if (n >= this.seen.length) {
      const wider = new Uint8Array(this.seen.length * 2);
      wider.set(this.seen);
      this.seen = wider;
    }
    const before = this.seen[n]!;
    this.seen[n] = before | (isUp ? 1 : 2);
    if (before !== 3 && this.seen[n] === 3) this.count++;
  }
}
