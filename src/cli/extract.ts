// halfclose extract: which packets belong into the ticket?

import { Command, InvalidArgumentError } from "commander";
import { UsageError } from "../core/errors.ts";
import { count, formatBytes } from "../core/format.ts";
import type { EvidenceSlice } from "../extract.ts";
import { addHostOptions, type HostFlags } from "./hosts.ts";
import type { Io } from "./io.ts";
import { refuseMemory } from "./memory.ts";
import { openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { addReadingOptions, CAPTURES, type ReadingFlags, reading, sayProblems } from "./reading.ts";

interface Flags extends ReadingFlags, HostFlags {
  flow?: number[];
  finding?: string[];
  output?: string;
  maxSize?: number;
}

const EXAMPLES = `
Examples:
  halfclose extract incident.pcap --finding unanswered-requests#1 -o evidence.pcapng
  halfclose extract incident.pcap --flow 17 --flow 20,21 -o slice.pcapng
  halfclose extract 'capture-*.pcap.gz' --flow 17 --redact strict -o slice.pcapng
  halfclose extract incident.pcap --finding resets#1 -o - | tshark -r - -T fields -e frame.number -e frame.comment

Each packet carries a comment that says why it is there. halfclose flows numbers the connections, halfclose analyze the findings.`;

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

export function extractCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("extract")
    .description(
      "write the packets of some connections, or of a finding, to a capture of their own, redacted and explained",
    )
    .argument("[captures...]", CAPTURES)
    .option("--flow <numbers>", "connections, as halfclose flows numbers them (a list with commas, or repeated)", flows)
    .option("--finding <ids>", "findings, as halfclose analyze names them: resets#1 (a list, or repeated)", ids)
    .option("-o, --output <file>", "the pcapng file to write, whole or not at all; - is standard output")
    .option("--max-size <size>", "bytes of the file at most: 500kB, 8MB, 1GB (default: 8MB)", size);
  return addHostOptions(refuseMemory(addReadingOptions(command)))
    .addHelpText("after", EXAMPLES)
    .action(async (captures: string[], flags: Flags) => {
      done(await extractSlice(captures, flags, io));
    });
}

async function extractSlice(captures: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (captures.length === 0)
    throw new UsageError(
      "no capture was named; for example: halfclose extract incident.pcap --flow 17 -o slice.pcapng",
    );
  if (flags.output === undefined) throw new UsageError("name the file to write with -o, or - for standard output");
  if (flags.output === "-" && io.stdout.isTTY === true)
    throw new UsageError("a capture is not written to a terminal; name a file with -o, or send it through a pipe");
  await refuseToOverwrite(flags.output, captures);
  const { DEFAULT_SLICE_BYTES, extract, MAX_SLICE_BYTES, MIN_SLICE_BYTES } = await import("../extract.ts");
  const { flow = [], finding = [], maxSize = DEFAULT_SLICE_BYTES } = flags;
  if (maxSize < MIN_SLICE_BYTES || maxSize > MAX_SLICE_BYTES) {
    const range = `${formatBytes(MIN_SLICE_BYTES)} to ${formatBytes(MAX_SLICE_BYTES)}`;
    throw new UsageError(`--max-size ${formatBytes(maxSize)} cannot be: give ${range}`);
  }
  const slice = await reading(captures, flags, io, (options) =>
    extract(captures, { ...options, flows: flow, findings: finding, maxSize }),
  );
  await writeAll([slice.bytes], openOutput(flags.output, io));
  for (const line of await told(slice, flags)) io.stderr.write(`halfclose: ${line}\n`);
  return sayProblems(slice.report.captures, io);
}

/** What is in the slice, what was redacted, what was left out and how to get it. */
async function told(slice: EvidenceSlice, { redact }: Flags): Promise<string[]> {
  const { listed, redactedWords } = await import("../extract.ts");
  const { omittedWords } = await import("../evidence/slice.ts");
  const flows = `${slice.flows.length === 1 ? "connection" : "connections"} ${listed(slice.flows.map(String))}`;
  const what = `${count(slice.packets, "packet")} of ${flows}, ${formatBytes(slice.bytes.length)}`;
  const redacted = redactedWords(slice.redacted);
  const omitted = omittedWords(slice.omitted);
  return [
    what,
    redact === "none"
      ? "nothing was redacted: what was sent can be read in it"
      : `replaced in it: ${redacted ?? "nothing"}${redact === "strict" ? "; addresses and host names are pseudonyms" : ""}`,
    ...(omitted === null ? [] : [`by --max-size, ${omitted}; a larger one keeps them`]),
  ];
}

function flows(value: string, before: readonly number[] = []): number[] {
  const numbers = parts(value).map((part) => {
    if (!/^\d{1,15}$/.test(part))
      throw new InvalidArgumentError("It is a number, or a list with commas (halfclose flows shows them)");
    return Number(part);
  });
  if (numbers.length === 0) throw new InvalidArgumentError("It names no connection (halfclose flows shows them)");
  return [...before, ...numbers];
}

function ids(value: string, before: readonly string[] = []): string[] {
  const named = parts(value);
  if (named.length === 0) throw new InvalidArgumentError("It names no finding (halfclose analyze shows them)");
  return [...before, ...named];
}

const parts = (value: string): string[] =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Powers of 1000, as files are measured where they are attached. */
function size(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(value.trim());
  if (match === null) throw new InvalidArgumentError("It is a number of bytes: 500kB, 8MB, 1GB");
  return Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!);
}
