// How many sockets are there, by state, by service and peer, and by process?
//
// Two passes over the rows: who is the service (`roles.ts`), then the counts. A million rows of a million peers take seconds.

import type { Party } from "../../src/core/analysis.ts";
import type { Hosts } from "../../src/core/host-settings.ts";
import { LISTED_STATES, type SocketDump, type SocketRow, type SocketState } from "../../src/core/socket-table.ts";
import type { PeerSockets, ProcessSockets, SocketCounts } from "../../src/core/sockets-report.ts";
import { PairIndex } from "./pair-index.ts";
import { NOT_CONNECTED, rolesOf, SERVICE } from "./roles.ts";

export interface Tallies {
  /** Rows that the dump lists; those that were not kept are included. */
  sockets: number;
  counts: SocketCounts;
  /** Connections between two sockets that are both listed (loopback): they have two rows. */
  mirrored: number;
  /** Most sockets first, {@link MAX_LISTED} at most; `processes` and `peers` say how many there are. */
  byProcess: ProcessSockets[];
  processes: number;
  byPeer: PeerSockets[];
  peers: number;
}

/** More are counted and not listed. */
export const MAX_LISTED = 1000;
/** Groups that are told apart; what lies beyond is counted by state alone. A million of them take some 200 MB. */
const MAX_GROUPS = 1 << 20;
const STATES = LISTED_STATES.length;
const STATE_NUMBERS = new Map(LISTED_STATES.map((state, n) => [state, n]));
const LISTEN = STATE_NUMBERS.get("LISTEN")!;

export function talliesOf(dump: SocketDump, hosts: Hosts): Tallies {
  const roles = rolesOf(dump, hosts);
  const peers = new Groups<Omit<PeerSockets, keyof Group>>(dump.rowCount);
  const processes = new Groups<Omit<ProcessSockets, keyof Group>>(dump.rowCount);
  const owners = new Map<string, number>();
  const pids = new PairIndex(MAX_GROUPS);
  let i = -1;
  for (const row of dump.rows()) {
    i++;
    const state = STATE_NUMBERS.get(row.state)!;
    const port = row.local.port ?? 0;
    const { pid, process } = row;
    let owner = owners.get(process ?? "");
    if (owner === undefined) owners.set(process ?? "", (owner = owners.size));
    processes.add(i, pids.number((pid ?? -1) | 0, owner), state, port, () => ({ process, pid }));
    const role = roles.of[i]!;
    if (role !== NOT_CONNECTED) peers.add(i, roles.pair[i]!, state, port, () => partiesOf(row, role));
  }
  let sockets = 0;
  for (const n of dump.counts.values()) sockets += n;
  return {
    sockets,
    counts: countsOf((state) => dump.counts.get(state) ?? 0),
    mirrored: roles.mirrored,
    byProcess: processes.list().map(({ head, group }) => ({ ...head, ...group })),
    processes: processes.size,
    byPeer: peers.list().map(({ head, group }) => ({ ...head, ...group })),
    peers: peers.size,
  };
}

const partiesOf = ({ local, remote }: SocketRow, role: number): { local: Party; remote: Party } =>
  role === SERVICE
    ? { local: partyOf(local.address, local.port), remote: partyOf(remote.address, null) }
    : { local: partyOf(local.address, null), remote: partyOf(remote.address, remote.port) };

export const partyOf = (address: string, port: number | null): Party =>
  port === null ? { address } : { address, port };

/** In the order of the states; none is zero. */
function countsOf(count: (state: SocketState) => number): SocketCounts {
  const counts: SocketCounts = {};
  for (const state of LISTED_STATES) {
    const n = count(state);
    if (n > 0) counts[state] = n;
  }
  return counts;
}

interface Group {
  sockets: number;
  ports: number;
  counts: SocketCounts;
}

/** Rows in groups: how many in which state, over how many local ports. */
class Groups<H> {
  private readonly heads: H[] = [];
  private counts = new Uint32Array(64 * STATES);
  private sockets = new Uint32Array(64);
  /** By row: its group plus one, and its local port; zero where there is none. */
  private readonly groupOf: Uint32Array;
  private readonly portOf: Uint16Array;

  constructor(rows: number) {
    this.groupOf = new Uint32Array(rows);
    this.portOf = new Uint16Array(rows);
  }

  get size(): number {
    return this.heads.length;
  }

  /** Numbers come in order of first appearance; −1, or beyond the limit: not told apart. */
  add(row: number, n: number, state: number, port: number, head: () => H): void {
    if (n < 0 || n >= MAX_GROUPS) return;
    if (n === this.heads.length) {
      this.heads.push(head());
      if (n >= this.sockets.length) this.grow();
    }
    this.counts[n * STATES + state]!++;
    this.sockets[n]!++;
    this.groupOf[row] = n + 1;
    this.portOf[row] = state === LISTEN ? 0 : port;
  }

  private grow(): void {
    const { counts, sockets } = this;
    this.counts = new Uint32Array(counts.length * 2);
    this.counts.set(counts);
    this.sockets = new Uint32Array(sockets.length * 2);
    this.sockets.set(sockets);
  }

  /** Most sockets first, then in order of first appearance. */
  list(): { head: H; group: Group }[] {
    const size = this.heads.length;
    const order = new Float64Array(size);
    // One number each, so that they sort as numbers: more sockets first, then the earlier group.
    for (let n = 0; n < size; n++) order[n] = -this.sockets[n]! * MAX_GROUPS + n;
    order.sort();
    const ports = this.distinctPorts();
    return [...order.subarray(0, MAX_LISTED)].map((rank) => {
      const n = ((rank % MAX_GROUPS) + MAX_GROUPS) % MAX_GROUPS;
      const at = n * STATES;
      const counts = countsOf((state) => this.counts[at + STATE_NUMBERS.get(state)!]!);
      return { head: this.heads[n]!, group: { sockets: this.sockets[n]!, ports: ports[n]!, counts } };
    });
  }

  /** Rows are put in order of their group, so that one table of ports serves them all. */
  private distinctPorts(): Uint32Array {
    const size = this.heads.length;
    const from = new Uint32Array(size + 1);
    for (let n = 0; n < size; n++) from[n + 1] = from[n]! + this.sockets[n]!;
    const rows = new Uint32Array(from[size]!);
    const next = from.slice(0, size);
    for (let row = 0; row < this.groupOf.length; row++) {
      const n = this.groupOf[row]!;
      if (n > 0) rows[next[n - 1]!++] = row;
    }
    const lastGroup = new Uint32Array(65_536);
    const distinct = new Uint32Array(size);
    for (let n = 0; n < size; n++) {
      for (let k = from[n]!; k < from[n + 1]!; k++) {
        const port = this.portOf[rows[k]!]!;
        if (port === 0 || lastGroup[port] === n + 1) continue;
        lastGroup[port] = n + 1;
        distinct[n]!++;
      }
    }
    return distinct;
  }
}
