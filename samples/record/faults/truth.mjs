// What is true of each failed exchange? What its script meant, and what both applications saw and when.

import { readJournal, secondsBetween } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { readSnapshots, stateOf } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const [work, out] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const server = readJournal(`${work}/server.jsonl`);
const [clientKernel] = readSnapshots(`${work}/ss-client.txt`);
const [serverKernel] = readSnapshots(`${work}/ss-server.txt`);

const text = ({ address, port }) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
const ofPort = (journal, port) => journal.filter((entry) => entry.port === port).map(({ port: _, ...entry }) => entry);

const connections = client
  .filter((entry) => entry.event === "starts")
  .map(({ name, what, client: local, server: remote, expect }) => {
    const own = ofPort(client, local.port);
    const last = (event) => own.findLast((entry) => entry.event === event)?.time;
    const ended = last("closes") ?? last("sends_rst") ?? last("gives_up");
    const began = last("writes") ?? last("connects");
    return {
      name,
      what,
      client: local,
      server: remote,
      ...expect,
      measured_gave_up_after_s: ended === undefined ? null : secondsBetween(began, ended),
      error_seen_by_client: own.find((entry) => entry.event === "error")?.code ?? null,
      state_at_end: {
        client: stateOf(clientKernel, text(local), text(remote)),
        server: stateOf(serverKernel, text(remote), text(local)),
      },
      client_log: own,
      server_log: ofPort(server, local.port),
    };
  });

const outcomes = {};
for (const { exchanges } of connections) {
  for (const { outcome } of exchanges) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "tcpdump"], "tcpdump -i client0"),
  outcomes,
  kernel: { at: clientKernel.at, client: clientKernel.counts, server: serverKernel.counts },
  signals: server.filter((entry) => entry.event === "signals"),
  connections,
});
