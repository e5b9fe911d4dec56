// What does a ticket get that is to stand by itself? The report in three forms, its pictures, and the packets it cites: names and
// bytes. Where they are written is the business of src/cli/bundle.ts.

import { count, formatBytes, isTime } from "./core/format.ts";
import type { EvidenceSlice } from "./extract.ts";
import type { Investigation } from "./investigate.ts";
import { picturesOf, type ReportPicture } from "./pictures/all.ts";
import { renderHtml } from "./report/html/html.ts";
import { reportJson } from "./report/json.ts";
import { renderMarkdown } from "./report/markdown.ts";
import type { Reproduction } from "./report/reproduction.ts";

/** What mail and most trackers take as an attachment. */
export const MAX_BUNDLE_BYTES = 10_000_000;
/** The readme, and what a ZIP file adds: headers of a dozen files. */
const RESERVE = 20_000;
/** Evidence smaller than this holds no conversation. */
const MIN_EVIDENCE_BYTES = 20_000;

/** The first line of README.txt, by which an earlier bundle is known again. */
export const BUNDLE_MARK = "halfclose incident bundle";

export interface BundleFile {
  /** A path with slashes. */
  name: string;
  bytes: Uint8Array;
}

export interface Bundle {
  files: BundleFile[];
  bytes: number;
  /** Null where no finding cites a packet, or there was no room for one. */
  evidence: EvidenceSlice | null;
  /** What the reader should know: one sentence each. */
  notes: string[];
}

export interface BundleOptions {
  how?: Reproduction;
  /** The option that the captures were read with. */
  frames?: readonly string[];
  /** All files together. */
  maxBytes?: number;
}

/** Throws nothing where packets cannot be had again: the bundle then says so. */
export async function bundleOf(
  from: Investigation,
  { how, frames = [], maxBytes = MAX_BUNDLE_BYTES }: BundleOptions = {},
): Promise<Bundle> {
  const { report } = from;
  const { pictures, without } = await picturesOf(from);
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files: BundleFile[] = [
    { name: "report.html", bytes: encode(await renderHtml(report, pictures, { ...(how && { how }), without })) },
    { name: "report.md", bytes: encode(renderMarkdown(report, { pictures: pictures.map(linked) })) },
    { name: "report.json", bytes: joined([...reportJson(report)].map(encode)) },
    ...pictures.map((p) => ({ name: pathOf(p), bytes: encode(p.file()) })),
  ];
  const room = maxBytes - sizeOf(files) - RESERVE;
  const { evidence, note } = await evidenceOf(from, room, frames);
  if (evidence !== null) files.push({ name: "evidence.pcapng", bytes: evidence.bytes });
  const notes = note === null ? [] : [note];
  files.unshift({ name: "README.txt", bytes: encode(readme(from, files, evidence, notes)) });
  const bytes = sizeOf(files);
  if (bytes > maxBytes)
    notes.push(`the bundle has ${formatBytes(bytes)}, more than ${formatBytes(maxBytes)}: its report.json is large`);
  return { files, bytes, evidence, notes };
}

const pathOf = (picture: ReportPicture): string => `pictures/${picture.id}.svg`;
const linked = (picture: ReportPicture) => ({ ...picture, path: pathOf(picture), mermaid: picture.mermaid() });
const sizeOf = (files: readonly BundleFile[]): number => files.reduce((n, f) => n + f.bytes.length, 0);

async function evidenceOf(
  from: Investigation,
  room: number,
  frames: readonly string[],
): Promise<{ evidence: EvidenceSlice | null; note: string | null }> {
  const { flows } = from.citedAll();
  if (flows.length === 0) return { evidence: null, note: null };
  if (room < MIN_EVIDENCE_BYTES)
    return { evidence: null, note: "the reports leave no room for evidence.pcapng; halfclose extract writes it" };
  try {
    const { extractFrom } = await import("./extract.ts");
    return { evidence: await extractFrom(from, { flows, maxBytes: room }, { frames }), note: null };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "CaptureError") throw error;
    return { evidence: null, note: `there is no evidence.pcapng: ${error.message}` };
  }
}

/** What each file is, and with what it is opened. */
const WHAT: Record<string, string> = {
  "report.html": "the report; open it in any browser. One file, nothing is fetched",
  "report.md": "the same for a ticket: paste it, or attach it",
  "report.json": "the same for programs (halfclose.report/1)",
  "evidence.pcapng": "the packets that the findings cite; open it in Wireshark",
};
const NAME_WIDTH = 18;

function readme(
  { report, redaction }: Investigation,
  files: readonly BundleFile[],
  evidence: EvidenceSlice | null,
  notes: readonly string[],
): string {
  const line = (name: string, what: string): string => `  ${name.padEnd(NAME_WIDTH)}  ${what}`;
  const pictures = files.filter((f) => f.name.startsWith("pictures/")).length;
  const own = files.flatMap(({ name }) => (WHAT[name] === undefined ? [] : [line(name, WHAT[name])]));
  if (pictures > 0) own.push(line("pictures/*.svg", `${count(pictures, "picture")} of the report, for any browser`));
  const told = {
    default: "Secrets were replaced in all of it, and payloads in the evidence beyond the heads of messages.",
    strict: "Secrets were replaced in all of it, and whatever names a host; addresses are pseudonyms.",
    none: "Nothing was redacted: what was sent can be read in it. Mind to whom you give it.",
  }[redaction];
  const wrapped = [
    told,
    ...(evidence === null ? [] : ["Each packet of the evidence carries a comment that says why it is there."]),
    ...notes.map((n) => `${n.charAt(0).toUpperCase()}${n.slice(1)}.`),
  ];
  return [BUNDLE_MARK, "", ...own, "", ...wrapped, "", `Written by halfclose ${report.version}.`, ""].join("\n");
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** When the capture ended, as ISO 8601: the time of the bundle's files, so that the same input gives the same bytes. */
export function bundleTime({ report }: Investigation): string | null {
  const time = report.analysed?.last_time ?? null;
  return isTime(time) ? time : null;
}
