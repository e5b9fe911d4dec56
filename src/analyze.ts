// From captures to an answer: the composition root. Everything else (command line, tests, other programs) calls this.
//
// One pass: records → packets → flows and exchanges; then the analyses look at the flows, and the diagnosis joins what
// they found. Memory grows with flows and with what is reported, never with packets.

import { diagnose } from "../analyses/diagnosis.ts";
import { analyses as ANALYSES } from "../analyses/index.ts";
import { linksIn } from "../analyses/legs.ts";
import { framed } from "../decoders/framed.ts";
import { STREAM_DECODERS } from "../decoders/streams.ts";
import { CaptureSet } from "./capture/capture-set.ts";
import { type CaptureSummary, droppedBy } from "./capture/capture-summary.ts";
import { type CaptureSource, sourceFromBytes } from "./capture/source.ts";
import type { Analysis, Evidence } from "./core/analysis.ts";
import { CaptureClock, NANOS_PER_MILLISECOND, NANOS_PER_SECOND } from "./core/clock.ts";
import { UsageError } from "./core/errors.ts";
import type { CaptureView, StateName } from "./core/flow-view.ts";
import { parseFrames } from "./core/frame-option.ts";
import { type HostOptions, parseHosts } from "./core/host-options.ts";
import { parseFilter } from "./core/packet-filter.ts";
import { randomSeed } from "./core/random.ts";
import {
  REPORT_SCHEMA,
  type Report,
  type ReportCapture,
  type ReportExchange,
  type ReportFinding,
  type ReportFlow,
  type ReportSocket,
  type ReportStateCounts,
} from "./core/report.ts";
import { parseStates } from "./core/state-option.ts";
import type { StreamDecoder } from "./core/stream-decoder.ts";
import { parseDuration, parseTime, resolveTime } from "./core/time-option.ts";
import { captureView } from "./flow/capture-view.ts";
import { FlowTable } from "./flow/flow-table.ts";
import { Pass } from "./pass.ts";
import type { DumpInput } from "./read-sockets.ts";
import { evidenceObject, exchangeObject, flowObject, lineEvidenceObject, topologyObject } from "./report/objects.ts";
import type { Redaction } from "./report/redact.ts";
import { countsAt, stateCounts, statesAt } from "./report/states.ts";
import { type Judgement, numbered, runAnalyses } from "./run-analyses.ts";
import { VERSION } from "./version.ts";

/** A path (or glob, or "-"), the bytes of a capture, or a source of one's own. */
export type CaptureInput = string | Uint8Array | CaptureSource;

export interface ReadOptions extends HostOptions {
  /** Only packets from this time on, and up to it: ISO 8601, epoch seconds, `+12.5s` from the start, `end`. */
  from?: string;
  to?: string;
  /** Only packets of these addresses and ports: `host 10.0.0.5 and port 8280`. */
  filter?: string;
  /** Leave out segments whose TCP checksum is wrong. Off, because a sending host captures before its card fills it in. */
  verifyChecksums?: boolean;
  /** "default" replaces secrets in what is reported. */
  redact?: Redaction;
  /** Framings that no decoder knows, by port: `port=7000,length=u32be,header=8`. Such a port is read as nothing else. */
  frames?: readonly string[];
  /** Stream decoders of one's own, tried before those that come with the program. */
  decoders?: readonly StreamDecoder[];
  /** Told about every few megabytes: bytes read, bytes in all (undefined for a pipe), packets so far. */
  onProgress?: (done: number, total: number | undefined, packets: number) => void;
  signal?: AbortSignal;
}

export interface AnalyzeOptions extends ReadOptions {
  /** Adds every flow and exchange to the report. */
  detail?: boolean;
  /** Analyses to run, or to leave out, by id. */
  only?: readonly string[];
  skip?: readonly string[];
  /** Analyses of one's own, run after those that come with the program. */
  analyses?: readonly Analysis[];
  /** Socket dumps of the hosts in the capture: paths, folders, or bytes. */
  sockets?: readonly DumpInput[];
  /** Of times in dumps that are written without one: `+02:00`. UTC unless told, or unless one shift alone fits the capture. */
  zone?: string;
}

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

export { ANALYSES };

/** The protocols that are recognised, in the order they are tried. */
export const DECODERS = STREAM_DECODERS;

/**
 * Analyses captures as one, merged by time.
 * Throws UsageError for options that mean nothing, CaptureError when no capture can be read at all.
 */
export async function analyze(captures: readonly CaptureInput[], options: AnalyzeOptions = {}): Promise<Report> {
  const chosen = chooseAnalyses([...ANALYSES, ...(options.analyses ?? [])], options.only ?? [], options.skip ?? []);
  const read = await readCaptures(captures, options, options.detail === true);
  const { view, table, files } = read;
  const report: Report = {
    schema: REPORT_SCHEMA,
    version: VERSION,
    captures: read.captures,
    ...(read.analysed === null ? {} : { analysed: read.analysed }),
    totals: {
      packets: read.packets,
      tcp_segments: view.quality.tcpSegments,
      flows: view.flowCount,
      ...table.ledger.totals,
      other_packets: Object.fromEntries(view.quality.others),
      malformed_packets: view.quality.malformed,
    },
    findings: [],
    clear: [],
    unsure: [],
    failed: [],
    topology: { links: 0, calls: [] },
    diagnosis: { summary: "", confidence: "low", confidence_because: "", chain: [], ruled_out: [] },
  };
  const clock = view.clock;
  const said = runAnalyses(chosen, view);
  const { findings, clear, unsure, failed, sockets } = await withDumps(said, options, view);
  const found = numbered(findings);
  Object.assign(report, { clear, unsure, failed }, sockets === null ? {} : { sockets });
  report.findings = found.map(
    ({ id, analysis, finding: f, lines }): ReportFinding => ({
      id,
      analysis,
      severity: f.severity,
      title: f.title,
      summary: f.summary,
      subject: f.subject,
      count: f.count,
      onset: f.onset === null ? null : clock.iso(f.onset),
      metrics: f.metrics,
      evidence: [...f.evidence.map((e) => evidenceObject(e, files)), ...lines.map(lineEvidenceObject)],
      advice: f.advice,
      ...(f.timeline === undefined ? {} : { timeline: f.timeline }),
    }),
  );
  report.topology = topologyObject(linksIn(view));
  const ran = chosen.map((a) => a.id);
  report.diagnosis = diagnose({ found, clear: report.clear, unsure: report.unsure, ran }, view);
  if (options.detail === true) {
    report.flows = [...read.flows()];
    report.exchanges = [...read.exchanges()];
  }
  return report;
}

/** The flows of captures, in order of first packet. */
export async function readFlows(captures: readonly CaptureInput[], options: ReadOptions = {}) {
  const read = await readCaptures(captures, options, false);
  return { captures: read.captures, flows: read.flows() };
}

/** The exchanges of captures, in order of request. */
export async function readExchanges(captures: readonly CaptureInput[], options: ReadOptions = {}) {
  const read = await readCaptures(captures, options, true);
  return { captures: read.captures, exchanges: read.exchanges() };
}

/** The sockets that each end of every flow held at moments: what `netstat` would have shown. In order of time, then of flow. */
export async function readStates(captures: readonly CaptureInput[], options: StatesOptions) {
  if (options.at.length === 0) throw new UsageError("no moment was named");
  const moments = options.at.map((text) => parseTime(text, "--at"));
  const only = statesOf(options);
  const { view, analysed, captures: read } = await readCaptures(captures, options, false);
  const asked = moments.map((m) => resolveTime(m, view.clock, view.firstTime, view.lastTime));
  const times = [...new Set(asked)].sort((a, b) => a - b);
  const states: Iterable<ReportSocket> = { [Symbol.iterator]: () => statesAt(view, times, only) };
  const counts: Iterable<ReportStateCounts> = { [Symbol.iterator]: () => countsAt(view, times, only) };
  return { captures: read, analysed, at: times.map((t) => view.clock.iso(t)), states, counts };
}

/** How many sockets there were in each state, over all and by endpoint, in steps from the first packet to the last. */
export async function readStateCounts(captures: readonly CaptureInput[], options: StateCountsOptions) {
  const every = parseDuration(options.every, "--every", SHORTEST_STEP, LONGEST_STEP);
  const only = statesOf(options);
  const { view, analysed, captures: read } = await readCaptures(captures, options, false);
  const counts: Iterable<ReportStateCounts> = { [Symbol.iterator]: () => stateCounts(view, every, only) };
  return { captures: read, analysed, counts };
}

const statesOf = ({ state }: { state?: readonly string[] }): ReadonlySet<StateName> | null =>
  state === undefined || state.length === 0 ? null : parseStates(state, "--state");

/** With socket dumps: their findings too, and the names of processes. */
async function withDumps(said: Judgement<Evidence>, options: AnalyzeOptions, view: CaptureView) {
  const { clear, unsure, failed } = said;
  const { sockets, analyses: _, ...rest } = options;
  if (sockets === undefined || sockets.length === 0)
    return { findings: said.found.map((f) => ({ ...f, lines: [] })), clear, unsure, failed, sockets: null };
  const { joinDumps, merged, nameOwners } = await import("./join-dumps.ts");
  const joined = await joinDumps(sockets, rest, view);
  const findings = merged(said.found, joined.said.found, view.clock);
  nameOwners(findings, joined.dumps);
  const isFound = ({ analysis }: { analysis: string }): boolean => findings.some((f) => f.analysis === analysis);
  const isAsked = ({ analysis }: { analysis: string }): boolean => ANALYSES.some((a) => a.id === analysis);
  return {
    findings,
    // What the capture answered, the dump need not; what it found, the capture cannot clear.
    clear: [...clear.filter((c) => !isFound(c)), ...joined.said.clear.filter((c) => !isAsked(c))],
    unsure: [...unsure, ...joined.said.unsure.filter((u) => !isAsked(u))],
    failed: [...failed, ...joined.said.failed],
    sockets: joined.objects,
  };
}

function chooseAnalyses(
  all: readonly Analysis[],
  only: readonly string[],
  skip: readonly string[],
): readonly Analysis[] {
  const known = all.map((a) => a.id);
  for (const id of [...only, ...skip]) {
    if (!known.includes(id))
      throw new UsageError(`no analysis is called ${JSON.stringify(id)}; there are: ${known.join(", ")}`);
  }
  return all.filter((a) => (only.length === 0 || only.includes(a.id)) && !skip.includes(a.id));
}

// ─────────────────────────── the pass over the packets ───────────────────────────

async function readCaptures(inputs: readonly CaptureInput[], options: ReadOptions, keepExchanges: boolean) {
  const hosts = parseHosts(options);
  const filter = options.filter === undefined ? null : parseFilter(options.filter);
  const from = options.from === undefined ? null : parseTime(options.from, "--from");
  const to = options.to === undefined ? null : parseTime(options.to, "--to");
  const formats = parseFrames(options.frames ?? []);
  const sources = await openInputs(inputs);
  const clock = new CaptureClock();
  const set = new CaptureSet(sources, clock);
  const table = new FlowTable({
    decoders: [...(options.decoders ?? []), ...(formats.length === 0 ? [] : [framed(formats)]), ...DECODERS],
    keepExchanges,
    seed: randomSeed(),
  });
  table.watchCopies = sources.length > 1;
  const pass = new Pass(set, table, clock, { filter, from, to, verifyChecksums: options.verifyChecksums === true });
  try {
    await pass.run(options);
  } finally {
    await set.close();
  }
  table.end();

  const files = sources.map((s) => s.path);
  const captures = set.captures.map((summary, file) => captureObject(summary, clock, table.copies[file] ?? 0));
  const quality = pass.quality();
  const view = captureView(table, { clock, hosts, firstTime: pass.firstTime, lastTime: pass.lastTime, quality });
  const redaction = options.redact ?? "default";
  return {
    view,
    table,
    files,
    captures,
    packets: pass.packets,
    /** From the first packet to the last of what was analysed; null without one. */
    analysed:
      pass.packets === 0 ? null : { first_time: clock.iso(pass.firstTime), last_time: clock.iso(pass.lastTime) },
    *flows(): Iterable<ReportFlow> {
      for (const flow of view.flows()) yield flowObject(flow, clock, files, view.lastTime);
    },
    *exchanges(): Iterable<ReportExchange> {
      for (const e of table.ledger.kept) yield exchangeObject(e, view.row(e.flow), clock, files, redaction);
    },
  };
}

async function openInputs(inputs: readonly CaptureInput[]): Promise<CaptureSource[]> {
  if (inputs.length === 0) throw new UsageError("no capture was named");
  const sources: CaptureSource[] = [];
  for (const input of inputs) {
    if (typeof input === "string") {
      // Files are reached only where there are any: a browser hands in bytes.
      const { openCaptures } = await import("./capture/files.ts");
      sources.push(...(await openCaptures([input])));
    } else if (input instanceof Uint8Array) {
      sources.push(sourceFromBytes(`capture ${sources.length + 1}`, input));
    } else {
      sources.push(input);
    }
  }
  return sources;
}

function captureObject(s: CaptureSummary, clock: CaptureClock, duplicates: number): ReportCapture {
  return {
    path: s.path,
    format: s.format,
    link_types: s.linkTypes,
    packets: s.packets,
    first_time: s.firstTime === null ? null : clock.iso(s.firstTime),
    last_time: s.lastTime === null ? null : clock.iso(s.lastTime),
    duplicates,
    truncated_packets: s.truncatedBySnap,
    dropped_packets: droppedBy(s),
    problems: s.problems.map(({ code, offset, message }) => ({ code, offset, message })),
    more_problems: s.problemCount - s.problems.length,
    comments: s.comments,
  };
}
