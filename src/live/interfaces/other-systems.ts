// Which services listen on a system other than Linux, and which interface sees them? By os.networkInterfaces, netstat and lsof.
//
// macOS and the BSDs send what a machine says to its own addresses over lo0, as Linux does over lo (the kernel's host routes).
// There is no state, kind or namespace to be had from these programs in one form: what is not known is said.

import { networkInterfaces } from "node:os";
import { isLoopback } from "../../core/address.ts";
import type { SocketDump } from "../../core/socket-table.ts";
import { ANY } from "../../sockets/endpoint.ts";
import { DumpFile } from "../../sockets/read-dumps.ts";
import { SocketColumns } from "../../sockets/socket-columns.ts";
import { ask } from "./ask-program.ts";
import type { InterfaceList, NetworkInterface, Process } from "./interface-model.ts";
import type { Listener } from "./proc-sockets.ts";
import { servicesOf } from "./services.ts";

export async function listElsewhere(): Promise<Omit<InterfaceList, "engines">> {
  const interfaces = Object.entries(networkInterfaces()).map(([name, addresses]) => interfaceOf(name, addresses ?? []));
  const isWindows = process.platform === "win32";
  const [netstat, lsof] = await Promise.all([
    ask("netstat", isWindows ? ["-ano"] : ["-an"]),
    isWindows ? null : ask("lsof", ["-nP", "-iTCP"]),
  ]);
  const sockets = socketsOf([netstat?.stdout ?? "", lsof?.stdout ?? ""].flatMap(dumpsOf), interfaces);
  const remarks = ["Interfaces that are down, and their kinds, are not known on this system."];
  if (netstat === null && lsof === null) {
    remarks.push("Neither netstat nor lsof could be run: which services listen is not known.");
  } else if (!isWindows) remarks.push("Processes of other users can be seen by root only.");
  if (isWindows) {
    remarks.push("Windows has no interface lo: callers on this machine are seen on Npcap's loopback adapter only.");
  }
  const services = servicesOf({ ...sockets, extras: new Map(), rules: [] }, { interfaces, routes: [] });
  return { system: process.platform, interfaces, services, namespaces: [], routes: [], remarks };
}

type OsAddresses = NonNullable<ReturnType<typeof networkInterfaces>[string]>;

const interfaceOf = (name: string, addresses: OsAddresses): NetworkInterface => ({
  name,
  // It lists those that are up only.
  state: "up",
  kind: addresses.some((a) => a.internal) ? "loopback" : "unknown",
  addresses: addresses.map((a) => a.address),
  index: null,
  link: null,
  linkIndex: null,
  otherEnd: null,
  isLinkElsewhere: false,
  master: null,
  vlan: null,
});

function dumpsOf(text: string): readonly SocketDump[] {
  const file = new DumpFile({ source: "", columns: new SocketColumns(), servicePort: () => null });
  file.feed(new TextEncoder().encode(text));
  return file.end().dumps;
}

/** The first dump that lists a socket counts its connections; the others may tell its process. */
export function socketsOf(
  dumps: readonly SocketDump[],
  interfaces: readonly NetworkInterface[],
): { listeners: Listener[]; owners: Map<number, Process[]> } {
  const own = new Set(interfaces.flatMap((i) => i.addresses));
  const byEnd = new Map<string, Listener>();
  const owners = new Map<number, Process[]>();
  for (const dump of dumps) {
    for (const { state, local, pid, process } of dump.rows()) {
      if (state !== "LISTEN" || local.port === null) continue;
      const key = `${local.address} ${local.port}`;
      let one = byEnd.get(key);
      if (one === undefined) {
        // netstat writes * for all addresses of either family: which one, is not known.
        const isV6 = local.address.includes(":") || local.address === ANY;
        one = { address: local.address, port: local.port, isV6, inode: byEnd.size, here: 0, elsewhere: new Map() };
        byEnd.set(key, one);
      }
      if (pid !== null) addOwner(owners, one.inode, { pid, name: process ?? "" });
    }
  }
  const [first] = dumps;
  for (const row of first?.rows() ?? []) {
    if (row.local.port === null || (row.state !== "ESTABLISHED" && row.state !== "CLOSE_WAIT")) continue;
    const one = byEnd.get(`${row.local.address} ${row.local.port}`) ?? byEnd.get(`${ANY} ${row.local.port}`);
    if (one === undefined) continue;
    const remote = row.remote.address;
    if (isLoopback(remote) || own.has(remote)) one.here++;
    else {
      const way = interfaces.find((i) => i.addresses.includes(row.local.address))?.name ?? "";
      one.elsewhere.set(way, (one.elsewhere.get(way) ?? 0) + 1);
    }
  }
  return { listeners: [...byEnd.values()], owners };
}

function addOwner(owners: Map<number, Process[]>, inode: number, owner: Process): void {
  const known = owners.get(inode);
  if (known === undefined) owners.set(inode, [owner]);
  else if (!known.some((p) => p.pid === owner.pid)) known.push(owner);
}
