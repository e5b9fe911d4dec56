// Which service took in requests of every kind and answered none of them for a while, though nothing it calls kept it waiting?

import type { Analysis, FoundFinding, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView, ServiceTally, Silence } from "../src/core/flow-view.ts";
import { kindOf } from "../src/core/request-kind.ts";
import { largest, percentile, sorted, timelineOf } from "../src/core/statistics.ts";
import type { Exchange } from "../src/core/stream-decoder.ts";
import { CITED, cite, clockTime, duration, name, plural } from "./grouping.ts";
import { calledBy } from "./legs.ts";
import { starvationsIn } from "./pool-starvation.ts";
import { type PoolConnection, poolsIn } from "./pools.ts";
import { waitingDuring } from "./waiting.ts";

/** Shorter pauses are garbage collections and checkpoints; nobody is called out of bed for them. */
const STALL_NS = 1e9;
/** How many times longer than nearly all of the service's answers it has to be. */
const FACTOR = 5;
/** So many requests, on more than one connection: it is the service, and not one client. */
const REQUESTS = 3;
const CONNECTIONS = 2;
const MANY = 50;
/** The flow room counts connections up to there. */
const TOLD_CONNECTIONS = 8;
/** Answers after which one knows how long they usually take. */
const KNOWN = 10;
/** A called service that was waited for through so much of the silence is what it waited for. */
const COVERED = 0.5;
/** Commands that were sent at different times and answered at the same one had waited for the same thing. */
/** Of its length, so long the first may have waited when it began. */
const BEFORE = 0.5;
const SOON_NS = 500e6;
const RELEASED_NS = 100e6;
const SPREAD_NS = 500e6;

export interface Stall {
  service: ServiceTally;
  silence: Silence;
  waiting: readonly Exchange[];
}

/** Commands of one database that a lock held back and then let go. */
export interface Held {
  service: ServiceTally;
  items: Exchange[];
  /** The only connection that was left inside a transaction meanwhile: it will have held the lock. */
  holder: PoolConnection | null;
}

export const stalledServices: Analysis = {
  id: "stalled-services",
  title: "Stalled services",
  question:
    "Which service took in everything and answered nothing for a while, though nothing it calls kept it waiting?",
  why:
    "A frozen process, a pause, a global lock: the kernel goes on acknowledging and the service looks alive. Unlike a leaked pool it stops for requests of " +
    "every kind, health checks included; unlike a slow service, not one answer comes (FACTS: databases).",
  run(view) {
    const stalls = stallsIn(view);
    const held = heldIn(view);
    const findings = [...stalls.map((s) => describe(s, view)), ...held.map((h) => describeHeld(h, view))];
    if (findings.length > 0) return { kind: "found", findings };
    const forgotten = view.summarised?.forgotten.exchanges.answered ?? 0;
    const answered = view.services.reduce((n, s) => n + s.activity.latencies.count, forgotten);
    if (answered === 0)
      return { kind: "unsure", needs: "no request with an answer that we can read is in the capture" };
    return { kind: "clear", because: "no service was silent for a second while several requests waited" };
  },
};

const workedOut = new WeakMap<CaptureView, Stall[]>();

export function stallsIn(view: CaptureView): Stall[] {
  const known = workedOut.get(view) ?? view.services.flatMap((s) => stallsOf(s, view));
  workedOut.set(view, known);
  return known;
}

const heldBefore = new WeakMap<CaptureView, Held[]>();

/** What locks held back, by database. */
export function heldIn(view: CaptureView): Held[] {
  const known = heldBefore.get(view) ?? view.services.flatMap((s) => heldBack(s, stallsIn(view), view));
  heldBefore.set(view, known);
  return known;
}

function stallsOf(service: ServiceTally, view: CaptureView): Stall[] {
  const { silences } = service.activity;
  const found: Stall[] = [];
  for (const silence of silences) {
    const length = silence.until - silence.from;
    if (length < STALL_NS || silence.requests < REQUESTS || silence.connections < CONNECTIONS) continue;
    // Long polls look the same: who was never seen to answer faster may mean to wait, unless many gave it up.
    const usual = usualBefore(service, silence);
    const isKnown = usual !== null && length >= FACTOR * usual;
    const isGivenUp = usual === null && silence.gaveUp >= KNOWN && silence.kinds.length > 1;
    if (!isKnown && !isGivenUp) continue;
    // Who is answered at once while others wait shows that the service runs.
    if (silences.some((s) => isSelective(s) && isDuring(s.until, silence))) continue;
    // What had waited for long when the last answer came is slow; the pause between two slow answers is no stall.
    if (silence.from - silence.first.request!.time > BEFORE * length) continue;
    if (isUnreached(silence, view) || hasReason(service, silence, view)) continue;
    found.push({ service, silence, waiting: waitingDuring(view, service, silence.from, silence.until) });
  }
  return found.sort((a, b) => a.silence.from - b.silence.from);
}

/** A process that goes on answers what it finds in any order, but all of it soon. */
function isSelective({ isSelective, first, until }: Silence): boolean {
  return isSelective && !(first.response !== null && first.response.time - until <= SOON_NS);
}

/** Did somebody get an answer while the first of this silence was waiting already? */
const isDuring = (at: Nanos, { first, until }: Silence): boolean => at > first.request!.time && at <= until;

/**
 * Within how long nine of ten answers came before that; null when there were too few, or none to such requests: what was never
 * seen before may take its time.
 */
function usualBefore({ activity }: ServiceTally, { from, kinds }: Silence): Nanos | null {
  const waits: number[] = [];
  let isSeen = false;
  for (const p of activity.latencies.points()) {
    if (p.asked + p.waited > from) continue;
    waits.push(p.waited);
    isSeen ||= kinds.includes(p.kind);
  }
  return waits.length < KNOWN || !isSeen ? null : percentile(sorted(waits), 0.9);
}

/** What was not acknowledged did not get there: the host or the path is gone, and not the service. */
function isUnreached({ first }: Silence, view: CaptureView): boolean {
  const flow = view.row(first.flow);
  const { retransmissions, packets } = flow.end(first.requester);
  return retransmissions > 0 && retransmissions * 2 >= packets;
}

/** It waited for a service that it calls, or for a connection of its pool. */
function hasReason(service: ServiceTally, silence: Silence, view: CaptureView): boolean {
  const length = silence.until - silence.from;
  const pools = starvationsIn(view).filter((s) => s.service === service || calls(view, service, s.service));
  if (pools.some((s) => overlap(s, silence) >= COVERED * length)) return true;
  return calledBy(view, service).some((called) => {
    const waited = waitingDuring(view, called, silence.from, silence.until);
    return covered(waited, silence, view) >= COVERED * length;
  });
}

const calls = (view: CaptureView, service: ServiceTally, other: ServiceTally): boolean =>
  calledBy(view, service).includes(other);

const overlap = (a: { from: Nanos; until: Nanos }, b: { from: Nanos; until: Nanos }): Nanos =>
  Math.max(0, Math.min(a.until, b.until) - Math.max(a.from, b.from));

/** How much of the silence somebody waited for these. */
function covered(waited: readonly Exchange[], { from, until }: Silence, view: CaptureView): Nanos {
  let sum = 0;
  let at = from;
  for (const e of waited) {
    const end = Math.min(until, e.outcome === "pending" ? view.lastTime : e.request!.time + e.waited);
    const start = Math.max(at, e.request!.time);
    if (end <= start) continue;
    sum += end - start;
    at = end;
  }
  return sum;
}

/** Answers that came together though they were asked for one after the other, while the same database answered others. */
function heldBack(service: ServiceTally, stalls: readonly Stall[], view: CaptureView): Held[] {
  if (service.protocol !== "mysql" && service.protocol !== "postgresql") return [];
  const slow = [...service.activity.slow].sort((a, b) => a.response!.time - b.response!.time);
  const found: Held[] = [];
  for (let n = 0; n < slow.length; ) {
    let end = n + 1;
    while (end < slow.length && slow[end]!.response!.time - slow[end - 1]!.response!.time <= RELEASED_NS) end++;
    const items = slow.slice(n, end).sort((a, b) => a.request!.time - b.request!.time);
    n = end;
    const spread = items.at(-1)!.request!.time - items[0]!.request!.time;
    const flows = new Set(items.map((e) => e.flow)).size;
    const at = items[0]!.response!.time;
    const longest = largest(items.map((e) => e.waited));
    if (longest < STALL_NS || items.length < REQUESTS || flows < CONNECTIONS || spread < SPREAD_NS) continue;
    if (stalls.some((s) => s.service === service && s.silence.from <= at && at <= s.silence.until + RELEASED_NS))
      continue;
    found.push({ service, items, holder: lockHolder(service, items, view) });
  }
  return found;
}

function lockHolder(service: ServiceTally, items: readonly Exchange[], view: CaptureView): PoolConnection | null {
  const [from, released] = [items[0]!.request!.time, items[0]!.response!.time];
  const left = poolsIn(view)
    .filter((pool) => pool.database === service)
    .flatMap((pool) => pool.connections)
    .filter((c) => c.last?.inTransaction === true && c.lastUsed <= from && c.closed >= released - RELEASED_NS);
  return left.length === 1 ? left[0]! : null;
}

function describe({ service, silence, waiting }: Stall, view: CaptureView): FoundFinding {
  const holder = name(service.service);
  const { first, requests, gaveUp, connections, kinds, isOpen, from, until } = silence;
  const clock = (t: Nanos): string => clockTime(view.clock.iso(t));
  const length = duration(until - from);
  const others = calledBy(view, service);
  const sentences = [
    `${holder} stood still from ${clock(from)} on: for ${length}${isOpen ? ", until the capture ended," : ""} it took in ${plural(requests, "request")} on ${connections > TOLD_CONNECTIONS ? "many" : connections} connections and answered none of them.`,
    `The first to wait was ${kindOf(first)}, sent at ${clock(first.request!.time)}.`,
  ];
  if (!isOpen) sentences.push(`At ${clock(until)} it answered again.`);
  if (others.length > 0)
    sentences.push(`What it calls (${others.map((s) => name(s.service)).join(", ")}) owed it no answer meanwhile.`);
  return {
    severity: severityOf(requests, isOpen || gaveUp > 0),
    title: `${holder} stood still for ${length}`,
    summary: sentences.join(" "),
    subject: { holder: service.service, peer: null },
    count: requests,
    onset: from,
    metrics: {
      kind: "stalled",
      stalled_at: view.clock.iso(from),
      healed_at: isOpen ? null : view.clock.iso(until),
      stalled_s: toSeconds(until - from),
      requester_gave_up: gaveUp,
      kinds: kinds.length,
      first_to_wait: kindOf(first),
    },
    evidence: (waiting.length > 0 ? waiting : [first])
      .slice(0, CITED)
      .map((e) => cite(e.flow, e.request!.frame, e.response?.frame ?? e.gaveUpFrame)),
    advice: [
      `Look at the process of ${holder} at ${clock(from)}: stopped or swapped out, a long collection, one lock for all. A stack dump while it lasts, the kernel's and the container's log after.`,
    ],
    timeline: timelineOf(
      waiting.map((e) => e.request!.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function describeHeld({ service, items, holder: lock }: Held, view: CaptureView): FoundFinding {
  const holder = name(service.service);
  const first = items[0]!;
  const released = items[0]!.response!.time;
  const clock = (t: Nanos): string => clockTime(view.clock.iso(t));
  const table = sharedTable(items);
  return {
    severity: severityOf(items.length, false),
    title: `${holder} held back ${plural(items.length, "command")}${table === null ? "" : ` on ${table}`} and let them go together`,
    summary:
      `${plural(items.length, "command")} to ${holder}, sent from ${clock(first.request!.time)} on, were all answered at ${clock(released)}, ` +
      `the first after ${duration(first.waited)}: they had waited for the same thing, a lock${table === null ? "" : ` on ${table}`}. The first to wait was ${kindOf(first)}.` +
      (lock === null
        ? ""
        : ` Port ${lock.port} had left a transaction open since ${clock(lock.lastUsed)}, after ${kindOf(lock.last!)}: it will have held the lock.`),
    subject: { holder: service.service, peer: null },
    count: items.length,
    onset: first.request!.time,
    metrics: {
      kind: "held-back",
      stalled_at: view.clock.iso(first.request!.time),
      healed_at: view.clock.iso(released),
      stalled_s: toSeconds(released - first.request!.time),
      table,
      held_by_port: lock?.port ?? null,
      first_to_wait: kindOf(first),
    },
    evidence: [
      ...(lock === null ? [] : [cite(lock.flow, lock.frame, lock.last!.response!.frame)]),
      ...items.slice(0, CITED).map((e) => cite(e.flow, e.request!.frame, e.response!.frame)),
    ],
    advice: [
      service.protocol === "mysql"
        ? `Who held the lock: SHOW ENGINE INNODB STATUS, performance_schema.metadata_locks, information_schema.innodb_trx on ${holder} while it lasts.`
        : `Who held the lock: SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock' on ${holder} while it lasts; log_lock_waits after.`,
    ],
    timeline: timelineOf(
      items.map((e) => e.request!.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

const TABLE = /\b(?:from|join|into|update|table)\s+([\w.`"]+)/gi;

/** The table that all of these statements name. */
function sharedTable(items: readonly Exchange[]): string | null {
  const named = items.map((e) => [...e.request!.target.matchAll(TABLE)].map((m) => m[1]!.replaceAll(/[`"]/g, "")));
  return named[0]!.find((table) => named.every((tables) => tables.includes(table))) ?? null;
}

function severityOf(requests: number, hurt: boolean): Severity {
  if (requests >= MANY) return "critical";
  return hurt ? "high" : "medium";
}
