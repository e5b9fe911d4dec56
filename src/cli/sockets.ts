// halfclose sockets: what do these socket dumps (netstat, ss, lsof, Get-NetTCPConnection) say of the host that they were taken on?

import { Command, Option } from "commander";
import { SEVERITIES, type Severity } from "../core/analysis.ts";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import type { Redaction } from "../core/redaction.ts";
import type { DumpProblem, SocketsOptions, SocketsRead } from "../read-sockets.ts";
import { VERSION } from "../version.ts";
import { addHostOptions, type HostFlags, hostOptions } from "./hosts.ts";
import { EXIT, type Io } from "./io.ts";
import { openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { addRedactOption, redactOptions } from "./redact.ts";
import { type ColorChoice, showsUnicode, wantsColor, widthOf } from "./terminal.ts";

const FORMATS = ["text", "markdown", "json"] as const;
type Format = (typeof FORMATS)[number];

interface Flags extends HostFlags {
  format?: Format;
  json?: boolean;
  output?: string;
  zone?: string;
  redact: Redaction;
  failOn?: Severity;
  color: ColorChoice;
}

const EXAMPLES = `
Examples:
  ss -tanp | halfclose sockets -
  halfclose sockets netstat.txt
  halfclose sockets dumps/                        a series: every file in the folder
  halfclose sockets connections.csv --port-range 1025-65535
  halfclose sockets netstat.txt --zone +02:00     its times are written without a zone
  halfclose sockets netstat.txt --json | jq .counts.CLOSE_WAIT
  halfclose sockets dumps/ --format markdown -o ticket.md
  halfclose sockets netstat.txt --fail-on high    exit code 1: it was found

It reads what ss, netstat (Linux, macOS, BSD, Windows), lsof, /proc/net/tcp and
Get-NetTCPConnection (table, list, CSV, JSON) print, whatever the options, plain
or compressed, several in one file, with prompts and prose between them.`;

export function socketsCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("sockets")
    .description("say what stands out in socket dumps: who holds how many sockets, in which state, and what grows")
    .argument("[dumps...]", "files of netstat, ss, lsof or Get-NetTCPConnection, folders, patterns, or -")
    .addOption(new Option("--format <format>", "how to write it (default: text)").choices(FORMATS))
    .option("--json", "one JSON object a dump and line, for programs; the same as --format json")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output")
    .option("--zone <offset>", "of times that are written without a zone: +02:00 (default: UTC)")
    .addOption(new Option("--fail-on <severity>", "exit with 1 when a finding is at or above it").choices(SEVERITIES));
  return addHostOptions(addRedactOption(command))
    .addOption(new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"))
    .addHelpText("after", EXAMPLES)
    .action(async (dumps: string[], flags: Flags) => {
      done(await tellSockets(dumps, flags, io));
    });
}

function formatOf(flags: Flags): Format {
  if (flags.json !== true) return flags.format ?? "text";
  if (flags.format !== undefined && flags.format !== "json") {
    throw new UsageError(`--json and --format ${flags.format} contradict each other; give one of them`);
  }
  return "json";
}

async function tellSockets(dumps: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (dumps.length === 0)
    throw new UsageError(
      "no socket dump was named; for example: halfclose sockets netstat.txt, or ss -tanp | halfclose sockets -",
    );
  const format = formatOf(flags);
  await refuseToOverwrite(flags.output, dumps, "dump");
  const { readSockets } = await import("../read-sockets.ts");
  const read = await reading(dumps, io, () => readSockets(dumps, optionsOf(flags, io)));
  await writeAll(await rendered(read, format, flags, io), openOutput(flags.output, io));
  if (format === "json") for (const remark of read.remarks) io.stderr.write(`halfclose: ${visible(remark)}\n`);
  const code = sayProblems(read.problems, io);
  return code !== EXIT.ok ? code : failsOn(read, flags.failOn) ? EXIT.found : EXIT.ok;
}

const optionsOf = (flags: Flags, io: Io): SocketsOptions => ({
  ...redactOptions(flags, io),
  ...hostOptions(flags),
  ...(flags.zone === undefined ? {} : { zone: flags.zone }),
});

/** Ctrl-C is shared with the other end of a pipe: `while sleep 1; do ss -tanp; done | halfclose sockets -`. */
async function reading<T>(dumps: readonly string[], io: Io, read: () => Promise<T>): Promise<T> {
  const fromPipe = dumps.includes("-")
    ? io.interrupts.whileReadingPipe(() => {
        io.stderr.write("\nhalfclose: what has come so far is analysed when the pipe ends; Ctrl-C again to stop now\n");
      })
    : () => {};
  try {
    return await read();
  } finally {
    fromPipe();
  }
}

async function rendered(read: SocketsRead, format: Format, flags: Flags, io: Io): Promise<Iterable<string>> {
  if (format === "json") return jsonLines(read, (await import("../report/json.ts")).jsonLine);
  const series = read.series();
  // What is wrong with the inputs is said on standard error.
  if (series.length === 0) return [];
  const report = { version: VERSION, series, remarks: read.remarks, redaction: read.redaction };
  if (format === "markdown") return [(await import("../report/sockets-markdown.ts")).renderSocketsMarkdown(report)];
  const { renderSocketsText } = await import("../report/sockets-text.ts");
  const toFile = flags.output !== undefined && flags.output !== "-";
  return [
    renderSocketsText(report, {
      color: wantsColor(flags.color, io, toFile),
      ...(toFile ? {} : { width: widthOf(io.stdout) }),
      unicode: showsUnicode(io.env),
    }),
  ];
}

function* jsonLines(read: SocketsRead, line: (value: unknown) => string): Iterable<string> {
  for (const dump of read.dumps) yield line(dump);
}

/** Says which inputs could not be read; the exit code that follows. */
function sayProblems(problems: readonly DumpProblem[], io: Io): number {
  let code: number = EXIT.ok;
  for (const { path, message, fatal } of problems) {
    io.stderr.write(`halfclose: ${visible(`${path}: ${message}`)}\n`);
    if (fatal) code = EXIT.unreadable;
  }
  return code;
}

function failsOn(read: SocketsRead, severity: Severity | undefined): boolean {
  if (severity === undefined) return false;
  const limit = SEVERITIES.indexOf(severity);
  return read.findings.some((f) => SEVERITIES.indexOf(f.severity) <= limit);
}
