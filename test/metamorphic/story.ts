// What does a report say, once names, times, frames and flow numbers are those of the sample again? The one place where a
// difference between the report on a changed capture and that on the sample is called right, each with its reason.

import type { Report, ReportFlow } from "../../src/core/report.ts";
import type { Trace } from "./trace.ts";

/** How a changed capture leads back to the sample. */
export interface WayBack {
  /** The trace in each capture handed over, by its path. */
  traces: ReadonlyMap<string, Trace>;
  address?: (changed: string) => string;
  port?: (changed: number) => number;
  /** What was added to all times: milliseconds, because sentences round to them. */
  shiftedMs?: bigint;
  /** Differences that are right for this change; see {@link REASONS}. */
  except?: readonly Exception[];
}

export const REASONS = {
  "wire lengths": "another header below IP is longer or shorter: wire_bytes are those of frames",
  "left out": "raw IP cannot carry ARP: such frames are gone from the counts, and may have been the first of all",
  copies: "packets, bytes and flags count copies on purpose, to equal tshark's; so do packets cut by the snap length",
  "other traffic":
    "what is told of all connections together counts more of them; only what is told of the sample's may not change",
} as const;
export type Exception = keyof typeof REASONS;

/** What says nothing of what happened, but how it was captured: path, format and link types; `captures` are added up. */
const captureFacts = (report: Report) => ({
  packets: report.captures.reduce((n, c) => n + c.packets, 0),
  truncated: report.captures.reduce((n, c) => n + c.truncated_packets, 0),
  problems: report.captures.flatMap((c) => c.problems),
  first: report.captures.map((c) => c.first_time).sort()[0],
  last: report.captures
    .map((c) => c.last_time)
    .sort()
    .at(-1),
});

const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}\b(?::(\d+)\b)?/g;
const PORTS = /(?<=\bports? |port = :)\d+(?:(?:, | and | or )\d+)*/g;
/** As the capture shows them; those that a system has by default stay. */
const RANGE = /\b\d+-\d+(?=, observed)|^\d+-\d+$/g;
const DEFAULT_RANGE = "32768-60999";
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const DATE = /\d{4}-\d\d-\d\d/g;
const CLOCK = /\b\d\d:\d\d:\d\d(?:\.\d{3})?/g;
const DAY_MS = 86_400_000;

/** Numbers of frames and flows, and the file that they are in, go by other ways than by their words. */
const NUMBERED = new Set(["file", "wireshark"]);

export function storyOf(report: Report, back: WayBack): unknown {
  const origin = originOf(back);
  const flows = report.flows!.filter((flow) => origin(flow, flow.first_frame) > 0);
  flows.sort((a, b) => origin(a, a.first_frame) - origin(b, b.first_frame));
  const flowIds = new Map(flows.map(({ flow }, n) => [flow, n]));
  const told = (value: unknown) => inWords(value, wordsOf(back));
  const without = new Set(back.except ?? []);
  const evidence = report.findings.map((finding) => ({
    ...finding,
    evidence: joined(
      finding.evidence.map((e) =>
        "dump" in e ? e : { ...e, flow: flowIds.get(e.flow), frames: e.frames.map((frame) => origin(e, frame)) },
      ),
    ),
  }));
  const ofSample = new Set(flows.map(({ flow }) => flow));
  const exchanges = report
    .exchanges!.filter(({ flow }) => ofSample.has(flow))
    .map((e) => ({
      ...e,
      flow: flowIds.get(e.flow),
      request: e.request && { ...e.request, frame: origin(e, e.request.frame) },
      // `file` is the request's: the response's frame may be of another one, and its time tells it.
      response: e.response && { ...e.response, frame: null },
    }))
    .sort((a, b) => placeOf(a) - placeOf(b));
  // A finding of the sample rests on the sample's flows; healthy traffic beside it raises no alarm.
  const isOfSample = (finding: (typeof evidence)[number]): boolean =>
    finding.evidence.some((e) => "flow" in e && e.flow !== undefined);
  const onlySample = without.has("other traffic");
  const isCounted = (id: string): boolean => without.has("copies") && id === "capture-blind-spots";
  return told({
    findings: (onlySample ? evidence.filter(isOfSample).map(({ id, ...rest }) => rest) : evidence).filter(
      (f) => !isCounted(f.analysis),
    ),
    alarms: onlySample ? evidence.filter((f) => !isOfSample(f) && f.severity !== "info") : [],
    flows: flows.map((flow, n) => flowFacts(flow, n, origin, without)),
    exchanges,
    failed: report.failed,
    ...(onlySample
      ? {}
      : {
          diagnosis: report.diagnosis,
          clear: report.clear,
          unsure: report.unsure,
          topology: report.topology,
          analysed: without.has("left out") ? null : report.analysed,
          totals: totalsOf(report, without),
          captures: without.has("left out") || without.has("copies") ? null : captureFacts(report),
        }),
  });
}

/** What stands in several files was one piece in one. */
function joined<E extends object>(pieces: readonly E[]): E[] {
  const whole: E[] = [];
  for (const piece of pieces) {
    if (!("frames" in piece)) whole.push(piece);
    else {
      const { continues, ...rest } = piece as E & { continues?: true; frames: number[] };
      const before = continues === true ? (whole.pop() as { frames: number[] }) : { ...rest, frames: [] };
      const frames = [...new Set([...before.frames, ...rest.frames])].sort((a, b) => a - b);
      whole.push({ ...before, frames } as unknown as E);
    }
  }
  return whole;
}

/** Requests of one frame stay in the order in which the report has them. */
const placeOf = ({ flow, request }: { flow: number | undefined; request: { frame: number } | null }): number =>
  (request?.frame ?? 0) * FLOWS_AT_MOST + (flow ?? 0);
const FLOWS_AT_MOST = 10_000;

/** A frame's number in the sample; without a file's name there is one capture. */
function originOf({ traces }: WayBack): (where: { file?: string }, frame: number) => number {
  const only = [...traces.values()][0]!;
  return ({ file }, frame) => (file === undefined ? only : traces.get(file)!).frames[frame - 1]?.origin ?? -1;
}

function flowFacts(
  flow: ReportFlow,
  n: number,
  origin: (where: { file?: string }, frame: number) => number,
  without: ReadonlySet<Exception>,
): unknown {
  // The last frame may be in another file than the first: its time is compared, its number is not.
  const { last_frame, duplicates, wire_bytes, packets, bytes, flags, ...rest } = flow;
  return {
    ...rest,
    flow: n,
    first_frame: origin(flow, flow.first_frame),
    ...(without.has("copies") ? { last_time: null } : { packets, bytes, flags, duplicates }),
    ...(without.has("copies") || without.has("wire lengths") ? {} : { wire_bytes }),
  };
}

function totalsOf({ totals }: Report, without: ReadonlySet<Exception>): unknown {
  const { packets, tcp_segments, other_packets, ...rest } = totals;
  if (without.has("copies")) return rest;
  return without.has("left out") ? { ...rest, tcp_segments } : totals;
}

// ── words ──

function wordsOf({ address = (a) => a, port = (p) => p, shiftedMs = 0n }: WayBack) {
  const shift = Number(shiftedMs);
  const moved = (iso: string): string =>
    new Date(Date.parse(`${iso.slice(0, 19)}Z`) - Math.floor(shift / 1000) * 1000).toISOString();
  const text = (words: string): string => {
    let out = words.replace(ADDRESS, (found, p: string | undefined) =>
      p === undefined ? address(found) : `${address(found.slice(0, found.lastIndexOf(":")))}:${port(Number(p))}`,
    );
    out = out.replace(PORTS, (list) => list.replace(/\d+/g, (p) => String(port(Number(p)))));
    out = out.replace(RANGE, (range) =>
      range === DEFAULT_RANGE ? range : range.replace(/\d+/g, (p) => String(port(Number(p)))),
    );
    if (shift === 0) return out;
    if (out.match(ISO) !== null) return out.replace(ISO, (iso) => isoBefore(iso, shiftedMs));
    out = out.replace(DATE, (date) => moved(`${date}T00:00:00Z`).slice(0, 10));
    return shift % DAY_MS === 0 ? out : out.replace(CLOCK, (clock) => clockBefore(clock, shift));
  };
  return { text, port };
}

function isoBefore(iso: string, shiftedMs: bigint): string {
  const fraction = iso.slice(20, -1).padEnd(9, "0");
  const ns = BigInt(Date.parse(`${iso.slice(0, 19)}Z`)) * 1_000_000n + BigInt(fraction) - shiftedMs * 1_000_000n;
  const date = new Date(Number(ns / 1_000_000n)).toISOString();
  return `${date.slice(0, 20)}${(ns % 1_000_000_000n).toString().padStart(9, "0")}Z`;
}

function clockBefore(clock: string, shift: number): string {
  const ms = Date.parse(`1970-01-02T${clock}Z`) - (shift % DAY_MS);
  return new Date(ms).toISOString().slice(11, 11 + clock.length);
}

/** Every string and every port number in a value. */
function inWords(value: unknown, words: ReturnType<typeof wordsOf>): unknown {
  if (typeof value === "string") return words.text(value);
  if (Array.isArray(value)) return value.map((item) => inWords(item, words));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !NUMBERED.has(key))
      .map(([key, item]) => [
        key,
        key === "port" && typeof item === "number" ? words.port(item) : inWords(item, words),
      ]),
  );
}

const SHOWN = 12;

/** Where two stories differ, in words: `findings.0.count: 12 → 13`. */
export function differences(before: unknown, after: unknown): string[] {
  const found: string[] = [];
  const compare = (a: unknown, b: unknown, path: string): void => {
    if (Object.is(a, b) || found.length === SHOWN) return;
    if (a === null || b === null || typeof a !== "object" || typeof b !== "object") {
      found.push(`${path}: ${JSON.stringify(a)} → ${JSON.stringify(b)}`);
      return;
    }
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    for (const key of keys) compare((a as Entries)[key], (b as Entries)[key], path === "" ? key : `${path}.${key}`);
  };
  compare(before, after, "");
  return found;
}

type Entries = Record<string, unknown>;
