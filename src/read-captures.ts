// What is in these captures? The first pass: records → packets → flows and exchanges, and what a second pass needs to come again.

import { STREAM_DECODERS } from "../decoders/streams.ts";
import { type CaptureFacts, droppedBy } from "./capture/capture-summary.ts";
import { type CaptureSource, sourceFromBytes } from "./capture/source.ts";
import type { SpooledSource } from "./capture/spool.ts";
import type { CaptureClock } from "./core/clock.ts";
import { UsageError } from "./core/errors.ts";
import type { CaptureView } from "./core/flow-view.ts";
import { type HostOptions, parseHosts } from "./core/host-options.ts";
import type { Pseudonyms } from "./core/pseudonyms.ts";
import type { Redaction } from "./core/redaction.ts";
import type { ReportCapture, ReportExchange, ReportFlow } from "./core/report.ts";
import type { StreamDecoder } from "./core/stream-decoder.ts";
import { type RedactionOptions, replacePath, TextRedactor } from "./core/text-redactor.ts";
import { firstPass } from "./first-pass.ts";
import { captureView } from "./flow/capture-view.ts";
import type { FlowTable } from "./flow/flow-table.ts";
import { type FlowLimit, MemoryBudget, parseMemory } from "./flow/memory-budget.ts";
import { redactKept } from "./flow/redact-kept.ts";
import type { PassOptions, PassResult } from "./pass.ts";
import { type PassChoices, type PassParts, passParts } from "./pass-choices.ts";
import { exchangeObject, flowObject } from "./report/objects.ts";

/** A path (or glob, or "-"), the bytes of a capture, or a source of one's own. */
export type CaptureInput = string | Uint8Array | CaptureSource;

export interface ReadOptions extends PassChoices, HostOptions, RedactionOptions {
  /** Stream decoders of one's own, tried before those that come with the program. */
  decoders?: readonly StreamDecoder[];
  /**
   * Bytes that the program may use, or `500M`, `2G`: beyond it connections are summarised, those first of which nothing would be said,
   * and the report says so. For reports; whatever lists every connection refuses it. 230 MB at least. Node lets garbage grow to three
   * times what is in use, which may be some percent more; the command has it collected sooner (`node --heap-growing-percent=100`).
   */
  memory?: number | string;
  /** Told about every few megabytes: bytes read, bytes in all (undefined for a pipe), packets so far. */
  onProgress?: (done: number, total: number | undefined, packets: number) => void;
  signal?: AbortSignal;
  /** Threads that share the flows, this one among them; the result is the same with any number. 1 unless told; at most 16. */
  workers?: number;
  /** Files that `analyze --shard` wrote, all of one set: joined in the place of the first pass. The captures are those that they were made of. */
  shares?: readonly string[];
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
  /** It says what was summarised. Whatever does not say it must not be short of anything. */
  maySummarise?: boolean;
}

/** Throws UsageError for options that mean nothing, CaptureError when no capture can be read at all. */
export async function readCaptures(
  inputs: readonly CaptureInput[],
  options: ReadOptions,
  needs: ReadingNeeds,
): Promise<CaptureReading> {
  const budget = budgetOf(options, needs);
  const texts = new TextRedactor(options);
  const { level: redaction, pseudonyms } = texts;
  const hosts = parseHosts(options, pseudonyms);
  const parts = passParts(options, pseudonyms, options.decoders);
  const { decoders, passOptions } = parts;
  const opened = await openInputs(inputs);
  const { sources, close } = needs.readAgain ? await again(opened) : { sources: opened, close: nothing };
  let result: PassResult;
  try {
    if (options.shares !== undefined) result = await merged(options.shares, parts, needs.keepExchanges);
    else if (budget === null && mayShare(options))
      result = await inThreads(sources, options, pseudonyms, needs.keepExchanges);
    else result = await firstPass(sources, parts, needs.keepExchanges, options, budget);
  } catch (error) {
    await close();
    throw error;
  }
  const { table, clock } = result;

  const { files, objects: captures } = captureObjects(result.captures, { clock, copies: table.copies, sources, texts });
  const { firstTime, lastTime, quality, packets, summarised = null } = result;
  const view = captureView(table, { clock, hosts, firstTime, lastTime, quality, summarised });
  redactKept(table, texts);
  return {
    view,
    table,
    files,
    captures,
    packets,
    analysed: packets === 0 ? null : { first_time: clock.iso(firstTime), last_time: clock.iso(lastTime) },
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
    lastFrames: result.captures.map((summary) => summary.packets),
    close,
  };
}

/** Decoders of one's own are known to this thread only; and a browser has other threads. */
const mayShare = ({ workers = 1, decoders = [] }: ReadOptions): boolean =>
  workers > 1 && decoders.length === 0 && globalThis.process?.versions?.node !== undefined;

async function inThreads(
  sources: readonly CaptureSource[],
  options: ReadOptions,
  pseudonyms: Pseudonyms | null,
  keepExchanges: boolean,
): Promise<PassResult> {
  // Threads are started only where they are asked for: a browser has others.
  const { passInThreads } = await import("./shares/share-threads.ts");
  return passInThreads({ sources, choices: options, pseudonyms, keepExchanges, threads: options.workers ?? 1 });
}

async function merged(
  shares: readonly string[],
  { decoders, passOptions }: PassParts,
  keepExchanges: boolean,
): Promise<PassResult> {
  const { mergeShares } = await import("./shares/share-files.ts");
  return mergeShares({ shares, decoders, pseudonyms: passOptions.pseudonyms, keepExchanges });
}

function budgetOf({ memory, shares }: ReadOptions, needs: ReadingNeeds): FlowLimit | null {
  if (memory === undefined) return null;
  if (shares !== undefined)
    throw new UsageError("--memory is for reading captures: shares hold every connection already");
  if (needs.maySummarise !== true) {
    throw new UsageError(
      "--memory is for reports, which say what was summarised: a list of connections or sockets would lack them; narrow it with --filter, --from and --to",
    );
  }
  return new MemoryBudget(parseMemory(memory), needs.keepExchanges);
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

export interface CaptureTexts {
  readonly clock: CaptureClock;
  /** By file. */
  readonly copies: readonly number[];
  readonly sources: readonly CaptureSource[];
  readonly texts: TextRedactor;
}

/** The captures as they may be told, and their names. */
export function captureObjects(captures: readonly CaptureFacts[], { clock, copies, sources, texts }: CaptureTexts) {
  const files = sources.map((s, file) => texts.path(s.path, "capture", file));
  const objects = captures.map((facts, file) =>
    captureObject(facts, clock, copies[file] ?? 0, { path: files[file]!, texts }),
  );
  return { files, objects };
}

/** `path`: the one that may be told. */
function captureObject(
  s: CaptureFacts,
  clock: CaptureClock,
  duplicates: number,
  { path, texts }: { path: string; texts: TextRedactor },
): ReportCapture {
  const said = (message: string): string => texts.names(replacePath(message, s.path, path));
  return {
    path,
    format: s.format,
    link_types: [...s.linkTypes],
    packets: s.packets,
    first_time: s.firstTime === null ? null : clock.iso(s.firstTime),
    last_time: s.lastTime === null ? null : clock.iso(s.lastTime),
    duplicates,
    truncated_packets: s.truncatedBySnap,
    dropped_packets: droppedBy(s),
    problems: s.problems.map(({ code, offset, message }) => ({ code, offset, message: said(message) })),
    more_problems: s.problemCount - s.problems.length,
    comments: texts.comments([...s.comments]),
  };
}
