// What is true now of the connections in a flow table? Counted over its columns, without a look at any history where the columns tell
// as much, so that a hundred thousand open connections can be counted every second.

import { isLoopback } from "../../core/address.ts";
import type { Nanos } from "../../core/clock.ts";
import { HELD_NS } from "../../core/half-closed.ts";
import type { HostSettings, Hosts } from "../../core/host-settings.ts";
import type { StateCounts } from "../../core/report.ts";
import { seqDiff } from "../../core/seq.ts";
import { SOCKET_STATES } from "../../core/state-option.ts";
import type { Side } from "../../core/stream-decoder.ts";
import { Mark, SideMark } from "../../flow/columns.ts";
import type { FlowTable } from "../../flow/flow-table.ts";
import { History } from "../../flow/state-history.ts";
import { STATE_NAMES, State } from "../../flow/states.ts";

/** Addresses whose host is remembered; beyond that it begins anew. */
const MAX_REMEMBERED = 65_536;
/** Numbers of IPv6 addresses are kept apart from IPv4 addresses, which are signed 32-bit integers. */
const IPV6 = 2 ** 33;
const NO_STATE = State.closed;

export interface SocketCounts {
  sockets: StateCounts;
  whose: "this machine" | "all";
  connections: number;
  halfClosed: number;
  waiting: number;
  /** Of requests that are not judged yet: nobody waits for an answer any more. */
  givenUp: number;
  oldestWait: Nanos | null;
}

/** What there is to know of an end's address. */
interface EndHost {
  settings: HostSettings;
  own: boolean;
}

export class SocketCounter {
  private table: FlowTable;
  private hosts: Hosts;
  private own: ReadonlySet<string> = new Set();
  private known = new Map<number, EndHost>();
  private addresses: FlowTable["addresses"];
  /** Flows whose end that closed still waits for an answer: half-closed on purpose. */
  private asking = new Set<number>();

  constructor(table: FlowTable, hosts: Hosts) {
    this.table = table;
    this.hosts = hosts;
    this.addresses = table.addresses;
  }

  /** The addresses of this machine, loopback left out: that is its own always. */
  setOwn(addresses: Iterable<string>): void {
    this.own = new Set(addresses);
    this.known.clear();
  }

  /** What is true at `now`; of a flow whose last packet is later, then. */
  count(now: Nanos): SocketCounts {
    const { table } = this;
    const c = table.columns;
    if (table.addresses !== this.addresses) {
      // Their numbers mean others now.
      this.addresses = table.addresses;
      this.known.clear();
    }
    const requests = this.requests(now);
    const own = new Uint32Array(STATE_NAMES.length);
    const all = new Uint32Array(STATE_NAMES.length);
    let ownEnds = 0;
    let connections = 0;
    let halfClosed = 0;
    const slow = new SlowHistories(table, this.hosts);
    for (let f = 0; f < table.count; f++) {
      if (c.firstFrame[f] === 0 || (c.marks[f]! & Mark.answers) !== 0) continue;
      const at = Math.max(now, c.lastTime[f]!);
      let open = false;
      for (let s = 0; s < 2; s++) {
        const i = f * 2 + s;
        const host = this.hostOf(f, s as Side);
        if (host.own) ownEnds++;
        const state = this.stateOf(f, s as Side, at, host, slow);
        if (state <= NO_STATE) continue;
        all[state]!++;
        if (host.own) own[state]!++;
        if (state !== State.timeWait) open = true;
        if (this.holds(i, at) && !this.asking.has(f)) halfClosed++;
      }
      if (open) connections++;
    }
    const counts = ownEnds > 0 ? own : all;
    const sockets: StateCounts = {};
    STATE_NAMES.forEach((name, state) => {
      if (counts[state]! > 0 && (SOCKET_STATES as readonly string[]).includes(name)) sockets[name] = counts[state]!;
    });
    return { sockets, whose: ownEnds > 0 ? "this machine" : "all", connections, halfClosed, ...requests };
  }

  /** Half-closed connections, held at `now`, whose FIN came before `time`. */
  halfClosedBefore(time: Nanos, now: Nanos): number {
    const { table } = this;
    const c = table.columns;
    this.requests(now);
    let count = 0;
    for (let i = 0; i < table.count * 2; i++) {
      if (c.firstFrame[i >> 1] === 0 || (c.marks[i >> 1]! & Mark.answers) !== 0 || this.asking.has(i >> 1)) continue;
      if (this.holds(i, Math.max(now, c.lastTime[i >> 1]!)) && c.finTime[i ^ 1]! < time) count++;
    }
    return count;
  }

  // ─────────────────────────── one end ───────────────────────────

  /** hot: what `ss` would show of an end; `closed` where there is no socket. As {@link History} has it, where that would say no more. */
  private stateOf(f: number, s: Side, at: Nanos, host: EndHost, slow: SlowHistories): State {
    const { columns: c, log } = this.table;
    const i = f * 2 + s;
    // Only one direction was captured, or another connection has the ports now.
    if (c.packets[i] === 0 || c.packets[i ^ 1] === 0 || c.successor[f] !== 0) return slow.stateAt(f, s, at);
    const state = c.state[i] as State;
    if (state === State.closed) return NO_STATE;
    let last = c.lastChange[i]!;
    while (log.isNote(last)) last = log.before(last);
    const isRepeated = log.isRepeat(last);
    switch (state) {
      case State.established:
        if (isRepeated || (c.sideMarks[i]! & SideMark.spoke) === 0) break;
        return state;
      case State.closeWait:
        if (isRepeated) break;
        return state;
      case State.timeWait: {
        // What reached it last began its time anew, or else its beginning did.
        return at < log.time(last) + host.settings.timeWait ? state : NO_STATE;
      }
      case State.finWait2: {
        const from = log.time(log.change(last));
        const heard = c.lastDataTime[i ^ 1]!;
        const taken = heard > from && seqDiff(c.acked[i]!, c.next[i ^ 1]!) >= 0;
        const expires = (taken ? heard : from) + host.settings.finTimeout;
        return at < Math.max(expires, isRepeated ? log.time(last) : expires) ? state : NO_STATE;
      }
      default:
    }
    return slow.stateAt(f, s, at);
  }

  /** hot: the peer of this end has closed, it knows, has not closed itself, and nothing has moved for a while. */
  private holds(i: number, at: Nanos): boolean {
    const c = this.table.columns;
    const j = i ^ 1;
    if (c.finAckFrame[j] === 0 || c.finFrame[i] !== 0) return false;
    if (c.rstFrame[i] !== 0 || c.rstFrame[j] !== 0) return false;
    return at - Math.max(c.finAckTime[j]!, c.lastDataTime[i]!) >= HELD_NS;
  }

  private hostOf(f: number, s: Side): EndHost {
    const { table } = this;
    const c = table.columns;
    const isB = (s ^ c.flipped[f]!) === 1;
    const key = (isB ? c.keyB[f]! : c.keyA[f]!) + (c.family[f] === 6 ? IPV6 : 0);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const address = table.address(f, s);
    const host = { settings: this.hosts.of(address), own: isLoopback(address) || this.own.has(address) };
    if (this.known.size >= MAX_REMEMBERED) this.known.clear();
    this.known.set(key, host);
    return host;
  }

  // ─────────────────────────── requests ───────────────────────────

  private requests(now: Nanos): Pick<SocketCounts, "waiting" | "givenUp" | "oldestWait"> {
    const c = this.table.columns;
    this.asking.clear();
    let waiting = 0;
    let givenUp = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { activity } of this.table.ledger.services) {
      for (const e of activity.open) {
        if (e.gaveUp !== null) {
          givenUp++;
          continue;
        }
        waiting++;
        if (e.request !== null && e.request.time < oldest) oldest = e.request.time;
        const { flow } = e;
        if (c.finFrame[flow * 2] !== 0 || c.finFrame[flow * 2 + 1] !== 0) this.asking.add(flow);
      }
    }
    return { waiting, givenUp, oldestWait: waiting === 0 ? null : Math.max(0, now - oldest) };
  }
}

/** The rare ends of which only their history tells. */
class SlowHistories {
  private table: FlowTable;
  private settings: { hosts: Hosts; horizon: Nanos };
  private sides: [History, History];
  private read: [number, number] = [-1, -1];

  constructor(table: FlowTable, hosts: Hosts) {
    this.table = table;
    this.settings = { hosts, horizon: 0 };
    this.sides = [new History(table, 0, this.settings), new History(table, 1, this.settings)];
  }

  stateAt(f: number, s: Side, at: Nanos): State {
    // A history is read once for a flow: the same one is asked for anew with another.
    if (this.read[s] === f) this.sides[s] = new History(this.table, s, this.settings);
    this.read[s] = f;
    this.settings.horizon = at;
    const h = this.sides[s].read(f);
    for (let n = h.count - 1; n >= 0; n--) {
      if (h.from(n) <= at && at < h.until(n)) return STATE_NAMES.lastIndexOf(h.state(n)) as State;
    }
    return NO_STATE;
  }
}
