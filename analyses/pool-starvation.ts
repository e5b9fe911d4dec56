// Which service waits for a connection of its own pool, though the database has answered everything?
//
// Seen from outside, a leaked pool is a plateau: so many connections to the database, each with its last command answered, on
// none of which anything follows, while requests come in, are acknowledged and get no answer. A database that is slow has
// commands waiting; an overloaded service still moves; a healthy pool that rests has nobody waiting in front of it.

import type { Analysis, Evidence, FoundFinding } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView, ServiceTally } from "../src/core/flow-view.ts";
import { kindOf } from "../src/core/request-kind.ts";
import { timelineOf } from "../src/core/statistics.ts";
import type { Exchange } from "../src/core/stream-decoder.ts";
import { cite, clockTime, duration, name, plural } from "./grouping.ts";
import { linksIn } from "./legs.ts";
import { type Pool, type PoolConnection, poolsIn } from "./pools.ts";
import { waitingDuring } from "./waiting.ts";

/** A pool that nobody uses for a second while requests wait in front of it. */
const QUIET_NS = 1e9;
/** What follows the head of the last answer: its rows, the end of the transaction. */
const TAIL_NS = 100e6;
/** Fewer requests that wait may each have a reason of their own. */
const SEVERAL = 3;
const MANY = 50;
/** Connections are told one by one up to this number. */
const TOLD = 24;
/** A last request that so many of the connections share is the likely leak. */
const SHARED = 0.5;

export interface Starvation {
  pool: Pool;
  /** The service that holds the pool. */
  service: ServiceTally;
  from: Nanos;
  until: Nanos;
  isOpen: boolean;
  connections: PoolConnection[];
  /** Requests to the service that waited meanwhile. */
  waiting: Exchange[];
  /** Further connections of the pool, of which the capture cannot say whether they were idle. */
  doubtful: number;
  /** Requests that needed no database had their answer meanwhile, or the pool grew beside connections that lay idle: a leak. */
  proof: "answers" | "growth" | null;
}

export const poolStarvation: Analysis = {
  id: "pool-starvation",
  title: "Pool starvation",
  question: "Which service waits for a connection of its own pool, though its database has answered everything?",
  why:
    "An error path that does not give a connection back leaks the pool away; then every handler waits for one for ever, while the number of " +
    "connections looks healthy. It shows only in time: nothing follows on any of them, and requests pile up (FACTS: databases).",
  run(view) {
    const pools = poolsIn(view);
    const found = starvationsIn(view);
    const sure = found.filter((s) => s.proof !== null);
    const unsure = found
      .filter((s) => s.proof === null)
      .map((s) =>
        tooMany(s.doubtful, s.connections.length)
          ? `whether the pool of ${name(s.service.service)} to ${name(s.pool.database.service)} ran dry: ${plural(s.doubtful, "further connection")} of it lost the answer to the last command to a gap in the capture, and may have been in use`
          : `${name(s.service.service)} answered nothing for ${duration(s.until - s.from)} while its ${plural(s.connections.length, "connection")} to ${name(s.pool.database.service)} lay idle: a leaked pool or a process that stood still; a stack dump of it tells which`,
      );
    if (sure.length > 0) return { kind: "found", findings: sure.map((s) => describe(s, view)), unsure };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure };
    if (pools.length === 0)
      return {
        kind: "clear",
        because: "no connection to a database that can be read (MySQL, PostgreSQL) is in the capture",
      };
    const n = pools.reduce((sum, p) => sum + p.connections.length, 0);
    return {
      kind: "clear",
      because: `no requests waited in front of a pool that lay idle (${plural(n, "connection")} to databases)`,
    };
  },
};

/** Idle connections prove nothing beside a quarter as many of which the capture cannot say what they did. */
const tooMany = (doubtful: number, idle: number): boolean => doubtful * 4 > idle;

const workedOut = new WeakMap<CaptureView, Starvation[]>();

export function starvationsIn(view: CaptureView): Starvation[] {
  const known = workedOut.get(view) ?? poolsIn(view).flatMap((pool) => starvations(pool, view));
  workedOut.set(view, known);
  return known;
}

function starvations(pool: Pool, view: CaptureView): Starvation[] {
  const found: Starvation[] = [];
  for (const rest of pool.database.activity.rests) {
    if (rest.until - rest.from < QUIET_NS) continue;
    const connections = pool.connections.filter(
      (c) =>
        c.opened <= rest.from && c.closed > rest.from + QUIET_NS && c.lastUsed <= rest.from + TAIL_NS && c.answered,
    );
    if (connections.length === 0) continue;
    const doubtful = pool.connections.filter((c) => c.isDoubtful && c.opened <= rest.until && c.closed > rest.from);
    for (const service of ownersOf(pool, view)) {
      // What came long before the pool was used last did not wait for it.
      const waiting = waitingDuring(view, service, rest.from, rest.until).filter(
        (e) => e.request!.time >= rest.from - QUIET_NS,
      );
      if (waiting.length < SEVERAL) continue;
      found.push({
        pool,
        service,
        from: rest.from,
        until: rest.until,
        isOpen: rest.until >= view.lastTime,
        connections,
        waiting,
        doubtful: doubtful.length,
        proof: tooMany(doubtful.length, connections.length)
          ? null
          : proofOf(connections, service, waiting, rest.from, rest.until),
      });
    }
  }
  return joined(found);
}

/** A starved pool may twitch; what is one service's is told once, from the first time on. */
function joined(found: Starvation[]): Starvation[] {
  const byService = new Map<ServiceTally, Starvation>();
  for (const s of found.sort((a, b) => a.from - b.from)) {
    const first = byService.get(s.service);
    if (first === undefined || (first.proof === null && s.proof !== null)) byService.set(s.service, s);
    else {
      first.until = Math.max(first.until, s.until);
      first.isOpen ||= s.isOpen;
      first.waiting = [...new Set([...first.waiting, ...s.waiting])];
    }
  }
  return [...byService.values()];
}

/** The services on the client's host that call the database, or, where no link is known, the ones that have requests waiting. */
function ownersOf(pool: Pool, view: CaptureView): ServiceTally[] {
  const links = linksIn(view);
  const known = links.filter(
    (l) => l.service === pool.database && l.client === pool.client.address && l.caller !== null,
  );
  if (known.length > 0) return [...new Set(known.map((l) => l.caller!))];
  const local = view.services.filter((s) => s.service.address === pool.client.address && s !== pool.database);
  // A proxy in front waits because the service behind it does.
  return local.filter((s) => !links.some((l) => l.caller === s && local.includes(l.service)));
}

/**
 * What tells a leak from a process that stands still? The process answers something else meanwhile; or the pool opened new
 * connections although others lay idle and were never used again.
 */
function proofOf(
  connections: readonly PoolConnection[],
  service: ServiceTally,
  waiting: readonly Exchange[],
  from: Nanos,
  until: Nanos,
): Starvation["proof"] {
  const { silences } = service.activity;
  const first = Math.max(from, waiting[0]!.request!.time);
  const silent = silences.reduce((sum, s) => sum + Math.max(0, Math.min(s.until, until) - Math.max(s.from, first)), 0);
  if (until - first >= QUIET_NS && silences.every((s) => s.from > first || s.until < until) && silent < until - first)
    return "answers";
  const abandoned = connections.filter((c) =>
    connections.some((other) => other.opened > c.lastUsed && other.opened <= from),
  );
  return abandoned.length * 2 >= connections.length && abandoned.length > 0 ? "growth" : null;
}

function describe(s: Starvation, view: CaptureView): FoundFinding {
  const { pool, connections, waiting, service } = s;
  const database = name(pool.database.service);
  const holder = name(service.service);
  const since = clockTime(view.clock.iso(s.from));
  const first = waiting[0]!;
  const inOrder = [...connections].sort((a, b) => a.lastUsed - b.lastUsed);
  const leak = likelyLeak(inOrder);
  const command = shared(inOrder.map((c) => (c.last === null ? null : kindOf(c.last))));
  const failure = shared(inOrder.map((c) => c.last?.response?.error?.code ?? null));
  const ofThem = (n: number): string => (n === connections.length ? "each of them" : `${n} of them`);
  const inTransaction = connections.filter((c) => c.last?.inTransaction === true).length;
  const sentences = [
    `The pool of ${holder} to ${database} ran dry at ${since}: all ${plural(connections.length, "connection")} were answered and then left unused${s.isOpen ? " until the capture ended" : ` for ${duration(s.until - s.from)}`}, while ${plural(waiting.length, "request")} to ${holder} waited, the first from ${clockTime(view.clock.iso(first.request!.time))} on.`,
  ];
  if (command !== null) {
    const failed = failure === null ? "" : `, which failed with ${failure.what} on ${ofThem(failure.count)}`;
    sentences.push(`The last command on ${ofThem(command.count)}: ${command.what}${failed}.`);
  }
  if (leak !== null)
    sentences.push(
      `When ${leak.count === connections.length ? "each of them was" : `${leak.count} of them were`} used last, ${leak.what} was being served: the likely leak.`,
    );
  if (s.doubtful > 0)
    sentences.push(`Of ${plural(s.doubtful, "further connection")} the capture lacks the last answer.`);
  if (inTransaction > 0)
    sentences.push(`${inTransaction} ${inTransaction === 1 ? "was" : "were"} left inside a transaction.`);
  return {
    severity: waiting.length >= MANY || s.isOpen ? "critical" : "high",
    title: `${holder} leaked its pool of ${plural(connections.length, "connection")} to ${database}`,
    summary: sentences.join(" "),
    subject: { holder: service.service, peer: pool.database.service },
    count: waiting.length,
    onset: s.from,
    metrics: {
      pool_size: connections.length,
      dry_at: view.clock.iso(s.from),
      first_waiting_at: view.clock.iso(first.request!.time),
      quiet_s: toSeconds(s.until - s.from),
      waiting: waiting.length,
      in_transaction: inTransaction,
      last_command: command?.what ?? null,
      last_command_on: command?.count ?? null,
      last_error: failure?.what ?? null,
      leaked_by: leak?.what ?? null,
      leaked_by_on: leak?.count ?? null,
      proof:
        s.proof === "answers"
          ? "requests that need no database were answered"
          : "the pool grew beside idle connections",
    },
    evidence: inOrder.slice(0, TOLD).map((c) => evidenceOf(c, leak?.what, view)),
    advice: [
      `Look in ${holder} for the path that takes a connection of the pool and does not give it back${leak === null ? "" : `: ${leak.what}`} (rows not closed, no finally or defer, an early return on an error${failure === null ? "" : ` such as ${failure.what}`}).`,
      `See what the pool holds: on ${database}, ${pool.database.protocol === "mysql" ? "SHOW PROCESSLIST (Sleep, with a long Time)" : "SELECT pid, state, state_change, query FROM pg_stat_activity"}; in the service, a stack dump shows the handlers waiting for a connection.`,
      "Until that is mended: a time-out for taking a connection makes it fail instead of hang; a restart gives the pool back.",
    ],
    timeline: timelineOf(
      waiting.map((e) => e.request!.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function evidenceOf(c: PoolConnection, leak: string | undefined, view: CaptureView): Evidence {
  const used = c.last === null ? "" : `: ${kindOf(c.last)}`;
  const served = c.candidates.map(kindOf);
  const by = served.length === 0 ? "" : `, while serving ${served.find((kind) => kind === leak) ?? served[0]}`;
  return {
    ...cite(c.flow, c.frame, c.last?.response?.frame),
    note: `port ${c.port} last used at ${clockTime(view.clock.iso(c.lastUsed))}${used}${by}`,
  };
}

/**
 * The kind of request that may have asked for the last command on most of these connections, when that is at least half of
 * them. Where several may, the one that had its answer soonest behind that command.
 */
function likelyLeak(connections: readonly PoolConnection[]): { what: string; count: number } | null {
  const kinds = new Map<string, { count: number; ranks: number }>();
  for (const { candidates } of connections) {
    const bySooner = [...candidates].sort((a, b) => answeredAt(a) - answeredAt(b)).map(kindOf);
    for (const [rank, what] of [...new Set(bySooner)].entries()) {
      const kind = kinds.get(what) ?? { count: 0, ranks: 0 };
      kinds.set(what, { count: kind.count + 1, ranks: kind.ranks + rank });
    }
  }
  const [most] = [...kinds].sort(([, a], [, b]) => b.count - a.count || a.ranks - b.ranks);
  if (most === undefined || most[1].count < SHARED * connections.length) return null;
  return { what: most[0], count: most[1].count };
}

const answeredAt = (e: Exchange): Nanos => e.response?.time ?? Number.MAX_VALUE;

/** The most frequent of these, when at least half share it. */
function shared(texts: readonly (string | null)[]): { what: string; count: number } | null {
  const counts = new Map<string, number>();
  for (const text of texts) if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most !== undefined && most[1] >= SHARED * texts.length ? { what: most[0], count: most[1] } : null;
}
