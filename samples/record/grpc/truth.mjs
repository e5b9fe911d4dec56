// What is true of a gRPC service? How many calls of which method it answered, and how; which ones it forgot, if any.

import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { byId, countBy, events, halfClosed } from "../service/joined.mjs";
import { readSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const SERVICE = { address: "127.0.0.1", port: 50051 };
const [work, out] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const server = readJournal(`${work}/server.jsonl`);
const [atEnd] = readSnapshots(`${work}/ss-end.txt`);

const sent = events(client, "request");
const responses = byId(events(client, "response"));
const forgotten = byId(events(server, "forgotten"));
const cancelled = events(client, "deadline_exceeded");
const answers = events(server, "answered");
const methods = [...new Set(sent.map((one) => one.path))].sort();

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "tcpdump"], "tcpdump -i lo"),
  diagnosis:
    forgotten.size === 0
      ? { cause: null, holder: null, names: ["Nothing wrong was found"], not: [] }
      : {
          cause: "unanswered-requests",
          holder: SERVICE,
          names: [`${SERVICE.address}:${SERVICE.port}`],
          not: ["stalled-services", "pool-starvation", "slow-answers", "half-closed-connections", "resets"],
        },
  services: [
    {
      name: "inventory",
      protocol: "http2",
      server: SERVICE,
      connections: events(server, "accepted").length,
      requests: sent.length,
      answered: answers.length,
      unanswered: forgotten.size,
      statuses: countBy([...responses.values()], (one) => one.status),
      grpc_statuses: countBy(answers, (one) => one.grpc_status),
      cancelled: cancelled.length,
      half_closed_at_end: halfClosed(atEnd, SERVICE),
    },
  ],
  methods: methods.map((path) => {
    const calls = sent.filter((one) => one.path === path);
    return {
      path,
      requests: calls.length,
      answered: calls.filter((one) => responses.has(one.id)).length,
      unanswered: calls.filter((one) => forgotten.has(one.id)).length,
      grpc_statuses: countBy(
        answers.filter((one) => one.method === path),
        (one) => one.grpc_status,
      ),
    };
  }),
  deadline_s: 1,
  first_forgotten_at: [...forgotten.values()][0]?.time ?? null,
  unanswered_ids: cancelled.map((one) => one.id),
});
