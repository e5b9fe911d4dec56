// How does a test have people talk over TCP? Conversations, one message a segment, as a capture in raw IP.

import { concat, pcap } from "../capture/build.ts";

export interface Message {
  from: "client" | "server";
  bytes: Uint8Array | readonly number[] | string;
  /** Seconds since the message before; 1 ms unless said. */
  after?: number;
}

export interface Talk {
  /** Last octets of 10.0.0.N. */
  client: number;
  server: number;
  clientPort: number;
  serverPort: number;
  /** Seconds since the capture began. */
  at: number;
  messages: readonly Message[];
  /** Whose FIN ends it, and how long after the last message; the other end only acknowledges it. Left out: it stays open. */
  closedBy?: "client" | "server";
  closedAfter?: number;
}

const FIN = 1;
const SYN = 2;
const PSH = 8;
const ACK = 16;
const RAW_IP = 101;
const EPOCH = 1_772_000_000;

interface Frame {
  at: number;
  bytes: Uint8Array;
}

/** A capture of all of them, in order of time. */
export function captureOf(talks: readonly Talk[]): Uint8Array {
  const frames = talks.flatMap(framesOf).sort((a, b) => a.at - b.at);
  return pcap(
    frames.map(({ at, bytes }) => ({
      seconds: EPOCH + Math.floor(at),
      fraction: Math.round((at % 1) * 1e6),
      data: bytes,
    })),
    { linkType: RAW_IP },
  );
}

function framesOf(talk: Talk): Frame[] {
  const out: Frame[] = [];
  const next = { client: 1000, server: 5000 };
  let time = talk.at;
  const send = (from: "client" | "server", flags: number, payload: Uint8Array = new Uint8Array(0)): void => {
    const to = from === "client" ? "server" : "client";
    out.push({ at: time, bytes: packet(talk, from, flags, next[from], flags === SYN ? 0 : next[to], payload) });
    next[from] += payload.length + (flags & (SYN | FIN) ? 1 : 0);
    time += 0.000_05;
  };
  send("client", SYN);
  send("server", SYN | ACK);
  send("client", ACK);
  for (const { from, bytes, after = 0.001 } of talk.messages) {
    time += after;
    send(from, PSH | ACK, typeof bytes === "string" ? latin1(bytes) : Uint8Array.from(bytes));
    send(from === "client" ? "server" : "client", ACK);
  }
  if (talk.closedBy !== undefined) {
    time += talk.closedAfter ?? 0.001;
    send(talk.closedBy, FIN | ACK);
    send(talk.closedBy === "client" ? "server" : "client", ACK);
  }
  return out;
}

function packet(talk: Talk, from: "client" | "server", flags: number, seq: number, ack: number, payload: Uint8Array) {
  const isClient = from === "client";
  const [source, target] = isClient ? [talk.client, talk.server] : [talk.server, talk.client];
  const ports = isClient ? [talk.clientPort, talk.serverPort] : [talk.serverPort, talk.clientPort];
  const total = 40 + payload.length;
  const ip = Uint8Array.of(
    0x45,
    0,
    total >> 8,
    total & 255,
    0,
    0,
    0x40,
    0,
    64,
    6,
    0,
    0,
    10,
    0,
    0,
    source,
    10,
    0,
    0,
    target,
  );
  set16(ip, 10, checksum(ip));
  const tcp = new Uint8Array(20);
  set16(tcp, 0, ports[0]!);
  set16(tcp, 2, ports[1]!);
  set16(tcp, 4, seq >>> 16);
  set16(tcp, 6, seq & 0xffff);
  set16(tcp, 8, ack >>> 16);
  set16(tcp, 10, ack & 0xffff);
  tcp[12] = 0x50;
  tcp[13] = flags;
  set16(tcp, 14, 64_240);
  const segment = concat(tcp, payload);
  const pseudo = concat(ip.subarray(12, 20), Uint8Array.of(0, 6, segment.length >> 8, segment.length & 255));
  set16(segment, 16, checksum(concat(pseudo, segment)));
  return concat(ip, segment);
}

function set16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** One byte a character: what is above goes as UTF-8. */
export const latin1 = (text: string): Uint8Array => new TextEncoder().encode(text);
