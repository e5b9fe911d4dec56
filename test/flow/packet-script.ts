// How does a test say what was on the wire? In the manner of packetdrill: one line a segment, sequence numbers filled in.
//
//   script(`
//     c SYN
//     s SYN ACK
//     c ACK
//     c 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
//     +1000 c FIN ACK          a second later
//     s ACK
//   `)
//
// c and s are the two ends. A segment carries ACK of all that came from the other end, unless it is the first SYN or says
// otherwise. Options: seq=N and ack=N (relative to the ISN, as Wireshark shows them), len=N (bytes on the wire, filled with
// x), cap=N (captured bytes of them), isn=N, port=N (the client's), client=N and server=N (the host, 10.0.0.N; 1 and 2 unless
// said), tap=N, win=N, noack. `lost` sends it past the capture: it counts for the numbering, and is not seen. ACK alone is a
// pure acknowledgement; a number `+N` in front is milliseconds.

import { STREAM_DECODERS } from "../../decoders/streams.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import type { CaptureView } from "../../src/core/flow-view.ts";
import { DEFAULT_HOSTS, type Hosts } from "../../src/core/host-settings.ts";
import { Flag, Packet, Verdict } from "../../src/core/packet.ts";
import type { ReportExchange, ReportFlow } from "../../src/core/report.ts";
import { byRequest, captureView } from "../../src/flow/capture-view.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import { exchangeObject, flowObject } from "../../src/report/objects.ts";

export interface Segment {
  from: "c" | "s";
  timeMs: number;
  flags: number;
  seq: number;
  ack: number;
  payload: Uint8Array;
  length: number;
  captured: number;
  port: number;
  client: number;
  server: number;
  tap: number;
  window: number;
  ipId: number;
}

export const SERVER_PORT = 80;
const CLIENT_ISN = 1000;
const SERVER_ISN = 5000;

/** Parses a script into segments with absolute numbers. */
export function segments(text: string): Segment[] {
  const out: Segment[] = [];
  let time = 0;
  let ipId = 1;
  const ends = new Map<string, { isn: number; next: number; syn: boolean }>();
  for (const line of text.split("\n").map((l) => l.replace(/\s+#.*$/, "").trim())) {
    if (line === "") continue;
    const words = line.match(/'[^']*'|\S+/g)!;
    time += words[0]!.startsWith("+") ? Number(words.shift()) : 0.1;
    const from = words.shift() as "c" | "s";
    const options = new Map(words.filter((w) => /^[a-z]+=-?\d+$/.test(w)).map((w) => w.split("=") as [string, string]));
    const option = (name: string): number | undefined => (options.has(name) ? Number(options.get(name)) : undefined);
    const port = option("port") ?? 40_000;
    const end = (who: string) => {
      const key = `${who}${port}`;
      const known = ends.get(key) ?? {
        isn: who === "c" ? CLIENT_ISN : SERVER_ISN,
        next: who === "c" ? CLIENT_ISN + 1 : SERVER_ISN + 1,
        syn: false,
      };
      ends.set(key, known);
      return known;
    };
    const own = end(from);
    const peer = end(from === "c" ? "s" : "c");
    const has = (word: string): boolean => words.includes(word);
    const isn = option("isn");
    if (isn !== undefined) Object.assign(own, { isn, next: isn + 1, syn: false });

    let flags = 0;
    for (const [word, bit] of [
      ["SYN", Flag.syn],
      ["FIN", Flag.fin],
      ["RST", Flag.rst],
      ["ACK", Flag.ack],
    ] as const)
      if (has(word)) flags |= bit;
    const literal = words.find((w) => w.startsWith("'"));
    const text = literal === undefined ? "" : literal.slice(1, -1).replaceAll("\\r", "\r").replaceAll("\\n", "\n");
    const payload = literal === undefined ? new TextEncoder().encode("x".repeat(option("len") ?? 0)) : bytesOf(text);
    const bare = (flags & Flag.syn) !== 0 && !has("ACK");
    if (!bare && !has("noack")) flags |= Flag.ack;
    if (has("RST") && !has("ACK")) flags &= ~Flag.ack;

    const relative = option("seq");
    const seq = relative !== undefined ? own.isn + relative : flags & Flag.syn ? own.isn : own.next;
    const length = payload.length;
    const consumed = length + (flags & Flag.syn ? 1 : 0) + (flags & Flag.fin ? 1 : 0);
    if (seq + consumed - own.next > 0 && (flags & Flag.rst) === 0) own.next = seq + consumed;
    const ackOption = option("ack");
    const ack = flags & Flag.ack ? (ackOption !== undefined ? peer.isn + ackOption : peer.next) : 0;
    if (has("lost")) continue;
    out.push({
      from,
      timeMs: time,
      flags,
      seq: seq | 0,
      ack: ack | 0,
      payload,
      length,
      captured: Math.min(length, option("cap") ?? length),
      port,
      client: option("client") ?? 1,
      server: option("server") ?? 2,
      tap: option("tap") ?? 0,
      window: option("win") ?? 500,
      ipId: option("id") ?? ipId++,
    });
  }
  return out;
}

export interface Played {
  view: CaptureView;
  flows: ReportFlow[];
  exchanges: ReportExchange[];
  table: FlowTable;
}

export interface PlayOptions {
  watchCopies?: boolean;
  family?: 4 | 6;
  /** The two ends change addresses and ports. */
  swap?: boolean;
  /** Both ends have one address. */
  loop?: boolean;
  hosts?: Hosts;
  /** NAT REDIRECT: what s sends comes from 10.0.0.9:8080, which c had called. */
  redirected?: boolean;
}

/** What the flow room makes of the segments. */
export function play(list: readonly Segment[], options: PlayOptions = {}): Played {
  const table = new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: true, seed: 7 });
  table.watchCopies = options.watchCopies ?? false;
  const p = new Packet();
  list.forEach((s, n) => {
    fill(p, s, n + 1, options.family ?? 4);
    if (options.swap) exchangeEnds(p);
    if (options.loop) p.dst = p.src;
    if (options.redirected && s.from === "s") {
      p.src = 0x0a000009;
      p.srcPort = 8080;
    }
    table.update(p);
  });
  table.end();
  const clock = new CaptureClock();
  const last = (list.at(-1)?.timeMs ?? 0) * 1e6;
  const quality = {
    packets: list.length,
    tcpSegments: list.length,
    dropped: null,
    snapped: 0,
    truncated: 0,
    malformed: 0,
    badChecksums: 0,
    copies: 0,
    damagedFiles: 0,
    others: new Map<string, number>(),
  };
  const view = captureView(table, {
    clock,
    hosts: options.hosts ?? DEFAULT_HOSTS,
    firstTime: 0,
    lastTime: last,
    quality,
  });
  return {
    view,
    flows: Array.from(view.flows(), (f) => flowObject(f, clock, ["script"], last)),
    exchanges: [...table.ledger.kept]
      .sort(byRequest)
      .map((e) => exchangeObject(e, view.row(e.flow), clock, ["script"])),
    table,
  };
}

export const script = (text: string, options?: PlayOptions): Played => play(segments(text), options);

function exchangeEnds(p: Packet): void {
  [p.src, p.dst] = [p.dst, p.src];
  [p.srcOffset, p.dstOffset] = [p.dstOffset, p.srcOffset];
  [p.srcPort, p.dstPort] = [p.dstPort, p.srcPort];
}

const LINKTYPE_IPV4 = 228;
const IP_HEADER = 20;
const TCP_HEADER = 20;

/** The same segments as a pcap file (raw IPv4, microseconds), so that another tool can be asked. */
export function pcap(list: readonly Segment[]): Uint8Array {
  const out: number[] = [];
  const u32le = (n: number): number => out.push(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);
  const u16 = (n: number): number => out.push((n >>> 8) & 255, n & 255);
  const u32 = (n: number): number => out.push(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
  for (const word of [0xa1b2c3d4, 0x00040002, 0, 0, 262_144, LINKTYPE_IPV4]) u32le(word);
  for (const s of list) {
    const micros = Math.round(s.timeMs * 1000);
    const headers = IP_HEADER + TCP_HEADER;
    for (const word of [Math.floor(micros / 1e6), micros % 1e6, headers + s.captured, headers + s.length]) u32le(word);
    const hosts = [0x0a000000 + s.client, 0x0a000000 + s.server] as const;
    const [src, dst] = s.from === "c" ? hosts : [hosts[1], hosts[0]];
    const [srcPort, dstPort] = s.from === "c" ? [s.port, SERVER_PORT] : [SERVER_PORT, s.port];
    out.push(0x45, 0);
    for (const n of [headers + s.length, s.ipId, 0x4000, 0x4006, 0]) u16(n);
    u32(src);
    u32(dst);
    u16(srcPort);
    u16(dstPort);
    u32(s.seq);
    u32(s.ack);
    out.push(0x50, s.flags);
    for (const n of [s.window, 0, 0]) u16(n);
    out.push(...s.payload.subarray(0, s.captured));
  }
  return Uint8Array.from(out);
}

/** UTF-8, and bytes as \\xNN. */
function bytesOf(text: string): Uint8Array {
  if (!text.includes("\\x")) return new TextEncoder().encode(text);
  const raw = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

/** Lays one segment into the slot as the decoders would: addresses, then the payload behind a bare TCP header. */
export function fill(p: Packet, s: Segment, frame: number, family: 4 | 6): void {
  const header = 60;
  const bytes = new Uint8Array(header + s.captured);
  bytes[15] = s.client;
  bytes[31] = s.server;
  bytes.set(s.payload.subarray(0, s.captured), header);
  const fromClient = s.from === "c";
  p.buf = bytes;
  p.start = 0;
  p.end = bytes.length;
  p.origLen = header + s.length;
  p.time = s.timeMs * 1e6;
  p.file = 0;
  p.frame = frame;
  p.tap = s.tap;
  p.verdict = Verdict.tcp;
  p.family = family;
  const [client, server] = [0x0a000000 + s.client, 0x0a000000 + s.server];
  p.src = fromClient ? client : server;
  p.dst = fromClient ? server : client;
  p.srcOffset = fromClient ? 0 : 16;
  p.dstOffset = fromClient ? 16 : 0;
  p.ipId = s.ipId;
  p.tcpOffset = 40;
  p.srcPort = fromClient ? s.port : SERVER_PORT;
  p.dstPort = fromClient ? SERVER_PORT : s.port;
  p.seq = s.seq;
  p.ack = s.ack;
  p.flags = s.flags;
  p.window = s.window;
  p.payloadOffset = header;
  p.payloadLength = s.length;
  p.payloadCaptured = s.captured;
}

export const OPEN = `
  c SYN
  s SYN ACK
  c ACK
`;
export const REQUEST = String.raw`c 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'`;
export const RESPONSE = String.raw`s 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'`;
