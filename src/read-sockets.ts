// From socket dumps to what stands in them: the composition root for dumps, as analyze.ts is for captures.
//
// Each file is read once, line by line; rows are kept in columns. Then the analyses look at each dump: by itself, but for the
// latest of a series, which sees the dumps before it. So the work grows with the dumps, not with their square.

import { dumpAnalyses as DUMP_ANALYSES } from "../analyses/dumps/index.ts";
import { talliesOf } from "../analyses/dumps/tallies.ts";
import type { DumpFinding } from "./core/analysis.ts";
import type { DumpAnalysis, DumpView } from "./core/dump-view.ts";
import { UsageError } from "./core/errors.ts";
import { type HostOptions, parseHosts } from "./core/host-options.ts";
import type { HostSystem, Hosts } from "./core/host-settings.ts";
import type { ReportRedaction } from "./core/redaction.ts";
import type { ReportFinding } from "./core/report.ts";
import type { SocketDump } from "./core/socket-table.ts";
import type { SocketsObject } from "./core/sockets-report.ts";
import { type RedactionOptions, TextRedactor } from "./core/text-redactor.ts";
import { parseZone } from "./core/zone-option.ts";
import { type DumpInput, type DumpProblem, readDumpInputs } from "./dump-inputs.ts";
import { lineEvidenceObject } from "./report/objects.ts";
import { isoTime, pointOf, type SocketsSeries, socketsObject, type Verdict } from "./report/sockets-objects.ts";
import { numbered, runAnalyses } from "./run-analyses.ts";
import { loadServicePort } from "./service-list.ts";
import { seriesOf } from "./sockets/dump-series.ts";

export type { DumpInput, DumpProblem };

export interface SocketsOptions extends HostOptions, RedactionOptions {
  /** Of times that are written without one: `+02:00`. UTC unless told. */
  zone?: string;
  /** Analyses of one's own, run after those that come with the program. */
  analyses?: readonly DumpAnalysis[];
  signal?: AbortSignal;
}

export interface ReadDumps {
  /** In the order in which they were given. */
  dumps: readonly SocketDump[];
  /** A view for each dump, in the same order. */
  views: readonly DumpView[];
  /** Dumps of one host by one command, in order of time. */
  series: readonly (readonly SocketDump[])[];
  problems: readonly DumpProblem[];
  /** What was left out, one sentence each. */
  remarks: readonly string[];
}

/**
 * Reads dumps. An input that cannot be read is a problem, and the others are read.
 * Throws UsageError for options that mean nothing. `texts`: what becomes of addresses, names and paths; that of the capture beside.
 */
export async function readDumps(
  inputs: readonly DumpInput[],
  options: SocketsOptions = {},
  texts: TextRedactor = new TextRedactor(options),
): Promise<ReadDumps> {
  if (inputs.length === 0) throw new UsageError("no socket dump was named");
  const hostsFor = hostsBySystem(options, texts);
  const zone = options.zone === undefined ? null : parseZone(options.zone, "--zone");
  const { dumps, problems, remarks } = await readDumpInputs(inputs, await loadServicePort(), texts, options.signal);
  const placed = dumps.map((dump) => inZone(dump, zone));
  const series = seriesOf(placed);
  return { dumps: placed, views: viewsOf(placed, series, hostsFor), series, problems, remarks };
}

export interface SocketsRead {
  /** One object a dump, in the order in which they were given; made as they are taken. */
  dumps: Iterable<SocketsObject>;
  /** The same for people: of each host the latest dump, and what changed before it. */
  series(): SocketsSeries[];
  /** Of all dumps. */
  findings: readonly ReportFinding[];
  problems: readonly DumpProblem[];
  remarks: readonly string[];
  redaction: ReportRedaction;
}

/** What stands in socket dumps, and what stands out. Throws as {@link readDumps}. */
export async function readSockets(inputs: readonly DumpInput[], options: SocketsOptions = {}): Promise<SocketsRead> {
  const texts = new TextRedactor(options);
  const read = await readDumps(inputs, options, texts);
  const analyses = [...DUMP_ANALYSES, ...(options.analyses ?? [])];
  const verdicts = new Map(read.views.map((view) => [view.latest, verdictOf(view, analyses)]));
  const viewOf = new Map(read.views.map((view) => [view.latest, view]));
  const object = (dump: SocketDump): SocketsObject =>
    socketsObject(dump, talliesOf(dump, viewOf.get(dump)!.hosts), verdicts.get(dump)!, texts.said());
  return {
    dumps: {
      *[Symbol.iterator]() {
        for (const dump of read.dumps) yield object(dump);
      },
    },
    series: () =>
      read.series.map((dumps) => ({
        latest: object(dumps.at(-1)!),
        points: dumps.map((dump) => pointOf(dump, verdicts.get(dump)!)),
      })),
    findings: [...verdicts.values()].flatMap((v) => v.findings),
    problems: read.problems,
    remarks: read.remarks,
    redaction: texts.said(),
  };
}

function verdictOf(view: DumpView, analyses: readonly DumpAnalysis[]): Verdict {
  const { found, clear, unsure, failed } = runAnalyses(analyses, view);
  return { findings: numbered(found).map((f) => findingObject(f.id, f.analysis, f.finding)), clear, unsure, failed };
}

const findingObject = (id: string, analysis: string, f: DumpFinding): ReportFinding => ({
  id,
  analysis,
  severity: f.severity,
  title: f.title,
  summary: f.summary,
  subject: f.subject,
  count: f.count,
  onset: isoTime(f.onset),
  metrics: f.metrics,
  evidence: f.evidence.map(lineEvidenceObject),
  advice: f.advice,
  ...(f.timeline === undefined ? {} : { timeline: f.timeline }),
});

/** Settings of hosts, where what the dump says of its system holds unless the user says otherwise. */
function hostsBySystem(options: HostOptions, { pseudonyms }: TextRedactor): (system: HostSystem | null) => Hosts {
  const made = new Map<HostSystem | null, Hosts>();
  const stated = parseHosts(options, pseudonyms);
  return (system) => {
    if (system === null || options.hostOs !== undefined) return stated;
    let hosts = made.get(system);
    if (hosts === undefined) {
      hosts = parseHosts({ ...options, hostOs: system }, pseudonyms);
      made.set(system, hosts);
    }
    return hosts;
  };
}

function viewsOf(
  dumps: readonly SocketDump[],
  series: readonly (readonly SocketDump[])[],
  hostsFor: (system: HostSystem | null) => Hosts,
): DumpView[] {
  const whole = new Map(series.map((s) => [s.at(-1)!, s]));
  return dumps.map((dump) => ({
    dumps: whole.get(dump) ?? [dump],
    latest: dump,
    hosts: hostsFor(dump.system),
  }));
}

/** Minutes east of UTC. */
function inZone(dump: SocketDump, zone: number | null): SocketDump {
  if (zone === null || !dump.zoneAssumed || dump.takenAt === null) return dump;
  return { ...dump, takenAt: dump.takenAt - zone * 60_000, zoneAssumed: false };
}
