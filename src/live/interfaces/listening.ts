// Which sockets listen in a network namespace, and which processes have them? /proc/PID/net/tcp and tcp6, /proc/PID/fd, and ss.

import { isLoopback } from "../../core/address.ts";
import { askIn, type Entered, programNamed } from "./ask-program.ts";
import type { NetworkInterface, Process } from "./interface-model.ts";
import { readNatRules } from "./nat-rules.ts";
import { eachLine, namesIn, pathOf, targetOf, textOf } from "./proc-files.ts";
import { type Listener, ListenerTable, type PlaceOf } from "./proc-sockets.ts";
import { type Route, readIpv6Routes, readRoutes, wayTo } from "./routes.ts";
import type { Sockets } from "./services.ts";
import { readSsExtras } from "./ss-extras.ts";

/** Descriptors that are looked at, of all processes together: a few seconds. */
const MAX_DESCRIPTORS = 2_000_000;
/** Processes named of one socket; a server has a process a core. */
const MAX_OWNERS = 1000;

export interface ListenersRead {
  readonly listeners: readonly Listener[];
  readonly routes: readonly Route[];
  /** What was left out, one sentence each. */
  readonly remarks: readonly string[];
}

/** `folder`: /proc/self/net, or that of a process in another namespace; it takes no privilege. */
export function readListeners(folder: string, interfaces: readonly NetworkInterface[]): ListenersRead {
  const routes = [...readRoutes(textOf(`${folder}/route`)), ...readIpv6Routes(textOf(`${folder}/ipv6_route`))];
  const own = new Set(interfaces.flatMap((i) => i.addresses));
  const placeOf: PlaceOf = (remote) => {
    if (isLoopback(remote) || own.has(remote)) return "here";
    const way = wayTo(remote, routes);
    return way === null ? null : { interface: way };
  };
  const remarks: string[] = [];
  const listeners: Listener[] = [];
  for (const name of ["tcp", "tcp6"]) {
    const table = new ListenerTable(placeOf);
    if (!eachLine(`${folder}/${name}`, (line) => table.row(line))) {
      remarks.push(`${folder}/${name} is longer than what was read of it: connections are counted in part.`);
    }
    if (table.leftOut > 0) remarks.push(`${table.leftOut} sockets that listen were left out: there are too many.`);
    for (const listener of table.listeners) listeners.push(listener);
  }
  return { listeners, routes, remarks };
}

/** What only programs tell: devices, v6only, and the rules of NAT, which need root. */
export async function readSocketFacts(pid: Entered): Promise<Pick<Sockets, "extras" | "rules">> {
  const [ss, iptables, nft] = await Promise.all([
    askIn(pid, "ss", ["-H", "-tlne"]),
    mayListTables(pid).then((may) => (may ? askIn(pid, "iptables-save", ["-t", "nat"]) : null)),
    askIn(pid, "nft", ["list", "ruleset"]),
  ]);
  return { extras: readSsExtras(ss ?? ""), rules: readNatRules(`${iptables ?? ""}\n${nft ?? ""}`) };
}

/**
 * The iptables of old makes the table that it is asked for, and the kernel then follows every connection: to look must change nothing.
 * Of a table that is there already, and of the iptables that speaks to nf_tables, this is not to be feared.
 */
async function mayListTables(pid: Entered): Promise<boolean> {
  if (/^nat$/m.test(textOf(`/proc/${pid ?? "self"}/net/ip_tables_names`))) return true;
  const program = await programNamed("iptables-save");
  return program !== null && /nft/.test(pathOf(program.path));
}

export interface Owners {
  readonly byInode: ReadonlyMap<number, readonly Process[]>;
  /** Processes whose descriptors may not be looked at. */
  readonly hidden: number;
  /** Not all descriptors were looked at. */
  readonly cut: boolean;
}

/** `wanted`: inodes of sockets. They are unique over all namespaces: they are those of the one file system of sockets. */
export function readOwners(wanted: ReadonlySet<number>, pids: readonly number[]): Owners {
  const byInode = new Map<number, Process[]>();
  let hidden = 0;
  let left = MAX_DESCRIPTORS;
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    const names = namesIn(folder);
    // A process without a descriptor is rare: a kernel thread, which has no command line either.
    if (names.length === 0 && textOf(`/proc/${pid}/cmdline`) !== "") hidden++;
    let process: Process | null = null;
    for (const name of names) {
      if (--left < 0) return { byInode, hidden, cut: true };
      const inode = socketOf(targetOf(`${folder}/${name}`));
      if (inode === null || !wanted.has(inode)) continue;
      process ??= processOf(pid);
      const known = byInode.get(inode);
      if (known === undefined) byInode.set(inode, [process]);
      else if (known.length < MAX_OWNERS && known.at(-1) !== process) known.push(process);
    }
  }
  return { byInode, hidden, cut: false };
}

export const processOf = (pid: number): Process => ({ pid, name: textOf(`/proc/${pid}/comm`).replace(/\n$/, "") });

/** `socket:[12345]` */
function socketOf(target: string): number | null {
  const m = /^socket:\[(\d{1,15})\]$/.exec(target);
  return m === null ? null : Number(m[1]);
}
