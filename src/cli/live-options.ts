// What can be asked of a capture under way? The options that `capture` and `watch` share, and what they mean.

import { type Command, Option } from "commander";
import type { LiveRequest } from "../capture/live/engine.ts";
import { SEVERITIES } from "../core/analysis.ts";
import { UsageError } from "../core/errors.ts";
import { parseSize } from "../core/size-option.ts";
import { parseDuration } from "../core/time-option.ts";
import type { RingLimits } from "../live/ring/ring.ts";
import type { SessionSettings } from "../live/session/session-parts.ts";
import { parseCondition } from "../live/session/triggers.ts";
import { type AnalyzeFlags, FORMATS, formatOf } from "./analyze-captures.ts";
import { collect } from "./hosts.ts";
import { addRedactOption } from "./redact.ts";

const ENGINES = ["auto", "dumpcap", "tcpdump", "cap"] as const;

export interface LiveFlags extends Pick<AnalyzeFlags, "format" | "output" | "bundle" | "redact" | "failOn" | "color"> {
  interface?: string[];
  write?: string;
  engine: (typeof ENGINES)[number];
  filter?: string;
  snap: string;
  buffer: string;
  promiscuous?: boolean;
  fileSize: string;
  fileTime: string;
  keepSize: string;
  keepTime?: string;
  duration?: string;
  until?: string[];
  after: string;
  sockets?: string;
  quiet?: boolean;
  report: boolean;
  /** Of `watch`. */
  every?: string;
}

export function addLiveOptions(command: Command): Command {
  const wire = command
    .option(
      "-i, --interface <name>",
      "capture on this interface (repeated for several); halfclose interfaces lists them",
      collect,
    )
    .option("-w, --write <dir>", "keep the packets in files in this folder, which is made if it is missing")
    .addOption(
      new Option("--engine <engine>", "who takes the packets: auto is the first of the others that can")
        .choices(ENGINES)
        .default("auto"),
    )
    .option("--filter <expr>", "in the language of pcap-filter (default: TCP, in VLANs and tunnels too)")
    .option("--snap <bytes>", "keep so many bytes of a packet", "262144")
    .option("--buffer <size>", "the kernel's buffer", "64MB")
    .option("--promiscuous", "also packets that are not for this machine")
    .option("--file-size <size>", "begin a new file when one has so much", "64MB")
    .option("--file-time <duration>", "or covers so long", "5m")
    .option("--keep-size <size>", "all files together; the oldest go first", "1GB")
    .option("--keep-time <duration>", "how far back the files must reach; older ones go (default: no limit)")
    .option("--duration <duration>", "stop after so long")
    .option(
      "--until <condition>",
      "stop when it holds (repeated: any of them): 'half-closed > 100', 'close-wait >= 50 for 30s', 'unanswered > 5%', 'oldest-wait > 5s'",
      collect,
    )
    .option("--after <duration>", "and go on for so long after that", "0s")
    .addOption(
      new Option("--sockets [every]", "list this machine's sockets beside the packets (every 5s)").preset("5s"),
    )
    .option("--quiet", "no line each second")
    .option("--no-report", "no report at the end")
    .addOption(
      new Option("--format <format>", "of the report (default: by the ending of -o; else text)").choices(FORMATS),
    )
    .option("-o, --output <file>", "write the report to this file; - is standard output")
    .option("--bundle <path>", "write report, pictures and cited packets too: a folder, or a file that ends with .zip")
    .addOption(new Option("--fail-on <severity>", "exit with 1 when a finding is at or above it").choices(SEVERITIES));
  return addRedactOption(wire).addOption(
    new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto"),
  );
}

/** What the flags come to. */
export interface LivePlan {
  readonly request: LiveRequest;
  readonly limits: RingLimits;
  readonly session: SessionSettings;
  /** Of `watch`: how often findings are made anew. */
  readonly everyNs: number;
}

const SECOND = 1e9;
const DAY = 24 * 3600 * SECOND;
/** Beyond it the capture's clock is no longer exact. */
const LONGEST = 104 * DAY;
/** An IPv4 header and a TCP header with all their options, behind the link layer. */
const LEAST_SNAP = 160;
/** MAXIMUM_SNAPLEN of libpcap. */
const MOST_SNAP = 262_144;
const [KB, MB, GB, TB] = [1e3, 1e6, 1e9, 1e12];
/** The buffer's size is an int in libpcap (pcap_set_buffer_size). */
const MOST_BUFFER = 2 * GB;

/** Throws {@link UsageError}: everything is checked before anything begins. `defaultFilter`: where none was given. */
export function readLiveFlags(flags: LiveFlags, defaultFilter: string): LivePlan {
  formatOf(flags);
  if (!flags.report) {
    const given = ["format", "output", "bundle", "failOn"].find((name) => flags[name as keyof LiveFlags] !== undefined);
    if (given !== undefined)
      throw new UsageError("--no-report leaves nothing for --format, -o, --bundle and --fail-on: leave it out");
  }
  const duration = (text: string | undefined, option: string, least = 0): number | null =>
    text === undefined ? null : parseDuration(text, option, least, LONGEST);
  if (!/^\d+$/.test(flags.snap) || Number(flags.snap) < LEAST_SNAP || Number(flags.snap) > MOST_SNAP)
    throw new UsageError(
      `--snap ${JSON.stringify(flags.snap)}: not a number of bytes from ${LEAST_SNAP} (headers) to ${MOST_SNAP}`,
    );
  const until = (flags.until ?? []).map(parseCondition);
  if (flags.after !== "0s" && until.length === 0)
    throw new UsageError("--after is the time after a condition held: give one with --until");
  return {
    request: {
      interfaces: [...new Set(flags.interface ?? [])],
      filter: flags.filter ?? defaultFilter,
      snapLength: Number(flags.snap),
      bufferBytes: parseSize(flags.buffer, "--buffer", 64 * KB, MOST_BUFFER),
      promiscuous: flags.promiscuous === true,
    },
    limits: {
      fileBytes: parseSize(flags.fileSize, "--file-size", 64 * KB, TB),
      fileNs: duration(flags.fileTime, "--file-time", SECOND)!,
      keepBytes: parseSize(flags.keepSize, "--keep-size", MB, 1000 * TB),
      keepNs: duration(flags.keepTime, "--keep-time", SECOND),
    },
    session: {
      interfaces: [...new Set(flags.interface ?? [])],
      until,
      afterNs: duration(flags.after, "--after")!,
      durationNs: duration(flags.duration, "--duration", SECOND / 10),
      snapshotsEveryNs: duration(flags.sockets, "--sockets", SECOND),
    },
    everyNs: duration(flags.every ?? "10s", "--every", SECOND)!,
  };
}
