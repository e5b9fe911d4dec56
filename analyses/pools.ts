// Which connections does each client keep to a database, and when did it last use each of them?

import type { Party } from "../src/core/analysis.ts";
import type { Nanos } from "../src/core/clock.ts";
import type { CaptureView, FlowRow, ServiceTally } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { smallest } from "../src/core/statistics.ts";
import type { Exchange } from "../src/core/stream-decoder.ts";
import { name } from "./grouping.ts";

/** Databases: what a pool of connections is kept for. */
const DATABASES = new Set(["mysql", "postgresql"]);

export interface PoolConnection {
  readonly flow: number;
  readonly port: number;
  /** −Infinity when it is older than the capture. */
  readonly opened: Nanos;
  /** The first FIN or RST of either end; +Infinity without one. */
  readonly closed: Nanos;
  /** Its last command and when that was answered, or sent when it was not; null when none was seen. */
  readonly last: Exchange | null;
  readonly lastUsed: Nanos;
  /** The last command had its answer. */
  readonly answered: boolean;
  /** What became of the last command is not in the capture: it may have been in use all the time. */
  readonly isDoubtful: boolean;
  readonly frame: FrameRef;
  /** What the client was serving when the last command was sent and also when it was answered: one of them asked for it. */
  readonly candidates: readonly Exchange[];
}

export interface Pool {
  readonly database: ServiceTally;
  readonly client: Party;
  readonly connections: readonly PoolConnection[];
}

export function poolsIn(view: CaptureView): Pool[] {
  const pools = new Map<string, { database: ServiceTally; client: Party; connections: PoolConnection[] }>();
  const databases = view.services.filter((s) => DATABASES.has(s.protocol));
  if (databases.length === 0) return [];
  const services = new Map(databases.map((s) => [`${s.protocol} ${name(s.service)}`, s]));
  for (const flow of view.flows()) {
    if (!DATABASES.has(flow.protocol) || flow.answersOf !== null) continue;
    const database = services.get(`${flow.protocol} ${name({ address: flow.server.address, port: flow.server.port })}`);
    if (database === undefined) continue;
    const key = `${flow.client.address} ${flow.protocol} ${flow.server.address} ${flow.server.port}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = { database, client: { address: flow.client.address }, connections: [] };
      pools.set(key, pool);
    }
    pool.connections.push(connectionOf(flow));
  }
  return [...pools.values()];
}

function connectionOf(flow: FlowRow): PoolConnection {
  const { client, server, notes } = flow;
  const ends = [client.fin, client.rst, server.fin, server.rst].filter((m) => m !== null).map((m) => m.time);
  const last = notes?.last ?? null;
  const answered = last?.response ?? null;
  const data = Math.max(client.lastData?.time ?? 0, server.lastData?.time ?? 0);
  return {
    flow: flow.id,
    port: client.port,
    opened: flow.handshake === "none" ? Number.NEGATIVE_INFINITY : flow.first.time,
    closed: smallest(ends),
    last,
    // Rows may follow the head of an answer, and a command may be lost to the capture whose answer is not.
    lastUsed: last === null ? data : Math.max(data, answered?.time ?? last.request!.time),
    answered: last === null || answered !== null,
    isDoubtful: last?.outcome === "unknown" && answered === null,
    frame: last?.request?.frame ?? flow.first.frame,
    candidates: (notes?.candidates ?? []).filter(
      (e) => answered === null || e.response === null || e.response.time >= answered.time,
    ),
  };
}
