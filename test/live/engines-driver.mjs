// Runs inside a network namespace of its own and drives the engines as they are built: node engines-driver.mjs DIST WHAT FOLDER
//
// all: every engine and a tcpdump of its own capture the same connections on lo, each into a file. gone: the interface is removed under
// each. hold: one engine captures silence until this process is killed. What happened is printed as JSON.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const [dist, what, folder] = process.argv.slice(2);
const { startCapture } = await import(join(dist, "src/capture/live/choose.js"));
const ENGINES = ["dumpcap", "tcpdump", "cap"];
const ROUNDS = 400;
const BULK_BYTES = 4_000_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const request = (...interfaces) => ({
  interfaces,
  filter: "tcp",
  snapLength: 262_144,
  bufferBytes: 64_000_000,
  promiscuous: false,
});

/** Reads a capture to its end into a file. */
async function keep(capture, file) {
  const out = createWriteStream(file);
  const stream = await capture.source.open();
  let failure = null;
  try {
    for (;;) {
      const bytes = Buffer.alloc(1 << 18);
      const count = await stream.read(bytes, 0, bytes.length);
      if (count === 0) break;
      out.write(bytes.subarray(0, count));
    }
  } catch (error) {
    failure = { code: error.code, message: error.message };
  }
  out.end();
  await once(out, "finish");
  return { version: capture.version, timestamps: capture.timestamps, statistics: capture.statistics(), failure };
}

async function traffic() {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const talk = connect(server.address().port, "127.0.0.1");
  talk.setNoDelay(true);
  for (let round = 0; round < ROUNDS; round++) {
    talk.write(`round ${round}`);
    await once(talk, "data");
  }
  talk.end();
  await once(talk, "close");
  const bulk = connect(server.address().port, "127.0.0.1");
  bulk.resume();
  bulk.end(Buffer.alloc(BULK_BYTES, "bulk"));
  await once(bulk, "close");
  server.close();
}

async function all() {
  const args = `-i lo -w ${join(folder, "own.pcap")} -U -n --time-stamp-precision=nano -s 262144 -B 62500 -p -Z root -- tcp`;
  const own = spawn("tcpdump", args.split(" "), { stdio: ["ignore", "ignore", "pipe"] });
  await once(own.stderr, "data");
  // So that cap has room for all of them: 128 KiB each.
  const roomy = { ...request("lo"), bufferBytes: 256_000_000 };
  const started = await Promise.all(
    ENGINES.map((engine) => startCapture(engine === "cap" ? roomy : request("lo"), engine)),
  );
  const kept = started.map(({ capture }, n) => keep(capture, join(folder, ENGINES[n])));
  await traffic();
  for (const { capture } of started) capture.stop();
  const results = await Promise.all(kept);
  await sleep(1200);
  own.kill("SIGTERM");
  await once(own, "close");
  return Object.fromEntries(ENGINES.map((engine, n) => [engine, results[n]]));
}

async function gone() {
  const results = {};
  for (const engine of ENGINES) {
    execFileSync("ip", ["link", "add", "hc0", "type", "veth", "peer", "name", "hc1"]);
    for (const name of ["hc0", "hc1"]) execFileSync("ip", ["link", "set", name, "up"]);
    const { capture } = await startCapture(request("hc0"), engine);
    const kept = keep(capture, join(folder, `gone-${engine}`));
    execFileSync("ip", ["link", "del", "hc0"]);
    results[engine] = await kept;
  }
  return results;
}

async function several() {
  execFileSync("ip", ["link", "add", "hc0", "type", "veth", "peer", "name", "hc1"]);
  for (const name of ["hc0", "hc1"]) execFileSync("ip", ["link", "set", name, "up"]);
  const { capture } = await startCapture(request("lo", "hc0"), "dumpcap");
  const kept = keep(capture, join(folder, "several"));
  await traffic();
  capture.stop();
  return kept;
}

/** Of processes whose parent this is. */
const children = () =>
  readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[1]) === process.pid
      );
    } catch {
      return false;
    }
  });

async function hold(engine) {
  const { capture } = await startCapture(request("lo"), engine);
  void keep(capture, join(folder, "held"));
  // The engine's handlers of signals are there when it has said so.
  await sleep(300);
  console.log(JSON.stringify(children().map(Number)));
  await sleep(60_000);
}

if (what.startsWith("hold-")) await hold(what.slice("hold-".length));
else console.log(JSON.stringify(await { all, gone, several }[what]()));
