// What does the dump prove to exist that the capture has no packet of, and how is that captured?
//
// The wrong interface, a filter, a start too late: a capture cannot tell these from silence. A dump beside it can.

import { isLoopback } from "../../src/core/address.ts";
import type { DumpFinding, Party } from "../../src/core/analysis.ts";
import type { DumpMatch } from "../../src/core/dump-view.ts";
import type { CaptureView } from "../../src/core/flow-view.ts";
import type { HostSystem } from "../../src/core/host-settings.ts";
import type { SocketRow, SocketState } from "../../src/core/socket-table.ts";
import { CITED, name, plural } from "../grouping.ts";
import { settingsFor } from "./host.ts";
import { rolesOf, SERVICE } from "./roles.ts";

/** A connection or two may end while the dump is taken. */
const SEVERAL = 3;
const MAX_GROUPS = 10_000;
const MAX_TOLD = 5;
/** People stop tcpdump, and then look at netstat: still the same time. */
const BESIDE_NS = 60e9;
/** After these nothing is sent any more: who is in one since before the capture began shows in no packet. */
const CLOSED_STATES = new Set<SocketState>(["CLOSE_WAIT", "TIME_WAIT", "FIN_WAIT_2"]);

interface Group {
  /** The end that is a service; `peer` the other side, without its port. */
  service: Party & { port: number };
  peer: string;
  states: Map<SocketState, number>;
  count: number;
  lines: number[];
}

type Reason = "wrong-interface" | "not-captured" | "before-the-capture" | "silent" | "other-time";

/** Findings of `capture-blind-spots`, the most connections first. */
export function notInCapture(match: DumpMatch, view: CaptureView): DumpFinding[] {
  const seen = whatIsSeen(view);
  const groups = [...groupsOf(match, view)].filter((g) => g.count >= SEVERAL).sort((a, b) => b.count - a.count);
  const told = groups.slice(0, MAX_TOLD);
  const more = groups.slice(MAX_TOLD).reduce((n, g) => n + g.count, 0);
  return told.map((group, n) => describe(group, n === told.length - 1 ? more : 0, match, seen, view));
}

function* groupsOf(match: DumpMatch, view: CaptureView): Iterable<Group> {
  const { dump } = match;
  const roles = rolesOf(dump, view.hosts).of;
  const groups = new Map<string, Group>();
  let n = -1;
  for (const row of dump.rows()) {
    n++;
    if (!match.isMissing(n)) continue;
    const group = groupOf(row, roles[n] === SERVICE, groups);
    if (group === null) continue;
    group.count++;
    group.states.set(row.state, (group.states.get(row.state) ?? 0) + 1);
    if (group.lines.length < CITED) group.lines.push(row.line);
  }
  yield* groups.values();
}

function groupOf({ local, remote }: SocketRow, isService: boolean, groups: Map<string, Group>): Group | null {
  const [service, peer] = isService ? [local, remote.address] : [remote, local.address];
  const key = `${service.address} ${service.port} ${peer}`;
  let group = groups.get(key);
  if (group === undefined && groups.size < MAX_GROUPS) {
    const party = { address: service.address, port: service.port ?? 0 };
    group = { service: party, peer, states: new Map(), count: 0, lines: [] };
    groups.set(key, group);
  }
  return group ?? null;
}

interface Seen {
  addresses: ReadonlySet<string>;
  services: ReadonlySet<string>;
  loopback: boolean;
}

function whatIsSeen(view: CaptureView): Seen {
  const addresses = new Set<string>();
  const services = new Set<string>();
  for (const { client, server } of view.flows()) {
    addresses.add(client.address).add(server.address);
    services.add(name({ address: server.address, port: server.port }));
  }
  return { addresses, services, loopback: [...addresses].some(isLoopback) };
}

function describe(group: Group, more: number, match: DumpMatch, seen: Seen, view: CaptureView): DumpFinding {
  const { service, peer, count, lines } = group;
  const { dump } = match;
  const os = settingsFor(dump, view.hosts, peer).os;
  const states = [...group.states].sort((a, b) => b[1] - a[1]).map(([state, n]) => `${n} ${state}`);
  const reason = reasonOf(group, match, seen, view);
  const rest = more > 0 ? ` So it is with ${plural(more, "further connection")} to and from others.` : "";
  return {
    severity: reason === "wrong-interface" || reason === "not-captured" ? "low" : "info",
    title: `The capture has no packet of ${plural(count, "connection")} between ${peer} and ${name(service)}`,
    summary: `${dump.source} lists them (${states.join(", ")}). ${WHY[reason]}${rest}`,
    subject: { holder: service, peer: { address: peer } },
    count,
    onset: null,
    metrics: { kind: "not-in-capture", reason, states: states.join(", ") },
    evidence: [{ dump: dump.source, lines }],
    advice: adviceOf(group, reason, os),
  };
}

const WHY: Record<Reason, string> = {
  "wrong-interface":
    "They run over the loopback interface, and the capture has nothing of it: it was taken on another interface.",
  "not-captured":
    "Nothing of that service is in the capture: it passes by another interface, a filter left it out, or nobody said a word.",
  "before-the-capture":
    "All of them had been closed by one side or both already, and then nothing is sent: the capture began too late for them.",
  silent:
    "Other connections of that service are in the capture, so these were silent while it ran: idle, or waiting for something that nobody sends.",
  "other-time": "The dump was not taken while the capture ran: they may have begun and ended outside of it.",
};

function reasonOf({ service, peer, states }: Group, match: DumpMatch, seen: Seen, view: CaptureView): Reason {
  if (isLoopback(service.address) && isLoopback(peer) && !seen.loopback) return "wrong-interface";
  const { at } = match;
  if (at !== null && (at < view.firstTime - BESIDE_NS || at > view.lastTime + BESIDE_NS)) return "other-time";
  if ([...states.keys()].every((state) => CLOSED_STATES.has(state))) return "before-the-capture";
  return seen.services.has(name(service)) ? "silent" : "not-captured";
}

/** How a capture is taken that has them. */
function adviceOf({ service, peer }: Group, reason: Reason, os: HostSystem): string[] {
  if (reason === "silent") return [];
  const local = isLoopback(service.address) && isLoopback(peer);
  // "any" has the loopback interface too; but who knows where it is can leave the rest out.
  const filter = local ? `tcp port ${service.port}` : `host ${service.address} and tcp port ${service.port}`;
  const command =
    os === "windows"
      ? `${local ? "dumpcap -i \\Device\\NPF_Loopback" : "dumpcap -i Ethernet"} -f '${filter}' -w incident.pcapng`
      : `tcpdump -i ${local ? (os === "linux" ? "lo" : "lo0") : os === "linux" ? "any" : "en0"} -s 0 -w incident.pcap '${filter}'`;
  return reason === "before-the-capture" || reason === "other-time"
    ? [`Start before the load, and take the dump while it runs: ${command}`]
    : [`On that host: ${command}`];
}
