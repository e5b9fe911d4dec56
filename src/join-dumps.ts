// What do socket dumps add to a capture? Names of processes, the kernel's word on states, and what no packet shows.

import { dumpAnalyses } from "../analyses/dumps/index.ts";
import { notInCapture } from "../analyses/dumps/not-in-capture.ts";
import { isLoopback, isLoopbackName } from "./core/address.ts";
import type { DumpFinding, FoundFinding, LineEvidence, Party } from "./core/analysis.ts";
import type { CaptureClock, Nanos } from "./core/clock.ts";
import type { DumpMatch } from "./core/dump-view.ts";
import type { CaptureView } from "./core/flow-view.ts";
import type { Problem, ReportDump } from "./core/report.ts";
import type { SocketDump } from "./core/socket-table.ts";
import type { TextRedactor } from "./core/text-redactor.ts";
import { type DumpInput, readDumps, type SocketsOptions } from "./read-sockets.ts";
import { isoTime } from "./report/sockets-objects.ts";
import { type Judgement, runAnalyses } from "./run-analyses.ts";
import { matchFlows } from "./sockets/match-flows.ts";
import { ownersOf } from "./sockets/owners.ts";

/** Zones differ by quarters of an hour, by 14 hours at most (tz database). */
const ZONE_STEP_MS = 15 * 60_000;
const ZONE_STEPS = 14 * 4;
const NANOS_PER_MS = 1_000_000n;
/** People stop tcpdump, and then look at netstat. */
const BESIDE_NS = 60e9;

/** A finding of a capture, of dumps, or of both. */
export interface JointFinding {
  analysis: string;
  finding: FoundFinding;
  /** Of dumps, beside the packets. */
  lines: LineEvidence[];
}

export interface JoinedDumps {
  /** What is reported of each dump, and of each input that could not be read. */
  objects: ReportDump[];
  said: Judgement<LineEvidence>;
  dumps: readonly SocketDump[];
}

/** Throws UsageError for options that mean nothing. `texts`: that of the capture, so that both name a host alike. */
export async function joinDumps(
  inputs: readonly DumpInput[],
  options: Omit<SocketsOptions, "analyses">,
  view: CaptureView,
  texts: TextRedactor,
): Promise<JoinedDumps> {
  const { dumps, views, series, problems, remarks } = await readDumps(inputs, options, texts);
  const shift = zoneShift(dumps, view);
  const times = dumps.map((dump) => timeOf(dump, shift, view.clock));
  const matches = matchFlows(view, dumps, times);
  const objects = matches.map((m) => dumpObject(m, view.clock, m.dump.zoneAssumed && shift === 0));
  for (const { path, code, message, fatal } of problems) {
    const problem: Problem = { code, offset: null, message };
    const read = fatal ? [] : objects.filter((o) => o.source === path || o.source.startsWith(`${path}#`));
    if (read.length === 0) objects.push(unread(path, problem));
    else read.at(-1)!.problems.push(problem);
  }
  for (const message of remarks) objects.push(unread("", { code: "left-out", offset: null, message }));

  const said: Judgement<LineEvidence> = { found: [], clear: [], unsure: [], failed: [] };
  const latest = new Set(series.map((s) => s.at(-1)!));
  for (const dumpView of views) {
    if (!latest.has(dumpView.latest)) continue;
    const { found, clear, unsure, failed } = runAnalyses(dumpAnalyses, dumpView);
    for (const one of found) said.found.push(one);
    for (const one of clear) said.clear.push(one);
    for (const one of unsure) said.unsure.push(one);
    for (const one of failed) said.failed.push(one);
  }
  for (const match of matches) {
    if (!latest.has(match.dump)) continue;
    for (const finding of notInCapture(match, view)) said.found.push({ analysis: "capture-blind-spots", finding });
  }
  // Of several dumps that say the same, the one that knows the receive queues is told.
  const tells = ({ metrics }: DumpFinding): number => (metrics.unread_eof == null ? 1 : 0);
  said.found.sort((a, b) => tells(a.finding) - tells(b.finding));
  return { objects, said, dumps };
}

/** A dump's time on the capture's clock. */
function timeOf({ takenAt, zoneAssumed }: SocketDump, shift: number, clock: CaptureClock): Nanos | null {
  if (takenAt === null) return null;
  const ms = zoneAssumed ? takenAt + shift : takenAt;
  return clock.fromEpoch(BigInt(Math.round(ms)) * NANOS_PER_MS);
}

/**
 * Milliseconds to add to times without a zone: the one shift by whole quarters of an hour that puts every such dump into the
 * time of the capture. 0 when they are there already, when none does, or when several do.
 */
function zoneShift(dumps: readonly SocketDump[], view: CaptureView): number {
  const assumed = dumps.filter((d) => d.zoneAssumed && d.takenAt !== null);
  const isInside = (shift: number): boolean =>
    assumed.every((d) => {
      const at = timeOf(d, shift, view.clock)!;
      return at >= view.firstTime - BESIDE_NS && at <= view.lastTime + BESIDE_NS;
    });
  if (assumed.length === 0 || isInside(0)) return 0;
  const fitting: number[] = [];
  for (let step = -ZONE_STEPS; step <= ZONE_STEPS; step++) {
    if (isInside(step * ZONE_STEP_MS)) fitting.push(step * ZONE_STEP_MS);
  }
  return fitting.length === 1 ? fitting[0]! : 0;
}

function dumpObject(m: DumpMatch, clock: CaptureClock, zoneAssumed: boolean): ReportDump {
  const { dump } = m;
  return {
    source: dump.source,
    format: dump.format,
    taken_at: m.at === null ? isoTime(dump.takenAt) : clock.iso(m.at),
    ...(zoneAssumed ? { zone_assumed: true as const } : {}),
    connections: m.connections,
    in_capture: m.found,
    not_in_capture: m.connections - m.found - m.unnamed - m.leftOut,
    not_looked_up: m.unnamed + m.leftOut,
    states: m.at === null ? null : { agree: m.agreed, unsure: m.unsure, differ: m.differing },
    differing: m.cited.map(({ line, flow, listed, workedOut }) => ({ line, flow, listed, worked_out: workedOut })),
    unread_lines: dump.unreadCount,
    problems: [],
  };
}

const unread = (source: string, problem: Problem): ReportDump => ({
  source,
  format: null,
  taken_at: null,
  connections: 0,
  in_capture: 0,
  not_in_capture: 0,
  not_looked_up: 0,
  states: null,
  differing: [],
  unread_lines: 0,
  problems: [problem],
});

/** Findings of both, those of the same thing as one: told by the packets, which know more, with what the dump adds. */
export function merged(
  ofCapture: readonly { analysis: string; finding: FoundFinding }[],
  ofDumps: readonly { analysis: string; finding: DumpFinding }[],
  clock: CaptureClock,
): JointFinding[] {
  const all: JointFinding[] = ofCapture.map((f) => ({ ...f, lines: [] }));
  for (const { analysis, finding } of ofDumps) {
    const same = all.find((f) => f.analysis === analysis && isSame(f.finding.subject, finding.subject));
    if (same === undefined) {
      const onset = finding.onset === null ? null : clock.fromEpoch(BigInt(Math.round(finding.onset)) * NANOS_PER_MS);
      all.push({ analysis, finding: { ...finding, onset, evidence: [] }, lines: finding.evidence });
      continue;
    }
    // Several dumps may say the same; it is told once.
    const isTold = same.lines.length > 0;
    for (const line of finding.evidence) same.lines.push(line);
    if (isTold) continue;
    same.finding = {
      ...same.finding,
      summary: `${same.finding.summary} In the dump: ${finding.summary}`,
      metrics: { ...same.finding.metrics, in_dump: finding.count, ...ownerIn(finding.metrics) },
      advice: [...new Set([...same.finding.advice, ...finding.advice])],
    };
  }
  return all;
}

const ownerIn = ({ process, pid }: FoundFinding["metrics"]): FoundFinding["metrics"] =>
  process === undefined && pid === undefined ? {} : { process: process ?? null, pid: pid ?? null };

/** `netstat` without -n says localhost. */
const isSameHost = ({ address: a }: Party, { address: b }: Party): boolean =>
  a === b || (isLoopbackName(a) && isLoopback(b)) || (isLoopbackName(b) && isLoopback(a));

/** A dump may not say the peer of a service's sockets: they are its callers. */
function isSame(a: FoundFinding["subject"], b: FoundFinding["subject"]): boolean {
  if (!isSameHost(a.holder, b.holder) || a.holder.port !== b.holder.port) return false;
  if (a.peer === null || b.peer === null) return true;
  return isSameHost(a.peer, b.peer) && (a.peer.port ?? b.peer.port) === (b.peer.port ?? a.peer.port);
}

/** Puts the process into the figures of every finding whose holder has one in the dumps. */
export function nameOwners(findings: readonly JointFinding[], dumps: readonly SocketDump[]): void {
  const without = findings.filter(
    (f) => f.finding.metrics.pid === undefined && f.finding.metrics.process === undefined,
  );
  const owners = ownersOf(
    dumps,
    without.map((f) => f.finding.subject),
  );
  without.forEach((f, n) => {
    const owner = owners[n];
    if (owner != null)
      f.finding = { ...f.finding, metrics: { ...f.finding.metrics, process: owner.process, pid: owner.pid } };
  });
}
