// halfclose diagram: what does it look like? One picture of a capture, as SVG, as text, or as Mermaid for Markdown.

import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../core/errors.ts";
import type { DiagramKind, Drawable } from "../pictures/drawable.ts";
import { addHostOptions, type HostFlags } from "./hosts.ts";
import { EXIT, type Io } from "./io.ts";
import { refuseMemory } from "./memory.ts";
import { openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { addReadingOptions, CAPTURES, type ReadingFlags, reading, sayProblems } from "./reading.ts";
import { showsUnicode, widthOf } from "./terminal.ts";

/** As src/pictures/drawable.ts has them; what draws is loaded when it is needed. */
const KINDS: readonly DiagramKind[] = ["ladder", "states", "topology", "exchanges", "ports"];
const FORMATS = ["svg", "text", "mermaid"] as const;
type Format = (typeof FORMATS)[number];

/** By the ending of the output's name. */
const ENDINGS: Record<string, Format> = { svg: "svg", txt: "text", text: "text", mmd: "mermaid", mermaid: "mermaid" };
/** Narrower, nothing can be told; wider, no screen shows it. CSS pixels for SVG, columns for text. */
const WIDTHS = { least: 40, most: 4000 };

interface Flags extends ReadingFlags, HostFlags {
  flow?: number;
  finding?: string;
  format?: Format;
  width?: number;
  output?: string;
}

const EXAMPLES = `
Kinds:
  ladder      the packets of a connection, or of the linked connections of one request, with the state of each end
  states      sockets by state over time, per service
  topology    who calls whom, how much, and where it broke
  exchanges   requests over time: answered, waiting, given up
  ports       ports in use against the range

Examples:
  halfclose diagram ladder incident.pcap --finding unanswered-requests#1 -o hang.svg
  halfclose diagram ladder incident.pcap --flow 17
  halfclose diagram states 'ring-*.pcap.gz' -o states.svg
  halfclose diagram topology incident.pcap --format mermaid`;

export function diagramCommand(io: Io, done: (code: number) => void): Command {
  const command = new Command("diagram")
    .description("draw one picture: a ladder of packets, states over time, topology, exchanges over time, ports in use")
    .addArgument(new Argument("<kind>", "what to draw").choices(KINDS))
    .argument("[captures...]", CAPTURES)
    .option("--flow <number>", "of this connection, as halfclose flows numbers them (ladder)", wholeNumber)
    .option("--finding <id>", "of this finding, as in unanswered-requests#1; without: of the worst one")
    .addOption(
      new Option("--format <format>", "how to write it (default: by the ending .svg, .txt or .mmd; else text)").choices(
        FORMATS,
      ),
    )
    .option("--width <n>", "pixels of a chart's SVG, columns of text", width)
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output");
  return addHostOptions(refuseMemory(addReadingOptions(command)))
    .addHelpText("after", EXAMPLES)
    .action(async (kind: DiagramKind, captures: string[], flags: Flags) => {
      done(await draw(kind, captures, flags, io));
    });
}

function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("It is the number of a connection (halfclose flows).");
  return Number(value);
}

function width(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < WIDTHS.least || n > WIDTHS.most)
    throw new InvalidArgumentError(`It is a whole number from ${WIDTHS.least} to ${WIDTHS.most}.`);
  return n;
}

async function draw(kind: DiagramKind, captures: readonly string[], flags: Flags, io: Io): Promise<number> {
  if (captures.length === 0)
    throw new UsageError(`no capture was named; for example: halfclose diagram ${kind} incident.pcap -o ${kind}.svg`);
  if (flags.flow !== undefined && flags.finding !== undefined)
    throw new UsageError("--flow and --finding exclude each other: give one of them");
  if (flags.flow !== undefined && kind !== "ladder")
    throw new UsageError(`--flow is for the ladder; ${kind} shows all connections (--filter leaves some out)`);
  const format = formatOf(flags);
  await refuseToOverwrite(flags.output, captures);
  const [{ investigate }, { drawableOf }] = await Promise.all([
    import("../investigate.ts"),
    import("../pictures/drawable.ts"),
  ]);
  const { flow, finding } = flags;
  const found = await reading(captures, flags, io, (options) => investigate(captures, options));
  try {
    const drawn = await drawableOf(kind, found, {
      ...(flow === undefined ? {} : { flow }),
      ...(finding === undefined ? {} : { finding }),
      ...(flags.width === undefined || format !== "svg" ? {} : { width: flags.width }),
    });
    const code = sayProblems(found.report.captures, io);
    if ("because" in drawn) {
      io.stderr.write(`halfclose: there is no picture of ${kind} to draw: ${drawn.because}\n`);
      return Math.max(code, EXIT.unreadable);
    }
    await writeAll([written(drawn, format, flags, io)], openOutput(flags.output, io));
    return code;
  } finally {
    await found.close();
  }
}

function formatOf({ format, output }: Flags): Format {
  if (format !== undefined) return format;
  if (output === undefined || output === "-") return "text";
  const ending = /\.([a-z]+)$/i.exec(output)?.[1]?.toLowerCase() ?? "";
  const known = ENDINGS[ending];
  if (known !== undefined) return known;
  throw new UsageError(
    `-o ${output}: its ending names no format; end it with .svg, .txt or .mmd, or say --format ${FORMATS.join("|")}`,
  );
}

function written(drawn: Drawable, format: Format, flags: Flags, io: Io): string {
  if (format === "svg") return drawn.file();
  if (format === "mermaid") return drawn.mermaid();
  const toFile = flags.output !== undefined && flags.output !== "-";
  const columns = flags.width ?? (toFile ? 100 : widthOf(io.stdout));
  return drawn.text({ width: columns, unicode: toFile || showsUnicode(io.env) });
}
