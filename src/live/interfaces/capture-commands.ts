// Which command captures a service? Ready to be copied into a shell.

import { visible } from "../../core/escape.ts";
import type { EngineHere, InterfaceList, OtherNamespace, Service } from "./interface-model.ts";

export interface CaptureCommand {
  readonly command: string;
  /** Whose packets it takes. */
  readonly takes: string;
}

/** Who runs it: root needs no sudo, and whoever may capture here needs none here. */
export interface Runner {
  readonly isRoot: boolean;
  readonly engines: readonly EngineHere[];
}

/** The folder stands for one of the reader's choice. */
const FOLDER = "DIR";
const ANY_INTERFACE = "any";

/** Interfaces that have a command of their own; a host of containers has a bridge for each group of them. */
const MAX_COMMANDS = 5;

/**
 * One for each interface on which they are seen, and those that take all of it. `namespace`: null for that of this program.
 * Several interfaces in one capture are dumpcap's alone.
 */
export function commandsOf(
  services: readonly Service[],
  namespace: OtherNamespace | null,
  list: InterfaceList,
  runner: Runner,
): CaptureCommand[] {
  const callers = new Map(services.flatMap((s) => s.seen.map((seen) => [seen.interface, seen.callers] as const)));
  const names = [...callers.keys()];
  const commands: CaptureCommand[] = names
    .slice(0, MAX_COMMANDS)
    .map((name) => ({ command: captureOn([name], namespace, runner), takes: TAKES[callers.get(name)!] }));
  if (names.length < 2) return commands;
  if (names.length <= MAX_COMMANDS && runner.engines.some((e) => e.engine === "dumpcap" && e.usable)) {
    const takes = names.length === 2 ? "both at once" : "all at once";
    commands.push({ command: captureOn(names, namespace, runner), takes });
  }
  if (list.system === "linux") {
    commands.push({
      command: captureOn([ANY_INTERFACE], namespace, runner),
      takes: "these, and what the service itself calls",
    });
  }
  return commands;
}

const TAKES = { here: "callers on this machine", elsewhere: "callers from elsewhere" } as const;

export function captureOn(
  names: readonly string[],
  namespace: OtherNamespace | null,
  { isRoot, engines }: Runner,
): string {
  const enter = namespace === null ? "" : `nsenter -t ${namespace.process.pid} -n `;
  const needsRoot = !isRoot && (namespace !== null || !engines.some((e) => e.usable));
  return `${needsRoot ? "sudo " : ""}${enter}halfclose capture ${names.map(option).join(" ")} -w ${FOLDER}`;
}

/** A name that begins with a hyphen would be read as an option. */
const option = (name: string): string =>
  name.startsWith("-") ? `--interface=${shellWord(name)}` : `-i ${shellWord(name)}`;

/**
 * A name of an interface may have every character but white space, a slash and a colon (dev_valid_name of net/core/dev.c): one that
 * a shell or a terminal would obey is quoted, one that cannot be seen written as bash's $'…' has it.
 */
export function shellWord(text: string): string {
  if (/^[\w.@%+=-]+$/.test(text)) return text;
  const shown = visible(text);
  if (shown === text && !text.includes("'")) return `'${text}'`;
  const bytes = [...new TextEncoder().encode(text)];
  const escaped = bytes.map((b) =>
    b > 0x20 && b < 0x7f && b !== 0x27 && b !== 0x5c ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, "0")}`,
  );
  return `$'${escaped.join("")}'`;
}
