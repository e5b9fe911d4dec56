// What is true of a client that leaks its connections? Joins what the program, nginx and both kernels logged.

import { isoFromSeconds, readJournal, secondsBetween } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { mergeSnapshots, peaks, readSnapshots, writeSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const CLIENT = { address: "192.0.2.1" };
const STORAGE = { address: "192.0.2.2", port: 80 };
const CONFIG = { address: "192.0.2.2", port: 8081 };

const [work, out, idleSeconds, portRange] = process.argv.slice(2);
const [firstPort, lastPort] = portRange.split(" ").map(Number);
const client = readJournal(`${work}/client.jsonl`);
const access = readJournal(`${work}/nginx/access.log`);
const snapshots = { client: readSnapshots(`${work}/ss-client.txt`), server: readSnapshots(`${work}/ss-server.txt`) };
const atEnd = {
  client: readSnapshots(`${work}/ss-client-end.txt`)[0],
  server: readSnapshots(`${work}/ss-server-end.txt`)[0],
};

const events = (name) => client.filter((entry) => entry.event === name);
const countBy = (list, key) => {
  const counts = {};
  for (const entry of list) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
  return counts;
};
const at = ({ address, port }) => `${address}:${port}`;
const portOf = (endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
const toStorage = (socket) => socket.remote === at(STORAGE);
const ofStorage = (socket) => socket.local === at(STORAGE) && socket.state !== "LISTEN";

const failed = events("failed");
const noPort = failed.filter((entry) => entry.errno === "EADDRNOTAVAIL");
const connected = events("connected");
const served = access.filter((entry) => entry.target.startsWith("/objects/"));
const requestsPerConnection = Object.values(countBy(served, (entry) => entry.connection));
// The kernel's word on how many ports were taken when the first call found none: the snapshot after it.
const dry = snapshots.client.find((snapshot) => snapshot.at >= noPort[0].time);
const held = atEnd.client.sockets.filter((socket) => toStorage(socket) && socket.state === "CLOSE_WAIT");
const probes = events("config");

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["nginx", "python", "tcpdump"], "tcpdump -i client0"),
  // What the person on call may know and tell the program; it must find the range without, too.
  options: { portRange: `${firstPort}-${lastPort}` },
  services: [
    {
      name: "storage",
      server: STORAGE,
      connections: connected.length,
      requests: connected.length,
      answered: events("answered").length,
      unanswered: 0,
      statuses: countBy(events("answered"), (entry) => entry.status),
      half_closed_at_end: held.length,
    },
    {
      name: "config",
      server: CONFIG,
      connections: probes.length,
      requests: probes.length,
      answered: probes.length,
      unanswered: 0,
      statuses: countBy(probes, (entry) => entry.status),
      half_closed_at_end: 0,
    },
  ],
  half_closed: {
    holder: CLIENT,
    peer: STORAGE,
    closed_first: "server",
    peak: peaks(snapshots.client, toStorage).CLOSE_WAIT,
    at_end: held.length,
    ports_at_end: held.map((socket) => portOf(socket.local)).sort((a, b) => a - b),
    peer_states_at_end: countBy(atEnd.server.sockets.filter(ofStorage), (socket) => socket.state),
    growth_per_s: Number(
      ((connected.length - 1) / secondsBetween(connected[0].time, connected.at(-1).time)).toFixed(3),
    ),
  },
  idle_timeout: {
    closer: STORAGE,
    peer: CLIENT,
    idle_s: Number(idleSeconds),
    requests_per_connection: Math.max(...requestsPerConnection),
  },
  port_exhaustion: {
    holder: CLIENT,
    peer: STORAGE,
    range: `${firstPort}-${lastPort}`,
    ports: lastPort - firstPort + 1,
    last_connected_at: connected.at(-1).time,
    exhausted_at: noPort[0].time,
    ports_in_use: dry.sockets.filter(toStorage).length,
    ports_in_use_seen_at: dry.at,
    failed_attempts: noPort.length,
    last_failed_at: noPort.at(-1).time,
    healed_at: null,
  },
  client: {
    calls: connected.length + failed.length,
    errors: countBy(failed, (entry) => entry.errno),
    first_call_at: client.find((entry) => entry.event === "connected").time,
    served_by_nginx: served.length,
    last_served_at: isoFromSeconds(served.at(-1).at),
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
