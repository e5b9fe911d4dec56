// halfclose merge: one report of all shares of a capture set.

import { Command } from "commander";
import { UsageError } from "../core/errors.ts";
import { addAnalysisOptions, addReportOptions } from "./analyze.ts";
import { type AnalyzeFlags, analyzeCaptures } from "./analyze-captures.ts";
import type { Io } from "./io.ts";
import { addRedactOption } from "./redact.ts";

const EXAMPLES = `
Examples:
  halfclose analyze big.pcap --shard 1/2 -o 1.share     on one machine
  halfclose analyze big.pcap --shard 2/2 -o 2.share     on another
  halfclose merge 1.share 2.share             the same report as of one
  halfclose merge *.share --json | jq -r .diagnosis.summary

A share holds what was said on the wire, as its capture does. Pages and bundles
look at the captures once more: they must lie where the first share says.`;

export function mergeCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("merge")
    .description("join the shares that analyze --shard wrote, on however many machines, into one report")
    .argument("[shares...]", "the files of all shares of one set");
  return addReportOptions(addRedactOption(addAnalysisOptions(command)))
    .option("--no-progress", "no progress on standard error")
    .addHelpText("after", EXAMPLES)
    .action(async (shares: string[], flags: AnalyzeFlags) => {
      if (shares.length === 0) throw new UsageError("no share was named; for example: halfclose merge *.share");
      const { openShares } = await import("../shares/share-files.ts");
      const { files, head } = await openShares(shares);
      for (const file of files) await file.close();
      const { frames, ...choices } = head.choices;
      const read = { ...choices, ...(frames === undefined ? {} : { frame: [...frames] }) };
      const captures = head.captures.map(({ path }) => path);
      done(await analyzeCaptures(captures, { ...flags, ...read, shares }, io));
    });
}
