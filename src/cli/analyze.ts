// halfclose analyze: what happened in this capture?

import { Command, InvalidArgumentError, Option } from "commander";
import { SEVERITIES, type Severity } from "../core/analysis.ts";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import type { Report, ReportDump } from "../core/report.ts";
import { addHostOptions, type HostFlags } from "./hosts.ts";
import { EXIT, type Io } from "./io.ts";
import { openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { addReadingOptions, CAPTURES, type ReadingFlags, reading, sayProblems } from "./reading.ts";
import { type ColorChoice, showsUnicode, wantsColor, widthOf } from "./terminal.ts";

const FORMATS = ["text", "markdown", "json"] as const;
type Format = (typeof FORMATS)[number];

interface Flags extends ReadingFlags, HostFlags {
  format?: Format;
  json?: boolean;
  detail?: boolean;
  output?: string;
  only: string[];
  skip: string[];
  failOn?: Severity;
  list?: boolean;
  sockets?: string[];
  zone?: string;
  color: ColorChoice;
}

const EXAMPLES = `
Examples:
  halfclose analyze incident.pcap
  halfclose analyze 'capture-*.pcap.gz' --from +60s --to 2026-03-01T18:40:00Z
  halfclose analyze incident.pcap --filter 'host 10.0.0.5 and port 8280'
  halfclose analyze incident.pcap --format markdown -o ticket.md
  halfclose analyze incident.pcap --json | jq -r .diagnosis.summary
  halfclose analyze incident.pcap --sockets netstat.txt ss-later.txt
  halfclose analyze incident.pcap --only resets,unanswered-requests
  halfclose analyze nightly.pcap --fail-on high     exit code 1: it was found
  ssh host tcpdump -i any -U -w - tcp | halfclose analyze -`;

export function analyzeCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("analyze")
    .description("say what happened: who stopped answering, who failed to close, since when and why")
    .argument("[captures...]", CAPTURES)
    .addOption(new Option("--format <format>", "how to write the report (default: text)").choices(FORMATS))
    .option("--json", "the same as --format json")
    .option("--detail", "add every flow and exchange to the JSON")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output")
    .option("--only <ids>", "run only these analyses (a list with commas, or repeated)", collect, [])
    .option("--skip <ids>", "run all but these analyses", collect, [])
    .addOption(new Option("--fail-on <severity>", "exit with 1 when a finding is at or above it").choices(SEVERITIES))
    .option(
      "--sockets <dumps...>",
      "socket dumps of its hosts (netstat, ss, lsof, Get-NetTCPConnection): names processes, checks states, finds blind spots",
    )
    .option("--zone <offset>", "of times in dumps that are written without a zone: +02:00 (default: UTC)")
    .option("--list", "list the analyses and the question that each answers");
  return addHostOptions(addReadingOptions(command))
    .addOption(new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"))
    .addHelpText("after", EXAMPLES)
    .action(async (captures: string[], flags: Flags) => {
      done(flags.list === true ? await list(flags, io) : await analyzeCaptures(captures, flags, io));
    });
}

function collect(value: string, before: string[]): string[] {
  const ids = value
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
  if (ids.length === 0) throw new InvalidArgumentError("It names no analysis (halfclose analyze --list shows them)");
  return [...before, ...ids];
}

function formatOf(flags: Flags): Format {
  if (flags.json !== true) return flags.format ?? "text";
  if (flags.format !== undefined && flags.format !== "json") {
    throw new UsageError(`--json and --format ${flags.format} contradict each other; give one of them`);
  }
  return "json";
}

async function analyzeCaptures(captures: readonly string[], flags: Flags, io: Io): Promise<number> {
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
  refuseToOverwrite(flags.output, [...captures, ...(flags.sockets ?? [])]);
  const { ANALYSES, analyze } = await import("../analyze.ts");
  if (ANALYSES.every((a) => flags.skip.includes(a.id))) throw new UsageError("--skip leaves no analysis to run");

  const report = await reading(captures, flags, io, (options) =>
    analyze(captures, {
      ...options,
      detail: flags.detail === true,
      only: flags.only,
      skip: flags.skip,
      ...(flags.sockets === undefined ? {} : { sockets: flags.sockets }),
      ...(flags.zone === undefined ? {} : { zone: flags.zone }),
    }),
  );
  const pieces = await rendered(report, format, flags, io);
  await writeAll(pieces, openOutput(flags.output, io));

  const code = Math.max(sayProblems(report.captures, io), sayDumpProblems(report.sockets ?? [], io));
  return code !== EXIT.ok ? code : failsOn(report, flags.failOn) ? EXIT.found : EXIT.ok;
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

async function rendered(report: Report, format: Format, flags: Flags, io: Io): Promise<Iterable<string>> {
  if (format === "json") return (await import("../report/json.ts")).reportJson(report);
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

async function list(flags: Flags, io: Io): Promise<number> {
  const { ANALYSES } = await import("../analyze.ts");
  const pieces: string[] = [];
  if (formatOf(flags) === "json") {
    const rows = ANALYSES.map(({ id, title, question, why }) => ({ id, title, question, why }));
    pieces.push(`${JSON.stringify(rows, null, 2)}\n`);
  } else {
    const width = Math.max(...ANALYSES.map((a) => a.id.length));
    for (const a of ANALYSES) pieces.push(`${a.id.padEnd(width)}  ${a.question}\n`);
  }
  await writeAll(pieces, openOutput(flags.output, io));
  return EXIT.ok;
}
