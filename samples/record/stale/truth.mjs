// What is true of the stale pools? Joins what the program lived on each connection, nginx's log, and both kernels.

import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { mergeSnapshots, peaks, readSnapshots, stateOf, writeSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const CLIENT = { address: "192.0.2.1" };
const POOLS = [
  { name: "price", protocol: "http", server: { address: "192.0.2.2", port: 80 }, pool_size: 8 },
  { name: "stock", protocol: "mysql", server: { address: "192.0.2.2", port: 3306 }, pool_size: 6 },
  { name: "orders", protocol: "mysql", server: { address: "192.0.2.2", port: 3307 }, pool_size: 6 },
];

const [work, out, idleSeconds] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const access = readJournal(`${work}/nginx/access.log`);
const snapshots = { client: readSnapshots(`${work}/ss-client.txt`), server: readSnapshots(`${work}/ss-server.txt`) };
const [atEnd] = readSnapshots(`${work}/ss-client-end.txt`);
const [serverAtEnd] = readSnapshots(`${work}/ss-server-end.txt`);

const countBy = (list, key) => {
  const counts = {};
  for (const entry of list) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
  return counts;
};

/** One line for each connection of a pool: its uses, and how it ended. */
function connectionsOf(pool) {
  const own = client.filter((entry) => entry.pool === pool.name);
  return own
    .filter((entry) => entry.event === "opened")
    .map(({ port, slot }) => {
      const local = `${CLIENT.address}:${port}`;
      const remote = `${pool.server.address}:${pool.server.port}`;
      const at = (event) => own.filter((entry) => entry.event === event && entry.port === port);
      const [broken] = at("broken");
      const asked = at("asks");
      const lastAnswer = [...at("answered"), ...at("answered_again")]
        .map((entry) => entry.time)
        .sort()
        .at(-1);
      // CLOSE_WAIT: the server's FIN has come. No socket any more, while the program still holds it: the RST has.
      const closedByServer = broken !== undefined || at("unused").length > 0;
      const ended = closedByServer
        ? snapshots.client.find(
            (snapshot) => snapshot.at > lastAnswer && stateOf(snapshot, local, remote) !== "ESTABLISHED",
          )
        : undefined;
      return {
        client: { ...CLIENT, port },
        slot,
        answered: at("answered").length + at("answered_again").length,
        last_answer_at: lastAnswer,
        longest_idle_s: Math.max(0, ...asked.map((entry) => entry.idle_s ?? 0)),
        kernel_after_idle: ended === undefined ? null : (stateOf(ended, local, remote) ?? "CLOSED"),
        kernel_saw_it_at: ended?.at ?? null,
        broken_at: broken?.time ?? null,
        asked_at: broken === undefined ? null : asked.at(-1).time,
        idle_s: broken === undefined ? null : asked.at(-1).idle_s,
        error: broken?.error ?? null,
        unused: at("unused").length > 0,
      };
    });
}

const pools = POOLS.map((pool) => {
  const connections = connectionsOf(pool);
  const broken = connections
    .filter((connection) => connection.broken_at !== null)
    .sort((a, b) => (a.broken_at < b.broken_at ? -1 : 1));
  const ends = countBy(broken, (connection) => connection.kernel_after_idle);
  return {
    ...pool,
    idle_timeout_s: Number(idleSeconds),
    // nginx and the thread pool end with FIN, and the request is written; after a RST the socket refuses the write.
    server_ends_with: ends.CLOSE_WAIT === broken.length ? "FIN" : ends.CLOSED === broken.length ? "RST" : "mixed",
    connections: connections.length,
    answered: connections.reduce((sum, connection) => sum + connection.answered, 0),
    errors: countBy(broken, (connection) => connection.error),
    broken: broken.length,
    // The kernel had the server's FIN and let the program write all the same.
    stale_writes: broken.filter((connection) => connection.kernel_after_idle === "CLOSE_WAIT").length,
    unused_stale: connections.filter((connection) => connection.unused).length,
    first_broken_at: broken[0].broken_at,
    last_broken_at: broken.at(-1).broken_at,
    healthy_idle_s: Math.max(...connections.flatMap((connection) => healthyIdles(pool, connection))),
    pool: connections,
  };
});

/** How long a connection had been idle each time that it was used and answered. */
function healthyIdles(pool, { client: { port }, broken_at }) {
  return client
    .filter((entry) => entry.event === "asks" && entry.pool === pool.name && entry.port === port)
    .slice(0, broken_at === null ? undefined : -1)
    .map((entry) => entry.idle_s ?? 0);
}

const [price] = pools;
writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["nginx", "mariadb", "python", "tcpdump"], "tcpdump -i client0"),
  services: [
    {
      name: price.name,
      server: price.server,
      connections: price.connections,
      requests: price.answered + price.broken,
      answered: access.length,
      unanswered: price.broken,
      statuses: countBy(access, (entry) => entry.status),
      half_closed_at_end: 0,
    },
  ],
  pools,
  kernel: {
    at: atEnd.at,
    client: atEnd.counts,
    server: serverAtEnd.counts,
    peaks: { client: peaks(snapshots.client), server: peaks(snapshots.server) },
    snapshots: { client: snapshots.client.length, server: snapshots.server.length },
  },
});
writeSnapshots(`${out}/ss.jsonl.gz`, mergeSnapshots(snapshots));
