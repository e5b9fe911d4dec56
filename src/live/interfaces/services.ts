// Which services are there, and where are their packets seen? Sockets of one address and port become one service.

import { isLoopback } from "../../core/address.ts";
import { ANY } from "../../sockets/endpoint.ts";
import type { NetworkInterface, Process, Service } from "./interface-model.ts";
import type { NatRule } from "./nat-rules.ts";
import type { Listener } from "./proc-sockets.ts";
import { type Bound, holderOf, leadsNowhere, loopbackOf, type Paths, seenOn } from "./seen-on.ts";
import type { SocketExtras } from "./ss-extras.ts";

/** What is known of the sockets of one namespace. */
export interface Sockets {
  readonly listeners: readonly Listener[];
  /** By inode. */
  readonly extras: ReadonlyMap<number, SocketExtras>;
  readonly owners: ReadonlyMap<number, readonly Process[]>;
  readonly rules: readonly NatRule[];
}

interface Merged {
  address: string;
  port: number;
  device: string | null;
  v4: boolean;
  v6: boolean;
  /** A socket of IPv6 for all addresses of which it is not known whether it takes IPv4. */
  unsure: boolean;
  here: number;
  elsewhere: Map<string, number>;
  processes: Map<number, Process>;
}

/** In order of port, then address. */
export function servicesOf(sockets: Sockets, paths: Paths): Service[] {
  const merged = new Map<string, Merged>();
  for (const listener of sockets.listeners) {
    const extras = sockets.extras.get(listener.inode);
    const device = extras?.device ?? null;
    const key = `${listener.port} ${listener.address} ${device ?? ""}`;
    let one = merged.get(key);
    if (one === undefined) {
      const { address, port } = listener;
      one = {
        address,
        port,
        device,
        v4: false,
        v6: false,
        unsure: false,
        here: 0,
        elsewhere: new Map(),
        processes: new Map(),
      };
      merged.set(key, one);
    }
    takeFamilies(one, listener, extras);
    one.here += listener.here;
    for (const [name, n] of listener.elsewhere) one.elsewhere.set(name, (one.elsewhere.get(name) ?? 0) + n);
    for (const owner of sockets.owners.get(listener.inode) ?? []) one.processes.set(owner.pid, owner);
  }
  return [...merged.values()]
    .sort((a, b) => a.port - b.port || compare(a.address, b.address) || compare(a.device ?? "", b.device ?? ""))
    .map((one) => serviceOf(one, paths, sockets.rules));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function takeFamilies(one: Merged, listener: Listener, extras: SocketExtras | undefined): void {
  const { address, isV6 } = listener;
  if (address !== ANY) {
    // A socket of IPv6 that is bound to a mapped address takes IPv4.
    if (address.includes(":")) one.v6 = true;
    else one.v4 = true;
  } else if (!isV6) one.v4 = true;
  else {
    one.v6 = true;
    if (extras?.v6only === false) one.v4 = true;
    else if (extras === undefined || extras.v6only === null) one.unsure = true;
  }
}

function serviceOf(one: Merged, paths: Paths, rules: readonly NatRule[]): Service {
  const { address, port, device } = one;
  // Where it is not known, it is what net.ipv6.bindv6only has by default: both.
  const bound: Bound = { ...one, takesIpv4: one.v4 || one.unsure, takesIpv6: one.v6 };
  return {
    address,
    port,
    families: one.v4 && one.v6 ? "both" : one.v4 ? "IPv4" : one.unsure ? null : "IPv6",
    device,
    processes: [...one.processes.values()].sort((a, b) => a.pid - b.pid),
    seen: seenOn(bound, paths),
    hints: [...reachHints(one, paths.interfaces), ...natHints(one, rules)],
  };
}

function reachHints(one: Merged, interfaces: readonly NetworkInterface[]): string[] {
  const hints: string[] = [];
  const lo = loopbackOf(interfaces);
  if (lo === null || lo.state === "down") {
    hints.push("The loopback interface is down: no caller on this machine can reach it.");
  }
  if (one.address === ANY || isLoopback(one.address)) return hints;
  const holder = holderOf(one.address, interfaces);
  const known = interfaces.some((i) => i.addresses.length > 0);
  if (holder === null && known) hints.push(`No interface has the address ${one.address} now: nobody can reach it.`);
  else if (holder?.state === "down" && one.address.includes(":")) {
    hints.push(`The interface ${holder.name}, which has the address ${one.address}, is down: nobody can reach it.`);
  } else if (holder !== null && leadsNowhere(holder)) {
    const why = holder.kind === "loopback" || holder.kind === "dummy" ? "where nobody comes in" : "which is down";
    hints.push(
      `The address ${one.address} is on ${holder.name}, ${why}: callers from elsewhere come in by any interface to which a route leads them.`,
    );
  }
  return hints;
}

function natHints({ port, address, processes }: Merged, rules: readonly NatRule[]): string[] {
  const hints: string[] = [];
  const isProxy = [...processes.values()].some((p) => p.name === "docker-proxy");
  const toHere = rules.filter((r) => r.toPort === port && r.toAddress === null);
  const from = [...new Set(toHere.flatMap((r) => (r.port === null ? [] : [r.port])))];
  if (toHere.length > 0) {
    const which = from.length > 0 ? `connections to port ${from.slice(0, 5).join(", ")}` : "connections to other ports";
    hints.push(
      `A NAT rule redirects ${which} to this port: on one interface a redirected connection shows as two halves, requests to port ${port}, answers from the port that was called.`,
    );
  }
  const away = rules.filter((r) => r.port === port && !(r.toPort === port && r.toAddress === null));
  const targets = [...new Set(away.map((r) => `${r.toAddress ?? ""}${r.toPort === null ? "" : `:${r.toPort}`}`))];
  if (targets.length > 0 && !isLoopback(address)) {
    hints.push(
      `A NAT rule sends connections to port ${port} on to ${targets.slice(0, 3).join(", ")}: these go past this process, to whoever listens there.`,
    );
  } else if (isProxy) {
    hints.push(
      "docker-proxy stands in for a published port: callers from elsewhere go past it, straight to the container; capture there, too.",
    );
  }
  return hints;
}
