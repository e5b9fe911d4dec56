// What goes into the ticket beside the report? A capture of the cited packets alone, that Wireshark opens and halfclose analyses to the
// same findings, without what must not leave the machine.

import { PcapngWriter, packetBlockSize, timeOffset } from "./capture/pcapng-writer.ts";
import { UsageError } from "./core/errors.ts";
import { visible } from "./core/escape.ts";
import { count, formatNumber } from "./core/format.ts";
import type { FrameRef } from "./core/frame.ts";
import { parseFrames } from "./core/frame-option.ts";
import { cut } from "./core/wrap.ts";
import { type RedactingDecoders, redactingDecoders } from "./evidence/redacting-decoders.ts";
import { redactionsFor } from "./evidence/redactors/redactions.ts";
import { omittedWords, type Slice, sliceOf } from "./evidence/slice.ts";
import type { Redacted } from "./evidence/stream-redactor.ts";
import { type AnalyzeOptions, type Investigation, investigate } from "./investigate.ts";
import type { CaptureInput } from "./read-captures.ts";
import { VERSION } from "./version.ts";

/** A ticket takes attachments of 10 MB; the slice shares that with a report and its pictures. */
export const DEFAULT_SLICE_BYTES = 8_000_000;
/** Smaller, little more than a handshake with its comments fits beside the section. */
export const MIN_SLICE_BYTES = 20_000;
/** Larger ones would have to be held in memory, and are no evidence but a capture. */
export const MAX_SLICE_BYTES = 1_000_000_000;

/** Half of the limit is for packets, half for their blocks and comments: 32 bytes of a block, and a line of text. */
const SHARE_OF_RECORDS = 0.5;
const BYTES_A_PACKET = 250;
/** The section header: its comment names so many connections and files. */
const SECTION_BYTES = 4000;
/** An interface: 20 bytes, its options, and a name, which is cut to fit. */
const INTERFACE_BYTES = 100;
const MAX_NAME = 40;
/** Findings told on one packet. */
const MAX_WHYS = 8;
/** Connections and files that the section's comment names. */
const MAX_NAMED = 40;

export interface SliceRequest {
  /** Connections, as the report numbers them. */
  readonly flows: readonly number[];
  readonly maxBytes: number;
}

export interface EvidenceSlice {
  /** A pcapng file. */
  readonly bytes: Uint8Array;
  readonly packets: number;
  readonly flows: readonly number[];
  readonly omitted: Slice["omitted"];
  /** How often what was replaced; bytes, of payload. */
  readonly redacted: ReadonlyMap<Redacted, number>;
}

export interface ExtractOptions extends AnalyzeOptions {
  /** Connections, and findings by id. */
  flows?: readonly number[];
  findings?: readonly string[];
  /** Bytes of the file at most. */
  maxSize?: number;
}

/** Throws UsageError for a connection or finding that is not there, CaptureError when the captures cannot be read (twice). */
export async function extract(
  captures: readonly CaptureInput[],
  { flows = [], findings = [], maxSize = DEFAULT_SLICE_BYTES, ...options }: ExtractOptions,
): Promise<EvidenceSlice & { readonly report: Investigation["report"] }> {
  if (flows.length === 0 && findings.length === 0)
    throw new UsageError("name what to extract: a connection (--flow N) or a finding (--finding ID)");
  const investigation = await investigate(captures, options);
  try {
    const wanted = [
      ...new Set([...flows.map((f) => flowOf(f, investigation)), ...findingsOf(findings, investigation)]),
    ];
    const slice = await extractFrom(investigation, { flows: wanted, maxBytes: maxSize }, options);
    return { ...slice, report: investigation.report };
  } finally {
    await investigation.close();
  }
}

function flowOf(flow: number, { view }: Investigation): number {
  if (Number.isInteger(flow) && flow >= 0 && flow < view.flowCount) return flow;
  const there =
    view.flowCount === 0
      ? "the capture has none"
      : view.flowCount === 1
        ? "there is only 0"
        : `there are 0 to ${view.flowCount - 1}`;
  throw new UsageError(`there is no connection ${flow}: ${there} (halfclose flows lists them)`);
}

function findingsOf(ids: readonly string[], { report, citedOf }: Investigation): number[] {
  return ids.flatMap((id) => {
    const cited = citedOf(id);
    if (cited === null) {
      const known = report.findings.map((f) => f.id);
      const there = known.length === 0 ? "the capture has none" : `there are: ${known.join(", ")}`;
      throw new UsageError(`there is no finding ${JSON.stringify(id)}; ${there}`);
    }
    if (cited.flows.length === 0)
      throw new UsageError(`the finding ${id} rests on no packets: nothing can be extracted`);
    return [...cited.flows];
  });
}

/** The slice of some connections of an investigation, redacted as its report is. `frames`: the option that it was made with. */
export async function extractFrom(
  investigation: Investigation,
  { flows, maxBytes }: SliceRequest,
  { frames = [] }: { frames?: readonly string[] } = {},
): Promise<EvidenceSlice> {
  const { redaction, pseudonyms, report, view, decoders } = investigation;
  const why = whyCited(investigation);
  const cited = new Set(why.keys());
  const redacting =
    redaction === "none"
      ? null
      : redactingDecoders(
          decoders,
          redactionsFor(parseFrames(frames)),
          { level: redaction, pseudonyms: redaction === "strict" ? pseudonyms : null },
          cited,
        );
  const room = Math.max(0, maxBytes - SECTION_BYTES);
  const recorded = await investigation.record(
    {
      flows,
      cited,
      bytes: true,
      maxBytes: Math.floor(room * SHARE_OF_RECORDS),
      maxPackets: Math.max(1, Math.floor(room / BYTES_A_PACKET)),
    },
    redacting?.decoders ?? decoders,
  );
  const files = report.captures.map((c) => lastPart(c.path));
  const slice = sliceOf(recorded, {
    marks: redacting,
    pseudonyms: redaction === "strict" ? pseudonyms : null,
    clock: view.clock,
    files,
    cited: why,
    maxBytes: room,
    blockSize: packetBlockSize,
    interfaceSize: INTERFACE_BYTES,
  });
  const redacted = redactedCounts(redacting, slice);
  const about = sectionComment(investigation, slice, redacted, files);
  return {
    bytes: written(slice, about, files),
    packets: slice.packets.length,
    flows: slice.flows,
    omitted: slice.omitted,
    redacted,
  };
}

/** Of every finding: for a connection that was asked for may be cited by others. */
function whyCited({ report, citedOf }: Investigation): Map<FrameRef, string[]> {
  const why = new Map<FrameRef, string[]>();
  for (const { id } of report.findings) {
    for (const [frame, text] of citedOf(id)?.frames ?? []) {
      const there = why.get(frame);
      if (there === undefined) why.set(frame, [text]);
      else if (there.length < MAX_WHYS) there.push(text);
    }
  }
  return why;
}

function redactedCounts(redacting: RedactingDecoders | null, slice: Slice): Map<Redacted, number> {
  const counts = new Map(redacting?.counts ?? []);
  if (slice.filled.unread > 0) counts.set("payload bytes", (counts.get("payload bytes") ?? 0) + slice.filled.unread);
  return counts;
}

/** "addresses" are one address, "keys" one key. */
const one = (what: Redacted): string => what.replace(/(?<=ss)es$|s$/, "");

/** "12 header values, 3,400 payload bytes"; null when nothing was. */
export function redactedWords(redacted: ReadonlyMap<Redacted, number>): string | null {
  const words = [...redacted].filter(([, n]) => n > 0).map(([what, n]) => count(n, one(what), what));
  return words.length === 0 ? null : words.join(", ");
}

function sectionComment(
  { redaction, report }: Investigation,
  slice: Slice,
  redacted: ReadonlyMap<Redacted, number>,
  files: readonly string[],
): string {
  const lines = [
    `Evidence slice by halfclose ${VERSION}: ${count(slice.packets.length, "packet")} of ${count(slice.flows.length, "connection")} (${listed(slice.flows.map(String))}), out of ${visible(listed(files.map((f) => cut(f, MAX_NAME, "…"))))}.`,
    "The comment on each packet says why it is here and which frame of which capture it was.",
    redaction === "none"
      ? "Nothing was redacted."
      : `Redaction: ${redaction}. Replaced, at the same length: ${redactedWords(redacted) ?? "nothing"}.`,
  ];
  if (redaction === "strict")
    lines.push("Host names and addresses are pseudonyms; link layers and tunnels were left out, checksums follow.");
  const omitted = omittedWords(slice.omitted);
  if (omitted !== null) lines.push(`By the limit of its size, ${omitted}.`);
  if (report.analysed !== undefined)
    lines.push(`What was analysed: ${report.analysed.first_time} to ${report.analysed.last_time}.`);
  return lines.join("\n");
}

/** "3, 17 and 5 more". */
export const listed = (names: readonly string[]): string =>
  names.length <= MAX_NAMED
    ? names.join(", ")
    : `${names.slice(0, MAX_NAMED).join(", ")} and ${formatNumber(names.length - MAX_NAMED)} more`;

/** "c.pcap" of "/a/b/c.pcap": where it lay does not leave with it. */
const lastPart = (path: string): string => path.split(/[/\\]/).at(-1) ?? path;

function written(slice: Slice, comment: string, files: readonly string[]): Uint8Array {
  const times = slice.packets.map((p) => p.time);
  const offsetSeconds = times.length === 0 ? 0n : timeOffset(times[0]!, times.at(-1)!);
  const writer = new PcapngWriter({ application: `halfclose ${VERSION}`, comment, offsetSeconds });
  for (const [n, { file, linkType }] of slice.interfaces.entries())
    writer.interface({ linkType, name: cut(visible(`${n}: ${files[file] ?? "capture"}`), MAX_NAME, "…") });
  for (const { tap, time, bytes, original, comments } of slice.packets)
    writer.packet(tap, time, bytes, original, comments);
  return writer.bytes();
}
