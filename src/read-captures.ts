// What is in these captures? The first pass: records → packets → flows and exchanges, and what a second pass needs to come again.

import { framed } from "../decoders/framed.ts";
import { STREAM_DECODERS } from "../decoders/streams.ts";
import { CaptureSet } from "./capture/capture-set.ts";
import { type CaptureSummary, droppedBy } from "./capture/capture-summary.ts";
import { type CaptureSource, sourceFromBytes } from "./capture/source.ts";
import type { SpooledSource } from "./capture/spool.ts";
import { CaptureClock } from "./core/clock.ts";
import { UsageError } from "./core/errors.ts";
import type { CaptureView } from "./core/flow-view.ts";
import { parseFrames } from "./core/frame-option.ts";
import { type HostOptions, parseHosts } from "./core/host-options.ts";
import { parseFilter } from "./core/packet-filter.ts";
import type { Pseudonyms } from "./core/pseudonyms.ts";
import { randomSeed } from "./core/random.ts";
import type { Redaction } from "./core/redaction.ts";
import type { ReportCapture, ReportExchange, ReportFlow } from "./core/report.ts";
import type { StreamDecoder } from "./core/stream-decoder.ts";
import { type RedactionOptions, replacePath, TextRedactor } from "./core/text-redactor.ts";
import { parseTime } from "./core/time-option.ts";
import { captureView } from "./flow/capture-view.ts";
import { FlowTable } from "./flow/flow-table.ts";
import { redactKept } from "./flow/redact-kept.ts";
import { Pass, type PassOptions } from "./pass.ts";
import { exchangeObject, flowObject } from "./report/objects.ts";

/** A path (or glob, or "-"), the bytes of a capture, or a source of one's own. */
export type CaptureInput = string | Uint8Array | CaptureSource;

export interface ReadOptions extends HostOptions, RedactionOptions {
  /** Only packets from this time on, and up to it: ISO 8601, epoch seconds, `+12.5s` from the start, `end`. */
  from?: string;
  to?: string;
  /** Only packets of these addresses and ports: `host 10.0.0.5 and port 8280`. */
  filter?: string;
  /** Leave out segments whose TCP checksum is wrong. Off, because a sending host captures before its card fills it in. */
  verifyChecksums?: boolean;
  /** Framings that no decoder knows, by port: `port=7000,length=u32be,header=8`. Such a port is read as nothing else. */
  frames?: readonly string[];
  /** Stream decoders of one's own, tried before those that come with the program. */
  decoders?: readonly StreamDecoder[];
  /** Told about every few megabytes: bytes read, bytes in all (undefined for a pipe), packets so far. */
  onProgress?: (done: number, total: number | undefined, packets: number) => void;
  signal?: AbortSignal;
}

/** The protocols that are recognised, in the order they are tried. */
export const DECODERS = STREAM_DECODERS;

/** What the first pass came to. */
export interface CaptureReading {
  readonly view: CaptureView;
  readonly table: FlowTable;
  readonly files: readonly string[];
  readonly captures: ReportCapture[];
  readonly packets: number;
  /** From the first packet to the last of what was analysed; null without one. */
  readonly analysed: { first_time: string; last_time: string } | null;
  /** What became of the texts of the wire: those of the view and the objects are redacted already. */
  readonly texts: TextRedactor;
  readonly redaction: Redaction;
  /** With `strict`, by which names hosts go; null otherwise. */
  readonly pseudonyms: Pseudonyms | null;
  flows(): Iterable<ReportFlow>;
  exchanges(): Iterable<ReportExchange>;
  /** To come again: the same sources, and how they were read. */
  readonly sources: readonly CaptureSource[];
  readonly decoders: readonly StreamDecoder[];
  readonly passOptions: PassOptions;
  /** Records of each file. */
  readonly lastFrames: readonly number[];
  /** Gives back what was kept for a second pass. */
  close(): Promise<void>;
}

export interface ReadingNeeds {
  /** Every exchange, not only the faulty ones. */
  keepExchanges: boolean;
  /** What comes through a pipe is spooled to a temporary file. */
  readAgain: boolean;
}

/** Throws UsageError for options that mean nothing, CaptureError when no capture can be read at all. */
export async function readCaptures(
  inputs: readonly CaptureInput[],
  options: ReadOptions,
  needs: ReadingNeeds,
): Promise<CaptureReading> {
  const formats = parseFrames(options.frames ?? []);
  const texts = new TextRedactor(options);
  const { level: redaction, pseudonyms } = texts;
  const hosts = parseHosts(options, pseudonyms);
  const passOptions: PassOptions = {
    filter: options.filter === undefined ? null : parseFilter(options.filter),
    from: options.from === undefined ? null : parseTime(options.from, "--from"),
    to: options.to === undefined ? null : parseTime(options.to, "--to"),
    verifyChecksums: options.verifyChecksums === true,
    pseudonyms,
  };
  const decoders = [...(options.decoders ?? []), ...(formats.length === 0 ? [] : [framed(formats)]), ...DECODERS];
  const opened = await openInputs(inputs);
  const { sources, close } = needs.readAgain ? await again(opened) : { sources: opened, close: nothing };
  const clock = new CaptureClock();
  const set = new CaptureSet(sources, clock);
  const table = new FlowTable({ decoders, keepExchanges: needs.keepExchanges, seed: randomSeed() });
  table.watchCopies = sources.length > 1;
  const pass = new Pass(set, table, clock, passOptions);
  try {
    await pass.run(options);
  } catch (error) {
    await close();
    throw error;
  } finally {
    await set.close();
  }
  table.end();

  const files = sources.map((s, file) => texts.path(s.path, "capture", file));
  const captures = set.captures.map((summary, file) =>
    captureObject(summary, clock, table.copies[file] ?? 0, { path: files[file]!, texts }),
  );
  const quality = pass.quality();
  const view = captureView(table, { clock, hosts, firstTime: pass.firstTime, lastTime: pass.lastTime, quality });
  redactKept(table, texts);
  return {
    view,
    table,
    files,
    captures,
    packets: pass.packets,
    analysed:
      pass.packets === 0 ? null : { first_time: clock.iso(pass.firstTime), last_time: clock.iso(pass.lastTime) },
    texts,
    redaction,
    pseudonyms,
    *flows(): Iterable<ReportFlow> {
      for (const flow of view.flows()) yield flowObject(flow, clock, files, view.lastTime);
    },
    *exchanges(): Iterable<ReportExchange> {
      for (const e of table.ledger.kept) yield exchangeObject(e, view.row(e.flow), clock, files);
    },
    sources,
    decoders,
    passOptions,
    lastFrames: set.captures.map((summary) => summary.packets),
    close,
  };
}

const nothing = async (): Promise<void> => {};

/** The same sources, so that each can be opened again. */
async function again(sources: readonly CaptureSource[]) {
  if (!sources.some((s) => s.once)) return { sources, close: nothing };
  // Files are written only where there are any: a browser hands in bytes.
  const { spooled } = await import("./capture/spool.ts");
  const spools: SpooledSource[] = [];
  const kept = sources.map((source) => {
    if (!source.once) return source;
    const spool = spooled(source);
    spools.push(spool);
    return spool;
  });
  return {
    sources: kept,
    close: async (): Promise<void> => {
      for (const spool of spools) await spool.close();
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

/** `path`: the one that may be told. */
function captureObject(
  s: CaptureSummary,
  clock: CaptureClock,
  duplicates: number,
  { path, texts }: { path: string; texts: TextRedactor },
): ReportCapture {
  const said = (message: string): string => texts.names(replacePath(message, s.path, path));
  return {
    path,
    format: s.format,
    link_types: s.linkTypes,
    packets: s.packets,
    first_time: s.firstTime === null ? null : clock.iso(s.firstTime),
    last_time: s.lastTime === null ? null : clock.iso(s.lastTime),
    duplicates,
    truncated_packets: s.truncatedBySnap,
    dropped_packets: droppedBy(s),
    problems: s.problems.map(({ code, offset, message }) => ({ code, offset, message: said(message) })),
    more_problems: s.problemCount - s.problems.length,
    comments: texts.comments(s.comments),
  };
}
