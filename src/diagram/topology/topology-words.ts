// In which words does a topology say how calls went? The same ones in the picture, in a terminal and in Mermaid.

import type { Nanos } from "../../core/clock.ts";
import { count, formatDuration } from "../../core/format.ts";
import type { TopologyEdge, TopologyFault, TopologyNode } from "./topology-picture.ts";

/** Outcomes other than an answer, in the order they are told, as they stand behind a number. */
const NOT_ANSWERED = ["unanswered", "late", "pending", "unknown"] as const;

const duration = (ns: Nanos): string => formatDuration(ns / 1e9);

/** "http", "247 requests: 117 answered, 130 unanswered". */
export function aboutNode({ kind, protocols, outcomes, members, name }: TopologyNode): string[] {
  const who = kind === "client" ? (members.length > 1 || members[0] !== name ? "" : "client") : "service";
  const first = [protocols.join(", "), who].filter((word) => word !== "").join(" ");
  const lines = first === "" ? [] : [first];
  if (outcomes === null) return lines;
  const total = outcomes.answered + NOT_ANSWERED.reduce((n, key) => n + outcomes[key], 0);
  const others = NOT_ANSWERED.filter((key) => outcomes[key] > 0).map((key) => `${count(outcomes[key], key, key)}`);
  if (others.length === 0) return [...lines, `${count(total, "request")}, all answered`];
  return [
    ...lines,
    `${count(total, "request")}: ${[count(outcomes.answered, "answered", "answered"), ...others].join(", ")}`,
  ];
}

/** "220 requests". */
export const callsOf = ({ requests, connections }: TopologyEdge): string =>
  requests > 0 ? count(requests, "request") : count(connections, "connection");

/** "130 unanswered, 2 late"; empty where all is well or nobody knows. */
export const troubleOf = ({ unanswered, late }: TopologyEdge): string =>
  [
    ...((unanswered ?? 0) > 0 ? [`${count(unanswered!, "unanswered", "unanswered")}`] : []),
    ...((late ?? 0) > 0 ? [`${count(late!, "late", "late")}`] : []),
  ].join(", ");

/** "1.07 ms, p99 28.8 ms": median and 99th percentile. */
export const waitedOf = ({ waited, waitedP99 }: TopologyEdge): string =>
  waited === null ? "" : `${duration(waited)}${waitedP99 === null ? "" : `, p99 ${duration(waitedP99)}`}`;

/** Of so many findings at one node each is told; of more, the first, and how many. */
const TOLD = 3;

/** "CAUSE · critical: leaked its pool of 10 connections". */
export function faultLines(faults: readonly TopologyFault[]): string[] {
  const told = faults.slice(0, TOLD).map((f) => `${f.isCause ? "CAUSE · " : ""}${f.severity}: ${f.text}`);
  const more = faults.length - told.length;
  return more > 0 ? [...told, `and ${count(more, "finding")} more`] : told;
}

/** A sentence of its own: the finding's title again. */
export const faultOf = ({ name }: TopologyNode, { text }: TopologyFault): string =>
  text.includes(name) ? text : `${name} ${text}`;

export const WAITED_NOTE =
  "Times are the median of the answers and their 99th percentile (p99), of all callers at one address together.";
