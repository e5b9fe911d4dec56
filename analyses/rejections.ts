// Which servers took a connection and then said that they will not serve it, or serve it no longer?

import type { FoundFinding, Severity } from "../src/core/analysis.ts";
import { type CaptureView, type FlowRow, Sign } from "../src/core/flow-view.ts";
import { timelineOf } from "../src/core/statistics.ts";
import type { Remark } from "../src/core/stream-decoder.ts";
import { CITED, cite, clockTime, type Group, Groups, name, plural } from "./grouping.ts";

/** No place left: MySQL 1040 and 1203, PostgreSQL 53300, Redis and memcached by their words. */
const FULL = /^(?:1040|1203|1226|53300)$|max(?:imum)? number of clients|too many (?:open )?connections/i;
/** One client with a wrong password is no incident; three connections without a place are. */
const SEVERAL = 3;

interface Rejection {
  flow: number;
  remark: Remark;
  /** It had served requests on it before. */
  served: boolean;
}

/** Findings of kind `turned-away` (no request was served on the connection) and `ended` (some were). */
export function rejections(view: CaptureView): FoundFinding[] {
  const groups = new Map<string, Groups<Rejection>>();
  for (const flow of view.flows(Sign.notes)) {
    const remark = flow.notes?.remarks.find((r) => r.kind === "refusal");
    if (remark === undefined || flow.protocol === "unknown") continue;
    const served = (flow.notes?.asked ?? 0) > 0;
    const key = `${served} ${isOfServer(flow, remark)} ${remark.code}`;
    let of = groups.get(key);
    if (of === undefined) groups.set(key, (of = new Groups<Rejection>()));
    of.add(flow.server, flow.client, { flow: flow.id, remark, served });
  }
  return [...groups.values()].flatMap((of) => [...of].map((g) => describe(g, view)));
}

const isOfServer = (flow: FlowRow, remark: Remark): boolean => remark.side === flow.server.side;

function describe(g: Group<Rejection>, view: CaptureView): FoundFinding {
  const first = g.items[0]!;
  const flow = view.row(first.flow);
  const byServer = isOfServer(flow, first.remark);
  const [holder, peer] = byServer ? [g.service, g.peer] : [g.peer, g.service];
  const { code, text, time } = first.remark;
  const words = text === "" || text === code ? "" : ` (${text})`;
  const since = clockTime(view.clock.iso(time));
  const connections = plural(g.items.length, "connection");
  const isFull = FULL.test(code ?? "") || FULL.test(text);
  const what = first.served ? "ended" : "turned away";
  return {
    severity: severityOf(g.items.length, isFull, first.served || flow.protocol === "tls"),
    title: `${name(holder)} ${what} ${connections} of ${name(peer)}: ${code ?? text}`,
    summary:
      `${name(holder)} ${what} ${connections} of ${name(peer)} with ${code ?? "an error"}${words}, first at ${since}` +
      `${first.served ? ", after it had served requests on them" : ""}.${isFull ? " It has no place left." : ""}`,
    subject: { holder, peer },
    count: g.items.length,
    onset: time,
    metrics: { kind: first.served ? "ended" : "turned-away", code, protocol: flow.protocol },
    evidence: g.items.slice(0, CITED).map((r) => cite(r.flow, r.remark.frame)),
    advice: [
      isFull
        ? `Count who holds the connections of ${name(holder)} (pools of all clients together), before its limit is raised.`
        : `Look in the log of ${name(holder)} at ${since}.`,
    ],
    timeline: timelineOf(
      g.items.map((r) => r.remark.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function severityOf(count: number, isFull: boolean, isMild: boolean): Severity {
  if (isFull) return count >= SEVERAL ? "high" : "medium";
  if (count < SEVERAL) return "info";
  return isMild ? "low" : "medium";
}
