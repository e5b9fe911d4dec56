// What of a bundle goes to a ticket? Its report, its files by the names that they have there, and the packets to draw.

import type { BundleFile } from "../../bundle.ts";
import { UsageError } from "../../core/errors.ts";
import { visible } from "../../core/escape.ts";
import { isTime } from "../../core/format.ts";
import type { Report } from "../../core/report.ts";
import { zipped } from "../../zip.ts";
import type { TicketFile } from "../tracker.ts";
import { type Ladder, ladderOf } from "./bundle-ladder.ts";
import { ReportError, reportOf } from "./report-of.ts";

/** The bundle cannot be read at all: one line for a person. */
export class BundleError extends Error {
  override readonly name = "BundleError";
  readonly exit = 3;
}

export interface StoredBundle {
  /** As somebody named it: for words. */
  readonly name: string;
  readonly report: Report;
  /** The files that this program writes, in the order of their names, so that a folder and a ZIP file of it are the same. */
  readonly files: readonly BundleFile[];
  readonly ladder: Ladder | null;
}

const OWN = /^(?:README\.txt|report\.(?:html|md|json)|evidence\.pcapng)$/;
const PICTURE = /^pictures\/([A-Za-z0-9][A-Za-z0-9-]{0,99}\.svg)$/;

/** Does this program write a file of this name into a bundle? All others are left where they are. */
export const isBundleFile = (name: string): boolean => OWN.test(name) || PICTURE.test(name);

/** Throws {@link BundleError}. `name`: for words. */
export function storedBundle(name: string, unsorted: readonly BundleFile[]): StoredBundle {
  const files = [...unsorted].sort((a, b) => (a.name < b.name ? -1 : 1));
  const textOf = (file: string): string | null => {
    const bytes = files.find((f) => f.name === file)?.bytes;
    return bytes === undefined ? null : new TextDecoder().decode(bytes);
  };
  const json = textOf("report.json");
  if (json === null) throw new BundleError(`${name}: has no report.json; write the bundle anew`);
  try {
    const report = reportOf(json);
    return { name, report, files, ladder: ladderOf(report, textOf("report.md"), textOf("report.html")) };
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    throw new BundleError(`${name}: report.json cannot be used: ${visible(error.message)}; write the bundle anew`);
  }
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  json: "application/json",
  md: "text/markdown",
  pcapng: "application/x-pcapng",
  svg: "image/svg+xml",
  txt: "text/plain",
  zip: "application/zip",
};
export const ZIP_NAME = "halfclose-bundle.zip";

/**
 * What a reader looks at first is uploaded first: if the line breaks, it is there. The page has all pictures in it; each file more is
 * one more mail to everybody who watches a ticket of Redmine or RT.
 */
const UPLOADED = ["report.html", "evidence.pcapng", "report.json"] as const;
/** Nobody drags a file for programs. */
const DRAGGED = ["report.html", "evidence.pcapng"] as const;
const WORDS = ["all", "none", "pictures", "zip"] as const;

/**
 * The files to attach, in the order of their upload. `wanted`: names, or `all`, `none`, `pictures`, `zip` (all of them as one file);
 * null: what most tickets need. `byHand`: somebody has to drag them in. Throws UsageError for a name that the bundle does not have.
 */
export function filesFor(bundle: StoredBundle, wanted: readonly string[] | null, byHand: boolean): TicketFile[] {
  const all = bundle.files.map(({ name, bytes }) => fileOf(name, bytes));
  const chosen = new Map<string, TicketFile>();
  const take = (files: readonly TicketFile[]): void => {
    for (const file of files) chosen.set(file.name, file);
  };
  if (wanted?.includes("none") && wanted.length > 1)
    throw new UsageError("--files none goes alone: it says that no file is wanted");
  for (const word of wanted ?? (byHand ? DRAGGED : UPLOADED)) {
    if (word === "none") continue;
    if (word === "all") take(all);
    else if (word === "pictures") take(all.filter((f) => f.name.endsWith(".svg")));
    else if (word === "zip") take([zipOf(bundle)]);
    else {
      const found = all.find((f) => f.name === word.replace(/^pictures\//, ""));
      if (found !== undefined) take([found]);
      else if (wanted !== null)
        throw new UsageError(
          `--files ${JSON.stringify(word)}: ${bundle.name} has no such file; there are: ${[...WORDS, ...all.map((f) => f.name)].join(", ")}`,
        );
    }
  }
  return [...chosen.values()];
}

function fileOf(path: string, bytes: Uint8Array): TicketFile {
  const name = PICTURE.exec(path)?.[1] ?? path;
  return { name, type: TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream", bytes };
}

/** The same bytes for the same bundle, so that it is not uploaded again. */
function zipOf({ files, report }: StoredBundle): TicketFile {
  const time = report.analysed?.last_time ?? null;
  return fileOf(ZIP_NAME, zipped(files, isTime(time) ? time : null));
}

const WHAT: Readonly<Record<string, string>> = {
  "report.html": "the whole report, for any browser",
  "report.md": "the report in Markdown",
  "report.json": "the report for programs",
  "evidence.pcapng": "the packets that the findings cite, for Wireshark",
  "README.txt": "what each file is",
  [ZIP_NAME]: "all files of the bundle",
  "states.svg": "sockets by state over time",
  "exchanges.svg": "requests over time",
  "ports.svg": "ports in use over time",
  "topology.svg": "who calls whom",
};

/** What a file is, for a reader of the ticket. */
export const whatIs = (name: string): string =>
  WHAT[name] ?? (name.startsWith("ladder-") ? "the packets of a finding, drawn" : "a picture of the report");
