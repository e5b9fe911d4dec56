// halfclose states: what would netstat have shown on each host, at that moment?

import { Command } from "commander";
import { UsageError } from "../core/errors.ts";
import { formatDuration, formatTime, secondsBetween } from "../core/format.ts";
import { addHostOptions, collect, type HostFlags } from "./hosts.ts";
import type { Io } from "./io.ts";
import { writeRead } from "./lines.ts";
import { refuseMemory } from "./memory.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { addReadingOptions, CAPTURES, type ReadingFlags, reading } from "./reading.ts";
import { socketLines } from "./sockets-at.ts";
import { countLines } from "./sockets-over-time.ts";
import { showsUnicode } from "./terminal.ts";

interface Flags extends ReadingFlags, HostFlags {
  at?: string[];
  every?: string;
  state?: string[];
  summary?: boolean;
  json?: boolean;
  output?: string;
}

const EXAMPLES = `
Examples:
  halfclose states incident.pcap --at 2026-03-01T18:34:05Z
  halfclose states incident.pcap --at +30s --at end --summary
  halfclose states incident.pcap --at end --state CLOSE_WAIT,FIN_WAIT_2
  halfclose states incident.pcap --every 1s
  halfclose states incident.pcap --at end --host 10.0.0.5=windows
  halfclose states incident.pcap --every 500ms --json | jq .counts.CLOSE_WAIT`;

export function statesCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("states")
    .description("show the sockets that each host held, as netstat would have, at a moment or over time")
    .argument("[captures...]", CAPTURES)
    .option("--at <time>", "at this moment (repeated for several): as --from, or: end", collect)
    .option("--every <duration>", "counts from the first packet to the last, in such steps: 1s, 500ms, 2m")
    .option("--state <states>", "only sockets in these states (a list with commas, or repeated)", collect)
    .option("--summary", "counts by service only, without a line for each socket or step")
    .option("--json", "one JSON object a line, for programs")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output");
  return addHostOptions(refuseMemory(addReadingOptions(command)))
    .addHelpText("after", EXAMPLES)
    .action(async (captures: string[], flags: Flags) => {
      if (captures.length === 0)
        throw new UsageError("no capture was named; for example: halfclose states incident.pcap --at end");
      if (flags.summary === true && flags.json === true)
        throw new UsageError("--summary is for people; with --json, leave it out");
      await refuseToOverwrite(flags.output, captures);
      done(await (flags.every === undefined ? atMoments : overTime)(captures, flags, io));
    });
}

async function atMoments(captures: string[], flags: Flags, io: Io): Promise<number> {
  const { at, state = [] } = flags;
  if (at === undefined)
    throw new UsageError(
      "neither --at nor --every: name a moment, as in --at end or --at +30s, or a step, as in --every 1s",
    );
  const { readStates } = await import("../analyze.ts");
  const read = await reading(captures, flags, io, (options) => readStates(captures, { ...options, at, state }));
  if (read.analysed !== null) for (const moment of read.at) sayOutside(moment, read.analysed, io);
  return writeRead(
    read.captures,
    read.states,
    () => socketLines(read.counts, read.states, flags.summary === true),
    flags,
    io,
  );
}

async function overTime(captures: string[], flags: Flags, io: Io): Promise<number> {
  if (flags.at !== undefined)
    throw new UsageError(
      "--at and --every exclude each other: --at lists sockets, --every counts them; run it once for each",
    );
  const { readStateCounts } = await import("../analyze.ts");
  const { state = [] } = flags;
  const every = flags.every!;
  const read = await reading(captures, flags, io, (options) => readStateCounts(captures, { ...options, every, state }));
  const drawn = { summary: flags.summary === true, unicode: showsUnicode(io.env) };
  return writeRead(read.captures, read.rows, () => countLines(read.rows, drawn), flags, io);
}

function sayOutside(at: string, analysed: { first_time: string; last_time: string }, io: Io): void {
  // Texts of one form, in one zone: their order is that of time.
  const { first_time: first, last_time: last } = analysed;
  const say = (text: string): void => void io.stderr.write(`halfclose: --at ${at}: ${text}\n`);
  if (at < first) {
    const early = formatDuration(secondsBetween(at, first));
    say(`${early} before the capture begins (${formatTime(first)}); only what was already open then shows, assumed`);
  } else if (at > last) {
    const late = formatDuration(secondsBetween(last, at));
    say(`${late} after the capture's last packet (${formatTime(last)}); timers run on, nothing else is known`);
  }
}
