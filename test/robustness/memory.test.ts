// Is the stated memory kept? The peak of the whole process, as the kernel counts it, on captures made to need much of it.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pcapHeader } from "../capture/build.ts";
import { BUILD_MS, build, type Program, run } from "./program.ts";

const RECORD = 16;
const IP = RECORD + 14;
const TCP = IP + 20;
const HEADERS = TCP + 20;
const SERVER = 0xc6120001; // 198.18.0.1, and those above it
const REQUEST = Buffer.from("GET /orders/1 HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
const NOTHING = Buffer.alloc(0);
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];
const MB = 1e6;
/** What is promised: so much for the program, and so much a connection. */
const PROGRAM_MB = 150;
const FLOW_BYTES = 300;
const RUN_MS = 240_000;
/** A preload that writes down the peak, in KiB, when the program ends. */
const PEAK = `data:text/javascript,${encodeURIComponent(
  'import { writeFileSync } from "node:fs";' +
    'process.on("exit", () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));',
)}`;

let program: Program;
let folder = "";
beforeAll(() => {
  program = build();
  folder = mkdtempSync(join(tmpdir(), "halfclose-memory-"));
}, BUILD_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Segment {
  /** Of the client: its number makes address and port. */
  readonly client: number;
  /** Of the server: its number makes the address. */
  readonly server?: number;
  readonly fromClient: boolean;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly payload: Buffer;
}

/** A capture of Ethernet, a microsecond between packets; how many, the callback says. */
class CaptureFile {
  readonly path: string;
  private readonly file: number;
  private readonly batch = Buffer.alloc(1 << 20);
  private filled = 0;
  private micros = 0;

  constructor(name: string) {
    this.path = join(folder, name);
    this.file = openSync(this.path, "w");
    writeSync(this.file, pcapHeader({ linkType: 1 }));
  }

  add({ client, server = 0, fromClient, flags, seq, ack, payload }: Segment): void {
    const length = HEADERS + payload.length;
    if (this.filled + length > this.batch.length) this.flush();
    const at = this.batch.subarray(this.filled, this.filled + length);
    this.filled += length;
    const micros = this.micros++;
    at.fill(0, 0, HEADERS);
    at.writeUInt32LE(1_700_000_000 + Math.floor(micros / MB), 0);
    at.writeUInt32LE(micros % MB, 4);
    at.writeUInt32LE(length - RECORD, 8);
    at.writeUInt32LE(length - RECORD, 12);
    at.writeUInt16BE(0x0800, IP - 2);
    at[IP] = 0x45;
    at.writeUInt16BE(length - IP, IP + 2);
    at[IP + 8] = 64;
    at[IP + 9] = 6;
    // Of 10.0.0.0/8, each once, in no order.
    const address = 0x0a000000 + (Math.imul(client, 0x9e3779b1) & 0xffffff);
    at.writeUInt32BE(fromClient ? address : SERVER + server, IP + 12);
    at.writeUInt32BE(fromClient ? SERVER + server : address, IP + 16);
    const port = 20_000 + (client % 40_000);
    at.writeUInt16BE(fromClient ? port : 8280, TCP);
    at.writeUInt16BE(fromClient ? 8280 : port, TCP + 2);
    at.writeUInt32BE(seq >>> 0, TCP + 4);
    at.writeUInt32BE(ack >>> 0, TCP + 8);
    at[TCP + 12] = 0x50;
    at[TCP + 13] = flags;
    at.writeUInt16BE(0xffff, TCP + 14);
    payload.copy(at, HEADERS);
  }

  done(): string {
    this.flush();
    closeSync(this.file);
    return this.path;
  }

  private flush(): void {
    writeSync(this.file, this.batch, 0, this.filled);
    this.filled = 0;
  }
}

/** A client's segment, or the server's answer to it. */
const client = (client: number, flags: number, seq: number, ack: number, payload = NOTHING): Segment => ({
  client,
  fromClient: true,
  flags,
  seq,
  ack,
  payload,
});
const server = (of: number, flags: number, seq: number, ack: number, payload = NOTHING): Segment => ({
  ...client(of, flags, seq, ack, payload),
  fromClient: false,
});

/** SYNs that nobody answers. */
function flood(name: string, connections: number): string {
  const file = new CaptureFile(name);
  for (let n = 0; n < connections; n++) file.add(client(n, SYN, n, 0));
  return file.done();
}

/** Requests that are given up without an answer. */
function requests(name: string, connections: number): string {
  const file = new CaptureFile(name);
  const asked = 1 + REQUEST.length;
  for (let n = 0; n < connections; n++) {
    file.add(client(n, SYN, 0, 0));
    file.add(server(n, SYN | ACK, 0, 1));
    file.add(client(n, ACK, 1, 1, REQUEST));
    file.add(client(n, n % 2 === 0 ? RST : FIN | ACK, asked, 1));
  }
  return file.done();
}

/** A client that asks each service once, is answered, and closes. */
function crawl(name: string, services: number): string {
  const file = new CaptureFile(name);
  const body = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const [asked, answered] = [1 + REQUEST.length, 1 + body.length];
  for (let n = 0; n < services; n++) {
    const add = (segment: Segment) => file.add({ ...segment, server: n });
    add(client(0, SYN, 0, 0));
    add(server(0, SYN | ACK, 0, 1));
    add(client(0, ACK, 1, 1, REQUEST));
    add(server(0, FIN | ACK, 1, asked, body));
    add(client(0, FIN | ACK, asked, answered + 1));
    add(server(0, ACK, answered + 1, asked + 1));
  }
  return file.done();
}

/** One connection that goes on and on. */
function download(name: string, segments: number): string {
  const file = new CaptureFile(name);
  const body = Buffer.alloc(24, "x");
  file.add(client(0, SYN, 0, 0));
  file.add(server(0, SYN | ACK, 0, 1));
  file.add(client(0, ACK, 1, 1, REQUEST));
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${segments * body.length}\r\n\r\n`);
  const asked = 1 + REQUEST.length;
  file.add(server(0, ACK, 1, asked, head));
  for (let n = 0; n < segments; n++) {
    const seq = 1 + head.length + n * body.length;
    file.add(server(0, ACK, seq, asked, body));
    if (n % 8 === 7) file.add(client(0, ACK, asked, seq + body.length));
  }
  return file.done();
}

/** Megabytes at the peak, and what was said. */
function peakOf(capture: string, ...options: string[]): { peak: number; said: string } {
  const peakFile = join(folder, "peak");
  const env = { ...process.env, PEAK_FILE: peakFile, NODE_OPTIONS: `--import ${PEAK}` };
  const { code, stdout, stderr } = run(program, ["analyze", ...options, capture], { env });
  expect([0, 1], stderr).toContain(code);
  return { peak: (Number(readFileSync(peakFile, "utf8")) * 1024) / MB, said: stdout };
}

it("needs no more for 3,000,000 packets of one connection than for a few", { timeout: RUN_MS }, () => {
  const { peak, said } = peakOf(download("download.pcap", 2_700_000));
  expect(said).toContain("3,037,504 packets");
  expect(peak).toBeLessThan(PROGRAM_MB);
});

it("needs what is stated for each connection, and with --memory no more than that", { timeout: RUN_MS }, () => {
  const connections = 1_500_000;
  const capture = flood("flood.pcap", connections);
  const free = peakOf(capture);
  expect(free.peak).toBeLessThan(PROGRAM_MB + (connections * FLOW_BYTES) / MB);
  const bounded = peakOf(capture, "--memory", "230M");
  expect(bounded.peak).toBeLessThan(230);
  // Otherwise the budget would not have been needed.
  expect(free.peak).toBeGreaterThan(230);
  expect(bounded.said).toContain("1,500,000 connections");
});

it("keeps --memory where every request is a fault to report", { timeout: RUN_MS }, () => {
  const { peak, said } = peakOf(requests("requests.pcap", 300_000), "--memory", "300M");
  expect(said).toContain("requests: 150,000 unanswered, 150,000 still waiting at the end");
  expect(peak).toBeLessThan(300);
});

it("keeps --memory with as many services as connections", { timeout: RUN_MS }, () => {
  const services = 100_000;
  const { peak, said } = peakOf(crawl("crawl.pcap", services), "--memory", "230M");
  const words = said.replace(/\s+/g, " ");
  expect(words).toContain("100,000 requests: 100,000 answered");
  const forgotten = Number(/Of ([\d,]+) services it is no longer known/.exec(words)?.[1]?.replaceAll(",", ""));
  expect(forgotten).toBeGreaterThan(services * 0.9);
  expect(forgotten).toBeLessThan(services);
  expect(peak).toBeLessThan(230);
});
