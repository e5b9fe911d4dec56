// Which sockets did the hosts hold, at a moment and over time? What `netstat` would have shown, from the histories of all ends.
//
// A span holds from its first nanosecond up to, and without, its last.

import { formatEndpoint } from "../core/address.ts";
import type { Party } from "../core/analysis.ts";
import type { Nanos } from "../core/clock.ts";
import type { CaptureView, EndRow, FlowRow, StateName } from "../core/flow-view.ts";
import type { ReportSocket, ReportStateCounts, StateCounts } from "../core/report.ts";
import { SOCKET_STATES } from "../core/state-option.ts";

/** States to keep; null for all. */
type Only = ReadonlySet<StateName> | null;

interface Held {
  flow: number;
  local: ReportSocket["local"];
  remote: ReportSocket["remote"];
  state: StateName;
  from: Nanos;
  until: Nanos;
  since: Nanos;
  certain: boolean;
}

/** Moment after moment, every end that held a socket then, in order of flow, the client before the server. */
export function* statesAt(view: CaptureView, times: readonly Nanos[], only: Only = null): Generator<ReportSocket> {
  const held: Held[] = [];
  eachSpan(view, only, stepsAt(times), (flow, end, n, since) => {
    const { history: h } = end;
    const local = { address: end.address, port: end.port };
    const { address, port } = end.remote;
    const remote = { address, port };
    const span = { state: h.state(n), from: h.from(n), until: h.until(n), certain: h.certain(n) };
    held.push({ flow: flow.id, local, remote, since, ...span });
  });
  for (const time of times) {
    const at = view.clock.iso(time);
    for (const { flow, local, remote, state, from, until, since, certain } of held) {
      if (time < from || time >= until) continue;
      yield {
        at,
        flow,
        local,
        remote,
        state,
        since: since === Number.NEGATIVE_INFINITY ? null : view.clock.iso(since),
        certain: certain && time <= view.lastTime,
      };
    }
  }
}

/** Sockets by state and endpoint at moments, in order of time. */
export function countsAt(view: CaptureView, times: readonly Nanos[], only: Only = null): Generator<ReportStateCounts> {
  return sweep(view, only, stepsAt(times));
}

/** The same from the first packet's time on, up to the last packet's, in steps of `every`. */
export function stateCounts(view: CaptureView, every: Nanos, only: Only = null): Generator<ReportStateCounts> {
  return sweep(view, only, stepsOf(view, every));
}

/** Adds what begins by each step and takes away what has ended. */
function* sweep(view: CaptureView, only: Only, steps: Steps): Generator<ReportStateCounts> {
  const groups = new Groups();
  const first: number[] = [];
  const end: number[] = [];
  const cells: number[] = [];
  eachSpan(view, only, steps, (flow, holder, n) => {
    first.push(steps.from(holder.history.from(n)));
    end.push(steps.from(holder.history.until(n)));
    cells.push(groups.of(flow, holder) * STATES + STATE_NUMBER.get(holder.history.state(n))!);
  });
  // Step and cell in one number, for numbers sort fast: exact while steps × cells stay below 2⁵³.
  const stride = groups.list.length * STATES;
  const keys = (step: readonly number[]) => Float64Array.from(step, (s, n) => s * stride + cells[n]!).sort();
  const begins = keys(first);
  const ends = keys(end);
  const tally = new Tally(groups.list);
  let begun = 0;
  let ended = 0;
  for (let step = 0; step < steps.count; step++) {
    const next = (step + 1) * stride;
    while (begins[begun]! < next) tally.add(begins[begun++]! % stride, 1);
    while (ends[ended]! < next) tally.add(ends[ended++]! % stride, -1);
    yield { time: view.clock.iso(steps.time(step)), ...tally.now() };
  }
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

interface Group {
  local: Party;
  remote: Party;
  name: string;
}

/** A service and the address of its clients, seen from either side. */
class Groups {
  readonly list: Group[] = [];
  private numbers = new Map<string, number>();

  of(flow: FlowRow, end: EndRow): number {
    const isClient = end === flow.client;
    const local: Party = isClient ? { address: end.address } : { address: end.address, port: end.port };
    const { address, port } = end.remote;
    const remote: Party = isClient ? { address, port } : { address };
    const name = `${formatEndpoint(local)} ${formatEndpoint(remote)}`;
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.list.length);
    return this.list.push({ local, remote, name }) - 1;
  }
}

/** How many sockets there are now, by state and by group. */
class Tally {
  private groups: readonly Group[];
  private cells: Int32Array;
  private held: Int32Array;
  private totals = new Int32Array(STATES);
  private active = new Set<number>();

  constructor(groups: readonly Group[]) {
    this.groups = groups;
    this.cells = new Int32Array(groups.length * STATES);
    this.held = new Int32Array(groups.length);
  }

  add(cell: number, n: 1 | -1): void {
    const group = Math.floor(cell / STATES);
    this.cells[cell]! += n;
    this.totals[cell % STATES]! += n;
    this.held[group]! += n;
    if (this.held[group] === 0) this.active.delete(group);
    else this.active.add(group);
  }

  now(): Omit<ReportStateCounts, "time"> {
    const { held, cells, groups } = this;
    const mostFirst = (a: number, b: number): number =>
      held[b]! - held[a]! || (groups[a]!.name < groups[b]!.name ? -1 : 1);
    return {
      counts: countsOf(this.totals, 0),
      by_endpoint: [...this.active].sort(mostFirst).map((group) => {
        const { local, remote } = groups[group]!;
        return { local, remote, counts: countsOf(cells, group * STATES) };
      }),
    };
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
