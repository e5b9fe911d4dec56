// From captures to an answer: what the command line, tests and other programs call.
//
// One pass: records → packets → flows and exchanges (read-captures.ts); then the analyses look at the flows, and the diagnosis joins
// what they found (investigate.ts). Memory grows with flows and with what is reported, never with packets.

import { NANOS_PER_MILLISECOND, NANOS_PER_SECOND } from "./core/clock.ts";
import { UsageError } from "./core/errors.ts";
import type { StateName } from "./core/flow-view.ts";
import type { Report, ReportSocket, ReportStateCounts } from "./core/report.ts";
import { parseStates } from "./core/state-option.ts";
import { parseDuration, parseTime, resolveTime } from "./core/time-option.ts";
import { ANALYSES, type AnalyzeOptions, reportInParts, reportOn } from "./investigate.ts";
import { type CaptureInput, DECODERS, type ReadOptions, readCaptures } from "./read-captures.ts";
import { countsAt, type StateCountsRow, stateCountRows, stateCounts, statesAt } from "./report/states.ts";

export { ANALYSES, type AnalyzeOptions, type CaptureInput, DECODERS, type ReadOptions, reportInParts };

export interface StatesOptions extends ReadOptions {
  /** Moments, written as `from` is. States later than the capture's last packet are computed, and not certain. */
  at: readonly string[];
  /** Only sockets in these states. */
  state?: readonly string[];
}

export interface StateCountsOptions extends ReadOptions {
  /** `1s`, `500ms`, `2m`, or seconds. */
  every: string;
  state?: readonly string[];
}

/** The shortest step of {@link readStateCounts}: what happens within a millisecond, packets tell. */
const SHORTEST_STEP = NANOS_PER_MILLISECOND;
/** Beyond it the capture's clock is no longer exact. */
const LONGEST_STEP = 104 * 86_400 * NANOS_PER_SECOND;

const FACTS_ONLY = { keepExchanges: false, readAgain: false };
const ALL_EXCHANGES = { keepExchanges: true, readAgain: false };

/**
 * Analyses captures as one, merged by time.
 * Throws UsageError for options that mean nothing, CaptureError when no capture can be read at all.
 */
export const analyze = (captures: readonly CaptureInput[], options: AnalyzeOptions = {}): Promise<Report> =>
  reportOn(captures, options);

/** The flows of captures, in order of first packet. */
export async function readFlows(captures: readonly CaptureInput[], options: ReadOptions = {}) {
  const read = await readCaptures(captures, options, FACTS_ONLY);
  return { captures: read.captures, flows: read.flows() };
}

/** The exchanges of captures, in order of request. */
export async function readExchanges(captures: readonly CaptureInput[], options: ReadOptions = {}) {
  const read = await readCaptures(captures, options, ALL_EXCHANGES);
  return { captures: read.captures, exchanges: read.exchanges() };
}

/** The sockets that each end of every flow held at moments: what `netstat` would have shown. In order of time, then of flow. */
export async function readStates(captures: readonly CaptureInput[], options: StatesOptions) {
  if (options.at.length === 0) throw new UsageError("no moment was named");
  const moments = options.at.map((text) => parseTime(text, "--at"));
  const only = statesOf(options);
  const { view, analysed, captures: read } = await readCaptures(captures, options, FACTS_ONLY);
  const asked = moments.map((m) => resolveTime(m, view.clock, view.firstTime, view.lastTime));
  const times = [...new Set(asked)].sort((a, b) => a - b);
  const states: Iterable<ReportSocket> = { [Symbol.iterator]: () => statesAt(view, times, only) };
  const counts: Iterable<ReportStateCounts> = { [Symbol.iterator]: () => countsAt(view, times, only) };
  return { captures: read, analysed, at: times.map((t) => view.clock.iso(t)), states, counts };
}

/** How many sockets there were in each state, over all and by endpoint, in steps from the first packet to the last. `rows`: the same, of which the endpoints are made while they are read. */
export async function readStateCounts(captures: readonly CaptureInput[], options: StateCountsOptions) {
  const every = parseDuration(options.every, "--every", SHORTEST_STEP, LONGEST_STEP);
  const only = statesOf(options);
  const { view, analysed, captures: read } = await readCaptures(captures, options, FACTS_ONLY);
  const counts: Iterable<ReportStateCounts> = { [Symbol.iterator]: () => stateCounts(view, every, only) };
  const rows: Iterable<StateCountsRow> = { [Symbol.iterator]: () => stateCountRows(view, every, only) };
  return { captures: read, analysed, counts, rows };
}

const statesOf = ({ state }: { state?: readonly string[] }): ReadonlySet<StateName> | null =>
  state === undefined || state.length === 0 ? null : parseStates(state, "--state");
