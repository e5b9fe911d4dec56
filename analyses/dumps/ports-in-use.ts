// Which ports of the range for clients are taken, for which destination, and by sockets in which states?

import type { Party } from "../../src/core/analysis.ts";
import type { HostSettings, Hosts, PortRange } from "../../src/core/host-settings.ts";
import type { SocketDump, SocketRow, SocketState } from "../../src/core/socket-table.ts";
import { limitIsPerDestination } from "../busy-flows.ts";
import { CITED } from "../grouping.ts";
import { usable } from "../port-sweep.ts";
import { isTimeWaitReused } from "../port-use.ts";
import { PortSet } from "./holders.ts";
import { hostSettings, settingsFor } from "./host.ts";
import { Counters } from "./pair-index.ts";
import { CLIENT, rolesOf } from "./roles.ts";
import { partyOf } from "./tallies.ts";

/** The ports of one local address; on Linux, of one and one destination. */
export interface PortUse {
  readonly key: string;
  readonly local: string;
  /** Null where the limit is for all destinations together. */
  readonly destination: Party | null;
  readonly settings: HostSettings;
  /** Null: the ports in use are not of the default range, and none was stated. */
  readonly range: PortRange | null;
  /** "stated", "linux default". */
  readonly rangeFrom: string;
  /** How many ports the range has to give; 0 without a range. */
  readonly ports: number;
  /** Distinct ports of the range that a new connection cannot have. */
  readonly inUse: number;
  /** Of those, the ones that a bound or a listening socket has taken, whatever the destination. */
  readonly bound: number;
  /** Connections by state, most first. */
  readonly states: readonly (readonly [SocketState, number])[];
  readonly lines: readonly number[];
}

/** Fewer threaten no range. */
const LEAST = 64;
/** The fullest are looked at. */
const MOST = 100;
/** Keys that are told apart; hostile dumps have a destination a row, and none of them is full. */
const MAX_KEYS = 1 << 18;
/** So many ports (a share) beyond the default range, and it is not the range. */
const STRAYS = 0.01;
const ANY = "*";

const known = new WeakMap<SocketDump, { hosts: Hosts; uses: PortUse[] }>();

/** The fullest first. Worked out once a dump. */
export function portUses(dump: SocketDump, hosts: Hosts): readonly PortUse[] {
  const before = known.get(dump);
  if (before !== undefined && before.hosts === hosts) return before.uses;
  const uses = collect(dump, hosts);
  known.set(dump, { hosts, uses });
  return uses;
}

export const portKey = (local: string, remote: Party | null, settings: HostSettings): string =>
  limitIsPerDestination(settings) && remote !== null ? `${local} ${remote.address} ${remote.port ?? null}` : local;

function collect(dump: SocketDump, hosts: Hosts): PortUse[] {
  const roles = rolesOf(dump, hosts);
  const counts = new Map<string, number>();
  /** Ports that are taken for every destination, by address. */
  const taken = new Map<string, number[]>();
  const counters = new Counters();
  const keys = new Map<number, string>();
  let i = -1;
  for (const row of dump.rows()) {
    i++;
    if (roles.of[i] === CLIENT && row.local.port !== null) {
      const n = roles.holder[i]!;
      if (n < 0 || counters.add(n) !== 1 || keys.size >= MAX_KEYS) continue;
      const { address, port } = row.remote;
      keys.set(n, portKey(row.local.address, partyOf(address, port), settingsFor(dump, hosts, row.local.address)));
    } else if ((row.state === "BOUND" || row.state === "LISTEN") && row.local.port !== null) {
      const ports = taken.get(row.local.address);
      if (ports !== undefined) ports.push(row.local.port);
      else if (taken.size < MAX_KEYS) taken.set(row.local.address, [row.local.port]);
    }
  }
  for (const [n, key] of keys) counts.set(key, (counts.get(key) ?? 0) + counters.of(n));
  const busiest = [...counts].filter(([, n]) => n >= LEAST).sort((a, b) => b[1] - a[1]);
  const drafts = new Map<string, Draft | null>(busiest.slice(0, MOST).map(([key]) => [key, null]));
  i = -1;
  for (const row of dump.rows()) {
    i++;
    const key = roles.of[i] === CLIENT && row.local.port !== null ? keys.get(roles.holder[i]!) : undefined;
    if (key === undefined) continue;
    let draft = drafts.get(key);
    if (draft === undefined) continue;
    if (draft === null) drafts.set(key, (draft = new Draft(row, settingsFor(dump, hosts, row.local.address))));
    draft.add(row);
  }
  const uses: PortUse[] = [];
  for (const [key, draft] of drafts) if (draft !== null) uses.push(draft.finish(key, taken));
  if (uses.length === 0) {
    const bound = boundAlone(dump, hosts, taken.get(ANY) ?? []);
    if (bound !== null) uses.push(bound);
  }
  return uses.sort((a, b) => b.inUse - a.inUse);
}

/** A host without connections, whose ports are bound all the same: where a port is given out once, each of them is missing. */
function boundAlone(dump: SocketDump, hosts: Hosts, ports: readonly number[]): PortUse | null {
  const settings = hostSettings(dump, hosts);
  if (limitIsPerDestination(settings)) return null;
  const { first, last } = settings.ports;
  const inside = new PortSet();
  for (const port of ports) if (port >= first && port <= last) inside.add(port);
  if (inside.size < LEAST) return null;
  return {
    key: ANY,
    local: ANY,
    destination: null,
    settings,
    range: settings.ports,
    rangeFrom: settings.portsStated ? "stated" : `${settings.os} default`,
    ports: usable(settings.ports, settings.os),
    inUse: inside.size,
    bound: inside.size,
    states: [],
    lines: linesOf(dump, "BOUND"),
  };
}

/** The first rows in a state. */
export function linesOf(dump: SocketDump, state: SocketState): number[] {
  const lines: number[] = [];
  for (const row of dump.rows()) {
    if (row.state !== state) continue;
    lines.push(row.line);
    if (lines.length === CITED) break;
  }
  return lines;
}

class Draft {
  private readonly local: string;
  private readonly settings: HostSettings;
  private readonly destination: Party | null;
  private readonly reused: boolean;
  private readonly held = new PortSet();
  private readonly states = new Map<SocketState, number>();
  private readonly lines: number[] = [];
  private inside = 0;

  constructor({ local, remote }: SocketRow, settings: HostSettings) {
    this.local = local.address;
    this.settings = settings;
    this.destination = limitIsPerDestination(settings) ? partyOf(remote.address, remote.port) : null;
    this.reused = isTimeWaitReused(local.address, settings);
  }

  add({ line, local, state }: SocketRow): void {
    const port = local.port!;
    this.states.set(state, (this.states.get(state) ?? 0) + 1);
    if (this.lines.length < CITED) this.lines.push(line);
    // Linux gives it out again after a second.
    if (state === "TIME_WAIT" && this.reused) return;
    if (this.held.has(port)) return;
    this.held.add(port);
    if (this.isInside(port)) this.inside++;
  }

  finish(key: string, taken: ReadonlyMap<string, number[]>): PortUse {
    const { settings, held } = this;
    const outside = held.size - this.inside;
    const isKnown = settings.portsStated || outside <= held.size * STRAYS;
    let bound = 0;
    const all = new PortSet();
    for (const ports of [taken.get(ANY), taken.get(this.local)]) {
      for (const port of ports ?? []) {
        if (!this.isInside(port) || all.has(port)) continue;
        all.add(port);
        bound++;
        if (!held.has(port)) this.inside++;
      }
    }
    return {
      key,
      local: this.local,
      destination: this.destination,
      settings,
      range: isKnown ? settings.ports : null,
      rangeFrom: settings.portsStated ? "stated" : isKnown ? `${settings.os} default` : "unknown",
      ports: isKnown ? usable(settings.ports, settings.os) : 0,
      inUse: isKnown ? this.inside : held.size,
      bound,
      states: [...this.states].sort((a, b) => b[1] - a[1]),
      lines: this.lines,
    };
  }

  private isInside(port: number): boolean {
    return port >= this.settings.ports.first && port <= this.settings.ports.last;
  }
}
