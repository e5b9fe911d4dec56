// What happened, and where does it show? The report on captures, and with it what a picture or an evidence slice needs: the flows, the
// frames that each finding cites, and a second pass over the same captures.

import { diagnose } from "../analyses/diagnosis.ts";
import { analyses as ANALYSES } from "../analyses/index.ts";
import { linksIn } from "../analyses/legs.ts";
import { ofWhatWasKept } from "../analyses/summarised.ts";
import type { Analysis, Evidence, FoundFinding } from "./core/analysis.ts";
import { UsageError } from "./core/errors.ts";
import type { CaptureView } from "./core/flow-view.ts";
import type { FrameRef } from "./core/frame.ts";
import type { Pseudonyms } from "./core/pseudonyms.ts";
import type { RecordedFlow, RecordingRequest } from "./core/recording.ts";
import type { Redaction } from "./core/redaction.ts";
import { REPORT_SCHEMA, type Report, type ReportFinding } from "./core/report.ts";
import type { StreamDecoder } from "./core/stream-decoder.ts";
import { type CaptureInput, type CaptureReading, type ReadOptions, readCaptures } from "./read-captures.ts";
import type { DumpInput } from "./read-sockets.ts";
import type { DetailRows } from "./report/json.ts";
import { evidenceObjects, lineEvidenceObject, topologyObject } from "./report/objects.ts";
import { summarisedObject } from "./report/summarised.ts";
import { type Judgement, numbered, runAnalyses } from "./run-analyses.ts";
import { recordFlows } from "./second-pass.ts";
import { VERSION } from "./version.ts";

export { ANALYSES };

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

/** What a finding rests on, to be found again by a second pass. */
export interface Cited {
  /** The flows that it names, in its order, each once. */
  readonly flows: readonly number[];
  /** Each frame, and why it is cited: the finding's id and title, and what is to be seen there. */
  readonly frames: ReadonlyMap<FrameRef, string>;
}

/** A finding by its id in the report. */
export interface FoundById {
  readonly id: string;
  readonly analysis: string;
  readonly finding: FoundFinding;
}

/** The report on captures, and the way back to their packets. Close it when done. */
export interface Investigation {
  readonly report: Report;
  readonly view: CaptureView;
  /** Names of the captures, by the file of a frame, as they may be shown. */
  readonly files: readonly string[];
  readonly redaction: Redaction;
  /** With `strict`, by which names hosts go; null otherwise. */
  readonly pseudonyms: Pseudonyms | null;
  /** By which streams were read: those of one's own first. */
  readonly decoders: readonly StreamDecoder[];
  /**
   * The packets of some flows, read once more; in the order asked for, with both halves of a redirected connection. The texts of their
   * exchanges are redacted as the report's are; their bytes are those of the wire.
   */
  record(request: RecordingRequest, decoders?: readonly StreamDecoder[]): Promise<RecordedFlow[]>;
  /** The findings as the analyses gave them: evidence on the capture's own frames. */
  readonly findings: readonly FoundById[];
  /** Null for an id that no finding has. */
  citedOf(findingId: string): Cited | null;
  /** Of all findings, the worst first. */
  citedAll(): Cited;
  /** Gives back the temporary file of a capture that came through a pipe. Calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * Analyses captures as one, merged by time, and keeps what a second pass needs.
 * Throws UsageError for options that mean nothing, CaptureError when no capture can be read at all.
 */
export async function investigate(
  captures: readonly CaptureInput[],
  options: AnalyzeOptions = {},
): Promise<Investigation> {
  return investigation(captures, options, true);
}

/** The report alone. */
export async function reportOn(captures: readonly CaptureInput[], options: AnalyzeOptions): Promise<Report> {
  return (await investigation(captures, options, false)).report;
}

/** The report, and apart from it what `detail` adds, for who writes it down at once: made while it is read, never all of it held. */
export async function reportInParts(
  captures: readonly CaptureInput[],
  options: AnalyzeOptions,
): Promise<{ report: Report; detail: DetailRows | null }> {
  const isDetailed = options.detail === true;
  const chosen = chosenBy(options);
  const needs = { keepExchanges: isDetailed, readAgain: false, maySummarise: true };
  const read = await readCaptures(captures, options, needs);
  const { report } = await reported(read, chosen, { ...options, detail: false });
  return { report, detail: isDetailed ? { flows: read.flows(), exchanges: read.exchanges() } : null };
}

async function investigation(
  captures: readonly CaptureInput[],
  options: AnalyzeOptions,
  readAgain: boolean,
): Promise<Investigation> {
  const chosen = chosenBy(options);
  const needs = { keepExchanges: options.detail === true, readAgain, maySummarise: true };
  const read = await readCaptures(captures, options, needs);
  try {
    const { report, found } = await reported(read, chosen, options);
    const { view, files, redaction, pseudonyms, decoders } = read;
    return {
      report,
      view,
      files,
      redaction,
      pseudonyms,
      decoders,
      record: (request, instead = decoders) =>
        recordFlows(read, request, {
          decoders: instead,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        }),
      findings: found,
      citedOf(findingId) {
        const finding = found.find((f) => f.id === findingId);
        return finding === undefined ? null : citedBy([finding]);
      },
      citedAll: () => citedBy(found),
      close: read.close,
    };
  } catch (error) {
    await read.close();
    throw error;
  }
}

function citedBy(found: readonly FoundById[]): Cited {
  const flows = new Set<number>();
  const frames = new Map<FrameRef, string>();
  for (const { id, finding } of found) {
    for (const { flow, frames: cited, note } of finding.evidence) {
      flows.add(flow);
      const why = `${id}: ${finding.title}${note === undefined ? "" : ` (${note})`}`;
      for (const frame of cited) if (frame !== 0 && !frames.has(frame)) frames.set(frame, why);
    }
  }
  return { flows: [...flows], frames };
}

async function reported(read: CaptureReading, chosen: readonly Analysis[], options: AnalyzeOptions) {
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
    ...(view.summarised === undefined ? {} : { summarised: summarisedObject(view.summarised, view.clock) }),
    findings: [],
    clear: [],
    unsure: [],
    failed: [],
    topology: { links: 0, calls: [] },
    diagnosis: { summary: "", confidence: "low", confidence_because: "", chain: [], ruled_out: [] },
  };
  const clock = view.clock;
  const said = ofWhatWasKept(runAnalyses(chosen, view), view.summarised);
  const { findings, clear, unsure, failed, sockets } = await withDumps(said, options, read);
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
      evidence: [...f.evidence.flatMap((e) => evidenceObjects(e, files)), ...lines.map(lineEvidenceObject)],
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
  report.redaction = read.texts.said();
  return { report, found };
}

/** With socket dumps: their findings too, and the names of processes. */
async function withDumps(said: Judgement<Evidence>, options: AnalyzeOptions, { view, texts }: CaptureReading) {
  const { clear, unsure, failed } = said;
  const { sockets, analyses: _, ...rest } = options;
  if (sockets === undefined || sockets.length === 0)
    return { findings: said.found.map((f) => ({ ...f, lines: [] })), clear, unsure, failed, sockets: null };
  const { joinDumps, merged, nameOwners } = await import("./join-dumps.ts");
  const joined = await joinDumps(sockets, rest, view, texts);
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

const chosenBy = ({ analyses = [], only = [], skip = [] }: AnalyzeOptions): readonly Analysis[] =>
  chooseAnalyses([...ANALYSES, ...analyses], only, skip);

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
