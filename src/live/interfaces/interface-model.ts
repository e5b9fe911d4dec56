// What is known of the interfaces of a machine, of the services that listen on it, and of its network namespaces? Plain data.

import type { Route } from "./routes.ts";

/**
 * pair: an interface whose other end is in another network namespace, of a kind that could not be found out (veth, macvlan,
 * ipvlan). other: of a kind that has no part here.
 */
export const INTERFACE_KINDS = [
  "loopback",
  "ethernet",
  "wireless",
  "bridge",
  "veth",
  "vlan",
  "bond",
  "macvlan",
  "ipvlan",
  "tun",
  "tunnel",
  "dummy",
  "vrf",
  "pair",
  "other",
  "unknown",
] as const;
export type InterfaceKind = (typeof INTERFACE_KINDS)[number];

export interface NetworkInterface {
  readonly name: string;
  /** The kernel's number, unique within a namespace; null: not known. */
  readonly index: number | null;
  /** up: packets can pass. no-carrier: it is up, and nothing is at the other end. unknown: the system did not say. */
  readonly state: "up" | "no-carrier" | "down" | "unknown";
  readonly kind: InterfaceKind;
  /** Canonical (RFC 5952), without prefix length and scope. */
  readonly addresses: readonly string[];
  /** The interface on which this one stands (VLAN, macvlan, ipvlan), or the other end of a veth pair; null: none here. */
  readonly link: string | null;
  /** The other end, or the interface below, is in another network namespace. */
  readonly isLinkElsewhere: boolean;
  /** The kernel's number of that one, where it is. */
  readonly linkIndex: number | null;
  /** The other end of a veth pair that spans two namespaces, where it was found. */
  readonly otherEnd: OtherEnd | null;
  /** The bridge, bond or VRF of which it is a part. */
  readonly master: string | null;
  /** IEEE 802.1Q; null where it is no VLAN, or the number could not be read. */
  readonly vlan: number | null;
}

export interface OtherEnd {
  readonly interface: string;
  /** In whose namespace it is; null: in that of this program. */
  readonly process: Process | null;
}

export interface Process {
  readonly pid: number;
  /** As the process calls itself (`comm`): anything at all. */
  readonly name: string;
}

/** Packets of which callers of a service an interface sees. */
export interface Seen {
  readonly interface: string;
  /** here: on this machine, in the same network namespace. elsewhere: other machines, containers, other namespaces. */
  readonly callers: "here" | "elsewhere";
  /** Connections with such callers at this moment, the half-closed ones included. */
  readonly connections: number;
}

/** A socket that listens, or several with one address and port (SO_REUSEPORT, a process a core). */
export interface Service {
  /** "*": all addresses. */
  readonly address: string;
  readonly port: number;
  /** Of callers. null: it is a socket of IPv6 for all addresses, and whether it takes IPv4 too could not be found out. */
  readonly families: "IPv4" | "IPv6" | "both" | null;
  /** Bound to this interface (SO_BINDTODEVICE), where that could be found out. */
  readonly device: string | null;
  /** Empty: the processes of others cannot be seen without privilege. */
  readonly processes: readonly Process[];
  /** Where to capture; the one with most connections first. Empty: no packet can reach it now. */
  readonly seen: readonly Seen[];
  /** What else is to be known, one sentence each. */
  readonly hints: readonly string[];
}

/** A network namespace other than that of this program. */
export interface OtherNamespace {
  /** Its number (`readlink /proc/PID/ns/net`); null: that could not be read without privilege. */
  readonly inode: number | null;
  /** As `ip netns` calls it. */
  readonly name: string | null;
  /** The id of the container, cut to the 12 characters that its tools show. */
  readonly container: string | null;
  /** A process in it, by which one gets there. */
  readonly process: Process;
  readonly processes: number;
  readonly interfaces: readonly NetworkInterface[];
  readonly services: readonly Service[];
}

/** Which programs could capture here. */
export interface EngineHere {
  readonly engine: "dumpcap" | "tcpdump" | "cap";
  readonly usable: boolean;
  /** Its version where it can be used, else why it cannot; one line. */
  readonly because: string;
  /** What would make it usable; null where it is, or nothing helps. */
  readonly remedy: string | null;
}

export interface InterfaceList {
  readonly system: string;
  readonly interfaces: readonly NetworkInterface[];
  readonly services: readonly Service[];
  readonly namespaces: readonly OtherNamespace[];
  readonly engines: readonly EngineHere[];
  /** Of this namespace. */
  readonly routes: readonly Route[];
  /** What could not be found out, and why: one sentence each. */
  readonly remarks: readonly string[];
}
