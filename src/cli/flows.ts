// halfclose flows: which connections are in this capture, and how did each end?

import { Command } from "commander";
import { formatEndpoint } from "../core/address.ts";
import { UsageError } from "../core/errors.ts";
import { formatDuration, formatNumber, formatTime, secondsBetween } from "../core/format.ts";
import type { ReportFlow } from "../core/report.ts";
import { addHostOptions, type HostFlags } from "./hosts.ts";
import type { Io } from "./io.ts";
import { writeLines } from "./lines.ts";
import { refuseMemory } from "./memory.ts";
import { addReadingOptions, CAPTURES, type ReadingFlags, reading } from "./reading.ts";
import type { Column } from "./table.ts";

interface Flags extends ReadingFlags, HostFlags {
  json?: boolean;
  output?: string;
}

const EXAMPLES = `
Examples:
  halfclose flows incident.pcap
  halfclose flows incident.pcap --filter 'port 8280' --from +10s
  halfclose flows incident.pcap --json | jq 'select(.ending == "half-closed")'
  halfclose flows capture-*.pcap.gz --json -o flows.jsonl`;

export function flowsCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("flows")
    .description("list the TCP connections, in order of first packet, and how each ended")
    .argument("[captures...]", CAPTURES)
    .option("--json", "one JSON object a line, for programs")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output");
  return addHostOptions(refuseMemory(addReadingOptions(command)))
    .addHelpText("after", EXAMPLES)
    .action(async (captures: string[], flags: Flags) => {
      if (captures.length === 0)
        throw new UsageError("no capture was named; for example: halfclose flows incident.pcap");
      const { readFlows } = await import("../analyze.ts");
      const read = () => reading(captures, flags, io, (options) => readFlows(captures, options));
      done(await writeLines({ captures, flags, io, columns: COLUMNS, read, rows: (r) => r.flows }));
    });
}

const COLUMNS: readonly Column<ReportFlow>[] = [
  { title: "FLOW", value: (f) => String(f.flow), right: true },
  { title: "START", value: (f) => formatTime(f.first_time) },
  { title: "LASTED", value: (f) => formatDuration(secondsBetween(f.first_time, f.last_time)), right: true },
  { title: "CLIENT", value: (f) => formatEndpoint(f.client) + (f.role_certain === false ? " ?" : "") },
  { title: "SERVER", value: (f) => formatEndpoint(f.server) },
  { title: "PROTOCOL", value: (f) => f.protocol },
  { title: "PACKETS", value: (f) => formatNumber(f.packets.client + f.packets.server), right: true },
  { title: "SENT", value: (f) => formatNumber(f.bytes.client), right: true },
  { title: "RECEIVED", value: (f) => formatNumber(f.bytes.server), right: true },
  { title: "ENDING", value: (f) => f.ending },
  { title: "STATES (CLIENT, SERVER)", value: (f) => `${f.state.client}, ${f.state.server}` },
];
