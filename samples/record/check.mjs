// Do a recording's truth and its capture agree? `node check.mjs SAMPLE_FOLDER`, with tshark as the reader.
//
// The truth comes from the applications and the kernel, the capture from the wire; tshark is a third party to both.
// Compared: per service the counts of connections, requests, responses by status and half-closed connections; the
// frames of length-prefixed messages, and where one breaks; per
// connection each request and status in order, who closed first, and how it ended; who holds what the peer closed, after
// how long idle; whose TIME_WAIT, how many at once, by FINs and a minute; when ports ran out; and what a pool wrote after
// the server's FIN. Prints the figures, exits 1 on a difference, and says so when tshark is not installed.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { framedConnections, otherService } from "./check-streams.mjs";

const folder = process.argv[2];
const truth = JSON.parse(readFileSync(`${folder}/truth.json`, "utf8"));
const capture = ["capture.pcap", "capture.pcap.gz"].map((name) => `${folder}/${name}`).find(existsSync);

const FIELDS = [
  "frame.number",
  "frame.time_epoch",
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

/** Linux: TCP_TIMEWAIT_LEN. */
const TIME_WAIT_S = 60;
/** The kernel's timers come up to two seconds late after a minute, and a snapshot is a moment of its own. */
const TIMER_LATENESS_S = 2.2;
/** An inferred idle time-out: nginx's is exact to milliseconds, MariaDB's to a tick. */
const IDLE_TOLERANCE = 0.05;

const services = truth.services ?? [];
const ofHttp = [...(truth.connections ?? []), ...services.filter((one) => one.protocol === undefined)].map(
  (one) => one.server.port,
);
const ofOthers = [
  ...(truth.pools ?? []).map((pool) => pool.server.port),
  ...services.map((one) => one.server.port),
  truth.time_wait?.peer.port ?? [],
].flat();
const httpPorts = new Set(ofHttp);
const serverPorts = new Set([...ofHttp, ...ofOthers]);

/** Rows of fields; null when there is no tshark. Ports of HTTP servers are read as such, which are recognised by content anyway. */
function tshark() {
  const asHttp = [...httpPorts].flatMap((port) => ["-d", `tcp.port==${port},http`]);
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  // A body that is cut short must not hide the response that it belongs to.
  // Nor must a head that was lost and sent again, behind what followed it.
  const preference = ["-o", "http.desegment_body:FALSE", "-o", "tcp.reassemble_out_of_order:TRUE"];
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
  const [frame, epoch, srcPort, dstPort, flagText, seq, ack, length, methods, uris, codes] = line.split("\t");
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
      rstAt: null,
      startedAt: Number(epoch),
      lastData: null,
      idleBeforeFin: null,
      idleBeforeRst: null,
      finAcknowledged: false,
      writesAfterFin: 0,
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
  const time = Number(epoch);
  const acknowledgesFin = flow.fins.some((fin) => fin.side !== side && fin.end === Number(ack));
  if (acknowledgesFin) flow.finAcknowledged = true;
  if (Number(length) > 0) {
    flow.lastData = time;
    // Newer than the peer's FIN: it acknowledges it.
    if (acknowledgesFin) flow.writesAfterFin++;
  }
  if (flags & RST) {
    flow.rst ??= side;
    flow.rstAt ??= time;
    flow.idleBeforeRst ??= time - flow.lastData;
  }
  if (flags & FIN && !flow.fins.some((fin) => fin.side === side)) {
    flow.idleBeforeFin ??= time - flow.lastData;
    const end = (Number(seq) + Number(length) + 1) >>> 0;
    flow.fins.push({ side, frame: Number(frame), end, ack: Number(ack), time });
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

function httpService(flows) {
  const responses = flows.flatMap((flow) => flow.responses);
  const statuses = {};
  for (const status of responses) statuses[status] = (statuses[status] ?? 0) + 1;
  const requests = flows.reduce((sum, flow) => sum + flow.requests.length, 0);
  return { requests, responses: responses.length, statuses };
}

for (const service of services) {
  const flows = wire.filter((flow) => flow.serverPort === service.server.port);
  const seen = service.protocol === undefined ? httpService(flows) : otherService(capture, service);
  const halfClosed = flows.filter((flow) => endingOf(flow) === "half-closed" && flow.finAcknowledged).length;
  same(`${service.name} connections`, service.connections, flows.length);
  same(`${service.name} requests`, service.requests, seen.requests);
  same(`${service.name} answered or late`, service.answered + (service.late ?? 0), seen.responses);
  const open = seen.requests - seen.responses;
  same(`${service.name} unanswered or pending`, service.unanswered + (service.pending ?? 0), open);
  same(`${service.name} statuses`, service.statuses, seen.statuses);
  for (const more of ["grpc_statuses", "cancelled"]) {
    if (service[more] !== undefined) same(`${service.name} ${more}`, service[more], seen[more]);
  }
  same(`${service.name} half-closed`, service.half_closed_at_end, halfClosed);
  console.log(
    `   ${service.name}: ${flows.length} connections on ${new Set(flows.map((flow) => flow.key)).size} port pairs, ${seen.requests} requests, ${seen.responses} responses ` +
      `${JSON.stringify(seen.statuses)}, ${halfClosed} half-closed`,
  );
}

for (const { port, header, limit, connections } of truth.framings ?? []) {
  const seen = framedConnections(capture, { port, header, limit });
  for (const { client, sent } of connections) same(`frames of ${client.port} to ${port}`, sent, seen.get(client.port));
  same(`connections to ${port}`, connections.length, seen.size);
  const total = connections.reduce((sum, { sent }) => sum + sent.client.frames + sent.server.frames, 0);
  console.log(`   port ${port}: ${seen.size} connections, ${total} frames`);
}

const flowsTo = (server) => wire.filter((flow) => flow.serverPort === server.port);
const seconds = (iso) => Date.parse(`${iso.slice(0, 23)}Z`) / 1000;
const medianOf = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
function near(what, fromTruth, fromWire, tolerance) {
  same(`${what} within ${tolerance}`, true, Math.abs(fromTruth - fromWire) <= tolerance);
}

if (truth.half_closed !== undefined) {
  const { closed_first, at_end, peak, ports_at_end, peer } = truth.half_closed;
  const held = flowsTo(peer).filter((flow) => endingOf(flow) === "half-closed" && closedFirst(flow) === closed_first);
  const ports = held.map((flow) => Number(flow.key.split(">")[0])).sort((a, b) => a - b);
  same("held at the end", at_end, held.length);
  same("most held", peak.count, held.length);
  same("ports held", ports_at_end, ports);
  console.log(`   ${held.length} connections whose ${closed_first} sent the only FIN`);
}

if (truth.idle_timeout !== undefined) {
  const { closer, idle_s, requests_per_connection } = truth.idle_timeout;
  const flows = flowsTo(closer).filter((flow) => flow.fins[0]?.side === "server");
  const idle = medianOf(flows.map((flow) => flow.idleBeforeFin));
  near("idle time", idle_s, idle, idle_s * IDLE_TOLERANCE);
  same("requests per connection", requests_per_connection, Math.max(...flows.map((flow) => flow.requests.length)));
  console.log(`   idle for ${idle.toFixed(3)} s (median of ${flows.length}) when the server closed`);
}

if (truth.time_wait !== undefined) {
  const { peer, peak, at_peer } = truth.time_wait;
  const flows = flowsTo(peer);
  const by = (side) => flows.filter((flow) => closedFirst(flow) === side);
  // The client's TIME_WAIT: its FIN was first, or the FINs crossed. It ends a minute later; later still by the kernel's timer.
  const starts = [...by("client"), ...by("both")].map((flow) => flow.fins[1].time);
  const most = Math.max(...starts.map((end) => starts.filter((t) => t <= end && t > end - TIME_WAIT_S).length));
  same("connections", truth.job.connections, flows.length);
  same("most in TIME_WAIT", peak.count, most);
  same(
    "peer has TIME_WAIT where FINs crossed or it was first",
    at_peer.count > 0,
    by("both").length + by("server").length > 0,
  );
  console.log(
    `   ${flows.length} connections: closed first by the client ${by("client").length}, by the server ${by("server").length}, ` +
      `crossed ${by("both").length}; at most ${most} in TIME_WAIT`,
  );
}

if (truth.port_exhaustion !== undefined) {
  const { peer, range, ports, ports_in_use, exhausted_at, last_failed_at, first_free_at } = truth.port_exhaustion;
  const flows = flowsTo(peer);
  const [first, last] = range.split("-").map(Number);
  const used = new Set(flows.map((flow) => Number(flow.key.split(">")[0])));
  const during = flows.filter(
    (flow) => flow.startedAt > seconds(exhausted_at) && flow.startedAt < seconds(last_failed_at),
  );
  same("ports in use when they ran out", ports, ports_in_use);
  same("every port of the range used", ports, [...used].filter((port) => port >= first && port <= last).length);
  same("no port outside the range", ports, used.size);
  same("SYNs while there was no port", 0, during.length);
  if (first_free_at !== undefined) {
    const firstEnd = Math.min(...flows.map((flow) => flow.fins[1].time));
    const late = seconds(first_free_at) - firstEnd - TIME_WAIT_S;
    same("the first port is free a minute after its close", true, late > -0.1 && late < TIMER_LATENESS_S);
    console.log(`   the first port was free ${late.toFixed(3)} s after its minute`);
  }
  console.log(`   ${used.size} ports used; no SYN from the first failed attempt to the last one`);
}

for (const { name, server, connections, broken, stale_writes, server_ends_with, idle_timeout_s } of truth.pools ?? []) {
  const flows = flowsTo(server);
  const writes = flows.reduce((sum, flow) => sum + flow.writesAfterFin, 0);
  const byFin = flows.filter((flow) => flow.fins[0]?.side === "server" && flow.idleBeforeFin > 1);
  const byRst = flows.filter((flow) => flow.rst === "server" && flow.fins.length === 0);
  const idle = medianOf(
    server_ends_with === "RST" ? byRst.map((flow) => flow.idleBeforeRst) : byFin.map((flow) => flow.idleBeforeFin),
  );
  same(`${name} connections`, connections, flows.length);
  same(`${name} writes after the server's FIN`, stale_writes, writes);
  same(`${name} ended by RST`, server_ends_with === "RST" ? broken : 0, byRst.length);
  near(`${name} idle time`, idle_timeout_s, idle, idle_timeout_s * IDLE_TOLERANCE);
  console.log(
    `   ${name}: ${flows.length} connections, ${writes} writes after the server's FIN; ended by the server when idle: ` +
      `${byFin.length} by FIN, ${byRst.length} by RST, after ${idle.toFixed(3)} s (median)`,
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
