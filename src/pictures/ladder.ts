// What does the ladder of a connection, or of the connections of a finding, show? Fetches their packets by a second pass, and puts them
// beside the states of both ends of each.

import { formatEndpoint } from "../core/address.ts";
import type { CaptureClock, Nanos } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import type { StateHistory } from "../core/flow-view.ts";
import type { FrameRef } from "../core/frame.ts";
import type { RecordedFlow } from "../core/recording.ts";
import type { Exchange, Side } from "../core/stream-decoder.ts";
import type { LadderPicture, LadderRow, Leg, Lifeline, StateSpan, Wait } from "../diagram/ladder/ladder-picture.ts";
import type { Investigation } from "../investigate.ts";
import { type Chain, chainOfFinding, chainOfFlow } from "./ladder-chain.ts";
import { chosenPackets, type LegFacts } from "./ladder-choice.ts";
import { legPackets } from "./ladder-packets.ts";
import { rowsOf } from "./ladder-rows.ts";
import { waitsOf } from "./ladder-waits.ts";
import type { Made } from "./over-time.ts";

/** Packets that the second pass keeps for the ladders of a report: facts alone, about 30 MB. */
const MAX_PACKETS = 200_000;

/** What the ladder is of: a finding by its id, or a connection. */
export interface LadderTarget {
  flow?: number;
  finding?: string;
}

/**
 * The ladder of a finding, or of a connection; where neither is named, of the worst finding that rests on packets. Throws a UsageError
 * for one that is not there, a CaptureError when the capture cannot be read a second time.
 */
export async function ladderPicture(from: Investigation, target: LadderTarget = {}): Promise<Made<LadderPicture>> {
  return (await ladderPictures(from, [target]))[0]!;
}

/** Several of them, in their order, by one pass over the captures; it throws as for one. */
export async function ladderPictures(
  from: Investigation,
  targets: readonly LadderTarget[],
): Promise<Made<LadderPicture>[]> {
  const found = targets.map((target) => chainOf(from, target));
  const chains = found.flatMap((f) => ("because" in f ? [] : [f.chain]));
  const recorded =
    chains.length === 0
      ? []
      : await from.record({
          flows: [...new Set(chains.flatMap(({ links }) => links.map((l) => l.flow)))],
          cited: new Set(chains.flatMap(({ notes }) => [...notes.keys()])),
          bytes: false,
          maxBytes: 0,
          maxPackets: MAX_PACKETS,
        });
  const { clock, lastTime } = from.view;
  return found.map((f) =>
    "because" in f
      ? { picture: null, because: f.because }
      : { picture: ladderOf(recorded, { ...f, clock, lastTime, files: from.files }) },
  );
}

/** The connections that a ladder shows, the outermost first; or why there are none. */
export function chainOf(
  { view, findings }: Pick<Investigation, "view" | "findings">,
  { flow, finding: id }: LadderTarget,
): { chain: Chain; subject: string } | { because: string } {
  if (flow !== undefined) {
    if (!(Number.isInteger(flow) && flow >= 0 && flow < view.flowCount))
      throw new UsageError(`there is no connection ${flow}; halfclose flows lists those that there are`);
    return { chain: chainOfFlow(view, flow), subject: `connection ${flow}` };
  }
  const named =
    id === undefined ? findings.find((f) => f.finding.evidence.length > 0) : findings.find((f) => f.id === id);
  if (named === undefined) {
    if (id !== undefined) throw new UsageError(`there is no finding ${JSON.stringify(id)}`);
    return { because: "no finding rests on packets; name a connection" };
  }
  const chain = chainOfFinding(view, named.id, named.finding);
  return chain === null
    ? { because: `${named.id} rests on no packets of the capture` }
    : { chain, subject: named.finding.title };
}

export interface LadderFacts {
  chain: Chain;
  subject: string;
  clock: CaptureClock;
  /** Of the capture. */
  lastTime: Nanos;
  files: readonly string[];
}

/** `recorded`: the flows of the chain, with both halves of those that were redirected; others do no harm. */
export function ladderOf(recorded: readonly RecordedFlow[], facts: LadderFacts): LadderPicture {
  const { chain, clock, files } = facts;
  const flows = chain.links.flatMap(({ flow }) => recorded.filter((r) => r.flow === flow));
  const { lifelines, legs } = columnsOf(flows, recorded);
  const legFacts = flows.map((flow): LegFacts => {
    const other = recorded.find((r) => r.row.answersOf === flow.flow) ?? null;
    const exchange = chain.links.find((l) => l.flow === flow.flow)?.exchange ?? null;
    return {
      packets: legPackets(flow, other),
      holes: [...(flow.holes ?? []), ...(other?.holes ?? [])],
      exchanges: flow.exchanges,
      focus: focusOf(flow, exchange, chain.notes),
    };
  });
  const shown = chosenPackets(legFacts, new Set(chain.notes.keys()));
  const rows: LadderRow[] = [];
  const waits: Wait[] = [];
  const spans: StateSpan[] = [];
  for (const [leg, of] of legFacts.entries()) {
    const { row } = flows[leg]!;
    const { client, server } = legs[leg]!;
    const bySide = (side: Side): number => (side === row.client.side ? client : server);
    const lines = [bySide(0), bySide(1)] as const;
    rows.push(...rowsOf(of, { leg, shown: shown[leg]!, lines, notes: chain.notes, files }));
    const frames = new Set(of.packets.filter((_, n) => shown[leg]![n]).map((p) => p.frame));
    waits.push(...waitsOf({ ...of, leg, shown: frames, lifelines: lines, end: facts.lastTime }));
    for (const side of [0, 1] as const) spans.push(...spansOf(row.end(side).history, leg, lines[side]));
  }
  rows.sort((a, b) => a.time - b.time || frameIn(a) - frameIn(b));
  const start = rows[0]?.time ?? 0;
  return {
    start: clock.iso(start),
    end: facts.lastTime - start,
    lifelines,
    legs,
    rows: rows.map((r) =>
      r.kind === "segment" ? { ...r, time: r.time - start } : { ...r, time: r.time - start, until: r.until - start },
    ),
    spans: spans.map((s) => ({ ...s, from: s.from - start, until: s.until - start })),
    waits: waits.map((w) => ({ ...w, from: w.from - start, until: w.until - start })),
    subject: facts.subject,
  };
}

const frameIn = (row: LadderRow): number => (row.kind === "segment" ? row.frame : 0);

/** The sockets of the legs from left to right: each address once. */
function columnsOf(
  flows: readonly RecordedFlow[],
  recorded: readonly RecordedFlow[],
): { lifelines: Lifeline[]; legs: Leg[] } {
  const lifelines: Lifeline[] = [];
  const lineOf = (name: string, role: string): number => {
    const known = lifelines.findIndex((l) => l.name === name);
    return known >= 0 ? known : lifelines.push({ name, role }) - 1;
  };
  const legs = flows.map(({ flow, row }, n) => {
    const other = recorded.find((r) => r.row.answersOf === flow);
    const called = other === undefined ? "" : `, called as ${formatEndpoint(other.row.end(0))}`;
    return {
      flow,
      client: lineOf(formatEndpoint(row.client), n === 0 ? "client" : "service, as client"),
      server: lineOf(formatEndpoint(row.server), `${DATABASES.has(row.protocol) ? "database" : "service"}${called}`),
      protocol: row.protocol,
    };
  });
  return { lifelines, legs };
}

const DATABASES: ReadonlySet<string> = new Set(["mysql", "postgresql"]);

/** The request that matters, as the second pass has it; where none is known, one that is cited, that went wrong, or the last. */
function focusOf(
  { exchanges }: RecordedFlow,
  known: Exchange | null,
  cited: ReadonlyMap<FrameRef, string>,
): Exchange | null {
  const isSame = (e: Exchange): boolean =>
    e.request?.frame === known?.request?.frame && e.response?.frame === known?.response?.frame;
  const isCited = ({ request, response, gaveUpFrame }: Exchange): boolean =>
    [request?.frame ?? 0, response?.frame ?? 0, gaveUpFrame].some((frame) => cited.has(frame));
  return (
    (known === null ? undefined : exchanges.find(isSame)) ??
    exchanges.find(isCited) ??
    exchanges.find((e) => e.request !== null && e.outcome !== "answered" && e.outcome !== "unknown") ??
    exchanges.at(-1) ??
    null
  );
}

const spansOf = (history: StateHistory, leg: number, lifeline: number): StateSpan[] =>
  Array.from({ length: history.count }, (_, n) => ({
    leg,
    lifeline,
    state: history.state(n),
    from: history.from(n),
    until: history.until(n),
    certain: history.certain(n),
  })).filter((s) => s.state !== "CLOSED");
