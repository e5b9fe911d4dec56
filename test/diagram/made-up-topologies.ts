// Which topologies are drawn in tests? The one of samples/leaked-pool, written down from its truth.json, and crafted ones.

import type { TopologyEdge, TopologyNode, TopologyPicture } from "../../src/diagram/topology/topology-picture.ts";

const node = (name: string, more: Partial<TopologyNode> = {}): TopologyNode => ({
  name,
  kind: "service",
  members: [],
  protocols: ["http"],
  outcomes: null,
  faults: [],
  ...more,
});
const client = (name: string, members: string[] = [name]): TopologyNode =>
  node(name, { kind: "client", members, protocols: [] });
const edge = (from: number, to: number, requests: number, more: Partial<TopologyEdge> = {}): TopologyEdge => ({
  from,
  to,
  requests,
  connections: 0,
  late: 0,
  unanswered: 0,
  waited: 1.07e6,
  waitedP99: 28.8e6,
  basis: null,
  ...more,
});
const outcomes = (answered: number, unanswered = 0) => ({ answered, unanswered, late: 0, pending: 0, unknown: 0 });

export const LEAKED: TopologyPicture = {
  subject: "127.0.0.1:8280 leaked its pool of 10 connections to 127.0.0.1:3307",
  notes: [],
  nodes: [
    client("127.0.0.1"),
    node("127.0.0.1:8080", {
      outcomes: outcomes(220),
      faults: [
        { finding: "slow-answers#1", severity: "high", text: "became slow: 1.001 s instead of 1.6 ms", isCause: false },
      ],
    }),
    node("127.0.0.1:8280", {
      outcomes: outcomes(117, 130),
      faults: [
        {
          finding: "pool-starvation#1",
          severity: "critical",
          text: "leaked its pool of 10 connections to 127.0.0.1:3307",
          isCause: true,
        },
        {
          finding: "unanswered-requests#1",
          severity: "critical",
          text: "did not answer 130 requests from 127.0.0.1",
          isCause: false,
        },
      ],
    }),
    node("127.0.0.1:3307", { protocols: ["mysql"], outcomes: outcomes(100) }),
  ],
  edges: [
    edge(0, 1, 220),
    edge(0, 2, 27),
    edge(1, 2, 220, { unanswered: 130, basis: "request ids" }),
    edge(2, 3, 100, { basis: "time" }),
  ],
};

/** Everybody calls the next, the last one the first; and one itself. */
export const CIRCLE: TopologyPicture = {
  subject: "a circle",
  notes: [],
  nodes: [client("192.0.2.1"), ...[1, 2, 3].map((n) => node(`192.0.2.2:${n}`))],
  edges: [edge(0, 1, 5), edge(1, 2, 4), edge(2, 3, 3), edge(3, 1, 2), edge(2, 2, 1)],
};

/** Twenty nodes in five layers, each calling each of the next two layers. */
export const BUSY: TopologyPicture = {
  subject: "a busy place",
  notes: ["Not shown: 12 further nodes, with 345 requests."],
  nodes: Array.from({ length: 20 }, (_, n) =>
    n < 4 ? client(n === 0 ? "17 clients" : `192.0.2.${n}`, n === 0 ? ["a", "b"] : undefined) : node(`192.0.2.${n}:80`),
  ),
  edges: Array.from({ length: 20 }, (_, from) =>
    Array.from({ length: 20 }, (_, to) => ({ from, to })).filter(
      ({ to }) =>
        Math.floor(to / 4) > Math.floor(from / 4) &&
        Math.floor(to / 4) <= Math.floor(from / 4) + 2 &&
        (from + to) % 3 === 0,
    ),
  )
    .flat()
    .map(({ from, to }) => edge(from, to, from + to)),
};

const HOSTILE = `"><img src=x onerror=alert(1)>;%%{init: {}}%%\n"] end click \`x\` \u202e\x1b[2J ${"y".repeat(450)}`;
export const HOSTILE_TOPOLOGY: TopologyPicture = {
  subject: HOSTILE,
  notes: [HOSTILE],
  nodes: [0, 1, 2, 3].map((n) =>
    node(`${n}${HOSTILE}`, {
      kind: n === 0 ? "client" : "service",
      members: [HOSTILE, HOSTILE],
      protocols: [HOSTILE, HOSTILE],
      outcomes: { answered: 1e12, unanswered: 1e12, late: 1e12, pending: 1e12, unknown: 1e12 },
      faults: Array.from({ length: 7 }, () => ({
        finding: HOSTILE,
        severity: "critical",
        text: HOSTILE,
        isCause: n === 2,
      })),
    }),
  ),
  edges: [
    edge(0, 1, 1e12),
    edge(0, 2, 0, { connections: 7, basis: HOSTILE }),
    edge(1, 3, 2, { unanswered: 2, late: 1e9 }),
    edge(3, 0, 1),
  ],
};
