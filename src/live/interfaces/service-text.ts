// On which interface does one capture this service? The answer to one question, with the commands to copy.

import { visible } from "../../core/escape.ts";
import { displayWidth, padEnd, wrap } from "../../core/wrap.ts";
import { type CaptureCommand, captureOn, commandsOf, type Runner } from "./capture-commands.ts";
import type { InterfaceList, NetworkInterface, OtherNamespace, Seen, Service } from "./interface-model.ts";
import { captureNote, endText, familiesText, namespaceText, ownersText } from "./interface-words.ts";
import { enginesPart } from "./interfaces-text.ts";
import type { Narrowed } from "./wanted-service.ts";

/** Ways that are named in the sentence; the commands name all. */
const MAX_WAYS = 6;

/** Nothing when there is no such service. */
export function* serviceText(found: Narrowed, list: InterfaceList, runner: Runner, width: number): Iterable<string> {
  let isFirst = true;
  const groups: [OtherNamespace | null, readonly Service[]][] = [
    ...(found.services.length > 0 ? [[null, found.services] as [null, readonly Service[]]] : []),
    ...found.namespaces.map((n): [OtherNamespace, readonly Service[]] => [n, n.services]),
  ];
  for (const [namespace, services] of groups) {
    if (!isFirst) yield "";
    isFirst = false;
    const interfaces = namespace?.interfaces ?? list.interfaces;
    if (namespace !== null) {
      yield* wrap(
        `In another network namespace: ${namespaceText(namespace)}. Its lo is not that of this shell.`,
        width,
      );
    }
    for (const service of services) {
      yield* wrap(
        `${service.processes.length === 0 ? "A process that cannot be seen from here" : ownersText(service.processes)} listens at ${endText(service)}${families(service)}.`,
        width,
      );
      yield* wrap(where(service), width);
    }
    yield "";
    yield* commandLines(commandsOf(services, namespace, list, runner), width);
    for (const note of notes(services, interfaces)) {
      yield "";
      yield* wrap(note, width);
    }
  }
  if (found.way !== null) yield* wayText(found.way, !isFirst, runner, width);
  if (isFirst && found.way === null) return;
  yield "";
  yield* enginesPart(list.engines, width);
  for (const remark of list.remarks) {
    yield "";
    yield* wrap(remark, width);
  }
}

function* wayText(
  way: NonNullable<Narrowed["way"]>,
  follows: boolean,
  runner: Runner,
  width: number,
): Iterable<string> {
  if (follows) yield "";
  yield* wrap(
    `${way.address} is no address of this machine. Callers here reach it by ${visible(way.interface)}: capture there.`,
    width,
  );
  yield "";
  yield `  ${captureOn([way.interface], null, runner)}`;
}

/** Where the address says it, nothing. */
const families = ({ address, families }: Service): string => (address === "*" ? `, for ${familiesText(families)}` : "");

/** `Capture on lo (callers on this machine; 3 connections now) and eth0 (callers from elsewhere; none now).` */
function where({ seen }: Service): string {
  if (seen.length === 0) return "Nothing reaches it now: there is no interface to capture on.";
  const ways = seen.slice(0, MAX_WAYS).map(wayOf);
  if (seen.length > MAX_WAYS) ways.push(`${seen.length - MAX_WAYS} more`);
  const last = ways.pop()!;
  return `Capture on ${ways.length === 0 ? "" : `${ways.join(", ")} and `}${last}.`;
}

function wayOf({ interface: name, callers, connections }: Seen): string {
  const who = callers === "here" ? "callers on this machine" : "callers from elsewhere";
  const now =
    connections === 0 ? "none now" : connections === 1 ? "1 connection now" : `${connections} connections now`;
  return `${visible(name)} (${who}; ${now})`;
}

/** What a command takes stands behind it, or above where the line would be too long: a command is never broken. */
function* commandLines(commands: readonly CaptureCommand[], width: number): Iterable<string> {
  const fits = ({ command, takes }: CaptureCommand): boolean => displayWidth(`  ${command}  # ${takes}`) <= width;
  const room = width - Math.max(0, ...commands.map((c) => `  # ${c.takes}`.length)) - 2;
  const widths = commands.filter(fits).map((c) => displayWidth(c.command));
  const column = Math.min(Math.max(0, ...widths), Math.max(room, 0));
  for (const one of commands) {
    if (fits(one)) yield `  ${padEnd(one.command, column)}  # ${one.takes}`;
    else yield* [`  # ${one.takes}`, `  ${one.command}`];
  }
}

/** Each once. */
function notes(services: readonly Service[], interfaces: readonly NetworkInterface[]): Set<string> {
  const names = new Set(services.flatMap((s) => s.seen.map((seen) => seen.interface)));
  const found = new Set(services.flatMap((s) => s.hints.map(visible)));
  for (const one of interfaces) {
    const note = names.has(one.name) ? captureNote(one) : null;
    if (note !== null) found.add(note);
  }
  return found;
}
