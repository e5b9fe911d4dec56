// What is true of a recording with a database? Joins what client, proxy, service, database and kernel logged.
//
// `node truth.mjs WORK OUT FAULT`. Service and database must have logged the same commands on each connection, client and
// proxy the same statuses, or the recording is broken and there is no truth.

import { readFileSync } from "node:fs";
import { isoFromSeconds, readJournal, secondsBetween } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { readSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";
import { FAULTS } from "./faults.mjs";

const [work, out, fault] = process.argv.slice(2);
const { DATABASE, DATABASE_PORT, NAME, POOL_SIZE } = process.env;
const { readCommands } = await import(`./${DATABASE}-log.mjs`);

/** Two logs, by key. */
function mustAgree(what, one, other) {
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [a, b] = [one[key], other[key]].map((value) => JSON.stringify(value));
    if (a !== b) throw new Error(`${what} differ at ${key}: ${a} and ${b}`);
  }
}

const local = (port) => ({ address: "127.0.0.1", port: Number(port) });
const PROXY = local(8080);
const SERVICE = local(8280);
const SERVER = local(DATABASE_PORT);

const client = readJournal(`${work}/client.jsonl`);
const probe = readJournal(`${work}/probe.jsonl`);
const service = readJournal(`${work}/service.jsonl`);
const done = readJournal(`${work}/fault.jsonl`).map(({ event, at }) => ({ event, time: isoFromSeconds(at) }));
const marks = Object.fromEntries(done.map(({ event, time }) => [event, time]));
const proxy = readFileSync(`${work}/haproxy.log`, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line));
const [atEnd] = readSnapshots(`${work}/ss-end.txt`);

const events = (journal, name) => journal.filter((entry) => entry.event === name);
const byId = (list) => new Map(list.map((entry) => [entry.id, entry]));
const countBy = (list, key) => {
  const counts = {};
  for (const entry of list) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
  return counts;
};
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? null;
const most = (numbers) => (numbers.length === 0 ? null : Math.max(...numbers));
const closeWait = (endpoint) =>
  atEnd.sockets.filter((s) => s.local === `${endpoint.address}:${endpoint.port}` && s.state === "CLOSE_WAIT").length;

// ── the client and the proxy ──
const sentBy = byId(events(client, "request"));
const calls = events(client, "response").map((entry) => ({
  ...entry,
  sent_at: sentBy.get(entry.id).time,
  waited_s: secondsBetween(sentBy.get(entry.id).time, entry.time),
}));
const statuses = countBy(calls, (call) => call.status);
mustAgree(
  "statuses of proxy and client",
  countBy(proxy, (entry) => entry.status),
  statuses,
);
const gaveUp = proxy.filter((entry) => entry.ended.startsWith("sH"));

// ── the service ──
const received = events(service, "received");
const answered = byId(events(service, "answered"));
const unanswered = received.filter((entry) => !answered.has(entry.id));

// ── the commands, from both of their ends ──
// One connection carries one command at a time, so the next line about it is the answer to the last.
const open = new Map();
const everyCommand = [];
for (const entry of service) {
  if (entry.event === "query") {
    const { id, port, sql, statement, time } = entry;
    const command = { id, port, sql, statement, sent_at: time, answered_at: null, error: null };
    open.set(port, command);
    everyCommand.push(command);
  }
  if (entry.event === "result" || entry.event === "failed") {
    Object.assign(open.get(entry.port), { answered_at: entry.time, error: entry.error ?? null });
  }
}
const logged = readCommands(work, service);
const byPort = (list) => {
  const found = {};
  for (const { port, sql } of list) (found[port] ??= []).push(sql);
  return found;
};
mustAgree("commands of service and database", byPort(logged), byPort(everyCommand));

const captured = everyCommand.filter((command) => command.sent_at > marks.captured);
const commandsAnswered = captured.filter((command) => command.answered_at !== null);
const ports = [...new Set(captured.map((command) => command.port))];

const context = {
  PROXY,
  SERVICE,
  SERVER,
  done,
  marks,
  calls,
  service,
  received,
  unanswered,
  commands: captured,
  logged,
  poolSize: Number(POOL_SIZE),
  median,
  work,
};

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: NAME,
  origin: origin(["node", "haproxy", DATABASE, "tcpdump"], "tcpdump -i lo"),
  // What an analysis of the capture must find, by service; the sections below say who logged it.
  services: [
    {
      name: "proxy",
      server: PROXY,
      connections: events(client, "connection").length,
      requests: sentBy.size,
      answered: calls.length,
      unanswered: sentBy.size - calls.length,
      statuses,
      half_closed_at_end: closeWait(PROXY),
    },
    {
      name: "service",
      server: SERVICE,
      connections: events(service, "accepted").length,
      requests: received.length,
      answered: answered.size,
      unanswered: unanswered.length,
      statuses: { 200: answered.size },
      half_closed_at_end: closeWait(SERVICE),
    },
    {
      name: "database",
      protocol: DATABASE === "mariadb" ? "mysql" : DATABASE,
      server: SERVER,
      connections: ports.length,
      requests: captured.length,
      answered: commandsAnswered.length,
      unanswered: captured.length - commandsAnswered.length,
      statuses: {},
      half_closed_at_end: closeWait(SERVER),
    },
  ],
  ...FAULTS[fault](context),
  client: {
    requests: sentBy.size,
    statuses,
    first_request_at: events(client, "request")[0].time,
    last_response_at: calls.at(-1).time,
    waited_s: { median: median(calls.map((call) => call.waited_s)), most: most(calls.map((call) => call.waited_s)) },
    unanswered_ids: unanswered.map((entry) => entry.id),
  },
  haproxy: {
    requests: proxy.length,
    statuses: countBy(proxy, (entry) => entry.status),
    ended: countBy(proxy, (entry) => entry.ended),
    gave_up_after_s: gaveUp.length === 0 ? null : median(gaveUp.map((entry) => entry.total_ms)) / 1000,
  },
  probe: {
    requests: events(probe, "request").length,
    statuses: countBy(events(probe, "response"), (entry) => entry.status),
    last_response_at: events(probe, "response").at(-1).time,
  },
  service: {
    requests: received.length,
    answered: answered.size,
    unanswered: unanswered.length,
    first_hang_at: unanswered[0]?.time ?? null,
    first_hang_id: unanswered[0]?.id ?? null,
    caller_gone: events(service, "caller_gone").length,
    gone_before_query: events(service, "gone_before_query").length,
  },
  database: {
    server: SERVER,
    pool_older_than_capture: everyCommand[0].sent_at < marks.captured,
    commands: captured.length,
    by_statement: countBy(captured, (command) => command.statement),
    errors: countBy(
      captured.filter((command) => command.error !== null),
      (command) => command.error,
    ),
    connections: ports.map((port) => connectionOf(port)),
  },
  kernel: { at: atEnd.at, counts: atEnd.counts },
});

function connectionOf(port) {
  const own = captured.filter((command) => command.port === port);
  return {
    client_port: port,
    commands: own.length,
    last_used_at: own.at(-1).answered_at ?? own.at(-1).sent_at,
    last_command: own.at(-1).sql,
    last_id: own.at(-1).id,
  };
}
