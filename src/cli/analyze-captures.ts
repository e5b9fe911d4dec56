// How do captures become a report that is written? The work of `halfclose analyze`, and the end of `capture` and `watch`.

import type { AnalyzeOptions } from "../analyze.ts";
import type { Bundle } from "../bundle.ts";
import { SEVERITIES, type Severity } from "../core/analysis.ts";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import type { Report, ReportDump } from "../core/report.ts";
import type { Investigation } from "../investigate.ts";
import type { DetailRows } from "../report/json.ts";
import type { Reproduction } from "../report/reproduction.ts";
import type { HostFlags } from "./hosts.ts";
import { EXIT, type Io } from "./io.ts";
import { collectSooner } from "./memory.ts";
import { openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { type ReadingFlags, reading, sayProblems } from "./reading.ts";
import { type ColorChoice, showsUnicode, wantsColor, widthOf } from "./terminal.ts";

export const FORMATS = ["text", "markdown", "json", "html"] as const;
type Format = (typeof FORMATS)[number];
type PlainFormat = Exclude<Format, "html">;

/** By the ending of the output's name; text for any other. */
const ENDINGS: Record<string, Format> = {
  html: "html",
  htm: "html",
  md: "markdown",
  markdown: "markdown",
  json: "json",
};

export interface AnalyzeFlags extends ReadingFlags, HostFlags {
  format?: Format;
  json?: boolean;
  detail?: boolean;
  output?: string;
  bundle?: string;
  attach?: string;
  yesUnredacted?: boolean;
  only: string[];
  skip: string[];
  failOn?: Severity;
  list?: boolean;
  shard?: string;
  sockets?: string[];
  zone?: string;
  memory?: string;
  color: ColorChoice;
}

export function formatOf({ json, format, output }: Pick<AnalyzeFlags, "json" | "format" | "output">): Format {
  if (json === true && format !== undefined && format !== "json")
    throw new UsageError(`--json and --format ${format} contradict each other; give one of them`);
  if (json === true) return "json";
  const ending = /\.([a-z]+)$/i.exec(output ?? "")?.[1]?.toLowerCase() ?? "";
  return format ?? ENDINGS[ending] ?? "text";
}

export async function analyzeCaptures(captures: readonly string[], flags: AnalyzeFlags, io: Io): Promise<number> {
  if (captures.length === 0) {
    const taken =
      flags.sockets === undefined ? "" : "; --sockets takes all that follows it, so name the captures before it";
    throw new UsageError(`no capture was named; for example: halfclose analyze incident.pcap${taken}`);
  }
  const format = formatOf(flags);
  if (flags.detail === true && format !== "json") {
    throw new UsageError("--detail needs --format json; for people there are halfclose flows and halfclose exchanges");
  }
  if (flags.zone !== undefined && flags.sockets === undefined)
    throw new UsageError("--zone is for the times in socket dumps: give it with --sockets");
  if (captures.includes("-") && flags.sockets?.includes("-"))
    throw new UsageError("standard input can be the capture or the dump, not both: put one of them into a file");
  const inputs = [...captures, ...(flags.shares ?? []), ...(flags.sockets ?? [])];
  await refuseToOverwrite(flags.output, inputs);
  if (flags.bundle !== undefined) await (await import("./bundle.ts")).checkBundle(flags.bundle, inputs, flags.output);
  if (flags.yesUnredacted === true && flags.attach === undefined)
    throw new UsageError("--yes-unredacted is for what goes to a ticket: give it with --attach");
  if (flags.memory !== undefined) collectSooner();
  const attaching = flags.attach === undefined ? null : await attachingTo(flags.attach, flags, io);
  const { ANALYSES } = await import("../analyze.ts");
  if (ANALYSES.every((a) => flags.skip.includes(a.id))) throw new UsageError("--skip leaves no analysis to run");

  const options: AnalyzeOptions = {
    detail: flags.detail === true,
    only: flags.only,
    skip: flags.skip,
    ...(flags.sockets === undefined ? {} : { sockets: flags.sockets }),
    ...(flags.zone === undefined ? {} : { zone: flags.zone }),
    ...(flags.memory === undefined ? {} : { memory: flags.memory }),
  };
  const { report, bundle } =
    format === "html" || flags.bundle !== undefined || attaching !== null
      ? await withPictures(captures, format, flags, options, io)
      : { report: await plain(captures, format, flags, options, io), bundle: null };
  const code = Math.max(sayProblems(report.captures, io), sayDumpProblems(report.sockets ?? [], io));
  if (attaching !== null && bundle !== null) await attaching(bundle);
  return code !== EXIT.ok ? code : failsOn(report, flags.failOn) ? EXIT.found : EXIT.ok;
}

/** The report alone: one pass. */
async function plain(
  captures: readonly string[],
  format: PlainFormat,
  flags: AnalyzeFlags,
  options: AnalyzeOptions,
  io: Io,
): Promise<Report> {
  const { reportInParts } = await import("../analyze.ts");
  const read = await reading(captures, flags, io, (how) => reportInParts(captures, { ...how, ...options }));
  const { report, detail } = read;
  await writeAll(await rendered(report, format, flags, io, detail), openOutput(flags.output, io));
  return report;
}

/** Who we are to the ticket, and whether it may be written, is found out before a long analysis and not after. */
async function attachingTo(ticket: string, flags: AnalyzeFlags, io: Io): Promise<(bundle: Bundle) => Promise<void>> {
  const { attachLater } = await import("./attach-later.ts");
  const { redact, yesUnredacted = false, bundle = null } = flags;
  return attachLater(ticket, { redact, yesUnredacted, bundlePath: bundle }, io);
}

/** A page or a bundle: pictures and packets need the captures once more. */
async function withPictures(
  captures: readonly string[],
  format: Format,
  flags: AnalyzeFlags,
  options: AnalyzeOptions,
  io: Io,
): Promise<{ report: Report; bundle: Bundle | null }> {
  const [{ investigate }, { asCalled }] = await Promise.all([import("../investigate.ts"), import("./as-called.ts")]);
  const found = await reading(captures, flags, io, (read) => investigate(captures, { ...read, ...options }));
  try {
    const { report } = found;
    const how = asCalled(captures, flags, report);
    const bundle = await bundled(found, how, flags, io);
    const page = bundle?.files.find((f) => f.name === "report.html")?.bytes;
    const pieces = format === "html" ? [page ?? (await pageOf(found, how))] : await rendered(report, format, flags, io);
    await writeAll(pieces, openOutput(flags.output, io));
    return { report, bundle };
  } finally {
    await found.close();
  }
}

async function pageOf(found: Investigation, how: Reproduction): Promise<string> {
  const [{ picturesOf }, { renderHtml }] = await Promise.all([
    import("../pictures/all.ts"),
    import("../report/html/html.ts"),
  ]);
  const { pictures, without } = await picturesOf(found);
  return renderHtml(found.report, pictures, { how, without });
}

/** Null where nobody wants one. */
async function bundled(found: Investigation, how: Reproduction, flags: AnalyzeFlags, io: Io): Promise<Bundle | null> {
  if (flags.bundle === undefined && flags.attach === undefined) return null;
  const [{ bundleOf }, { sayBundle, writeBundle }] = await Promise.all([import("../bundle.ts"), import("./bundle.ts")]);
  const bundle = await bundleOf(found, { how, ...(flags.frame === undefined ? {} : { frames: flags.frame }) });
  if (flags.bundle !== undefined) await writeBundle(flags.bundle, bundle, found, io);
  sayBundle(flags.bundle ?? null, bundle, io);
  return bundle;
}

/** Says which dumps could not be read; the exit code that follows. */
function sayDumpProblems(dumps: readonly ReportDump[], io: Io): number {
  let code: number = EXIT.ok;
  for (const { source, format, problems } of dumps) {
    for (const { message } of problems) {
      io.stderr.write(`halfclose: ${visible(source === "" ? message : `${source}: ${message}`)}\n`);
      if (format === null && source !== "") code = EXIT.unreadable;
    }
  }
  return code;
}

async function rendered(
  report: Report,
  format: PlainFormat,
  flags: AnalyzeFlags,
  io: Io,
  detail: DetailRows | null = null,
): Promise<Iterable<string>> {
  if (format === "json") return (await import("../report/json.ts")).reportJson(report, detail ?? report);
  if (format === "markdown") return [(await import("../report/markdown.ts")).renderMarkdown(report)];
  const { renderText } = await import("../report/text.ts");
  const toFile = flags.output !== undefined && flags.output !== "-";
  return [
    renderText(report, {
      color: wantsColor(flags.color, io, toFile),
      ...(toFile ? {} : { width: widthOf(io.stdout) }),
      unicode: showsUnicode(io.env),
    }),
  ];
}

function failsOn(report: Report, severity: Severity | undefined): boolean {
  if (severity === undefined) return false;
  const limit = SEVERITIES.indexOf(severity);
  return report.findings.some((f) => SEVERITIES.indexOf(f.severity) <= limit);
}
