// What is true of the two paths? What the firewall dropped on the way, how often each kernel sent again, what the client waited.

import { readFileSync } from "node:fs";
import { readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { writeTruth } from "../truth-file.mjs";

const [work, out, dropPercent] = process.argv.slice(2);
const journal = readJournal(`${work}/client.jsonl`);
const CLIENT = { address: "192.0.2.1" };

/** nft's named counters: name → packets. */
const firewall = new Map(
  JSON.parse(readFileSync(`${work}/firewall.json`, "utf8"))
    .nftables.filter((entry) => entry.counter !== undefined)
    .map(({ counter }) => [counter.name, counter.packets]),
);

/** `nstat -asz`: name → value. */
function kernel(name) {
  const lines = readFileSync(`${work}/nstat-${name}.txt`, "utf8").split("\n");
  const values = new Map(lines.filter((l) => /^\w/.test(l)).map((l) => [l.split(/\s+/)[0], Number(l.split(/\s+/)[1])]));
  return {
    segments_out: values.get("TcpOutSegs"),
    retransmitted: values.get("TcpRetransSegs"),
    tail_loss_probes: values.get("TcpExtTCPLossProbes"),
    timeouts: values.get("TcpExtTCPTimeouts"),
    repeated_syns: values.get("TcpExtTCPSynRetrans"),
    duplicates_reported: values.get("TcpExtTCPDSACKRecv"),
  };
}

const paths = [
  { name: "clean", server: { address: "198.51.100.2", port: 8081 } },
  { name: "lossy", server: { address: "203.0.113.2", port: 8082 } },
].map(({ name, server }) => {
  const own = journal.filter((entry) => entry.path === name);
  const took = own
    .filter((entry) => entry.event === "answered")
    .map((entry) => entry.took_s)
    .sort((a, b) => a - b);
  const direction = (way) => {
    const [packets, dropped] = [firewall.get(`${name}_${way}`), firewall.get(`${name}_${way}_dropped`) ?? 0];
    return { packets, dropped, share: Number((dropped / packets).toPrecision(4)) };
  };
  return {
    name,
    client: CLIENT,
    server,
    drop_share: name === "lossy" ? Number(dropPercent) / 100 : 0,
    firewall: { to_server: direction("to_server"), to_client: direction("to_client") },
    kernel: { server: kernel(name) },
    connections: own.filter((entry) => entry.event === "opened").map((entry) => entry.port),
    pages: took.length,
    took_s: { median: took[took.length >> 1], longest: took.at(-1), over_150_ms: took.filter((s) => s > 0.15).length },
  };
});

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["python", "tcpdump"], "tcpdump -i client0"),
  services: paths.map((path) => ({
    name: path.name,
    server: path.server,
    connections: path.connections.length,
    requests: path.pages,
    answered: path.pages,
    unanswered: 0,
    statuses: { 200: path.pages },
    half_closed_at_end: 0,
  })),
  kernel: { client: kernel("client") },
  paths,
});
