// After how long does a service close an idle connection, and what does the client make of that?

import type { Analysis, FoundFinding, Party } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { HELD_NS } from "../src/core/half-closed.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { median, timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, duration, name, plural } from "./grouping.ts";
import { type IdleTimeout, idleTimeoutsIn } from "./idle-ends.ts";
import { staleWrites } from "./stale-connections.ts";

/** A client holds what the service has closed when it does so on several, and on most of those that could be judged. */
const SEVERAL = 3;
const MOST = 0.5;

export const idleTimeouts: Analysis = {
  id: "idle-timeouts",
  title: "Idle time-outs",
  question: "After how long does a service close an idle connection, and what does the client make of that?",
  why:
    "The end that closes first after a fixed idle time decides how long a pool may keep connections; the other has to be quicker, or to notice. " +
    "Time-outs that do not fit make stale connections or sockets in CLOSE_WAIT (RFC 9112 §9.5).",
  run(view) {
    const timeouts = idleTimeoutsIn(view);
    const stale = timeouts.length === 0 ? [] : [...staleWrites(view).groups];
    const findings = timeouts.map((t) => {
      const writes = stale.filter((g) => name(g.service) === name(t.service)).flatMap((g) => g.items);
      return t.closer === "server" ? byService(t, uses(t, writes, view), view) : byClient(t, view);
    });
    if (findings.length > 0) return { kind: "found", findings };
    if (view.flowCount === 0) return { kind: "unsure", needs: "there is no TCP connection in the capture" };
    return { kind: "clear", because: "nobody closed connections after a constant idle time" };
  },
};

/** What the clients did with connections that the service had closed. */
interface Uses {
  /** The only client, or the one that does not close; null when there are several. */
  client: Party | null;
  /** Of `judged` connections, those that the client still held when the capture ended. */
  held: number;
  judged: number;
  stale: number;
  /** The longest time for which a client left a connection unused and kept it. */
  longest: Nanos;
  requests: number | null;
}

function uses(t: IdleTimeout, writes: readonly { idle: Nanos; kind: string }[], view: CaptureView): Uses {
  let held = 0;
  let judged = 0;
  let longest = 0;
  const requests: number[] = [];
  for (const end of t.ends) {
    const flow = view.row(end.flow);
    if (flow.protocol !== "unknown") requests.push(flow.requests);
    const { client, server } = flow;
    const closed = client.fin ?? client.rst ?? server.rst;
    // Until the client closed, wrote, or the capture ended.
    const until = Math.min(closed?.time ?? view.lastTime, client.firstWriteAfterClose?.time ?? view.lastTime);
    longest = Math.max(longest, end.idle + Math.max(0, until - end.time));
    if (end.by === "RST" || (closed === null && view.lastTime - end.time < HELD_NS)) continue;
    judged++;
    if (closed === null && server.finAcked !== null) held++;
  }
  const clients = new Set(t.ends.map((e) => e.client));
  return {
    client: clients.size === 1 ? { address: t.ends[0]!.client } : null,
    held,
    judged,
    stale: writes.filter((w) => w.kind === "stale").length,
    longest,
    requests: requests.length * 2 > t.ends.length ? median(requests) : null,
  };
}

function byService(t: IdleTimeout, u: Uses, view: CaptureView): FoundFinding {
  const service = name(t.service);
  const client = u.client === null ? "its clients" : name(u.client);
  const neverCloses = u.held >= SEVERAL && u.held >= MOST * u.judged;
  const onClient = u.client !== null && (neverCloses || u.stale > 0);
  const how = closedBy(t);
  const sentences = [
    `${service} ended ${plural(t.ends.length, "connection")} with ${how} after ${duration(t.idle)} without payload${within(t)}: that is its idle time-out.`,
  ];
  if (u.requests !== null && u.requests <= 1)
    sentences.push(
      `Each had served ${u.requests === 1 ? "one request only" : "no request"} (median): ${client} does not reuse connections.`,
    );
  if (neverCloses) {
    sentences.push(
      `${client === "its clients" ? "The clients" : client} never closed ${u.held === t.ends.length ? "any of them" : `${formatWhole(u.held)} of them`}: the socket stays in CLOSE_WAIT.`,
    );
  }
  if (u.stale > 0)
    sentences.push(`${plural(u.stale, "request")} came after the close: the client keeps connections for longer.`);
  if (how === "RST") sentences.push("After a RST the client's next use fails on its own host, without a packet.");
  return {
    severity: neverCloses || u.stale > 0 ? "low" : "info",
    title: `${service} closes idle connections after ${duration(t.idle)}${neverCloses ? `, and ${client} never ${u.client === null ? "close" : "closes"} its side` : ""}`,
    summary: sentences.join(" "),
    subject: onClient ? { holder: u.client!, peer: t.service } : { holder: t.service, peer: u.client },
    ...facts(t, view),
    metrics: {
      ...figures(t),
      requests_per_connection: u.requests,
      client_longest_idle_s: toSeconds(u.longest),
      never_closed_by_client: u.held,
      stale_writes: u.stale,
    },
    advice: neverCloses
      ? [
          `Let ${client} use one HTTP client for all calls, and close what it has done with: see half-closed-connections.`,
        ]
      : [`A pool of connections to ${service} has to drop idle ones before ${duration(t.idle)} are over.`],
  };
}

function byClient(t: IdleTimeout, view: CaptureView): FoundFinding {
  const clients = new Set(t.ends.map((e) => e.client));
  const only = clients.size === 1 ? { address: t.ends[0]!.client } : null;
  const who = only === null ? `${plural(clients.size, "client")} of ${name(t.service)}` : name(only);
  return {
    severity: "info",
    title: `${who} closed idle connections to ${name(t.service)} after ${duration(t.idle)}`,
    summary: `${plural(t.ends.length, "connection")} to ${name(t.service)} ended so, by ${closedBy(t)}${within(t)}: the client's idle time-out is the shorter one, as it should be.`,
    subject: { holder: only ?? t.service, peer: only === null ? null : t.service },
    ...facts(t, view),
    metrics: {
      ...figures(t),
      requests_per_connection: null,
      client_longest_idle_s: toSeconds(t.ends.reduce((longest, e) => Math.max(longest, e.idle), 0)),
    },
    advice: ["Nothing to do."],
  };
}

const facts = (t: IdleTimeout, view: CaptureView): Pick<FoundFinding, "count" | "onset" | "evidence" | "timeline"> => ({
  count: t.ends.length,
  onset: t.ends[0]!.time,
  evidence: t.ends.slice(0, CITED).map((e) => cite(e.flow, e.frame)),
  timeline: timelineOf(
    t.ends.map((e) => e.time),
    view.firstTime,
    view.lastTime,
  ),
});

const figures = (t: IdleTimeout) => ({
  idle_s: toSeconds(t.idle),
  idle_spread_s: toSeconds(t.spread),
  connections: t.ends.length,
  closed_by: closedBy(t),
  closer: t.closer,
});

const closedBy = (t: IdleTimeout): string => {
  const by = new Set(t.ends.map((e) => e.by));
  return by.size > 1 ? "FIN or RST" : t.ends[0]!.by;
};

const within = (t: IdleTimeout): string => ` (${duration(t.spread)} between the shortest and the longest)`;
