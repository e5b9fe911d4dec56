// What is true of the frames on the wire? How many each sender framed, where a wrong length lies, and what receivers made of it.

import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { countBy, events } from "../service/joined.mjs";
import { writeTruth } from "../truth-file.mjs";
import { HEADER, LIMIT } from "./frame.mjs";

const ADDRESS = "127.0.0.1";
const [work, out] = process.argv.slice(2);
const sender = readJournal(`${work}/sender.jsonl`);
const receiver = readJournal(`${work}/receiver.jsonl`);
const sum = (list) => list.reduce((total, one) => total + one.bytes, 0);

const wrong = events(sender, "framed_wrong")[0];
const found = events(receiver, "impossible_length")[0];

function connectionOf({ client, client_port: port }) {
  const own = (journal) => journal.filter((entry) => entry.client_port === port);
  const broken = own(sender).find((entry) => entry.event === "framed_wrong");
  const framed = events(own(sender), "framed");
  const acknowledged = events(own(receiver), "acknowledged");
  const corrupt = events(own(receiver), "corrupt");
  return {
    client: { address: client, port },
    sent: {
      client: {
        frames: framed.length,
        bytes: sum(framed) + (broken?.bytes ?? 0),
        broken_at: broken?.offset ?? null,
      },
      server: { frames: acknowledged.length, bytes: sum(acknowledged), broken_at: null },
    },
    receiver: {
      understood: events(own(receiver), "understood").length,
      corrupt: corrupt.length,
      corrupt_by_reason: countBy(corrupt, (one) => one.why),
      first_corrupt_at: corrupt[0]?.time ?? null,
      threw_away: events(own(receiver), "threw_away").length,
    },
  };
}

const framingOf = (port) => ({
  port,
  option: `port=${port},length=u32be,header=${HEADER}`,
  header: HEADER,
  limit: LIMIT,
  connections: events(sender, "connected")
    .filter((one) => one.port === port)
    .map(connectionOf),
});

const HEALTHY = {
  diagnosis: { cause: null, holder: null, names: ["Nothing wrong was found"], not: [] },
};

const wrongLength = () => ({
  // With the framings told. Without, nothing can be said of them, and nothing is wrong.
  diagnosis: {
    cause: "broken-framing",
    holder: { address: wrong.client },
    names: [wrong.client, `${ADDRESS}:7001`],
    not: ["lossy-paths", "stalled-services", "unanswered-requests", "half-closed-connections"],
    // Of port 7000: all frames were intact, so the fault lies behind the receiver's read.
    clear: {
      service: { address: ADDRESS, port: 7000 },
      frames: events(sender, "framed").filter((one) => one.port === 7000).length,
    },
  },
  broken: {
    client: { address: wrong.client, port: wrong.client_port },
    server: { address: ADDRESS, port: 7001 },
    id: wrong.id,
    offset: wrong.offset,
    at: wrong.time,
    found_by_receiver: { offset: found.offset, length: found.length, at: found.time },
  },
});

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "tcpdump"], "tcpdump -i lo"),
  ...(wrong === undefined ? HEALTHY : wrongLength()),
  framings: [framingOf(7000), framingOf(7001)],
});
