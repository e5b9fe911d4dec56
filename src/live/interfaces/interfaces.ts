// Which interfaces are there, which services listen, here and in other network namespaces, and which interface sees them?

import { networkInterfaces } from "node:os";
import { namesOfProcNetDev } from "../../capture/live/interface-names.ts";
import { askIn, type Entered, programNamed } from "./ask-program.ts";
import { enginesHere } from "./engines-here.ts";
import type { InterfaceList, NetworkInterface, OtherNamespace } from "./interface-model.ts";
import { readIpJson } from "./ip-json.ts";
import { type ListenersRead, type Owners, readListeners, readOwners, readSocketFacts } from "./listening.ts";
import { type FoundNamespace, findNamespaces, type NamespacesFound } from "./namespaces.ts";
import { listElsewhere } from "./other-systems.ts";
import { namesIn, targetOf, textOf } from "./proc-files.ts";
import { servicesOf } from "./services.ts";
import { fromSysfs, type SysfsEntry } from "./sysfs.ts";
import { joinPairs } from "./veth-pairs.ts";

/** Namespaces that are entered to ask `ip` and `ss`; of the others /proc tells less. */
const MAX_ENTERED = 500;
/** At a time. */
const ENTERED_AT_ONCE = 8;

/** Never throws: what could not be found out stands in `remarks`. */
export async function listInterfaces(): Promise<InterfaceList> {
  const engines = enginesHere();
  if (process.platform !== "linux") return { ...(await listElsewhere()), engines: await engines };
  const remarks: string[] = [];
  const interfaces = await ownInterfaces(remarks);
  const found = findNamespaces();
  const here = readListeners("/proc/self/net", interfaces);
  const others = await inGroups(found.others, (other, i) => readOther(other, i < MAX_ENTERED));
  const lists = [here, ...others.map((o) => o.read)];
  const owners = readOwners(new Set(lists.flatMap((l) => l.listeners.map((s) => s.inode))), found.pids);
  remarks.push(...lists.flatMap((l) => l.remarks), ...(await privilegeRemarks(found, owners)));
  const facts = await readSocketFacts(null);
  const services = servicesOf({ ...here, ...facts, owners: owners.byInode }, { interfaces, routes: here.routes });
  const joined = joinPairs(
    interfaces,
    others.map((other) => namespaceOf(other, owners)),
  );
  const { routes } = here;
  return { system: "linux", ...joined, services, engines: await engines, routes, remarks };
}

interface OtherRead {
  found: FoundNamespace;
  interfaces: NetworkInterface[];
  read: ListenersRead;
  facts: Awaited<ReturnType<typeof readSocketFacts>>;
}

async function readOther(found: FoundNamespace, enter: boolean): Promise<OtherRead> {
  const { pid } = found.process;
  const mayEnter = enter && process.getuid?.() === 0;
  const interfaces = (mayEnter ? await askedOf(pid) : null) ?? namedOnly(textOf(`/proc/${pid}/net/dev`));
  const read = readListeners(`/proc/${pid}/net`, interfaces);
  const hasListeners = read.listeners.length > 0;
  const facts = mayEnter && hasListeners ? await readSocketFacts(pid) : { extras: new Map(), rules: [] };
  return { found, interfaces, read, facts };
}

function namespaceOf({ found, interfaces, read, facts }: OtherRead, owners: Owners): OtherNamespace {
  const services = servicesOf({ ...read, ...facts, owners: owners.byInode }, { interfaces, routes: read.routes });
  const { inode, name, container, pids } = found;
  // Whoever serves is known by name; the first process of a pod only holds its namespace.
  const server = services.flatMap((s) => s.processes).find((p) => pids.includes(p.pid));
  return { inode, name, container, process: server ?? found.process, processes: pids.length, interfaces, services };
}

async function ownInterfaces(remarks: string[]): Promise<NetworkInterface[]> {
  const asked = await askedOf(null);
  if (asked !== null) return asked;
  const names = namesOfProcNetDev(textOf("/proc/self/net/dev"));
  const system = networkInterfaces();
  const entries = readSysfs();
  const addressesOf = (name: string): string[] => (system[name] ?? []).map((a) => a.address);
  const isOfHere =
    [...names].sort().join(" ") ===
      entries
        .map((e) => e.name)
        .sort()
        .join(" ") &&
    entries.every(
      (e) => system[e.name]?.every((a) => a.mac === textOf(`/sys/class/net/${e.name}/address`).trim()) ?? true,
    );
  if (isOfHere) {
    remarks.push("ip (iproute2) is not there: addresses of interfaces that are down or without carrier are not known.");
    return fromSysfs(entries, addressesOf);
  }
  remarks.push(
    "ip (iproute2) is not there, and /sys is of another network namespace: which interfaces are up, and of which kind, is not known.",
  );
  return namedOnly(textOf("/proc/self/net/dev")).map((i) => ({ ...i, addresses: addressesOf(i.name) }));
}

async function askedOf(pid: Entered): Promise<NetworkInterface[] | null> {
  const text = await askIn(pid, "ip", ["-j", "-d", "address", "show"]);
  return text === null ? null : readIpJson(text);
}

function readSysfs(): SysfsEntry[] {
  return namesIn("/sys/class/net").flatMap((name) => {
    const folder = `/sys/class/net/${name}`;
    const names = namesIn(folder);
    // `bonding_masters` is a file.
    if (names.length === 0) return [];
    const file = (of: string): string => textOf(`${folder}/${of}`).trim();
    return {
      name,
      names,
      type: file("type"),
      flags: file("flags"),
      operstate: file("operstate"),
      uevent: file("uevent"),
      ifindex: file("ifindex"),
      iflink: file("iflink"),
      master: targetOf(`${folder}/master`).split("/").at(-1)!,
    };
  });
}

const namedOnly = (dev: string): NetworkInterface[] =>
  namesOfProcNetDev(dev).map((name) => ({
    name,
    state: "unknown",
    // The kernel names it so in every namespace (loopback_net_init of drivers/net/loopback.c).
    kind: name === "lo" ? "loopback" : "unknown",
    addresses: [],
    index: null,
    link: null,
    linkIndex: null,
    otherEnd: null,
    isLinkElsewhere: false,
    master: null,
    vlan: null,
  }));

async function privilegeRemarks(found: NamespacesFound, owners: Owners): Promise<string[]> {
  const remarks: string[] = [];
  const isRoot = process.getuid?.() === 0;
  if (owners.hidden > 0) {
    remarks.push(
      "Which sockets the processes of other users have cannot be seen (a process of ?): as root, these services get names.",
    );
  }
  if (owners.cut) remarks.push("There are too many open descriptors: not every service has the name of its process.");
  // As root there is none but those that are ending at this moment.
  if (found.unknown > 0 && !isRoot)
    remarks.push("Of some processes the network namespace could not be told: root sees it.");
  if (found.pids.length > 0 && found.pids[0] !== 1) {
    remarks.push(
      "Processes of other users are hidden here (hidepid, proc(5)), and their network namespaces with them.",
    );
  }
  if (!isRoot) {
    remarks.push("Rules of NAT, which send connections to other ports, can be seen by root only.");
    if (found.others.length > 0) {
      remarks.push("Of other network namespaces the addresses and kinds of interfaces can be seen by root only.");
    }
  } else if (found.others.length > 0 && (await programNamed("nsenter")) === null) {
    remarks.push("nsenter (util-linux) is not there: of other network namespaces only what /proc says is known.");
  }
  if (found.others.length > MAX_ENTERED) {
    remarks.push(`Of ${found.others.length - MAX_ENTERED} network namespaces only what /proc says was read.`);
  }
  // Process numbers of a container are its own: those of its host and of its neighbours are not there.
  if (found.pids.length > 0 && isContained()) {
    remarks.push("This runs in a container: processes and network namespaces outside of it cannot be seen from here.");
  }
  return remarks;
}

/** The first process of a host is its init; a PID namespace of a container has kthreadd not among its processes. */
const isContained = (): boolean => textOf("/proc/2/comm").trim() !== "kthreadd";

async function inGroups<T, R>(items: readonly T[], each: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += ENTERED_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(i, i + ENTERED_AT_ONCE).map((item, j) => each(item, i + j)))));
  }
  return results;
}
