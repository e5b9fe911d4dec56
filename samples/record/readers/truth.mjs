// What is true of the readers? When each stopped and went on, how long the feed stood still for it, what both kernels counted.

import { readFileSync } from "node:fs";
import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { writeTruth } from "../truth-file.mjs";

const [work, out] = process.argv.slice(2);
const client = readJournal(`${work}/client.jsonl`);
const feed = readJournal(`${work}/feed.jsonl`);
const HOLDER = { address: "192.0.2.1" };
const FEED = { address: "192.0.2.2" };

/** `nstat -asz`: name → value. */
function kernel(name) {
  const lines = readFileSync(`${work}/nstat-${name}.txt`, "utf8").split("\n");
  return Object.fromEntries(
    lines
      .filter((line) => /^\w/.test(line))
      .map((line) => line.split(/\s+/))
      .map(([key, value]) => [key, Number(value)]),
  );
}

/** Of `ss -tinoH`: port → what waits unread (Recv-Q) or unsent (Send-Q), and the timer that runs. */
function sockets(name, column, portColumn) {
  const found = new Map();
  for (const line of readFileSync(`${work}/ss-${name}.txt`, "utf8").split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words[0] !== "ESTAB") continue;
    const port = Number(words[portColumn].split(":").at(-1));
    found.set(port, { bytes: Number(words[column]), timer: /timer:\((\w+)/.exec(line)?.[1] ?? null });
  }
  return found;
}
const unread = sockets("client", 1, 3);
const unsent = sockets("server", 2, 4);

const readers = client
  .filter((entry) => entry.event === "subscribed")
  .map(({ feed: port, port: own, kind }) => {
    const at = (event) => client.find((entry) => entry.event === event && entry.port === own);
    const still = feed.filter((entry) => entry.event === "stood_still" && entry.port === own).map((e) => e.for_s);
    return {
      kind,
      client: { ...HOLDER, port: own },
      server: { ...FEED, port },
      stops_reading_at: at("stops_reading")?.time ?? null,
      reads_again_at: at("reads_again")?.time ?? null,
      bytes_read: at("done").bytes,
      /** send() that returned again; one that never did is not among them. */
      feed_stood_still_s: { times: still.length, longest: Math.max(0, ...still) },
      at_end: { unread: unread.get(own).bytes, unsent: unsent.get(own).bytes, feed_timer: unsent.get(own).timer },
    };
  });

const [own, peer] = [kernel("client"), kernel("server")];
writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["python", "tcpdump"], "tcpdump -i client0 -s 96"),
  kernel: {
    client: {
      zero_windows_advertised: own.TcpExtTCPToZeroWindowAdv,
      zero_windows_opened: own.TcpExtTCPFromZeroWindowAdv,
      retransmitted: own.TcpRetransSegs,
    },
    server: { window_probes: peer.TcpExtTCPWinProbe, retransmitted: peer.TcpRetransSegs },
  },
  readers,
});
