// What is true of each legitimate ending? What its script meant, what both applications logged, and whose kernel kept
// TIME_WAIT: the active closer's, or both after crossing FINs.

import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { readSnapshots, stateOf } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const [work, out] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const server = readJournal(`${work}/server.jsonl`);
const crossingClient = readJournal(`${work}/crossing-client.jsonl`);
const crossingServer = readJournal(`${work}/crossing-server.jsonl`);
const [clientKernel] = readSnapshots(`${work}/ss-client.txt`);
const [serverKernel] = readSnapshots(`${work}/ss-server.txt`);

const text = ({ address, port }) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
const kernelAtEnd = (local, remote) => ({
  client: stateOf(clientKernel, text(local), text(remote)),
  server: stateOf(serverKernel, text(remote), text(local)),
});
/** Without the port, which is the connection's own. */
const ofPort = (journal, port) => journal.filter((entry) => entry.port === port).map(({ port: _, ...entry }) => entry);

const connections = client
  .filter((entry) => entry.event === "starts")
  .map(({ name, what, client: local, server: remote, expect }) => ({
    name,
    what,
    client: local,
    server: remote,
    ...expect,
    time_wait_at_end: kernelAtEnd(local, remote),
    client_log: ofPort(client, local.port),
    server_log: ofPort(server, local.port),
  }));

const SERVER = { address: "192.0.2.2", port: 8003 };
for (const { port, target } of crossingClient.filter((entry) => entry.event === "starts")) {
  const local = { address: "192.0.2.1", port };
  const kept = kernelAtEnd(local, SERVER);
  const both = kept.client === "TIME_WAIT" && kept.server === "TIME_WAIT";
  connections.push({
    name: `both-at-once-${port}`,
    what: both
      ? "Both sides close at the same instant, and the FINs cross."
      : "Both meant to close at once; one was first.",
    client: local,
    server: SERVER,
    closed_first: both ? "both" : kept.client === "TIME_WAIT" ? "client" : "server",
    ending: "closed",
    exchanges: [{ method: "GET", target, status: 204, outcome: "answered", interim: 0 }],
    time_wait_at_end: kept,
    client_log: ofPort(crossingClient, port),
    server_log: ofPort(crossingServer, port),
  });
}

const truth = {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "python", "tcpdump"], "tcpdump -i client0"),
  crossed: connections.filter((connection) => connection.closed_first === "both").length,
  kernel: { at: clientKernel.at, client: clientKernel.counts, server: serverKernel.counts },
  connections,
};
writeTruth(`${out}/truth.json`, truth);
