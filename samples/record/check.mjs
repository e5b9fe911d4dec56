// Do a recording's truth and its capture agree? `node check.mjs SAMPLE_FOLDER`, with tshark as the reader.
//
// The truth comes from the applications and the kernel, the capture from the wire; tshark is a third party to both.
// Compared: per service the counts of connections, requests, responses by status and half-closed connections; per
// connection each request and status in order, who closed first, and how it ended. Prints the figures, exits 1 on a
// difference, and says so when tshark is not installed.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const folder = process.argv[2];
const truth = JSON.parse(readFileSync(`${folder}/truth.json`, "utf8"));
const capture = ["capture.pcap", "capture.pcap.gz"].map((name) => `${folder}/${name}`).find(existsSync);

const FIELDS = [
  "frame.number",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.flags",
  "tcp.seq_raw",
  "tcp.ack_raw",
  "tcp.len",
  "http.request.method",
  "http.request.uri",
  "http.response.code",
];
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

const servers = truth.connections?.map((connection) => connection.server) ?? truth.services.map((one) => one.server);
const serverPorts = new Set(servers.map((server) => server.port));

/** Rows of fields; null when there is no tshark. Server ports are read as HTTP, which is recognised by content anyway. */
function tshark() {
  const asHttp = [...serverPorts].flatMap((port) => ["-d", `tcp.port==${port},http`]);
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  // A body that is cut short must not hide the response that it belongs to.
  const preference = ["-o", "http.desegment_body:FALSE"];
  const separators = ["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"];
  try {
    return execFileSync(
      "tshark",
      ["-2", "-n", "-r", capture, ...preference, ...asHttp, "-Y", "tcp", "-T", "fields", ...fields, ...separators],
      {
        encoding: "utf8",
        maxBuffer: 1 << 28,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

const text = tshark();
if (text === null) {
  console.log("   not checked: tshark is not installed");
  process.exit(0);
}

// ── what the wire says, by client port and server port ──
const wire = [];
const current = new Map();
let packets = 0;
for (const line of text.split("\n")) {
  if (line === "") continue;
  packets++;
  const [frame, srcPort, dstPort, flagText, seq, ack, length, methods, uris, codes] = line.split("\t");
  const fromClient = serverPorts.has(Number(dstPort));
  if (!fromClient && !serverPorts.has(Number(srcPort))) continue;
  const [clientPort, serverPort] = fromClient ? [srcPort, dstPort] : [dstPort, srcPort];
  const key = `${clientPort}>${serverPort}`;
  const flags = Number(flagText);
  // A SYN with another sequence number on ports seen before: the ports are used again.
  const opens = (flags & (SYN | ACK)) === SYN && current.get(key)?.syn !== seq;
  if (opens || !current.has(key)) {
    const flow = {
      key,
      serverPort: Number(serverPort),
      requests: [],
      responses: [],
      interim: 0,
      fins: [],
      synAck: 0,
      rst: null,
    };
    if (opens) flow.syn = seq;
    current.set(key, flow);
    wire.push(flow);
  }
  const flow = current.get(key);
  const side = fromClient ? "client" : "server";
  const list = (values) => (values === "" ? [] : values.split("|"));
  const targets = list(uris);
  list(methods).forEach((method, i) => {
    if (fromClient) flow.requests.push({ method, target: targets[i] });
  });
  for (const code of list(codes)) {
    if (Number(code) >= 100 && Number(code) < 200 && code !== "101") flow.interim++;
    else flow.responses.push(Number(code));
  }
  if ((flags & (SYN | ACK)) === (SYN | ACK)) flow.synAck++;
  if (flags & RST) flow.rst ??= side;
  if (flags & FIN && !flow.fins.some((fin) => fin.side === side)) {
    flow.fins.push({ side, frame: Number(frame), end: (Number(seq) + Number(length) + 1) >>> 0, ack: Number(ack) });
  }
}

function endingOf({ syn, synAck, rst, fins }) {
  if (syn !== undefined && synAck === 0) return rst === null ? "unanswered" : "refused";
  if (rst !== null) return "reset";
  return ["open", "half-closed", "closed"][fins.length];
}
function closedFirst({ fins: [first, second] }) {
  if (first === undefined) return null;
  return second !== undefined && second.ack !== first.end ? "both" : first.side;
}

// ── compared with the truth ──
let differences = 0;
function same(what, fromTruth, fromWire) {
  if (JSON.stringify(fromTruth) === JSON.stringify(fromWire)) return;
  differences++;
  console.log(`   DIFFERENT ${what}: truth ${JSON.stringify(fromTruth)}, capture ${JSON.stringify(fromWire)}`);
}

for (const service of truth.services ?? []) {
  const flows = wire.filter((flow) => flow.serverPort === service.server.port);
  const responses = flows.flatMap((flow) => flow.responses);
  const statuses = {};
  for (const status of responses) statuses[status] = (statuses[status] ?? 0) + 1;
  const requests = flows.reduce((sum, flow) => sum + flow.requests.length, 0);
  const halfClosed = flows.filter((flow) => endingOf(flow) === "half-closed").length;
  same(`${service.name} connections`, service.connections, flows.length);
  same(`${service.name} requests`, service.requests, requests);
  same(`${service.name} answered`, service.answered, responses.length);
  same(`${service.name} unanswered`, service.unanswered, requests - responses.length);
  same(`${service.name} statuses`, service.statuses, statuses);
  same(`${service.name} half-closed`, service.half_closed_at_end, halfClosed);
  console.log(
    `   ${service.name}: ${flows.length} connections on ${new Set(flows.map((flow) => flow.key)).size} port pairs, ${requests} requests, ${responses.length} responses ` +
      `${JSON.stringify(statuses)}, ${halfClosed} half-closed`,
  );
}

let exchanges = 0;
for (const connection of truth.connections ?? []) {
  const flow = current.get(`${connection.client.port}>${connection.server.port}`);
  const { name } = connection;
  if (flow === undefined) {
    same(`${name} is in the capture`, true, false);
    continue;
  }
  exchanges += connection.exchanges.length;
  const asked = connection.exchanges.filter((exchange) => exchange.request_captured !== false);
  const replied = connection.exchanges.filter((exchange) => exchange.status !== null);
  // Behind 101 and CONNECT tshark may go on to read the tunnel's inside.
  const [requests, responses] = connection.upgraded
    ? [flow.requests.slice(0, asked.length), flow.responses.slice(0, replied.length)]
    : [flow.requests, flow.responses];
  same(
    `${name} requests`,
    asked.map(({ method, target }) => ({ method, target })),
    requests,
  );
  same(
    `${name} statuses`,
    replied.map((exchange) => exchange.status),
    responses,
  );
  same(
    `${name} interim`,
    connection.exchanges.reduce((sum, exchange) => sum + (exchange.interim ?? 0), 0),
    flow.interim,
  );
  same(`${name} closed first`, connection.closed_first, closedFirst(flow));
  same(`${name} ending`, connection.ending, endingOf(flow));
  if (connection.reset_by !== undefined) same(`${name} reset by`, connection.reset_by, flow.rst);
}
if (truth.connections !== undefined) {
  same("connections", truth.connections.length, wire.length);
  console.log(`   ${wire.length} connections, ${exchanges} exchanges, each compared`);
}
console.log(`   ${packets} TCP packets; ${differences} differences`);
process.exit(differences === 0 ? 0 : 1);
