// What must be said of each fault of a database, and of none? Every entry takes what truth.mjs joined and gives sections of truth.

import { readFileSync } from "node:fs";
import { secondsBetween } from "../journal.mjs";
import { readEndings } from "./postgresql-log.mjs";

/** Usual are a few milliseconds, slow is two seconds. */
const SLOW_S = 1;
/** Longer than a command takes: there was a queue in front of the pool. */
const QUEUED_S = 0.3;
/** Of how long requests of its kind took before. */
const TIMES_SLOWER = 5;

const nameOf = ({ address, port }) => `${address}:${port}`;
const OTHERS = ["half-closed-connections", "lossy-paths", "stale-connections", "port-exhaustion", "resets"];
const diagnosis = (cause, holder, names, not) => ({
  cause,
  holder,
  names,
  not: [...["pool-starvation", "stalled-services", "slow-answers"].filter((one) => one !== cause), ...not],
});

/** The commands that were at the database at this moment: sent before, answered after or not at all. */
const waitingAt = (commands, time) =>
  commands.filter(({ sent_at, answered_at }) => sent_at < time && (answered_at === null || answered_at > time));

const HEALTHY = { diagnosis: { cause: null, holder: null, names: ["Nothing wrong was found"], not: [] } };

export const FAULTS = {
  healthy: () => HEALTHY,

  // Many locks, one after the other; a command that nobody had to wait for would make it no twin.
  "brief-locks": ({ SERVER, done, commands, median }) => {
    const taken = done.filter(({ event }) => event === "locked").map(({ time }) => time);
    const given = done.filter(({ event }) => event === "unlocked").map(({ time }) => time);
    const held = taken.map((time, n) => secondsBetween(time, given[n]));
    const waited = taken.flatMap((time, n) => waitingAt(commands, given[n]).filter(({ sent_at }) => sent_at > time));
    if (waited.length === 0) throw new Error("no command waited for a lock");
    const waits = waited.map(({ sent_at, answered_at }) => secondsBetween(sent_at, answered_at));
    return {
      ...HEALTHY,
      locks: {
        service: SERVER,
        table: "stock",
        from: taken[0],
        until: given.at(-1),
        count: taken.length,
        held_s: { median: median(held), most: Math.max(...held) },
        waited: waited.length,
        waited_s: { median: median(waits), most: Math.max(...waits) },
      },
    };
  },

  // From the first request that queued for a connection to the last. The pool was full, and each command took its usual time.
  overloaded({ SERVICE, SERVER, service, received, unanswered, commands, logged, poolSize, median }) {
    const timeOf = (event) => new Map(service.filter((one) => one.event === event).map(({ id, time }) => [id, time]));
    const [wanted, answered, gone] = ["wants_connection", "answered", "caller_gone"].map(timeOf);
    const firstCommand = new Map([...commands].reverse().map(({ id, sent_at }) => [id, sent_at]));
    const queued = received
      .filter(({ id }) => wanted.has(id))
      .map(({ id, time }) => ({ id, received_at: time, until: firstCommand.get(id) ?? gone.get(id) }))
      .filter(({ id, until }) => secondsBetween(wanted.get(id), until) > QUEUED_S);
    const from = queued[0].received_at;
    const until = queued
      .map((one) => one.until)
      .sort()
      .at(-1);
    const under = commands
      .filter(({ sent_at, answered_at }) => answered_at > from && sent_at < until)
      .map(({ sent_at, answered_at }) => [sent_at < from ? from : sent_at, answered_at > until ? until : answered_at])
      .reduce((sum, [begins, ends]) => sum + secondsBetween(begins, ends), 0);
    const done = received
      .filter(({ id }) => answered.has(id))
      .map(({ id, path, time }) => ({
        kind: path.split("/")[1],
        received_at: time,
        waited_s: secondsBetween(time, answered.get(id)),
      }));
    const spread = (list) => {
      const waits = list.map((one) => one.waited_s);
      return { p50: median(waits), max: Math.max(...waits) };
    };
    const usual = (kind) =>
      median(done.filter((one) => one.kind === kind && one.received_at < from).map((one) => one.waited_s));
    const slow = done.filter(({ kind, waited_s }) => waited_s > Math.max(QUEUED_S, TIMES_SLOWER * usual(kind)));
    const reports = logged.filter((one) => one.sql.includes("order_totals"));
    const took = (test) => median(reports.filter(test).map((one) => one.duration_s));
    return {
      diagnosis: diagnosis("slow-answers", SERVICE, [nameOf(SERVICE), nameOf(SERVER)], OTHERS),
      slow: {
        service: SERVICE,
        from: slow[0].received_at,
        waited_s: { before: spread(done.filter((one) => one.received_at < from)), during: spread(slow) },
      },
      overload: {
        service: SERVICE,
        from,
        until,
        pool: { server: SERVER, size: poolSize },
        // Of the time of its connections, by the service's log.
        in_use: Number((under / (poolSize * secondsBetween(from, until))).toFixed(3)),
        // As the database measured it.
        command_s: {
          before: took((one) => one.ended_at < from),
          during: took((one) => one.ended_at > from && one.ended_at < until),
        },
        queued: queued.length,
        given_up: unanswered.length,
        given_up_before_a_command: service.filter((one) => one.event === "gone_before_query").length,
      },
    };
  },

  leak({ SERVICE, SERVER, service, commands, poolSize, unanswered }) {
    const leaks = service.filter((entry) => entry.event === "leaked");
    const pathOf = new Map(service.filter((entry) => entry.event === "received").map(({ id, path }) => [id, path]));
    return {
      diagnosis: diagnosis("pool-starvation", SERVICE, [nameOf(SERVER)], OTHERS),
      pool: {
        server: SERVER,
        holder: SERVICE,
        size: poolSize,
        dry_at: leaks[poolSize - 1].time,
        first_hang_at: unanswered[0].time,
        // What stands for … changes from request to request.
        leaked_by: "GET /orders/…",
        connections: leaks.map(({ id, port, time }) => {
          const last = commands.filter((command) => command.port === port).at(-1);
          return {
            client_port: port,
            last_used_at: last.answered_at,
            last_command: last.sql,
            last_error: last.error,
            leaked_at: time,
            leaked_by: { id, method: "GET", target: pathOf.get(id) },
          };
        }),
      },
    };
  },

  slow({ SERVER, commands, logged, median }) {
    const slow = logged.filter((command) => command.duration_s > SLOW_S);
    const first = commands.find(({ sent_at, answered_at }) => secondsBetween(sent_at, answered_at) > SLOW_S);
    return {
      diagnosis: diagnosis("slow-answers", SERVER, [nameOf(SERVER)], OTHERS),
      slow: {
        service: SERVER,
        from: first.sent_at,
        // As the database measured it.
        median_s: median(slow.map((command) => command.duration_s)),
        commands: slow.length,
        command: slow[0].sql,
      },
    };
  },

  locked: (context) => stall(context, context.marks.locked, context.marks.unlocked),

  // The lock lasts from the command that took it to the end of its session, as the database logged it.
  "kept-transaction": (context) => {
    const kept = context.service.find((entry) => entry.event === "forgot_commit");
    const [ended] = readEndings(context.work).filter(({ port }) => port === kept.port);
    const told = stall(context, kept.time, ended.at);
    const { port: client_port, id, time } = kept;
    const last_command = context.commands.filter((command) => command.port === client_port).at(-1).sql;
    told.stall.blocked_by = { client_port, last_command, id, since: time, ended_at: ended.at, ended_with: ended.code };
    return told;
  },

  frozen: (context) => stall(context, context.marks.frozen, context.marks.thawed),
};

function stall({ SERVER, commands, calls, work }, from, until) {
  const waiting = waitingAt(commands, until);
  const [first] = waiting;
  return {
    diagnosis: diagnosis("stalled-services", SERVER, [nameOf(SERVER)], OTHERS),
    stall: {
      service: SERVER,
      from,
      until,
      waiting: waiting.length,
      // As the database's own process list says, just before the lock was given back.
      waiting_by_database: readWaiting(work),
      first_waiting: { client_port: first.port, sent_at: first.sent_at, command: first.sql, id: first.id },
      waiting_commands: [...new Set(waiting.map((command) => command.statement))],
      answered_meanwhile: commands.filter(({ sent_at, answered_at }) => sent_at > from && answered_at < until).length,
      requests_answered_meanwhile: calls.filter(
        ({ sent_at, time, status }) => sent_at > from && time < until && status === 200,
      ).length,
    },
  };
}

function readWaiting(work) {
  try {
    return Number(readFileSync(`${work}/waiting.txt`, "utf8"));
  } catch {
    return undefined;
  }
}
