// Where do the large captures come from? From connections recorded in samples/healthy-pool, repeated in turn with other
// addresses and times, hundreds at a time, packet by packet. "http" gives each response a body of many full segments
// (sequence numbers, lengths and acknowledgements kept right, so that other tools see no loss); "small" repeats the
// connections as recorded. Nothing is random: the same sample makes the same bytes.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const self = fileURLToPath(import.meta.url);
const here = dirname(self);
const SAMPLE = join(here, "..", "samples", "healthy-pool", "capture.pcap.gz");
export const DATA = join(here, "data");

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const IP = 14;
const SEGMENT = 1448;
const SEGMENTS_PER_ACK = 8;
/** Recorded connections that are repeated in turn. */
const TEMPLATES = 16;
/** Connections under way at the same time. */
const TOGETHER = 500;
const STEP_US = 2;
const SERVICE_PORT = 8280;

/** Makes the capture, unless one that is newer than this file is there already. Returns its path. */
export function makeCapture(name, { connections, bodySegments }) {
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `${name}-${connections}.pcap`);
  if (existsSync(path) && statSync(path).mtimeMs > statSync(self).mtimeMs) return path;
  const recorded = gunzipSync(readFileSync(SAMPLE));
  const templates = recordedConnections(recorded).map((connection, n) =>
    enlarge(connection, bodySegments, n % 2 === 0),
  );
  const partial = `${path}.partial`;
  const file = openSync(partial, "w");
  writeSync(file, recorded.subarray(0, FILE_HEADER));
  let clock = 1_700_000_000_000_000n;
  for (let first = 0; first < connections; first += TOGETHER) {
    const group = Math.min(TOGETHER, connections - first);
    const records = [];
    for (let packet = 0; packet < templates[0].length; packet++) {
      for (let n = first; n < first + group; n++) {
        records.push(record(templates[n % templates.length][packet], n, clock));
        clock += BigInt(STEP_US);
      }
    }
    writeSync(file, Buffer.concat(records));
  }
  closeSync(file);
  renameSync(partial, path);
  return path;
}

export const sizeOf = (path) => statSync(path).size;

/** The packets of answered connections to the service, as recorded: ten each, from the SYN to the last ACK. */
function recordedConnections(pcap) {
  const flows = new Map();
  for (let at = FILE_HEADER; at < pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8);
    const packet = pcap.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    at += RECORD_HEADER + length;
    const tcp = IP + 20;
    const ports = [packet.readUInt16BE(tcp), packet.readUInt16BE(tcp + 2)];
    const server = ports.indexOf(SERVICE_PORT);
    if (server < 0) continue;
    const client = ports[1 - server];
    const flow = flows.get(client) ?? [];
    flow.push({ packet, fromServer: server === 0 });
    flows.set(client, flow);
  }
  const isPlain = (flow) => flow.length === 10 && flow.some(({ packet }) => packet.includes("/orders/"));
  const found = [...flows.values()].filter(isPlain).slice(0, TEMPLATES);
  if (found.length < TEMPLATES)
    throw new Error(`${SAMPLE}: not ${TEMPLATES} plain connections to port ${SERVICE_PORT}`);
  return found;
}

/**
 * Puts `segments` full segments behind the response's first, with an ACK for every few, and moves what follows. As recorded,
 * the body ends with the connection; `counted` gives it a Content-Length instead.
 */
function enlarge(connection, segments, counted) {
  const out = [];
  let added = 0;
  for (const { packet, fromServer } of connection) {
    const copy = Buffer.from(packet);
    const seqOrAck = IP + 20 + (fromServer ? 4 : 8);
    copy.writeUInt32BE((copy.readUInt32BE(seqOrAck) + added) >>> 0, seqOrAck);
    out.push(copy);
    if (!fromServer || added > 0 || segments === 0 || payloadLength(copy) === 0) continue;
    const ackTemplate = connection.find(
      (c) => !c.fromServer && payloadLength(c.packet) === 0 && isAfterRequest(connection, c),
    );
    if (counted) writeContentLength(copy, segments * SEGMENT);
    let seq = copy.readUInt32BE(IP + 24) + payloadLength(copy);
    for (let n = 1; n <= segments; n++) {
      out.push(bodySegment(copy, seq));
      seq = (seq + SEGMENT) >>> 0;
      if (n % SEGMENTS_PER_ACK === 0 && n < segments) {
        const ack = Buffer.from(ackTemplate.packet);
        ack.writeUInt32BE(seq, IP + 28);
        out.push(ack);
      }
    }
    added = segments * SEGMENT;
  }
  return out;
}

/** In place of the Date field, blanks before the number, so that the segment keeps its length. */
function writeContentLength(packet, more) {
  const date = packet.indexOf("Date: ");
  const dateEnd = packet.indexOf("\r\n", date);
  const body = packet.indexOf("\r\n\r\n") + 4;
  if (date < 0 || body < 4) throw new Error(`${SAMPLE}: a response without Date, or cut in its head`);
  const name = "Content-Length:";
  packet.write(name + String(packet.length - body + more).padStart(dateEnd - date - name.length), date, "latin1");
}

const headerLength = (packet) => IP + 20 + (packet[IP + 32] >> 4) * 4;
const payloadLength = (packet) => packet.readUInt16BE(IP + 2) + IP - headerLength(packet);
/** An ACK that acknowledges part of the response has the sequence number behind the request. */
const isAfterRequest = (connection, c) =>
  connection.indexOf(c) > connection.findIndex((x) => x.fromServer && payloadLength(x.packet) > 0);

function bodySegment(head, seq) {
  const header = headerLength(head);
  const packet = Buffer.alloc(header + SEGMENT, "x");
  head.copy(packet, 0, 0, header);
  packet.writeUInt16BE(header + SEGMENT - IP, IP + 2);
  packet.writeUInt32BE(seq, IP + 24);
  return packet;
}

/** One record of connection number `n`: client 10.x.y.z, server 192.0.2.1. */
function record(packet, n, clockUs) {
  const out = Buffer.alloc(RECORD_HEADER + packet.length);
  out.writeUInt32LE(Number(clockUs / 1_000_000n), 0);
  out.writeUInt32LE(Number(clockUs % 1_000_000n), 4);
  out.writeUInt32LE(packet.length, 8);
  out.writeUInt32LE(packet.length, 12);
  packet.copy(out, RECORD_HEADER);
  const fromServer = packet.readUInt16BE(IP + 20) === SERVICE_PORT;
  const ip = RECORD_HEADER + IP;
  out.writeUInt32BE(0x0a000001 + n, ip + (fromServer ? 16 : 12));
  out.writeUInt32BE(0xc0000201, ip + (fromServer ? 12 : 16));
  return out;
}
