// halfclose analyze: what happened in this capture?

import { Command, InvalidArgumentError, Option } from "commander";
import { SEVERITIES } from "../core/analysis.ts";
import { type AnalyzeFlags, analyzeCaptures, FORMATS, formatOf } from "./analyze-captures.ts";
import { addHostOptions } from "./hosts.ts";
import { EXIT, type Io } from "./io.ts";
import { addMemoryOption } from "./memory.ts";
import { openOutput, writeAll } from "./output.ts";
import { addReadingOptions, CAPTURES } from "./reading.ts";

const EXAMPLES = `
Examples:
  halfclose analyze incident.pcap
  halfclose analyze 'capture-*.pcap.gz' --from +60s --to 2026-03-01T18:40:00Z
  halfclose analyze incident.pcap --filter 'host 10.0.0.5 and port 8280'
  halfclose analyze incident.pcap -o report.html      one page for the ticket
  halfclose analyze incident.pcap --bundle ticket.zip    and its cited packets
  halfclose analyze incident.pcap --attach jira:OPS-123
  halfclose analyze incident.pcap --json | jq -r .diagnosis.summary
  halfclose analyze incident.pcap --sockets netstat.txt ss-later.txt
  halfclose analyze incident.pcap --only resets,unanswered-requests
  halfclose analyze nightly.pcap --fail-on high     exit code 1: it was found
  halfclose analyze huge.pcap --memory 500M       summarises what does not fit
  ssh host tcpdump -i any -U -w - tcp | halfclose analyze -`;

export function analyzeCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("analyze")
    .description("say what happened: who stopped answering, who failed to close, since when and why")
    .argument("[captures...]", CAPTURES);
  return addReportOptions(addMemoryOption(addReadingOptions(addAnalysisOptions(command))))
    .option(
      "--shard <n/m>",
      "read one share of the connections, the n-th of m, into the file of -o, for halfclose merge",
    )
    .option("--list", "list the analyses and the question that each answers")
    .addHelpText("after", EXAMPLES)
    .action(async (captures: string[], flags: AnalyzeFlags) => {
      if (flags.list === true) done(await list(flags, io));
      else if (flags.shard !== undefined)
        done(await (await import("./share.ts")).writeShareFile(captures, flags, flags.shard, io));
      else done(await analyzeCaptures(captures, flags, io));
    });
}

/** What is looked for, and how it is reported. */
export function addAnalysisOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--format <format>",
        "how to write the report (default: by the ending .html, .md or .json; else text)",
      ).choices(FORMATS),
    )
    .option("--json", "the same as --format json")
    .option("--detail", "add every flow and exchange to the JSON")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output")
    .option("--bundle <path>", "write report, pictures and cited packets too: a folder, or a file that ends with .zip")
    .option(
      "--attach <ticket>",
      "put a summary and the files of a bundle on a ticket; halfclose attach has more, and --dry-run",
    )
    .option("--yes-unredacted", "with --attach: also with --redact none")
    .option("--only <ids>", "run only these analyses (a list with commas, or repeated)", collect, [])
    .option("--skip <ids>", "run all but these analyses", collect, [])
    .addOption(new Option("--fail-on <severity>", "exit with 1 when a finding is at or above it").choices(SEVERITIES))
    .option(
      "--sockets <dumps...>",
      "socket dumps of its hosts (netstat, ss, lsof, Get-NetTCPConnection): names processes, checks states, finds blind spots",
    )
    .option("--zone <offset>", "of times in dumps that are written without a zone: +02:00 (default: UTC)");
}

/** Of the hosts, and of the terminal. */
export const addReportOptions = (command: Command): Command =>
  addHostOptions(command).addOption(
    new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"),
  );

function collect(value: string, before: string[]): string[] {
  const ids = value
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
  if (ids.length === 0) throw new InvalidArgumentError("It names no analysis (halfclose analyze --list shows them)");
  return [...before, ...ids];
}

async function list(flags: AnalyzeFlags, io: Io): Promise<number> {
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
