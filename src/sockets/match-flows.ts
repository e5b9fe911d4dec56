// Which connection of the capture is each row of a dump, and is it in the state that was worked out for it?
//
// The dump is the kernel's own word: where it lists what the capture lacks, the capture has a blind spot; where it lists
// another state, one of the two is wrong, or their clocks are.

import { isLoopbackName } from "../core/address.ts";
import type { Nanos } from "../core/clock.ts";
import type { DifferingRow, DumpMatch } from "../core/dump-view.ts";
import type { CaptureView, EndRow, FlowRow, StateHistory } from "../core/flow-view.ts";
import type { SocketDump, SocketRow, SocketState } from "../core/socket-table.ts";
import { stateAt } from "../core/state-at.ts";
import { SOCKET_STATES } from "../core/state-option.ts";

/** Rows beyond are not looked up. About 200 bytes each. */
const MAX_LOOKED_UP = 1 << 20;
/** Names and times of dumps count in seconds, and a busy host takes a second to list its sockets. */
const LATENESS_NS = 2e9;
/** Rows that disagree are cited up to this number; all are counted. */
const MAX_DIFFERING = 20;
/** Kept while they may yet find a flow that fits. */
const MAX_SUSPECTS = 10_000;

/** States of a connection: what has two ends, and packets. */
const CONNECTED = new Set<SocketState>(SOCKET_STATES);

/** What is known of a row, the better the higher: of several flows with its ports, the one that fits it best is its own. */
const Mark = { none: 0, lookedUp: 1, differs: 2, unsure: 3, agrees: 4 } as const;

/** A row that is looked for, by the ports of its two ends; several dumps may list the same. */
interface Wanted {
  match: Matching;
  row: number;
  line: number;
  state: SocketState;
  next: Wanted | null;
}

class Matching implements DumpMatch {
  readonly dump: SocketDump;
  readonly at: Nanos | null;
  connections = 0;
  unnamed = 0;
  leftOut = 0;
  found = 0;
  agreed = 0;
  unsure = 0;
  differing = 0;
  cited: DifferingRow[] = [];
  /** By row of the dump. */
  readonly marks: Uint8Array;
  /** Rows that differ from every flow seen so far. */
  readonly suspects = new Map<number, DifferingRow>();

  constructor(dump: SocketDump, at: Nanos | null) {
    this.dump = dump;
    this.at = at;
    this.marks = new Uint8Array(dump.rowCount);
  }

  count(): void {
    for (const mark of this.marks) {
      if (mark > Mark.lookedUp) this.found++;
      if (this.at === null) continue;
      if (mark === Mark.agrees) this.agreed++;
      else if (mark === Mark.unsure) this.unsure++;
      else if (mark === Mark.differs) this.differing++;
    }
    this.cited = [...this.suspects.values()].slice(0, MAX_DIFFERING);
  }

  isMissing(row: number): boolean {
    return this.marks[row] === Mark.lookedUp;
  }
}

/** `times`: of each dump, on the capture's clock. One pass over the rows and one over the flows. */
export function matchFlows(
  view: CaptureView,
  dumps: readonly SocketDump[],
  times: readonly (Nanos | null)[],
): DumpMatch[] {
  const matches = dumps.map((dump, n) => new Matching(dump, times[n] ?? null));
  const wanted = rowsByEnds(matches);
  for (const flow of view.flows()) {
    lookUp(flow, flow.client, wanted, view);
    lookUp(flow, flow.server, wanted, view);
  }
  for (const match of matches) match.count();
  return matches;
}

function rowsByEnds(matches: readonly Matching[]): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  let lookedUp = 0;
  for (const match of matches) {
    let n = -1;
    for (const row of match.dump.rows()) {
      n++;
      if (!CONNECTED.has(row.state)) continue;
      match.connections++;
      const keys = keysOf(row);
      if (keys.length === 0) match.unnamed++;
      else if (lookedUp >= MAX_LOOKED_UP) match.leftOut++;
      else {
        lookedUp++;
        match.marks[n] = Mark.lookedUp;
        const { line, state } = row;
        for (const key of keys) wanted.set(key, { match, row: n, line, state, next: wanted.get(key) ?? null });
      }
    }
  }
  return wanted;
}

/** What the row is looked up by: its own end first. None for a name that is no address, or a cut one. */
function keysOf({ local, remote, isCut }: SocketRow): string[] {
  if (isCut || local.port === null || remote.port === null) return [];
  const keys: string[] = [];
  for (const a of addressesOf(local.address))
    for (const b of addressesOf(remote.address))
      if (a.includes(":") === b.includes(":")) keys.push(keyOf(a, local.port, b, remote.port));
  return keys;
}

const keyOf = (a: string, aPort: number, b: string, bPort: number): string => `${a} ${aPort} ${b} ${bPort}`;

function addressesOf(text: string): string[] {
  if (isLoopbackName(text)) return ["127.0.0.1", "::1"];
  return text.includes(":") || /^[\d.]+$/.test(text) ? [text] : [];
}

function lookUp(flow: FlowRow, end: EndRow, wanted: ReadonlyMap<string, Wanted>, view: CaptureView): void {
  const { remote } = end;
  let row = wanted.get(keyOf(end.address, end.port, remote.address, remote.port)) ?? null;
  for (; row !== null; row = row.next) {
    const { match } = row;
    const mark = match.at === null ? Mark.agrees : compare(row, end.history, match.at, view);
    if (mark <= match.marks[row.row]!) continue;
    match.marks[row.row] = mark;
    if (mark !== Mark.differs) match.suspects.delete(row.row);
    else if (match.suspects.size < MAX_SUSPECTS) {
      const workedOut = stateAt(end.history, match.at!);
      match.suspects.set(row.row, { line: row.line, flow: flow.id, listed: row.state, workedOut });
    }
  }
}

function compare({ state }: Wanted, history: StateHistory, at: Nanos, view: CaptureView): number {
  const [from, until] = [at - LATENESS_NS, at + LATENESS_NS];
  let mark: number = Mark.differs;
  for (let n = 0; n < history.count; n++) {
    if (history.until(n) < from || history.from(n) > until) continue;
    if (history.state(n) === state) return Mark.agrees;
    if (!history.certain(n)) mark = Mark.unsure;
  }
  // Before its first packet and after its last the capture proves nothing.
  return from < view.firstTime || until > view.lastTime ? Mark.unsure : mark;
}
