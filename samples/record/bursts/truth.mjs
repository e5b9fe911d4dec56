// What is true of a job that connects in bursts? Joins what the job logged, connection by connection, and both kernels.

import { isoFromSeconds, readJournal, secondsBetween } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { mergeSnapshots, peaks, readSnapshots, writeSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const CLIENT = { address: "192.0.2.1" };
const DATABASE = { address: "192.0.2.2", port: 3306 };
/** Linux: "Cannot assign requested address". */
const EADDRNOTAVAIL = 99;

const [work, out, periodMs, portRange] = process.argv.slice(2);
const [firstPort, lastPort] = portRange.split(" ").map(Number);
const ports = lastPort - firstPort + 1;
const job = readJournal(`${work}/job.jsonl`).map(({ at, ...entry }) => ({ time: isoFromSeconds(at), ...entry }));
const snapshots = { client: readSnapshots(`${work}/ss-client.txt`), server: readSnapshots(`${work}/ss-server.txt`) };
const atEnd = {
  client: readSnapshots(`${work}/ss-client-end.txt`)[0],
  server: readSnapshots(`${work}/ss-server-end.txt`)[0],
};

const toDatabase = (socket) => socket.remote === `${DATABASE.address}:${DATABASE.port}`;
const ofDatabase = (socket) => socket.local === `${DATABASE.address}:${DATABASE.port}`;
const inUse = (snapshot) => snapshot.sockets.filter(toDatabase).length;

const done = job.filter((entry) => entry.event === "done");
const failed = job.filter((entry) => entry.event === "failed");
const noPort = failed.filter((entry) => entry.errno === EADDRNOTAVAIL);
const healed = done.find((entry) => entry.time > noPort.at(-1).time);
if (healed === undefined) throw new Error("no connection succeeded after the last that found no port");
const dry = snapshots.client.find((snapshot) => snapshot.at >= noPort[0].time);
const firstFree = snapshots.client.find((snapshot) => snapshot.at > noPort[0].time && inUse(snapshot) < ports);

// How long the kernel kept TIME_WAIT: from the first snapshot that shows it to the first that does not any more.
const lifetimes = [];
const since = new Map();
for (const { at, sockets } of snapshots.client) {
  const now = new Set(
    sockets.filter((socket) => toDatabase(socket) && socket.state === "TIME_WAIT").map((s) => s.local),
  );
  for (const local of now) if (!since.has(local)) since.set(local, at);
  for (const [local, from] of since) {
    if (now.has(local)) continue;
    lifetimes.push(secondsBetween(from, at));
    since.delete(local);
  }
}
lifetimes.sort((a, b) => a - b);

const bursts = [...new Set(job.map((entry) => entry.burst))].map((burst) => {
  const own = job.filter((entry) => entry.burst === burst);
  return {
    burst,
    started_at: own[0].time,
    ended_at: own.at(-1).time,
    connections: own.filter((entry) => entry.event === "done").length,
    failed: own.filter((entry) => entry.event === "failed").length,
  };
});
const periods = bursts.slice(1).map((burst, n) => secondsBetween(bursts[n].started_at, burst.started_at));
const owner = peaks(snapshots.client, toDatabase).TIME_WAIT;
const other = peaks(snapshots.server, ofDatabase).TIME_WAIT ?? { count: 0, at: null };

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["mariadb", "tcpdump"], "tcpdump -i client0"),
  // What the person on call may know and tell the program; it must find the range without, too.
  options: { portRange: `${firstPort}-${lastPort}` },
  time_wait: {
    holder: CLIENT,
    peer: DATABASE,
    peak: owner,
    // Where the FINs crossed, both ends have one.
    at_peer: other,
    period_s: Number(periodMs) / 1000,
    measured_periods_s: periods,
    lifetime_s: { shortest: lifetimes[0], median: lifetimes[lifetimes.length >> 1], longest: lifetimes.at(-1) },
  },
  port_exhaustion: {
    holder: CLIENT,
    peer: DATABASE,
    range: `${firstPort}-${lastPort}`,
    ports,
    last_connected_at: done.filter((entry) => entry.time < noPort[0].time).at(-1).time,
    exhausted_at: noPort[0].time,
    ports_in_use: inUse(dry),
    ports_in_use_seen_at: dry.at,
    failed_attempts: noPort.length,
    last_failed_at: noPort.at(-1).time,
    // The kernel's first snapshot with a free port, and the first connection that succeeded.
    first_free_at: firstFree.at,
    healed_at: healed.time,
  },
  job: {
    connections: done.length,
    failed: failed.length,
    bursts,
  },
  kernel: {
    at: atEnd.client.at,
    client: atEnd.client.counts,
    server: atEnd.server.counts,
    peaks: { client: peaks(snapshots.client), server: peaks(snapshots.server) },
    snapshots: { client: snapshots.client.length, server: snapshots.server.length },
  },
});
writeSnapshots(`${out}/ss.jsonl.gz`, mergeSnapshots(snapshots));
