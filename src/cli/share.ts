// How does one share of the connections become a file? The work of `halfclose analyze --shard`.

import { CaptureClock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import { TextRedactor } from "../core/text-redactor.ts";
import type { AnalyzeFlags } from "./analyze-captures.ts";
import { EXIT, type Io } from "./io.ts";
import { openOutput } from "./output.ts";
import { PipeClosed } from "./output-error.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { reading, sayProblems } from "./reading.ts";

/** What a report is made of is for whoever joins the shares to say. */
const FOR_MERGE = [
  "format",
  "json",
  "detail",
  "bundle",
  "attach",
  "yesUnredacted",
  "failOn",
  "sockets",
  "zone",
] as const;

export async function writeShareFile(
  captures: readonly string[],
  flags: AnalyzeFlags,
  shard: string,
  io: Io,
): Promise<number> {
  const [{ parseShare }, { writeShare }, { openCaptures }, { captureObjects }, { choicesOf }] = await Promise.all([
    import("../shares/share.ts"),
    import("../shares/share-files.ts"),
    import("../capture/files.ts"),
    import("../read-captures.ts"),
    import("../pass-choices.ts"),
  ]);
  const share = parseShare(shard, "--shard");
  for (const name of FOR_MERGE) {
    if (flags[name] === undefined) continue;
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new UsageError(`${option} is for the report: give it to halfclose merge, which makes it of all shares`);
  }
  if (flags.only.length > 0 || flags.skip.length > 0)
    throw new UsageError(
      "--only and --skip choose analyses: give them to halfclose merge, which runs them on all shares",
    );
  if (flags.memory !== undefined)
    throw new UsageError("--memory and --shard exclude each other: a share holds every connection of its part");
  if (flags.workers !== undefined)
    throw new UsageError("--workers and --shard both share the connections: a share is read by one thread");
  if (flags.output === undefined)
    throw new UsageError("a share goes into a file: halfclose analyze CAPTURE --shard 1/4 -o 1-of-4.share");
  if (captures.includes("-"))
    throw new UsageError(
      "standard input can be read once, and each share reads all of it: put the capture into a file",
    );
  if (captures.length === 0) throw new UsageError("no capture was named");
  await refuseToOverwrite(flags.output, captures);
  return reading(captures, flags, io, async (options) => {
    const texts = new TextRedactor(options);
    if (texts.pseudonyms !== null && options.redactKey === undefined)
      throw new UsageError("with --redact strict all shares need the same pseudonyms: set HALFCLOSE_REDACT_KEY");
    const { signal, onProgress } = options;
    const sources = await openCaptures(captures);
    const pipe = sources.find((s) => s.once);
    if (pipe !== undefined)
      throw new UsageError(
        `${pipe.path} can be read once, and each share reads all of it: put the capture into a file`,
      );
    const output = openOutput(flags.output, io);
    try {
      const end = await writeShare(
        { sources, choices: choicesOf(options), pseudonyms: texts.pseudonyms, share },
        (piece) => output.write(piece),
        { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
      );
      await output.finish();
      const clock = new CaptureClock();
      if (end.base !== null) clock.start(end.base);
      return sayProblems(captureObjects(end.captures, { clock, copies: end.copies, sources, texts }).objects, io);
    } catch (error) {
      output.abandon();
      if (!(error instanceof PipeClosed)) throw error;
      return EXIT.ok;
    }
  });
}
