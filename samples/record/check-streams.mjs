// How many requests and responses does tshark see where the protocol is not HTTP/1? Redis, gRPC over HTTP/2, framed messages.
//
// Used by check.mjs. Redis: each command is an array, each reply of a GET one bulk string. gRPC: a stream's request and
// response headers, grpc-status, the client's RST_STREAM. Framed: tshark gives only the bytes in order, the frames are counted here.

import { execFileSync } from "node:child_process";
import { mysql, postgresql } from "./check-databases.mjs";

/** Rows of tshark's fields for one server port; each field a list, one entry for each time that it occurs. */
function rows(capture, port, dissector, fields) {
  const decode = dissector === null ? [] : ["-d", `tcp.port==${port},${dissector}`];
  const wanted = fields.flatMap((field) => ["-e", field]);
  const separators = ["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"];
  const text = execFileSync(
    "tshark",
    [
      "-2",
      "-n",
      "-r",
      capture,
      ...decode,
      "-Y",
      `tcp.port==${port} && tcp.len > 0`,
      "-T",
      "fields",
      ...wanted,
      ...separators,
    ],
    { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] },
  );
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t").map((value) => (value === "" ? [] : value.split("|"))));
}

const countBy = (list) => {
  const counts = {};
  for (const value of list) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

function redis(capture, port) {
  let requests = 0;
  let responses = 0;
  for (const [toPort, arrays, bulks] of rows(capture, port, "resp", [
    "tcp.dstport",
    "resp.array.length",
    "resp.bulk_string.length",
  ])) {
    if (Number(toPort[0]) === port) requests += arrays.length;
    else responses += bulks.length;
  }
  return { requests, responses, statuses: {} };
}

/** The trailers are a HEADERS frame too: a stream counts once in each direction. */
function http2(capture, port) {
  const HEADERS = "1";
  const RST_STREAM = "3";
  const asked = new Set();
  const replied = new Set();
  const statuses = [];
  const grpc = [];
  let resets = 0;
  const fields = [
    "tcp.stream",
    "tcp.dstport",
    "http2.type",
    "http2.streamid",
    "http2.header.name",
    "http2.header.value",
  ];
  for (const [stream, toPort, types, ids, names, values] of rows(capture, port, "http2", fields)) {
    const fromClient = Number(toPort[0]) === port;
    types.forEach((type, i) => {
      if (type === HEADERS) (fromClient ? asked : replied).add(`${stream[0]}:${ids[i]}`);
      if (type === RST_STREAM && fromClient) resets++;
    });
    names.forEach((name, i) => {
      if (name === ":status") statuses.push(values[i]);
      if (name === "grpc-status") grpc.push(values[i]);
    });
  }
  return {
    requests: asked.size,
    responses: replied.size,
    statuses: countBy(statuses),
    grpc_statuses: countBy(grpc),
    cancelled: resets,
  };
}

const READERS = { redis, http2, postgresql, mysql };

/** What tshark says of a service of another protocol than HTTP/1, in the words of truth.json. */
export function otherService(capture, service) {
  return READERS[service.protocol](capture, service.server.port);
}

/** By client port: the bytes of each direction in order, for a port without loss, and the frames in them. */
export function framedConnections(capture, { port, header, limit }) {
  const flows = new Map();
  for (const [from, to, seq, payload] of rows(capture, port, null, [
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq",
    "tcp.payload",
  ])) {
    const side = Number(to[0]) === port ? "client" : "server";
    const clientPort = Number((side === "client" ? from : to)[0]);
    const flow = flows.get(clientPort) ?? { client: [], server: [] };
    flows.set(clientPort, flow);
    flow[side].push({ offset: Number(seq[0]) - 1, bytes: Buffer.from(payload[0], "hex") });
  }
  return new Map(
    [...flows].map(([clientPort, flow]) => [
      clientPort,
      { client: frames(inOrder(flow.client), header, limit), server: frames(inOrder(flow.server), header, limit) },
    ]),
  );
}

function inOrder(segments) {
  const end = Math.max(0, ...segments.map(({ offset, bytes }) => offset + bytes.length));
  const whole = Buffer.alloc(end);
  for (const { offset, bytes } of segments) bytes.copy(whole, offset);
  return whole;
}

/** u32be length of the body, then an id; a length above the limit is where the framing breaks. */
function frames(bytes, header, limit) {
  let at = 0;
  let count = 0;
  while (at + header <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (length > limit) return { frames: count, bytes: bytes.length, broken_at: at };
    if (at + header + length > bytes.length) break;
    at += header + length;
    count++;
  }
  return { frames: count, bytes: bytes.length, broken_at: null };
}
