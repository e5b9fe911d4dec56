// How does a tired person read where to capture? Services first, then interfaces, other namespaces, and what can capture.

import { visible } from "../../core/escape.ts";
import { displayWidth, padEnd, wrap } from "../../core/wrap.ts";
import { captureOn, type Runner } from "./capture-commands.ts";
import type { EngineHere, InterfaceList, NetworkInterface, OtherNamespace, Service } from "./interface-model.ts";
import { connectionsText, endText, kindText, namespaceText, ownersText } from "./interface-words.ts";

/** Names of interfaces in one cell. */
const MAX_NAMES = 4;
/** Of one interface; JSON has all. */
const MAX_ADDRESSES = 20;
/** Namespaces without a service that are named. */
const MAX_IDLE = 10;
/** Columns that the last one of a table keeps, whatever the others take. */
const LAST_COLUMN = 16;

export function* interfacesText(list: InterfaceList, runner: Runner, width: number): Iterable<string> {
  yield* servicesPart(list, width);
  yield "";
  yield* table(
    ["INTERFACE", "STATE", "ADDRESSES", "KIND"],
    list.interfaces.flatMap((i) => interfaceRows(i, list.interfaces)),
    width,
  );
  if (list.namespaces.length > 0) yield* namespacesPart(list, runner, width);
  yield "";
  yield* enginesPart(list.engines, width);
  for (const remark of list.remarks) {
    yield "";
    yield* wrap(remark, width);
  }
}

function* servicesPart({ services, interfaces }: InterfaceList, width: number): Iterable<string> {
  if (services.length === 0) {
    yield "No TCP service listens in this network namespace.";
    return;
  }
  yield* table(["LISTENS AT", "PROCESS", "CAPTURE ON", "CONNECTIONS NOW"], services.map(serviceRow), width);
  const lo = interfaces.find((i) => i.kind === "loopback")?.name ?? "lo";
  yield "";
  yield* wrap(
    `${visible(lo)} sees callers on this machine, whichever of its addresses they call; the other interfaces see callers from elsewhere, containers among them. -i any sees both. For one service, its commands and more: halfclose interfaces PORT`,
    width,
  );
  for (const service of services) {
    for (const hint of service.hints) {
      yield "";
      yield* wrap(`${endText(service)}: ${visible(hint)}`, width);
    }
  }
}

const serviceRow = (service: Service): string[] => [
  endText(service),
  ownersText(service.processes),
  seenNames(service),
  connectionsText(service.seen) || "none",
];

function seenNames({ seen }: Service): string {
  if (seen.length === 0) return "nothing reaches it";
  const names = seen.slice(0, MAX_NAMES).map((s) => visible(s.interface));
  return `${names.join(", ")}${seen.length > MAX_NAMES ? `, +${seen.length - MAX_NAMES}` : ""}`;
}

/** An address a row. Those of the link alone (RFC 4291 §2.5.6) are left out where there are others: nobody calls them. */
function interfaceRows(one: NetworkInterface, all: readonly NetworkInterface[]): string[][] {
  const state = one.state === "no-carrier" ? "no carrier" : one.state === "unknown" ? "?" : one.state;
  const named = one.addresses.filter((a) => !/^fe[89ab]/i.test(a));
  const [first = "", ...rest] = (named.length > 0 ? named : one.addresses).slice(0, MAX_ADDRESSES).map(visible);
  const more = one.addresses.length > MAX_ADDRESSES ? ["..."] : [];
  return [
    [visible(one.name), state, first, kindText(one, all)],
    ...[...rest, ...more].map((address) => ["", "", address, ""]),
  ];
}

function* namespacesPart({ namespaces }: InterfaceList, runner: Runner, width: number): Iterable<string> {
  yield "";
  yield "OTHER NETWORK NAMESPACES";
  yield* wrap("Each has interfaces of its own, and a lo that is not the one above: enter it to capture there.", width);
  const idle: OtherNamespace[] = [];
  for (const namespace of namespaces) {
    if (namespace.services.length === 0) {
      idle.push(namespace);
      continue;
    }
    yield "";
    yield* wrap(namespaceText(namespace), width);
    yield* indented(table(null, namespace.services.map(serviceRow), width - 2));
    yield `  ${captureOn([mostSeen(namespace)], namespace, runner)}`;
    for (const { hints, ...service } of namespace.services) {
      for (const hint of hints) yield* indented(wrap(`${endText(service)}: ${visible(hint)}`, width - 2));
    }
  }
  if (idle.length > 0) {
    yield "";
    const more = idle.length > MAX_IDLE ? `; and ${idle.length - MAX_IDLE} more` : "";
    yield* wrap(`No service listens in ${idle.slice(0, MAX_IDLE).map(namespaceText).join("; ")}${more}.`, width);
  }
}

/** One interface where one sees all of its services; "any" otherwise. */
function mostSeen({ services }: OtherNamespace): string {
  const names = new Set(services.flatMap((s) => s.seen.map((seen) => seen.interface)));
  return names.size === 1 ? [...names][0]! : "any";
}

export function* enginesPart(engines: readonly EngineHere[], width: number): Iterable<string> {
  const can = engines.filter((e) => e.usable).map((e) => e.because);
  const cannot = engines.filter((e) => !e.usable).map((e) => `${e.engine}: ${e.because}`);
  const remedies = engines.filter((e) => !e.usable && e.remedy !== null).map((e) => `${e.engine}: ${e.remedy}`);
  yield* wrap(
    visible(can.length > 0 ? `Can capture here: ${can.join("; ")}.` : "Nothing can capture here yet."),
    width,
  );
  if (cannot.length > 0) {
    yield* wrap(
      visible(`Cannot: ${cannot.join("; ")}.${can.length > 0 ? "" : ` What helps: ${remedies.join("; ")}.`}`),
      width,
    );
  }
}

function* indented(lines: Iterable<string>): Iterable<string> {
  for (const line of lines) yield `  ${line}`.trimEnd();
}

/** The last column is wrapped within its width. Cells are made visible by whoever makes them. */
function* table(
  titles: readonly string[] | null,
  rows: readonly (readonly string[])[],
  width: number,
): Iterable<string> {
  const all = titles === null ? rows : [titles, ...rows];
  const columns = all[0]?.length ?? 0;
  const widths = [...Array(columns - 1).keys()].map((c) => Math.max(...all.map((row) => displayWidth(row[c]!))));
  const before = widths.reduce((n, w) => n + w + 2, 0);
  const room = width - before;
  const blank = " ".repeat(before);
  /** What is left of the last column: it goes beside rows that only continue the one above. */
  let left: string[] = [];
  for (const row of all) {
    const continues = row[0] === "" && row.at(-1) === "";
    if (!continues) for (const line of left.splice(0)) yield `${blank}${line}`;
    const cells = row.slice(0, -1).map((cell, c) => padEnd(cell, widths[c]!));
    const last = row.at(-1)!;
    // Where the others leave too little, the last one gets a line of its own.
    const isBelow = displayWidth(last) > room && room < LAST_COLUMN;
    if (!continues) left = isBelow ? [] : wrap(last, Math.max(room, LAST_COLUMN));
    yield [...cells, left.shift() ?? ""].join("  ").trimEnd();
    if (isBelow) for (const line of wrap(last, width - 4)) yield `    ${line}`;
  }
  for (const line of left) yield `${blank}${line}`;
}
