// Which interfaces does `ip -j -d address show` list? Read from its JSON (iproute2; ip-link(8), ip-address(8)).
//
// It asks the kernel by netlink, so that it tells of the network namespace in which it runs. /sys/class/net is of the
// namespace in which /sys was mounted: after `nsenter -n` that is another one.

import type { InterfaceKind, NetworkInterface } from "./interface-model.ts";

/** Interfaces that are read; a host with thousands of containers has some thousands. */
export const MAX_INTERFACES = 20_000;
/** Addresses kept of one interface. */
const MAX_ADDRESSES = 1000;

/** `info_kind`, as the kernel's rtnl_link_ops name themselves. */
const KINDS: Readonly<Record<string, InterfaceKind>> = {
  bridge: "bridge",
  veth: "veth",
  vlan: "vlan",
  bond: "bond",
  team: "bond",
  macvlan: "macvlan",
  macvtap: "macvlan",
  ipvlan: "ipvlan",
  ipvtap: "ipvlan",
  tun: "tun",
  dummy: "dummy",
  vrf: "vrf",
  vxlan: "tunnel",
  geneve: "tunnel",
  wireguard: "tunnel",
  gre: "tunnel",
  gretap: "tunnel",
  ip6gre: "tunnel",
  ip6tnl: "tunnel",
  ipip: "tunnel",
  sit: "tunnel",
  vti: "tunnel",
  xfrm: "tunnel",
};

type Json = Readonly<Record<string, unknown>>;

/** Null: not what `ip -j` writes (busybox has an `ip` that knows no JSON). */
export function readIpJson(text: string): NetworkInterface[] | null {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(list)) return null;
  const found: NetworkInterface[] = [];
  for (const entry of list.slice(0, MAX_INTERFACES)) {
    const one = interfaceOf(objectOf(entry));
    if (one !== null) found.push(one);
  }
  return found;
}

function interfaceOf(entry: Json): NetworkInterface | null {
  const name = textOf(entry.ifname);
  if (name === null) return null;
  const info = objectOf(entry.linkinfo);
  const kind = KINDS[textOf(info.info_kind) ?? ""] ?? kindOf(textOf(entry.link_type), textOf(info.info_kind));
  const flags = Array.isArray(entry.flags) ? entry.flags : [];
  const id = objectOf(info.info_data).id;
  return {
    name,
    index: numberOf(entry.ifindex),
    state: !flags.includes("UP") ? "down" : flags.includes("LOWER_UP") ? "up" : "no-carrier",
    kind,
    addresses: addressesOf(entry.addr_info),
    link: textOf(entry.link),
    // `link_index` and `link_netnsid` stand where the name belongs to another namespace.
    isLinkElsewhere: entry.link === undefined && (numberOf(entry.link_index) ?? 0) > 0,
    linkIndex: numberOf(entry.link_index),
    otherEnd: null,
    master: textOf(entry.master),
    vlan: kind === "vlan" && typeof id === "number" ? id : null,
  };
}

/** `link_type` is that of ARPHRD_* (include/uapi/linux/if_arp.h). */
function kindOf(linkType: string | null, infoKind: string | null): InterfaceKind {
  if (linkType === "loopback") return "loopback";
  if (infoKind !== null) return "other";
  return linkType === "ether" ? "ethernet" : "other";
}

function addressesOf(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list
    .slice(0, MAX_ADDRESSES)
    .map((entry) => textOf(objectOf(entry).local))
    .filter((address) => address !== null);
}

const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

const numberOf = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) : null);
