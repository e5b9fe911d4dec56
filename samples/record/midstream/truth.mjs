// What is true of connections that are older than the capture? Which requests were sent before it and which within.

import { readJournal, secondsBetween } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { readSnapshots, stateOf } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const [work, out, snapLength] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const server = readJournal(`${work}/server.jsonl`);
const [kernel] = readSnapshots(`${work}/ss-end.txt`);
const SERVER = { address: "127.0.0.1", port: 8000 };

const captureStart = client.find((entry) => entry.event === "capture_running").time;
const ports = [...new Set(client.filter((entry) => entry.port !== undefined).map((entry) => entry.port))];

const connections = ports.map((port) => {
  const own = client.filter((entry) => entry.port === port);
  const requests = own.filter((entry) => entry.event === "request");
  const answers = own.filter((entry) => entry.event === "answered");
  const exchanges = requests.map(({ method, target, time }, i) => ({
    method,
    target,
    status: 200,
    outcome: "answered",
    request_captured: time > captureStart,
    response_captured: answers[i].time > captureStart,
    waited_s: secondsBetween(time, answers[i].time),
  }));
  const local = `127.0.0.1:${port}`;
  const remote = `${SERVER.address}:${SERVER.port}`;
  const closedByClient = own.some((entry) => entry.event === "sends_fin");
  return {
    name: `connection-${port}`,
    client: { address: "127.0.0.1", port },
    server: SERVER,
    handshake_captured: own.find((entry) => entry.event === "connected").time > captureStart,
    closed_first: closedByClient ? "client" : null,
    ending: closedByClient ? "closed" : "open",
    state_at_end: { client: stateOf(kernel, local, remote), server: stateOf(kernel, remote, local) },
    exchanges: exchanges.filter((exchange) => exchange.response_captured),
    exchanges_before_capture: exchanges.filter((exchange) => !exchange.response_captured).length,
  };
});

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "tcpdump"], `tcpdump -i lo -s ${snapLength}`),
  snap_length: Number(snapLength),
  capture_running_at: captureStart,
  freezes: server.filter((entry) => entry.event === "signals").map(({ time, signal }) => ({ time, signal })),
  kernel: { at: kernel.at, counts: kernel.counts },
  connections,
});
