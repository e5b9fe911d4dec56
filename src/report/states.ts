// Which sockets did the hosts hold, at a moment and over time? What `netstat` would have shown, from the histories of all ends.
//
// A span holds from its first nanosecond up to, and without, its last.

import { formatEndpoint } from "../core/address.ts";
import type { Party } from "../core/analysis.ts";
import type { Nanos } from "../core/clock.ts";
import type { CaptureView, EndRow, FlowRow, StateName } from "../core/flow-view.ts";
import type { ReportSocket, ReportStateCounts, StateCounts } from "../core/report.ts";
import { SOCKET_STATES } from "../core/state-option.ts";
import { HeldSpans, NumberList } from "./held-spans.ts";

/** States to keep; null for all. */
type Only = ReadonlySet<StateName> | null;

/** Moment after moment, every end that held a socket then, in order of flow, the client before the server. */
export function* statesAt(view: CaptureView, times: readonly Nanos[], only: Only = null): Generator<ReportSocket> {
  const held = new HeldSpans();
  eachSpan(view, only, stepsAt(times), (flow, end, n, since) => held.add(flow, end, n, since));
  for (const time of times) {
    const at = view.clock.iso(time);
    const those = held.at(time);
    let next = 0;
    for (const flow of view.rows(held.flowsOf(those))) {
      const n = those[next++]!;
      const end = held.isClient(n) ? flow.client : flow.server;
      const { history, remote } = end;
      const since = held.since.at(n);
      yield {
        at,
        flow: flow.id,
        local: { address: end.address, port: end.port },
        remote: { address: remote.address, port: remote.port },
        state: history.state(held.span(n)),
        since: since === Number.NEGATIVE_INFINITY ? null : view.clock.iso(since),
        certain: history.certain(held.span(n)) && time <= view.lastTime,
      };
    }
  }
}

/** {@link ReportStateCounts} of which the last part is made while it is read: once, and before the next step is asked for. */
export interface StateCountsRow extends Omit<ReportStateCounts, "by_endpoint"> {
  by_endpoint: Iterable<ReportStateCounts["by_endpoint"][number]>;
}

/** Sockets by state and endpoint at moments, in order of time. */
export function countsAt(view: CaptureView, times: readonly Nanos[], only: Only = null): Generator<ReportStateCounts> {
  return whole(sweep(view, only, stepsAt(times)));
}

/** The same from the first packet's time on, up to the last packet's, in steps of `every`. */
export function stateCounts(view: CaptureView, every: Nanos, only: Only = null): Generator<ReportStateCounts> {
  return whole(stateCountRows(view, every, only));
}

/** The same, for who writes it down at once: a step may have as many endpoints as there are flows. */
export function stateCountRows(view: CaptureView, every: Nanos, only: Only = null): Generator<StateCountsRow> {
  return sweep(view, only, stepsOf(view, every));
}

function* whole(rows: Iterable<StateCountsRow>): Generator<ReportStateCounts> {
  for (const row of rows) yield { ...row, by_endpoint: [...row.by_endpoint] };
}

/** Adds what begins by each step and takes away what has ended. */
function* sweep(view: CaptureView, only: Only, steps: Steps): Generator<StateCountsRow> {
  const groups = new Groups();
  const begins = new NumberList(Float64Array);
  const ends = new NumberList(Float64Array);
  const cells = new NumberList(Float64Array);
  eachSpan(view, only, steps, (flow, holder, n) => {
    begins.push(steps.from(holder.history.from(n)));
    ends.push(steps.from(holder.history.until(n)));
    cells.push(groups.of(flow, holder) * STATES + STATE_NUMBER.get(holder.history.state(n))!);
  });
  // Step and cell in one number, for numbers sort fast: exact while steps × cells stay below 2⁵³.
  const stride = groups.count * STATES;
  const begin = sortedKeys(begins, cells, stride);
  const end = sortedKeys(ends, cells, stride);
  const tally = new Tally(groups, view);
  let begun = 0;
  let ended = 0;
  for (let step = 0; step < steps.count; step++) {
    const next = (step + 1) * stride;
    while (begin[begun]! < next) tally.add(begin[begun++]! % stride, 1);
    while (end[ended]! < next) tally.add(end[ended++]! % stride, -1);
    yield { time: view.clock.iso(steps.time(step)), counts: tally.counts(), by_endpoint: tally.byEndpoint() };
  }
}

/** In place of the steps. */
function sortedKeys(steps: NumberList<Float64Array>, cells: NumberList<Float64Array>, stride: number): Float64Array {
  const keys = steps.values();
  for (let n = 0; n < keys.length; n++) keys[n] = keys[n]! * stride + cells.at(n);
  return keys.sort();
}

// ─────────────────────────── moments ───────────────────────────

/** The moments that are asked for, in order of time. */
interface Steps {
  count: number;
  time(step: number): Nanos;
  /** The first step that is not before `time`; `count` when there is none. */
  from(time: Nanos): number;
}

function stepsAt(times: readonly Nanos[]): Steps {
  const sorted = Float64Array.from(times).sort();
  return {
    count: sorted.length,
    time: (step) => sorted[step]!,
    from(time) {
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (sorted[middle]! < time) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

function stepsOf({ firstTime, lastTime }: CaptureView, every: Nanos): Steps {
  const at = (step: number): Nanos => firstTime + step * every;
  // Quotients are rounded, products of this size are not.
  let count = Math.floor((lastTime - firstTime) / every) + 1;
  if (at(count) <= lastTime) count++;
  else if (at(count - 1) > lastTime) count--;
  return {
    count: Number.isNaN(count) ? 0 : count,
    time: at,
    from(time) {
      if (time <= firstTime) return 0;
      if (time > lastTime) return count;
      const step = Math.ceil((time - firstTime) / every);
      return at(step - 1) >= time ? step - 1 : at(step) < time ? step + 1 : step;
    },
  };
}

// ─────────────────────────── spans ───────────────────────────

/** `since`: when its run of equal states began, whether they are certain or not. */
type Visit = (flow: FlowRow, end: EndRow, span: number, since: Nanos) => void;

/** The spans that hold a step. */
function eachSpan(view: CaptureView, only: Only, steps: Steps, visit: Visit): void {
  for (const flow of view.flows()) {
    visitEnd(flow, flow.client);
    visitEnd(flow, flow.server);
  }
  function visitEnd(flow: FlowRow, end: EndRow): void {
    const h = end.history;
    let since = Number.NaN;
    for (let n = 0; n < h.count; n++) {
      const goesOn = n > 0 && h.state(n) === h.state(n - 1) && h.from(n) === h.until(n - 1);
      if (!goesOn) since = h.from(n);
      if (only !== null && !only.has(h.state(n))) continue;
      if (steps.from(h.from(n)) < steps.from(h.until(n))) visit(flow, end, n, since);
    }
  }
}

// ─────────────────────────── counts ───────────────────────────

const STATES = SOCKET_STATES.length;
const STATE_NUMBER = new Map<StateName, number>(SOCKET_STATES.map((state, n) => [state, n]));

/** A service and the address of its clients, seen from either side: each is told by one end of one of its flows. */
class Groups {
  count = 0;
  private readonly flows = new NumberList(Uint32Array);
  private readonly isClient = new NumberList(Uint8Array);
  /** By the place of the service, then by its client's host. */
  private readonly atClients = new Map<number, Map<number, number>>();
  private readonly atServices = new Map<number, Map<number, number>>();

  of(flow: FlowRow, end: EndRow): number {
    const isClient = end === flow.client;
    const side = isClient ? this.atClients : this.atServices;
    const service = isClient ? end.remotePlace : end.place;
    let byHost = side.get(service);
    if (byHost === undefined) side.set(service, (byHost = new Map()));
    const known = byHost.get(flow.client.host);
    if (known !== undefined) return known;
    byHost.set(flow.client.host, this.count);
    this.flows.push(flow.id);
    this.isClient.push(isClient ? 1 : 0);
    return this.count++;
  }

  /** In the order asked for. */
  *parties(
    groups: ArrayLike<number> & Iterable<number>,
    view: CaptureView,
  ): Generator<{ local: Party; remote: Party }> {
    const { flows } = this;
    function* ids(): Iterable<number> {
      for (const group of groups) yield flows.at(group);
    }
    let n = 0;
    for (const flow of view.rows(ids())) yield this.partiesOf(groups[n++]!, flow);
  }

  private partiesOf(group: number, { client, server }: FlowRow): { local: Party; remote: Party } {
    if (this.isClient.at(group) === 1) return { local: { address: client.address }, remote: client.remote };
    return { local: { address: server.address, port: server.port }, remote: { address: client.address } };
  }

  /** Where each one stands in the order of names. */
  ranks(view: CaptureView): Uint32Array {
    const all = Uint32Array.from({ length: this.count }, (_, group) => group);
    const names: string[] = [];
    for (const { local, remote } of this.parties(all, view)) {
      names.push(`${formatEndpoint(local)} ${formatEndpoint(remote)}`);
    }
    const order = all.sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    const ranks = new Uint32Array(this.count);
    order.forEach((group, rank) => {
      ranks[group] = rank;
    });
    return ranks;
  }
}

/** How many sockets there are now, by state and by group. */
class Tally {
  private readonly groups: Groups;
  private readonly view: CaptureView;
  private readonly cells: Int32Array;
  private readonly held: Int32Array;
  private readonly totals = new Int32Array(STATES);
  private readonly active = new Set<number>();
  private ranks: Uint32Array | null = null;

  constructor(groups: Groups, view: CaptureView) {
    this.groups = groups;
    this.view = view;
    this.cells = new Int32Array(groups.count * STATES);
    this.held = new Int32Array(groups.count);
  }

  add(cell: number, n: 1 | -1): void {
    const group = Math.floor(cell / STATES);
    this.cells[cell]! += n;
    this.totals[cell % STATES]! += n;
    this.held[group]! += n;
    if (this.held[group] === 0) this.active.delete(group);
    else this.active.add(group);
  }

  counts(): StateCounts {
    return countsOf(this.totals, 0);
  }

  /** Those with most sockets first. */
  *byEndpoint(): Generator<ReportStateCounts["by_endpoint"][number]> {
    const { held, cells, groups, view } = this;
    const ranks = (this.ranks ??= groups.ranks(view));
    const order = Uint32Array.from(this.active).sort((a, b) => held[b]! - held[a]! || ranks[a]! - ranks[b]!);
    let n = 0;
    for (const { local, remote } of groups.parties(order, view)) {
      yield { local, remote, counts: countsOf(cells, order[n++]! * STATES) };
    }
  }
}

function countsOf(cells: Int32Array, first: number): StateCounts {
  const counts: StateCounts = {};
  SOCKET_STATES.forEach((state, n) => {
    const count = cells[first + n]!;
    if (count !== 0) counts[state] = count;
  });
  return counts;
}
