// How much later than the kernel does the engine cap stamp a packet, and does that change the order of packets?
//
//   npm run build && node bench/live/stamps.mjs [--seconds N]      as root, on Linux
//
// The same numbered datagrams on the loopback of a network namespace of its own are captured at once by tcpdump (the kernel's stamps)
// and by cap; packets are matched by their number, one by one. It prints figures and asserts none.

import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SELF = fileURLToPath(import.meta.url);
const DIST = process.env.HALFCLOSE_DIST ?? join(import.meta.dirname, "../../dist");
const PORT = 9; // discard
/** Packets a second: a person at a keyboard, a small service, a busy one, and about what one Node process can send. */
const RATES = [20, 1_000, 10_000, 40_000];
const SIZE = 200;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Ethernet, IPv4 and UDP headers before a datagram's bytes. */
const HEADERS = 14 + 20 + 8;

const secondsAt = process.argv.indexOf("--seconds");
const seconds = secondsAt > 0 ? Number(process.argv[secondsAt + 1]) : 5;

if (process.argv.includes("--send")) await send(Number(process.argv.at(-1)));
else if (process.argv.includes("--inside")) await measure();
else {
  const args = ["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", process.execPath, SELF, "--inside"];
  const { status } = spawnSync("unshare", [...args, "--seconds", String(seconds)], { stdio: "inherit" });
  process.exit(status ?? 1);
}

/** In a process of its own: numbered datagrams, spread evenly as far as timers allow. */
async function send(rate) {
  const socket = createSocket("udp4");
  const total = rate * seconds;
  const begin = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * rate) + 1);
    const batch = [];
    for (; sent < due; sent++) {
      const bytes = Buffer.alloc(SIZE);
      bytes.writeUInt32BE(sent, 0);
      batch.push(new Promise((resolve) => socket.send(bytes, PORT, "127.0.0.1", resolve)));
    }
    await Promise.all(batch);
    if (sent < total) await new Promise((resolve) => setTimeout(resolve, rate >= 1000 ? 1 : 1000 / rate));
  }
  socket.close();
}

async function measure() {
  const { startCapture } = await import(join(DIST, "src/capture/live/choose.js"));
  const request = {
    interfaces: ["lo"],
    filter: `udp and dst port ${PORT}`,
    snapLength: 262_144,
    bufferBytes: 64_000_000,
    promiscuous: false,
  };
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}, ${seconds} s each\n`,
  );
  const heads = [
    "packets/s",
    "sent",
    "tcpdump",
    "cap",
    "minimum",
    "median",
    "p99",
    "maximum",
    "earlier",
    "other order",
    "same stamp",
  ];
  console.log(row(heads));
  for (const rate of RATES) {
    const chosen = await Promise.all(["tcpdump", "cap"].map((engine) => startCapture(request, engine)));
    const reading = chosen.map(({ capture }) => stampsOf(capture));
    const sender = spawn(process.execPath, [SELF, "--seconds", String(seconds), "--send", String(rate)], {
      stdio: "inherit",
    });
    await new Promise((resolve) => sender.on("close", resolve));
    for (const { capture } of chosen) capture.stop();
    const [kernel, process_] = await Promise.all(reading);
    console.log(row([rate, rate * seconds, kernel.size, process_.size, ...compare(kernel, process_)]));
  }
  console.log(
    "\nminimum, median, p99, maximum: how much later cap's stamp is. earlier: packets that cap stamped before the kernel.",
  );
  console.log(
    "other order: neighbours whose stamps of cap are in the other order. same stamp: neighbours that share one of cap's.",
  );
}

/** Number of the packet → nanoseconds since 1970, of a pcap stream with nanoseconds. */
async function stampsOf(capture) {
  const stream = await capture.source.open();
  const chunks = [];
  for (;;) {
    const bytes = Buffer.alloc(1 << 18);
    const count = await stream.read(bytes, 0, bytes.length);
    if (count === 0) break;
    chunks.push(bytes.subarray(0, count));
  }
  const all = Buffer.concat(chunks);
  if (all.readUInt32LE(0) !== 0xa1b23c4d) throw new Error("not a little-endian pcap with nanoseconds");
  const stamps = new Map();
  for (let at = FILE_HEADER; at < all.length; at += RECORD_HEADER + all.readUInt32LE(at + 8)) {
    const number = all.readUInt32BE(at + RECORD_HEADER + HEADERS);
    stamps.set(number, BigInt(all.readUInt32LE(at)) * 1_000_000_000n + BigInt(all.readUInt32LE(at + 4)));
  }
  return stamps;
}

function compare(kernel, other) {
  const both = [...kernel.keys()].filter((number) => other.has(number));
  both.sort((a, b) => (kernel.get(a) < kernel.get(b) ? -1 : 1));
  const late = both.map((number) => Number(other.get(number) - kernel.get(number))).sort((a, b) => a - b);
  let reversed = 0;
  let same = 0;
  for (let i = 1; i < both.length; i++) {
    const step = other.get(both[i]) - other.get(both[i - 1]);
    if (step < 0n) reversed++;
    else if (step === 0n) same++;
  }
  const at = (share) => micros(late[Math.min(late.length - 1, Math.floor(share * late.length))]);
  return [at(0), at(0.5), at(0.99), at(1), late.filter((ns) => ns < 0).length, reversed, same];
}

function micros(ns) {
  return ns === undefined ? "-" : `${(ns / 1000).toFixed(1)} µs`;
}

function row(cells) {
  return cells.map((cell) => String(cell).padStart(11)).join(" ");
}
