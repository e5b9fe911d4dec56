// What must be said of each fault of a database, and of none? Every entry takes what truth.mjs joined and gives sections of truth.

import { readFileSync } from "node:fs";
import { secondsBetween } from "../journal.mjs";
import { readEndings } from "./postgresql-log.mjs";

/** Usual are a few milliseconds, slow is two seconds. */
const SLOW_S = 1;

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

export const FAULTS = {
  healthy: () => ({
    diagnosis: { cause: null, holder: null, names: ["Nothing wrong was found"], not: [] },
  }),

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
