// What do all commands that read captures share? The options that say what to read, progress, and what to say of a file
// that could not be read.

import { type Command, InvalidArgumentError } from "commander";
import type { ReadOptions } from "../analyze.ts";
import { visible } from "../core/escape.ts";
import type { Redaction } from "../core/redaction.ts";
import type { ReportCapture } from "../core/report.ts";
import { SLICES } from "../core/slices.ts";
import { collect, type HostFlags, hostOptions } from "./hosts.ts";
import { EXIT, type Io } from "./io.ts";
import { startProgress } from "./progress.ts";
import { addRedactOption, redactOptions } from "./redact.ts";

export interface ReadingFlags {
  from?: string;
  to?: string;
  filter?: string;
  verifyChecksums?: boolean;
  frame?: string[];
  workers?: number;
  /** Of `halfclose merge`: files of shares, in the place of the first pass. */
  shares?: readonly string[];
  redact: Redaction;
  progress: boolean;
}

export function addReadingOptions(command: Command): Command {
  const reading = command
    .option("--from <time>", "only packets from this time on: 2026-03-01T18:34:05Z, 1772390045.25, +12.5s")
    .option("--to <time>", "only packets up to this time; as --from, or: end")
    .option("--filter <expr>", "only these addresses and ports: 'host 10.0.0.5 and not port 22'")
    .option("--verify-checksums", "leave out segments with a wrong TCP checksum (wrong is normal on a sending host)")
    .option(
      "--frame <format>",
      "how a port frames its messages (repeated): port=7000,length=u32be,header=8; length=u8 to u64 with be or le, or varint; " +
        "also offset=, includes=payload|all, max=, magic=HEX, id=4:u32be, type=8:u8, reply=yes",
      collect,
    );
  return addRedactOption(reading)
    .option(
      "--workers <n>",
      "threads that share the connections in files, 1 (default) to 16: for many processors; the result is the same",
      parseWorkers,
    )
    .option("--no-progress", "no progress on standard error");
}

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!/^\d{1,2}$/.test(text) || workers < 1 || workers > SLICES)
    throw new InvalidArgumentError(`There are 1 to ${SLICES} workers.`);
  return workers;
}

export const CAPTURES = "capture files, patterns, or - for standard input; several are merged by time";

/** Runs `read` with progress shown, and Ctrl-C shared with the other end of a pipe. */
export async function reading<T>(
  captures: readonly string[],
  flags: ReadingFlags & HostFlags,
  io: Io,
  read: (options: ReadOptions) => Promise<T>,
): Promise<T> {
  const progress = startProgress(io, flags.progress);
  const fromPipe = captures.includes("-")
    ? io.interrupts.whileReadingPipe(() => {
        io.stderr.write("\nhalfclose: what has come so far is analysed when the pipe ends; Ctrl-C again to stop now\n");
      })
    : () => {};
  try {
    return await read({
      ...(flags.from === undefined ? {} : { from: flags.from }),
      ...(flags.to === undefined ? {} : { to: flags.to }),
      ...(flags.filter === undefined ? {} : { filter: flags.filter }),
      ...(flags.verifyChecksums === true ? { verifyChecksums: true } : {}),
      ...(flags.frame === undefined ? {} : { frames: flags.frame }),
      ...(flags.workers === undefined ? {} : { workers: flags.workers }),
      ...(flags.shares === undefined ? {} : { shares: flags.shares }),
      ...hostOptions(flags),
      ...redactOptions(flags, io),
      onProgress: progress.update,
    });
  } finally {
    progress.end();
    fromPipe();
  }
}

/** Nothing of it was read: not a packet, nor what kind of link it was taken from. */
const unreadable = (c: ReportCapture): boolean => c.packets === 0 && c.link_types.length === 0 && c.problems.length > 0;

/** Says which captures are damaged or could not be read; the exit code that follows. */
export function sayProblems(captures: readonly ReportCapture[], io: Io): number {
  let code: number = EXIT.ok;
  for (const c of captures) {
    const problem = c.problems[0];
    if (problem === undefined) continue;
    const more = c.problems.length + c.more_problems - 1;
    io.stderr.write(`halfclose: ${visible(`${c.path}: ${problem.message}${more > 0 ? ` (and ${more} more)` : ""}`)}\n`);
    if (unreadable(c)) code = EXIT.unreadable;
  }
  return code;
}
