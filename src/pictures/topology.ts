// Who called whom, how did it go, and where did it break? The nodes and edges of a topology, from what the flow room counted, from
// the links between services (analyses/legs.ts), and from the findings.

import { type Link, linksIn } from "../../analyses/legs.ts";
import { formatEndpoint } from "../core/address.ts";
import { SEVERITIES } from "../core/analysis.ts";
import type { CaptureView, Durations, ServiceTally } from "../core/flow-view.ts";
import { count } from "../core/format.ts";
import type { ReportFinding } from "../core/report.ts";
import { smallest } from "../core/statistics.ts";
import type {
  Outcomes,
  TopologyEdge,
  TopologyFault,
  TopologyNode,
  TopologyPicture,
} from "../diagram/topology/topology-picture.ts";
import { leftOut, type Made, type PictureOptions } from "./over-time.ts";
import { troubleByLink } from "./topology-trouble.ts";

/** More nodes are a map, not a picture. */
const MAX_NODES = 20;
/** Pairs of a client and a service without requests that are told apart: a crafted capture has as many as packets. */
const MAX_PAIRS = 10_000;
/** Of clients that are told together, so many are named. */
const NAMED_MEMBERS = 20;

interface Node {
  kind: "client" | "service";
  name: string;
  address: string;
  members: string[];
  tallies: ServiceTally[];
  faults: TopologyFault[];
}

interface Edge {
  from: Node;
  to: Node;
  links: Link[];
  connections: number;
  /** Null where it cannot be told. */
  late: number | null;
  unanswered: number | null;
}

class Graph {
  readonly nodes = new Map<string, Node>();
  readonly edges = new Map<string, Edge>();

  service(endpoint: { address: string; port: number }): Node {
    return this.node("service", formatEndpoint(endpoint), endpoint.address);
  }

  client(address: string): Node {
    return this.node("client", address, address);
  }

  edge(from: Node, to: Node): Edge {
    const key = `${from.kind} ${from.name} → ${to.name}`;
    const known = this.edges.get(key);
    if (known !== undefined) return known;
    const edge: Edge = { from, to, links: [], connections: 0, late: 0, unanswered: 0 };
    this.edges.set(key, edge);
    return edge;
  }

  private node(kind: Node["kind"], name: string, address: string): Node {
    const key = `${kind} ${name}`;
    const known = this.nodes.get(key);
    if (known !== undefined) return known;
    const node: Node = { kind, name, address, members: [address], tallies: [], faults: [] };
    this.nodes.set(key, node);
    return node;
  }
}

export function topologyPicture(view: CaptureView, options: PictureOptions): Made<TopologyPicture> {
  const graph = new Graph();
  addCalls(graph, view);
  const unseen = addConnections(graph, view);
  if (graph.nodes.size === 0) return { picture: null, because: "no connection was captured" };
  const homeless = addFaults(graph, options);
  const edges = folded([...graph.edges.values()]);
  const nodes = shownNodes(edges, graph);
  const shown = new Set(nodes);
  const kept = edges.filter((e) => shown.has(e.from) && shown.has(e.to));
  const number = new Map(nodes.map((node, n) => [node, n]));
  const left = new Set(edges.flatMap((e) => [e.from, e.to]).filter((node) => !shown.has(node)));
  const requests = edges.filter((e) => !kept.includes(e)).reduce((n, e) => n + requestsOf(e), 0);
  const notes = [
    ...leftOut(left.size, (n) => `Not shown: ${count(n, "further node")}, with ${count(requests, "request")}.`),
    ...leftOut(
      view.summarised?.forgotten.services ?? 0,
      (n) => `Not shown: ${count(n, "service")}, summarised for the memory budget.`,
    ),
    ...leftOut(unseen, (n) => `Not counted: ${count(n, "connection")} of further clients and services.`),
    ...homeless.map((f) => `Elsewhere: ${f.severity}: ${f.title}.`),
  ];
  return {
    picture: {
      nodes: nodes.map(nodeObject),
      edges: kept.map((e) => edgeObject(e, number, view)),
      subject: subjectOf(options, nodes),
      notes,
    },
  };
}

// ─────────────────────────── who calls whom ───────────────────────────

function addCalls(graph: Graph, view: CaptureView): void {
  for (const tally of view.services) graph.service(tally.service).tallies.push(tally);
  const trouble = troubleByLink(view);
  for (const link of linksIn(view)) {
    const from = link.caller === null ? graph.client(link.client) : graph.service(link.caller.service);
    const edge = graph.edge(from, graph.service(link.service.service));
    edge.links.push(link);
    const own = trouble.get(link) ?? null;
    edge.late = sum(edge.late, own?.late ?? null);
    edge.unanswered = sum(edge.unanswered, own?.unanswered ?? null);
  }
}

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/** Connections to services of which no request was read. Returns how many were not told apart. */
function addConnections(graph: Graph, view: CaptureView): number {
  const asked = new Set(view.services.map(({ service }) => formatEndpoint(service)));
  let unseen = 0;
  let pairs = 0;
  for (const flow of view.flows()) {
    if (flow.answersOf !== null) continue;
    const { address, port } = flow.server;
    if (asked.has(formatEndpoint({ address, port }))) continue;
    if (pairs >= MAX_PAIRS) {
      unseen++;
      continue;
    }
    const edge = graph.edge(graph.client(flow.client.address), graph.service({ address, port }));
    if (edge.connections++ === 0) pairs++;
  }
  return unseen;
}

// ─────────────────────────── where it broke ───────────────────────────

const severity = (f: { severity: TopologyFault["severity"] }): number => SEVERITIES.indexOf(f.severity);

/** Gives each finding to the node that it is about. Returns those that are about none. */
function addFaults(graph: Graph, { report, finding }: PictureOptions): ReportFinding[] {
  const inChain = new Set(report.diagnosis.chain.filter((l) => l.role === "cause").map((l) => l.finding));
  // What has nothing to do with the rest is a cause of its own; the picture marks the worst.
  const worst = smallest(report.findings.filter((f) => inChain.has(f.id)).map(severity));
  const causes = new Set(report.findings.filter((f) => inChain.has(f.id) && severity(f) === worst).map((f) => f.id));
  const homeless: ReportFinding[] = [];
  for (const f of report.findings) {
    if (f.severity === "info" && f.id !== finding?.id) continue;
    const node = holderOf(graph, f);
    const isCause = causes.has(f.id);
    if (node === null) homeless.push(f);
    else node.faults.push({ finding: f.id, severity: f.severity, text: withoutName(f.title, node.name), isCause });
  }
  for (const { faults } of graph.nodes.values())
    faults.sort((a, b) => Number(b.isCause) - Number(a.isCause) || severity(a) - severity(b));
  return homeless;
}

/** A service has its port, a client none; a client that is a service itself calls from its address. */
function holderOf({ nodes, edges }: Graph, { subject: { holder, peer } }: ReportFinding): Node | null {
  const own = nodes.get(`service ${formatEndpoint(holder)}`) ?? nodes.get(`client ${holder.address}`);
  const called = peer === null ? undefined : nodes.get(`service ${formatEndpoint(peer)}`);
  if (holder.port === undefined && called !== undefined) {
    const callers = [...edges.values()].filter((e) => e.to === called && e.from.address === holder.address);
    if (callers.length > 0 && !callers.some((e) => e.from === own)) return callers[0]!.from;
  }
  if (own !== undefined) return own;
  return [...nodes.values()].find((n) => n.address === holder.address && holder.port === undefined) ?? null;
}

const withoutName = (title: string, name: string): string =>
  title.startsWith(`${name} `) ? title.slice(name.length + 1) : title;

// ─────────────────────────── what is shown ───────────────────────────

const requestsOf = (e: Edge): number => e.links.reduce((n, l) => n + l.requests, 0);

/** Clients without findings that call the same services become one node. */
function folded(edges: readonly Edge[]): Edge[] {
  const byClient = new Map<Node, Edge[]>();
  for (const e of edges) {
    if (e.from.kind !== "client" || e.from.faults.length > 0) continue;
    const own = byClient.get(e.from);
    if (own === undefined) byClient.set(e.from, [e]);
    else own.push(e);
  }
  const groups = new Map<string, Node[]>();
  for (const [client, own] of byClient) {
    const key = own
      .map((e) => e.to.name)
      .sort()
      .join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [client]);
    else group.push(client);
  }
  const standIn = new Map<Node, Node>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const first = group[0]!;
    const members = group.map((n) => n.address);
    const node: Node = { ...first, name: count(group.length, "client"), members };
    for (const client of group) standIn.set(client, node);
  }
  const merged = new Map<string, Edge>();
  return edges.flatMap((e): Edge[] => {
    const from = standIn.get(e.from);
    if (from === undefined) return [e];
    const key = `${from.members[0]} → ${e.to.name}`;
    const known = merged.get(key);
    if (known === undefined) {
      const own = { ...e, from, links: [...e.links] };
      merged.set(key, own);
      return [own];
    }
    known.links.push(...e.links);
    known.connections += e.connections;
    known.late = sum(known.late, e.late);
    known.unanswered = sum(known.unanswered, e.unanswered);
    return [];
  });
}

/** Those with findings, the worst first; then those with the most requests, and then connections. */
function shownNodes(edges: readonly Edge[], graph: Graph): Node[] {
  const weight = new Map<Node, { requests: number; connections: number }>();
  const add = (node: Node, requests: number, connections: number): void => {
    const own = weight.get(node) ?? { requests: 0, connections: 0 };
    weight.set(node, { requests: own.requests + requests, connections: own.connections + connections });
  };
  for (const e of edges) for (const node of [e.from, e.to]) add(node, requestsOf(e), e.connections);
  // Services that nobody was seen to ask: answers without requests.
  for (const node of graph.nodes.values()) if (node.kind === "service") add(node, 0, 0);
  const rank = (n: Node): number => {
    const first = n.faults[0];
    return first === undefined ? SEVERITIES.length : first.isCause ? -1 : severity(first);
  };
  return [...weight]
    .sort(([a, x], [b, y]) => rank(a) - rank(b) || y.requests - x.requests || y.connections - x.connections)
    .slice(0, MAX_NODES)
    .map(([node]) => node);
}

function nodeObject({ kind, name, members, tallies, faults }: Node): TopologyNode {
  const outcomes: Outcomes = { answered: 0, late: 0, unanswered: 0, pending: 0, unknown: 0 };
  for (const t of tallies)
    for (const key of ["answered", "late", "unanswered", "pending", "unknown"] as const) outcomes[key] += t[key];
  const hasAny = Object.values(outcomes).some((n) => n > 0);
  return {
    name,
    kind,
    members: kind === "client" ? members.slice(0, NAMED_MEMBERS) : [],
    protocols: [...new Set(tallies.map((t) => t.protocol).filter((p) => p !== "unknown"))],
    outcomes: hasAny ? outcomes : null,
    faults,
  };
}

function edgeObject(e: Edge, number: ReadonlyMap<Node, number>, view: CaptureView): TopologyEdge {
  const waited = durationsOf(e, view);
  const isKnown = waited !== null && waited.count > 0;
  return {
    from: number.get(e.from)!,
    to: number.get(e.to)!,
    requests: requestsOf(e),
    connections: e.connections,
    late: e.links.length === 0 ? null : e.late,
    unanswered: e.links.length === 0 ? null : e.unanswered,
    waited: isKnown ? waited.percentile(0.5) : null,
    waitedP99: isKnown ? waited.percentile(0.99) : null,
    basis: e.links.find((l) => l.basis !== null)?.basis ?? null,
  };
}

/** Percentiles do not add up: of several clients there are some only where they are all that the service has. */
function durationsOf(e: Edge, view: CaptureView): Durations | null {
  const [first] = e.links;
  if (first === undefined) return null;
  if (e.links.every((l) => l.waited === first.waited)) return first.waited;
  const all = linksIn(view).filter((l) => l.service === first.service);
  const isWhole = e.links.length === all.length && e.links.every((l) => l.service === first.service);
  return isWhole ? first.service.activity.latencies : null;
}

function subjectOf({ report, finding }: PictureOptions, nodes: readonly Node[]): string {
  const chosen =
    finding ?? report.findings.find((f) => nodes.some((n) => n.faults.some((x) => x.finding === f.id && x.isCause)));
  return chosen?.title ?? report.findings.find((f) => f.severity !== "info")?.title ?? "who calls whom";
}
