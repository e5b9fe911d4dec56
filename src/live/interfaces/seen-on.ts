// On which interface do the packets of a service pass? What the kernel does with local addresses, as decisions over plain data.
//
// - A caller on the same machine goes over the loopback interface whichever address it calls: the table "local" is asked first
//   (ip-rule(8)), and its routes lead to `lo`.
//   So it is with a socket that is bound to another interface, too (SO_BINDTODEVICE): the address called counts, not `lo`.
// - A caller from elsewhere comes in by the interface that has the address, as a rule. Linux takes a packet for each of its
//   addresses on each interface (Documentation/networking/ip-sysctl.rst, arp_ignore), so an address on `lo`, on a dummy or on an
//   interface that is down is called by way of any other. Going down takes routes away, but not those of IPv4 addresses to the
//   machine itself (fib_sync_down_dev of net/ipv4/fib_semantics.c); those of IPv6 go (addrconf_ifdown of net/ipv6/addrconf.c).
// - Ports of a bridge and members of a bond hand their packets to their master, which has the address.

import { isLoopback } from "../../core/address.ts";
import { ANY } from "../../sockets/endpoint.ts";
import type { NetworkInterface, Seen } from "./interface-model.ts";
import { defaultRoute, type Route } from "./routes.ts";

/** What decides where the packets of a service pass. */
export interface Bound {
  /** "*": all addresses. */
  readonly address: string;
  readonly takesIpv4: boolean;
  readonly takesIpv6: boolean;
  readonly device: string | null;
  /** Connections at this moment. */
  readonly here: number;
  /** By the interface that leads to the caller; "" where none is known. */
  readonly elsewhere: ReadonlyMap<string, number>;
}

/** Those of a namespace. */
export interface Paths {
  readonly interfaces: readonly NetworkInterface[];
  readonly routes: readonly Route[];
}

/** Most connections first; without any, first the callers on this machine, then the default route. */
export function seenOn(bound: Bound, paths: Paths): Seen[] {
  const seen: Seen[] = [];
  const lo = loopbackOf(paths.interfaces);
  const isDead =
    bound.address !== ANY && isV6(bound.address) && holderOf(bound.address, paths.interfaces)?.state === "down";
  if (isDead) return seen;
  if (lo !== null && isUsable(lo)) {
    seen.push({ interface: lo.name, callers: "here", connections: bound.here });
  }
  if (!isLoopback(bound.address)) {
    for (const one of fromElsewhere(bound, paths)) {
      seen.push({ interface: one.name, callers: "elsewhere", connections: bound.elsewhere.get(one.name) ?? 0 });
    }
    addWhereCallersAre(seen, bound, paths.interfaces);
  }
  const rank = new Map(seen.map((s, i) => [s, i]));
  return seen.sort((a, b) => b.connections - a.connections || rank.get(a)! - rank.get(b)!);
}

export const loopbackOf = (interfaces: readonly NetworkInterface[]): NetworkInterface | null =>
  interfaces.find((i) => i.kind === "loopback") ?? null;

/** The interface that has an address. */
export const holderOf = (address: string, interfaces: readonly NetworkInterface[]): NetworkInterface | null =>
  interfaces.find((i) => i.addresses.includes(address)) ?? null;

/** An interface without a carrier takes no packet, and one whose state is not known may. */
const isUsable = (i: NetworkInterface): boolean => i.state === "up" || i.state === "unknown";

/** Its master has the packets, and the addresses. Parts of a VRF keep theirs. */
export function isPart(one: NetworkInterface, interfaces: readonly NetworkInterface[]): boolean {
  if (one.master === null) return false;
  return interfaces.find((i) => i.name === one.master)?.kind !== "vrf";
}

/** An interface by which nobody comes in: an address on it is called by way of the others. */
export const leadsNowhere = (i: NetworkInterface): boolean =>
  i.kind === "loopback" || i.kind === "dummy" || !isUsable(i);

function fromElsewhere(bound: Bound, paths: Paths): NetworkInterface[] {
  const { interfaces, routes } = paths;
  const ways = interfaces.filter((i) => !leadsNowhere(i) && !isPart(i, interfaces));
  if (bound.device !== null) return ways.filter((i) => i.name === bound.device);
  const main = defaultRoute(routes);
  const inOrder = (list: NetworkInterface[]): NetworkInterface[] =>
    list.sort((a, b) => Number(b.name === main) - Number(a.name === main) || Number(hasName(b)) - Number(hasName(a)));
  // Of another namespace the addresses are not always known: then each of its interfaces may be the one.
  const knowsAddresses = interfaces.some((i) => i.addresses.length > 0);
  if (!knowsAddresses) return inOrder(ways);
  if (bound.address === ANY) {
    return inOrder(ways.filter((i) => i.addresses.some((a) => (isV6(a) ? bound.takesIpv6 : bound.takesIpv4))));
  }
  const holder = holderOf(bound.address, interfaces);
  if (holder !== null && !leadsNowhere(holder)) return [holder];
  return inOrder(ways.filter((i) => i.addresses.some((a) => isV6(a) === isV6(bound.address))));
}

/**
 * Callers that are there prove that their packets pass: an address of eth0 called by a container comes in by the bridge. Where no
 * route tells, the one way there is has them.
 */
function addWhereCallersAre(seen: Seen[], bound: Bound, interfaces: readonly NetworkInterface[]): void {
  for (const [name, connections] of bound.elsewhere) {
    if (
      interfaces.some((i) => i.name === name) &&
      !seen.some((s) => s.interface === name && s.callers === "elsewhere")
    ) {
      seen.push({ interface: name, callers: "elsewhere", connections });
    }
  }
  const unknown = bound.elsewhere.get("") ?? 0;
  const ways = seen.filter((s) => s.callers === "elsewhere");
  if (unknown > 0 && ways.length === 1) {
    const only = ways[0]!;
    seen[seen.indexOf(only)] = { ...only, connections: only.connections + unknown };
  }
}

/** It has an address by which others know it, beside the link-local one that every interface of IPv6 has. */
const hasName = (i: NetworkInterface): boolean => i.addresses.some((a) => !/^fe[89ab]/i.test(a));

const isV6 = (address: string): boolean => address.includes(":");
