// halfclose interfaces: which interface sees which listening service, and with which command is it captured?

import { Command } from "commander";
import { ascii, visible } from "../core/escape.ts";
import { EXIT, type Io } from "./io.ts";
import { openOutput, writeAll } from "./output.ts";
import { showsUnicode, widthOf } from "./terminal.ts";

interface Flags {
  json?: boolean;
  output?: string;
}

const EXAMPLES = `
Examples:
  halfclose interfaces                  services, interfaces, network namespaces
  halfclose interfaces 8080             where to capture what listens at port 8080
  halfclose interfaces 10.0.0.5:8080    that address only
  halfclose interfaces nginx            by the name of its process or namespace
  halfclose interfaces 10.0.0.9:5432    a service elsewhere: by which way out
  halfclose interfaces --json | jq -r '.services[].capture[].interface'

It captures nothing and needs no privilege; root sees the processes of others,
and more of the network namespaces of containers.
Exit code 3: there is no such service.`;

export function interfacesCommand(io: Io, done: (code: number) => void): Command {
  return new Command("interfaces")
    .description("say which interface sees which listening service, and the command that captures it")
    .argument("[service]", "a port, address:port, or the name of a process, namespace or container")
    .option("--json", "one JSON object, for programs")
    .option("-o, --output <file>", "write to this file, whole or not at all; - is standard output")
    .addHelpText("after", EXAMPLES)
    .action(async (service: string | undefined, flags: Flags) => {
      done(await tellInterfaces(service, flags, io));
    });
}

async function tellInterfaces(service: string | undefined, flags: Flags, io: Io): Promise<number> {
  const { readWanted, narrowed } = await import("../live/interfaces/wanted-service.ts");
  const wanted = service === undefined ? null : readWanted(service);
  const { listInterfaces } = await import("../live/interfaces/interfaces.ts");
  const list = await listInterfaces();
  const runner = { isRoot: process.getuid?.() === 0, engines: list.engines };
  const found =
    wanted === null
      ? { services: list.services, namespaces: list.namespaces, way: null }
      : narrowed(list, wanted, list.routes);
  const isThere = wanted === null || found.services.length + found.namespaces.length > 0 || found.way !== null;
  if (flags.json === true) {
    const { interfacesObject } = await import("../live/interfaces/interfaces-object.ts");
    const { jsonLine } = await import("../report/json.ts");
    await writeAll([jsonLine(interfacesObject(list, runner, service ?? null, found))], openOutput(flags.output, io));
  } else if (isThere) {
    const width = flags.output === undefined || flags.output === "-" ? widthOf(io.stdout) : 80;
    const { interfacesText } = await import("../live/interfaces/interfaces-text.ts");
    const { serviceText } = await import("../live/interfaces/service-text.ts");
    const lines = wanted === null ? interfacesText(list, runner, width) : serviceText(found, list, runner, width);
    await writeAll(shown(lines, io), openOutput(flags.output, io));
  }
  if (isThere) return EXIT.ok;
  io.stderr.write(`halfclose: ${visible(absence(service!, list.namespaces.length, list.remarks))}\n`);
  return EXIT.unreadable;
}

function* shown(lines: Iterable<string>, io: Io): Iterable<string> {
  const unicode = showsUnicode(io.env);
  for (const line of lines) yield `${unicode ? line : ascii(line)}\n`;
}

function absence(service: string, namespaces: number, remarks: readonly string[]): string {
  const others = namespaces === 0 ? "" : `, nor in the ${namespaces} other network namespaces that are seen from here`;
  const perhaps = remarks.length === 0 ? "" : `; ${remarks.join(" ")}`;
  return `${service}: no such service listens here${others}; halfclose interfaces lists those that do${perhaps}`;
}
