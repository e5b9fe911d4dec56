// What is true of a pool recording? Joins what the client, the sidecar, the service, the database and the kernel logged.

import { existsSync, readFileSync } from "node:fs";
import { isoFromSeconds, readJournal, secondsBetween } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { readSnapshots, writeSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const POOL_SIZE = 10;
const SIDECAR = { address: "127.0.0.1", port: 8080 };
const SERVICE = { address: "127.0.0.1", port: 8280 };
const DATABASE = { address: "127.0.0.1", port: 3307 };

const [work, out, errorPath, networkInterface] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const service = readJournal(`${work}/service.jsonl`);
const probe = readJournal(`${work}/probe.jsonl`);
const proxy = readJournal(`${work}/nginx/access.log`);
const snapshots = readSnapshots(`${work}/ss.txt`);
const [atEnd] = readSnapshots(`${work}/ss-end.txt`);

const events = (journal, name) => journal.filter((entry) => entry.event === name);
const countBy = (list, key) => {
  const counts = {};
  for (const entry of list) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
  return counts;
};
const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[sorted.length >> 1];
};

// ── the client ──
const sent = new Map(events(client, "request").map((entry) => [entry.id, entry]));
const calls = events(client, "response").map((entry) => {
  const started = sent.get(entry.id).time;
  return { ...entry, started, waited_s: secondsBetween(started, entry.time) };
});

// ── the service ──
const received = events(service, "received");
const answeredIds = new Set(events(service, "answered").map((entry) => entry.id));
const hung = received.filter((entry) => !answeredIds.has(entry.id));
const leaks = events(service, "leaked");
const dryAt = leaks.length >= POOL_SIZE ? leaks[POOL_SIZE - 1].time : null;

// ── phases, as the client lived them ──
const firstCoupon = events(client, "request").find((entry) => entry.coupon).time;
const phaseOf = (call) => {
  if (call.started < firstCoupon) return "before_first_coupon";
  return dryAt === null || call.started < dryAt ? "with_coupons" : "after_dry";
};
const phases = Object.entries(groupBy(calls, phaseOf)).map(([phase, list]) => ({
  phase,
  requests: list.length,
  statuses: countBy(list, (call) => call.status),
}));

function groupBy(list, key) {
  const groups = {};
  for (const entry of list) {
    groups[key(entry)] ??= [];
    groups[key(entry)].push(entry);
  }
  return groups;
}

// ── the database: its general log, its process list, and the service's log of the same connections ──
const LOG_LINE = /^(?:\d+\s+\d+:\d+:\d+)?\t+\s*(\d+) (\w+)\t(.*)$/;
const general = new Map();
for (const line of readFileSync(`${work}/data/general.log`, "utf8").split("\n")) {
  const match = LOG_LINE.exec(line);
  if (match === null) continue;
  const [, thread, command, text] = match;
  if (command === "Connect" && text.startsWith("shop@127.0.0.1")) {
    general.set(thread, { queries: 0, last_query: null, quit: false });
  }
  const entry = general.get(thread);
  if (entry === undefined) continue;
  if (command === "Query") Object.assign(entry, { queries: entry.queries + 1, last_query: text });
  if (command === "Quit") entry.quit = true;
}
const processes = new Map(
  readFileSync(`${work}/processlist.tsv`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
    .map(([thread, host, command]) => [thread, { host, command }]),
);
const queries = events(service, "query");
const databaseConnections = [...general].map(([thread, logged]) => {
  const own = queries.filter((entry) => String(entry.database.thread) === thread);
  const last = own.at(-1);
  const leaked = leaks.find((entry) => String(entry.database.thread) === thread);
  return {
    client: { address: "127.0.0.1", port: last.database.port },
    thread: Number(thread),
    queries: own.length,
    queries_logged_by_database: logged.queries,
    last_query: last.sql,
    last_query_logged_by_database: logged.last_query,
    last_query_at: last.time,
    last_query_id: last.id,
    leaked_at: leaked?.time ?? null,
    quit: logged.quit,
    state_in_database_at_end: processes.get(thread)?.command ?? null,
  };
});

// ── the kernel ──
const at = (endpoint) => `${endpoint.address}:${endpoint.port}`;
const heldBy = (snapshot, endpoint, state) =>
  snapshot.sockets.filter((socket) => socket.local === at(endpoint) && socket.state === state);
const closeWait = heldBy(atEnd, SERVICE, "CLOSE_WAIT");
const series = snapshots.map((snapshot) => ({
  at: snapshot.at,
  service_close_wait: heldBy(snapshot, SERVICE, "CLOSE_WAIT").length,
  counts: snapshot.counts,
}));

const gaveUp = proxy.filter((entry) => entry.status === 504);
const truth = {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "nginx", "mariadb", "tcpdump"], `tcpdump -i ${networkInterface}`),
  error_path: errorPath,
  // What an analysis of the capture must find, by service; the sections below say who logged it.
  services: [
    {
      name: "sidecar",
      server: SIDECAR,
      connections: new Set(calls.map((call) => call.local_port)).size,
      requests: sent.size,
      answered: calls.length,
      unanswered: 0,
      statuses: countBy(calls, (call) => call.status),
      half_closed_at_end: heldBy(atEnd, SIDECAR, "CLOSE_WAIT").length,
    },
    {
      name: "service",
      server: SERVICE,
      connections: events(service, "accepted").length,
      requests: received.length,
      answered: answeredIds.size,
      unanswered: hung.length,
      statuses: { 200: answeredIds.size },
      half_closed_at_end: closeWait.length,
    },
  ],
  client: {
    requests: sent.size,
    statuses: countBy(calls, (call) => call.status),
    phases,
    first_request_at: client[0].time,
    last_response_at: calls.at(-1).time,
    waited_for_504_s: median(calls.filter((call) => call.status === 504).map((call) => call.waited_s)),
    unanswered_ids: calls.filter((call) => call.status === 504).map((call) => call.id),
  },
  proxy: {
    requests: proxy.length,
    statuses: countBy(proxy, (entry) => entry.status),
    first_504_at: gaveUp.length === 0 ? null : isoFromSeconds(gaveUp[0].at),
    gave_up_after_s: median(gaveUp.map((entry) => Number(entry.upstream_s))),
  },
  probe: {
    requests: events(probe, "request").length,
    statuses: countBy(events(probe, "response"), (entry) => entry.status),
    last_response_at: events(probe, "response").at(-1).time,
  },
  service: {
    requests: received.length,
    answered: answeredIds.size,
    unanswered: hung.length,
    first_hang_at: hung[0]?.time ?? null,
    first_hang_id: hung[0]?.id ?? null,
    proxy_closed_seen: events(service, "proxy_closed").filter((entry) => !answeredIds.has(entry.id)).length,
  },
  pool: {
    server: DATABASE,
    pool_size: POOL_SIZE,
    leaked: leaks.length,
    first_leak_at: leaks[0]?.time ?? null,
    dry_at: dryAt,
    connections: databaseConnections,
  },
  kernel: {
    at: atEnd.at,
    counts: atEnd.counts,
    service_close_wait: closeWait.length,
    service_close_wait_ports: closeWait.map((socket) => Number(socket.remote.split(":")[1])).sort((a, b) => a - b),
    series,
  },
};

if (existsSync(`${out}/dumps`)) {
  const [before] = readSnapshots(`${work}/ss-before-dumps.txt`);
  truth.dumps = {
    // Every dump but the series was taken between these two snapshots of the kernel.
    before: { at: before.at, counts: before.counts },
    after: { at: atEnd.at, counts: atEnd.counts },
    service: { ...SERVICE, process: "node", pid: Number(readFileSync(`${work}/service.pid`, "utf8")) },
  };
}
writeTruth(`${out}/truth.json`, truth);
writeSnapshots(`${out}/ss.jsonl.gz`, snapshots);
