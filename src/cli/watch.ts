// halfclose watch: what goes wrong on this machine, as it happens?

import { Command } from "commander";
import type { Io } from "./io.ts";
import { addLiveOptions, type LiveFlags } from "./live-options.ts";

const EXAMPLES = `
Examples:
  halfclose watch -i lo                          until Ctrl-C, then a report
  halfclose watch -i any --sockets               with processes, where ss tells
  halfclose watch -i lo --every 30s --quiet      only what is found
  halfclose watch -i eth0 -w incident --until 'oldest-wait > 10s'
  halfclose watch -i lo --duration 1m --fail-on high`;

export function watchCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("watch").description(
    "say what is found on this machine's wire while it happens: a line each second, findings as they come",
  );
  return addLiveOptions(command)
    .option("--every <duration>", "how often the findings are made anew; less often when that takes long", "10s")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: LiveFlags) => {
      const { runLive } = await import("./live-run.ts");
      done(await runLive("watch", flags, io));
    });
}
