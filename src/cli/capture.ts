// halfclose capture: keep the packets of an incident, and stop when it happens.

import { Command } from "commander";
import type { Io } from "./io.ts";
import { addLiveOptions, type LiveFlags } from "./live-options.ts";

const EXAMPLES = `
Examples:
  halfclose capture -i lo -w incident                until Ctrl-C, then a report
  halfclose capture -i any -w incident --sockets --until 'half-closed > 100'
  halfclose capture -i eth0 -w incident --until 'unanswered > 5%' --after 30s
  halfclose capture -i lo -w incident --keep-size 5GB --keep-time 2h --quiet
  halfclose capture -i lo -w incident --duration 10m --bundle ticket.zip
  halfclose capture -i eth0 -w incident --filter 'tcp port 8280'
  halfclose analyze 'incident/halfclose-*.pcapng'    the same report, later

The packets, and what they say in clear text, are in the files as they were on
the wire: --redact is for the report.`;

export function captureCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("capture").description(
    "keep the packets of this machine in a ring of files, count what stays open, and report at the end",
  );
  return addLiveOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: LiveFlags) => {
      const { runLive } = await import("./live-run.ts");
      done(await runLive("capture", flags, io));
    });
}
