// halfclose exchanges: which requests are in this capture, and what became of each?

import { Command } from "commander";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import { formatDuration, formatTime } from "../core/format.ts";
import type { ReportExchange } from "../core/report.ts";
import { cut } from "../core/wrap.ts";
import type { Io } from "./io.ts";
import { writeLines } from "./lines.ts";
import { refuseMemory } from "./memory.ts";
import { addReadingOptions, CAPTURES, type ReadingFlags, reading } from "./reading.ts";
import type { Column } from "./table.ts";

interface Flags extends ReadingFlags {
  json?: boolean;
  output?: string;
}

const EXAMPLES = `
Examples:
  halfclose exchanges incident.pcap
  halfclose exchanges incident.pcap --filter 'port 8280' --to +30s
  halfclose exchanges incident.pcap --json | jq 'select(.outcome == "late")'
  halfclose exchanges capture-*.pcap.gz --json -o exchanges.jsonl`;

/** Targets are cut here in the table for people; the JSON holds them whole. */
const TARGET_WIDTH = 100;

export function exchangesCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("exchanges")
    .description("list the requests and their responses, in order of request, and what became of each")
    .argument("[captures...]", CAPTURES)
    .option("--json", "one JSON object a line, for programs")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output");
  return refuseMemory(addReadingOptions(command))
    .addHelpText("after", EXAMPLES)
    .action(async (captures: string[], flags: Flags) => {
      if (captures.length === 0) {
        throw new UsageError("no capture was named; for example: halfclose exchanges incident.pcap");
      }
      const { readExchanges } = await import("../analyze.ts");
      const read = () => reading(captures, flags, io, (options) => readExchanges(captures, options));
      done(await writeLines({ captures, flags, io, columns: COLUMNS, read, rows: (r) => r.exchanges }));
    });
}

const COLUMNS: readonly Column<ReportExchange>[] = [
  { title: "FLOW", value: (e) => String(e.flow), right: true },
  { title: "FRAME", value: (e) => String((e.request ?? e.response)?.frame ?? ""), right: true },
  { title: "TIME", value: (e) => formatTime((e.request ?? e.response)?.time ?? "") },
  { title: "OUTCOME", value: (e) => e.outcome },
  { title: "WAITED", value: (e) => (e.waited_s === null ? "" : formatDuration(e.waited_s)), right: true },
  {
    title: "STATUS",
    value: (e) => (e.response === null ? "" : (e.response.error?.code ?? String(e.response.status ?? "ok"))),
    right: true,
  },
  { title: "GAVE UP", value: (e) => e.gave_up ?? "" },
  { title: "REQUEST", value: requestText },
];

function requestText({ request, doubt }: ReportExchange): string {
  const why = doubt === undefined ? "" : `(${doubt}) `;
  if (request === null) return `${why}not captured`;
  const { method, target, host } = request;
  return why + visible(`${method} ${cut(target, TARGET_WIDTH, "…")}${host === null ? "" : ` at ${host}`}`);
}
