// What is true of a rate limit that answers 200? Whom it met, how often, since when, and with how many bytes.

import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { countBy, events, halfClosed, SERVICE } from "../service/joined.mjs";
import { readSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const [work, out] = process.argv.slice(2);
const clients = ["modest", "greedy", "probe"].map((name) => ({ name, journal: readJournal(`${work}/${name}.jsonl`) }));
const service = readJournal(`${work}/service.jsonl`);
const [atEnd] = readSnapshots(`${work}/ss-end.txt`);
const answers = events(service, "answered");
const limited = answers.filter((one) => one.limited);
const health = answers.filter((one) => one.id.startsWith("probe"));
const sent = clients.flatMap(({ journal }) => events(journal, "request"));
const responses = clients.flatMap(({ journal }) => events(journal, "response"));
const [first] = limited;

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "tcpdump"], "tcpdump -i lo"),
  diagnosis: { cause: null, holder: null, names: [], not: ["slow-answers", "stalled-services", "unanswered-requests"] },
  small_200s: {
    service: SERVICE,
    client: { address: first.client },
    count: limited.length,
    body_bytes: first.body_bytes,
    from: first.time,
    until: limited.at(-1).time,
    // What also is small and always the same, and says nothing.
    harmless: { target: "/healthz", count: health.length, body_bytes: health[0].body_bytes },
  },
  services: [
    {
      name: "service",
      server: SERVICE,
      connections: events(service, "accepted").length,
      requests: sent.length,
      answered: responses.length,
      unanswered: sent.length - responses.length,
      statuses: countBy(responses, (one) => one.status),
      half_closed_at_end: halfClosed(atEnd, SERVICE),
    },
  ],
  clients: clients.map(({ name, journal }) => ({
    name,
    requests: events(journal, "request").length,
    limited: limited.filter((one) => one.id.startsWith(name)).length,
  })),
  body_bytes: countBy(answers, (one) => one.body_bytes),
});
