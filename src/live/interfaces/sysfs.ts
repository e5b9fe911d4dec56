// What do the files of /sys/class/net/NAME say of an interface? For systems without iproute2.
//
// Sources: Documentation/ABI/testing/sysfs-class-net, include/uapi/linux/if.h (flags), include/uapi/linux/if_arp.h (type).

import type { InterfaceKind, NetworkInterface } from "./interface-model.ts";

/** What is read of one interface, as it stands in the files; "" for a file that is not there. */
export interface SysfsEntry {
  readonly name: string;
  readonly type: string;
  readonly flags: string;
  readonly operstate: string;
  readonly uevent: string;
  readonly ifindex: string;
  readonly iflink: string;
  /** Names in the folder: `bridge`, `bonding`, `tun_flags`, `lower_eth0`, `wireless`, `device`. */
  readonly names: readonly string[];
  /** To what `master` leads; "" for nothing. */
  readonly master: string;
}

const IFF_UP = 1;
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
/** ARPHRD_TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE. */
const TUNNELS: ReadonlySet<number> = new Set([768, 769, 776, 778, 823]);

/** DEVTYPE of uevent (SET_NETDEV_DEVTYPE in the drivers). */
const DEVTYPES: Readonly<Record<string, InterfaceKind>> = {
  bridge: "bridge",
  vlan: "vlan",
  bond: "bond",
  macvlan: "macvlan",
  ipvlan: "ipvlan",
  vrf: "vrf",
  vxlan: "tunnel",
  geneve: "tunnel",
  gretap: "tunnel",
  wireguard: "tunnel",
  wlan: "wireless",
};

/** `addressesOf`: the addresses of an interface, which /sys does not have. */
export function fromSysfs(
  entries: readonly SysfsEntry[],
  addressesOf: (name: string) => readonly string[],
): NetworkInterface[] {
  const byIndex = new Map(entries.map((e) => [e.ifindex, e]));
  return entries.map((entry) => {
    const below = entry.names.find((n) => n.startsWith("lower_"))?.slice("lower_".length) ?? null;
    const hasLink = entry.iflink !== "" && entry.iflink !== entry.ifindex && entry.iflink !== "0";
    const other = hasLink ? byIndex.get(entry.iflink) : undefined;
    const isPair = other !== undefined && other.iflink === entry.ifindex;
    const kind = kindOf(entry, hasLink, isPair);
    const standsOn = kind !== "bridge" && kind !== "bond" && kind !== "vrf" ? below : null;
    return {
      name: entry.name,
      index: entry.ifindex === "" ? null : Number(entry.ifindex),
      state: stateOf(entry),
      kind,
      addresses: addressesOf(entry.name),
      link: standsOn ?? (isPair ? other.name : null),
      isLinkElsewhere: hasLink && below === null && !isPair,
      linkIndex: hasLink ? Number(entry.iflink) : null,
      otherEnd: null,
      master: entry.master === "" ? null : entry.master,
      vlan: kind === "vlan" ? vlanOf(entry.name) : null,
    };
  });
}

function stateOf({ flags, operstate }: SysfsEntry): NetworkInterface["state"] {
  if (flags === "") return "unknown";
  if ((Number(flags) & IFF_UP) === 0) return "down";
  return operstate === "down" || operstate === "lowerlayerdown" ? "no-carrier" : "up";
}

function kindOf(entry: SysfsEntry, hasLink: boolean, isPair: boolean): InterfaceKind {
  const type = Number(entry.type);
  if (entry.type !== "" && type === ARPHRD_LOOPBACK) return "loopback";
  const byDevtype = DEVTYPES[/^DEVTYPE=(.*)$/m.exec(entry.uevent)?.[1] ?? ""];
  if (byDevtype !== undefined) return byDevtype;
  if (entry.names.includes("bridge")) return "bridge";
  if (entry.names.includes("bonding")) return "bond";
  if (entry.names.includes("tun_flags")) return "tun";
  if (entry.names.includes("wireless")) return "wireless";
  if (TUNNELS.has(type)) return "tunnel";
  if (isPair) return "veth";
  // macvlan and ipvlan name no DEVTYPE on all kernels.
  if (hasLink && entry.names.some((n) => n.startsWith("lower_"))) return "macvlan";
  if (hasLink) return "pair";
  if (entry.type === "") return "unknown";
  return type === ARPHRD_ETHER ? "ethernet" : "other";
}

/** By the name that `ip link add … type vlan` and the distributions give: the number is in /proc/net/vlan only, for root. */
function vlanOf(name: string): number | null {
  const m = /(?:\.|^vlan)(\d{1,4})$/.exec(name);
  return m === null || Number(m[1]) > 4094 ? null : Number(m[1]);
}
