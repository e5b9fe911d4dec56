// How is it said what an interface, a service or a namespace is? For people; everything that others named is made visible.

import { formatEndpoint } from "../../core/address.ts";
import { visible } from "../../core/escape.ts";
import { cut } from "../../core/wrap.ts";
import type { NetworkInterface, OtherEnd, OtherNamespace, Process, Seen, Service } from "./interface-model.ts";

/** Names of processes longer than this are cut: the kernel's have 15 bytes, each of which may be shown as four characters. */
const MAX_NAME = 24;
/** Parts of a bridge or bond that are named. */
const MAX_PARTS = 4;

const PLAIN_KINDS = {
  loopback: "loopback",
  ethernet: "ethernet",
  wireless: "wireless",
  tun: "tun or tap",
  tunnel: "tunnel",
  dummy: "dummy",
  vrf: "VRF",
  other: "other",
  unknown: "?",
} as const;

/** `bridge of veth1a2b, veth3c4d`, `VLAN 100 on eth0`, `veth, other end in another namespace`, `ethernet, part of bond0`. */
export function kindText(one: NetworkInterface, all: readonly NetworkInterface[]): string {
  const part = one.master === null ? "" : `, part of ${visible(one.master)}`;
  return `${ownKind(one, all)}${part}`;
}

function ownKind(one: NetworkInterface, all: readonly NetworkInterface[]): string {
  const on = one.link !== null ? ` on ${visible(one.link)}` : one.isLinkElsewhere ? " on one in another namespace" : "";
  switch (one.kind) {
    case "bridge":
    case "bond":
      return `${one.kind}${parts(one, all)}`;
    case "veth":
      if (one.link !== null) return `veth, other end ${visible(one.link)}`;
      if (one.otherEnd !== null) return `veth, other end ${endOfPair(one.otherEnd)}`;
      return one.isLinkElsewhere ? "veth, other end in another namespace" : "veth";
    case "vlan":
      return `VLAN ${one.vlan ?? "?"}${on}`;
    case "macvlan":
    case "ipvlan":
      return `${one.kind}${on}`;
    case "pair":
      return "virtual, other end in another namespace";
    default:
      return PLAIN_KINDS[one.kind];
  }
}

const endOfPair = ({ interface: name, process }: OtherEnd): string =>
  `${visible(name)} ${process === null ? "here" : `of ${processText(process)}`}`;

function parts(one: NetworkInterface, all: readonly NetworkInterface[]): string {
  const names = membersOf(one, all).map(visible);
  if (names.length === 0) return "";
  const more = names.length > MAX_PARTS ? ` and ${names.length - MAX_PARTS} more` : "";
  return ` of ${names.slice(0, MAX_PARTS).join(", ")}${more}`;
}

export const membersOf = (one: NetworkInterface, all: readonly NetworkInterface[]): string[] =>
  all.filter((i) => i.master === one.name).map((i) => i.name);

/** What to know before one captures on it; null: nothing. */
export function captureNote(one: NetworkInterface): string | null {
  const name = visible(one.name);
  const link = one.link === null ? null : visible(one.link);
  switch (one.kind) {
    case "bridge":
      return `${name} is a bridge: with -i any each packet comes twice, on ${name} and on its port; halfclose counts the copies and judges one.`;
    case "bond":
      return `${name} is a bond: each of its members sees only a part of the packets; capture on ${name}.`;
    case "vlan":
      if (link === null) return null;
      return `${name} is VLAN ${one.vlan ?? "?"} on ${link}: the same packets are on ${link}, with a tag.`;
    case "macvlan":
    case "ipvlan":
      return link === null ? null : `${name} stands on ${link}: what other machines send is on ${link}, too.`;
    case "veth":
      if (one.otherEnd !== null && one.otherEnd.process === null) {
        return `What passes ${name} passes ${visible(one.otherEnd.interface)} here, too: callers from elsewhere can be captured there without entering the namespace.`;
      }
      return link === null ? null : `${name} and ${link} are the two ends of one cable: each packet is on both.`;
    default:
      return null;
  }
}

/** `*:8080`, `127.0.0.1:5432`, `0.0.0.0%eth0:80` as ss writes it. */
export function endText({ address, port, device }: Pick<Service, "address" | "port" | "device">): string {
  const end = formatEndpoint({ address, port });
  return device === null ? end : `${end} on ${visible(device)}`;
}

export function familiesText(families: Service["families"]): string {
  if (families === null) return "IPv6, and IPv4 unless it was told not to";
  return families === "both" ? "IPv4 and IPv6" : `${families} only`;
}

export const nameText = (name: string): string => (name === "" ? "?" : cut(visible(name), MAX_NAME, "..."));

export const processText = ({ name, pid }: Process): string => `${nameText(name)} (${pid})`;

/** The first one, and how many there are beside. */
export function ownersText(processes: readonly Process[]): string {
  const [first] = processes;
  if (first === undefined) return "?";
  return `${processText(first)}${processes.length > 1 ? ` +${processes.length - 1}` : ""}`;
}

export function namespaceText({ name, container, process, processes }: OtherNamespace): string {
  const of = [
    ...(name === null ? [] : [visible(name)]),
    ...(container === null ? [] : [`container ${container}`]),
    `${processText(process)}${processes > 1 ? ` and ${processes - 1} more` : ""}`,
  ];
  return of.join(", ");
}

/** `3 from here, 40 from elsewhere`; "" without any. */
export function connectionsText(seen: readonly Seen[]): string {
  const of = (callers: Seen["callers"]): number =>
    seen.filter((s) => s.callers === callers).reduce((n, s) => n + s.connections, 0);
  const here = of("here");
  const elsewhere = of("elsewhere");
  return [...(here > 0 ? [`${here} from here`] : []), ...(elsewhere > 0 ? [`${elsewhere} from elsewhere`] : [])].join(
    ", ",
  );
}
