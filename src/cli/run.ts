// What does a command line do? Chooses the command, runs it, and turns whatever goes wrong into one clear line and an exit code.

import { Command, CommanderError } from "commander";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import { VERSION } from "../version.ts";
import { EXIT, type Io } from "./io.ts";
import { OutputError, openOutput, writeAll } from "./output.ts";

const ABOUT =
  "Reads a packet capture and says who stopped answering, who failed to close, since when and why. Reads socket dumps too.";

const EXAMPLES = `
Examples:
  halfclose analyze incident.pcap            the answer, and what it stands on
  halfclose analyze 'capture-*.pcap.gz'      a rotated set, as one capture
  tcpdump -i any -w - tcp | halfclose analyze -
  halfclose flows incident.pcap --json       one connection a line
  halfclose states incident.pcap --at end    what netstat would have shown
  halfclose exchanges incident.pcap --json   one request and response a line
  halfclose analyze incident.pcap --bundle ticket.zip   all that a ticket needs
  halfclose diagram ladder incident.pcap     the packets that tell it, drawn
  halfclose extract incident.pcap --finding resets#1 -o slice.pcapng
  halfclose attach ticket.zip --to jira:OPS-123    summary and files, onto it
  ss -tanp | halfclose sockets -             what stands out in a socket dump
  halfclose watch -i lo                      what goes wrong, as it happens
  halfclose capture -i any -w DIR --until 'half-closed > 100'
  halfclose interfaces                       which one sees which service

Exit codes: 0 it ran; 1 with --fail-on, something at or above it was found;
2 wrong usage; 3 an input could not be read at all, or the output not written,
or a capture could not begin, be kept or go on; 4 a ticket was not written.`;

type Maker = (io: Io, done: (code: number) => void) => Command;

/** In the order of the help. */
const COMMANDS: ReadonlyMap<string, () => Promise<Maker>> = new Map([
  ["analyze", () => import("./analyze.ts").then((m) => m.analyzeCommand)],
  ["merge", () => import("./merge.ts").then((m) => m.mergeCommand)],
  ["flows", () => import("./flows.ts").then((m) => m.flowsCommand)],
  ["exchanges", () => import("./exchanges.ts").then((m) => m.exchangesCommand)],
  ["states", () => import("./states.ts").then((m) => m.statesCommand)],
  ["diagram", () => import("./diagram.ts").then((m) => m.diagramCommand)],
  ["extract", () => import("./extract.ts").then((m) => m.extractCommand)],
  ["sockets", () => import("./sockets.ts").then((m) => m.socketsCommand)],
  ["attach", () => import("./attach.ts").then((m) => m.attachCommand)],
  ["capture", () => import("./capture.ts").then((m) => m.captureCommand)],
  ["watch", () => import("./watch.ts").then((m) => m.watchCommand)],
  ["interfaces", () => import("./interfaces.ts").then((m) => m.interfacesCommand)],
]);

/** Runs a command line (without "node" and the script). Never throws; resolves to the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return report(error, io);
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  /** Help, or the version. */
  let shown = "";
  const done = (result: number): void => {
    code = result;
  };
  const program = new Command("halfclose")
    .description(ABOUT)
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", EXAMPLES)
    .showSuggestionAfterError()
    // By name alone: what each takes, its own help says.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        shown += text;
      },
      writeErr: (text) => io.stderr.write(text),
      // Said by report(), in one form for every error.
      outputError: () => {},
    });
  // Each command is a few lines of options; what it works with is loaded when it runs. Help and errors name all of them.
  const asked = COMMANDS.get(argv[0] ?? "");
  const makers = await Promise.all((asked === undefined ? [...COMMANDS.values()] : [asked]).map((load) => load()));
  for (const make of makers) {
    // Settings such as exitOverride are inherited only by commands that the program makes itself.
    program.addCommand(make(io, done).copyInheritedSettings(program));
  }
  if (argv.length === 0) {
    io.stderr.write(`${program.helpInformation()}${EXAMPLES}\n`);
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (shown === "") throw error;
    await writeAll([shown], openOutput(undefined, io));
    return report(error, io);
  }
  return code;
}

/** Says what went wrong; the exit code. */
export function report(error: unknown, io: Io): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") return EXIT.usage;
    return complain(io, usageText(error), EXIT.usage);
  }
  if (error instanceof UsageError) return complain(io, `${error.message}`, EXIT.usage);
  if (error instanceof OutputError) return complain(io, error.message, EXIT.unreadable);
  if (isUnreadable(error)) return complain(io, error.message, EXIT.unreadable);
  if (error instanceof Error && error.name === "TicketError") return complain(io, error.message, EXIT.ticket);
  const text = error instanceof Error ? error.message : String(error);
  complain(io, `internal error: ${text}; please report it, with HALFCLOSE_DEBUG=1 set to show where`, EXIT.internal);
  if (io.env.HALFCLOSE_DEBUG && error instanceof Error) io.stderr.write(`${visibleLines(error.stack ?? "")}\n`);
  return EXIT.internal;
}

/** By its mark and not its class, so that reading captures, or bundles, is not loaded to print a usage error. */
const isUnreadable = (error: unknown): error is Error =>
  error instanceof Error &&
  (error.name === "CaptureError" || error.name === "BundleError" || error.name === "RingError") &&
  (error as { exit?: unknown }).exit === EXIT.unreadable;

/** commander's words, without its "error: " and in one line, with a way on. */
function usageText(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
  if (error.code === "commander.unknownCommand") {
    return `${text}; the commands are analyze, flows, exchanges, states, diagram, extract, sockets, attach, capture, watch and interfaces, as in: halfclose analyze incident.pcap`;
  }
  return `${text}; see halfclose --help, or halfclose COMMAND --help`;
}

const visibleLines = (text: string): string => text.split("\n").map(visible).join("\n");

function complain(io: Io, text: string, code: number): number {
  io.stderr.write(`halfclose: ${visible(text)}\n`);
  return code;
}
