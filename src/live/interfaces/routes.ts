// By which interface does this machine reach an address? By /proc/net/route and /proc/net/ipv6_route, longest prefix first.
//
// Sources: fib_route_seq_show of net/ipv4/fib_trie.c (words in the byte order of the machine, taken for little-endian, as in
// proc-net-tcp.ts), rt6_info_route of net/ipv6/route.c. Both list the main table: what ip-rule(8) adds is not seen.

import { formatIpv4, formatIpv6 } from "../../core/address.ts";
import { includes, type Network, readNetwork, unmapped } from "../../core/network.ts";

export interface Route {
  readonly interface: string;
  readonly to: Network;
  /** The lower is preferred among equal prefixes. */
  readonly metric: number;
}

/** Routes that are read of each file; a router with the whole internet is no host of services. */
export const MAX_ROUTES = 4000;
/** include/uapi/linux/route.h */
const RTF_UP = 0x0001;
const RTF_REJECT = 0x0200;
/** include/uapi/linux/ipv6_route.h: RTF_ANYCAST and RTF_LOCAL. */
const RTF_OWN = 0x80100000;

/** `Iface Destination Gateway Flags RefCnt Use Metric Mask …` */
export function readRoutes(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n", MAX_ROUTES)) {
    const words = line.split("\t").map((w) => w.trim());
    const [name, destination, , flags, , , metric, mask] = words as string[];
    if (mask === undefined || !isHex(destination!, 8) || !isHex(mask, 8) || !usable(Number.parseInt(flags!, 16)))
      continue;
    const to = readNetwork(`${formatIpv4(swapped(destination!))}/${ones(swapped(mask))}`);
    if (to !== null) routes.push({ interface: name!, to, metric: Number(metric) });
  }
  return routes;
}

/** Destination, its prefix, source, its prefix, next hop, metric, references, use, flags (all hexadecimal), interface. */
export function readIpv6Routes(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split("\n", MAX_ROUTES)) {
    const [destination, prefix, , , , metric, , , flags, name] = line.trim().split(/\s+/) as string[];
    if (name === undefined || !isHex(destination!, 32) || !isHex(prefix!, 2) || !usable(Number.parseInt(flags!, 16)))
      continue;
    const groups = [...Array(8).keys()].map((i) => Number.parseInt(destination!.slice(i * 4, i * 4 + 4), 16));
    const to = readNetwork(`${formatIpv6(groups)}/${Number.parseInt(prefix!, 16)}`);
    if (to !== null) routes.push({ interface: name, to, metric: Number.parseInt(metric!, 16) });
  }
  return routes;
}

/** Null: no route leads there, or it is no address. */
export function wayTo(address: string, routes: readonly Route[]): string | null {
  const read = readNetwork(address);
  if (read === null) return null;
  const to = unmapped(read);
  let best: Route | null = null;
  for (const route of routes) {
    if (!includes(route.to, to)) continue;
    const isBetter =
      best === null ||
      route.to.prefix > best.to.prefix ||
      (route.to.prefix === best.to.prefix && route.metric < best.metric);
    if (isBetter) best = route;
  }
  return best?.interface ?? null;
}

/** The interface of the default route, of IPv4 before that of IPv6. */
export const defaultRoute = (routes: readonly Route[]): string | null =>
  wayTo("0.0.0.0", routes) ?? wayTo("::", routes);

const usable = (flags: number): boolean =>
  (flags & RTF_UP) !== 0 && (flags & RTF_REJECT) === 0 && (flags & RTF_OWN) === 0;

const isHex = (text: string, length: number): boolean => text.length === length && /^[0-9A-Fa-f]+$/.test(text);

function swapped(hex: string): number {
  const w = Number.parseInt(hex, 16);
  return (((w & 0xff) << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24)) >>> 0;
}

/** Bits set at the top. */
const ones = (mask: number): number => Math.clz32(~mask >>> 0);
