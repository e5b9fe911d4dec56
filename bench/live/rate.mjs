// How many packets a second does a live capture keep without losing one, and how many does tcpdump, on the same machine in the same run?
//
//   npm run build && node bench/live/rate.mjs [--seconds N] [--engine NAME]…      as root, on Linux; some minutes
//
// Packets of whole HTTP conversations go over the loopback interface of a network namespace at a stated rate; sender, capture and analysis
// share the machine. A rate holds when every packet sent is in the files, twice. It prints figures and asserts none.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { ENGINES, filesIn, startCapture } from "../../test/live/wire/program.mjs";
import { Room, sleep } from "../../test/live/wire/room.mjs";
import { countPackets, watchWire } from "../../test/live/wire/truth.mjs";

const SENDER = join(import.meta.dirname, "../../test/live/wire/traffic/sender.py");
const FIRST_RATE = 20_000;
const STEP = 1.5;
/** After the first rate that does not hold, so many times halfway between. */
const HALVINGS = 3;
/** A sender that takes this much longer than it should is itself at its end. */
const SENDER_LATE = 1.05;
const BUFFER_KIB = 62_500;
const TICKS_PER_SECOND = 100;
const TIDY = 500;

const argument = (name) => process.argv.flatMap((word, n) => (word === name ? [process.argv[n + 1]] : []));
const seconds = Number(argument("--seconds")[0] ?? 4);
const engines = argument("--engine").length > 0 ? argument("--engine") : ENGINES;
if (!(seconds >= 1) || engines.some((name) => !ENGINES.includes(name))) {
  console.error(`usage: node bench/live/rate.mjs [--seconds N] [--engine ${ENGINES.join("|")}]…`);
  process.exit(2);
}

const room = new Room("rate");
const host = room.host();
let runs = 0;

const toFile = {
  name: "tcpdump -w",
  async start(folder) {
    mkdirSync(folder);
    const wire = await watchWire(host, "lo", `${folder}/tcpdump.pcapng`, { bufferKib: BUFFER_KIB });
    return { stop: () => wire.stop().catch(() => {}) };
  },
};
const ours = (engine, ...args) => ({
  name: `capture, ${engine}${args.length > 0 ? `, ${args.join(" ")}` : ""}`,
  async start(folder) {
    const options = [
      "-i",
      "lo",
      "-w",
      folder,
      "--engine",
      engine,
      "--buffer",
      `${BUFFER_KIB * 1024}`,
      "--no-report",
      ...args,
    ];
    const capture = await startCapture(host, ["capture", ...options]);
    return {
      async stop() {
        await sleep(300);
        capture.signal("SIGINT");
        if ((await capture.within(60_000))?.code !== 0) throw new Error(capture.stderr);
      },
    };
  },
});

/** One rate, once: what was sent, what is kept, processor seconds of the capture. */
async function attempt(tool, rate) {
  const folder = room.path(`run-${runs++}`);
  const others = new Set(host.pids());
  const capture = await tool.start(folder);
  const pids = host.pids().filter((pid) => !others.has(pid));
  const before = processorSeconds(pids);
  const sender = host.start(["python3", SENDER, "lo", String(rate), String(seconds)]);
  await sender.within(seconds * 10_000 + 20_000);
  await sleep(500);
  const cpu = processorSeconds(pids) - before;
  await capture.stop();
  const { sent, seconds: took } = JSON.parse(sender.stdout.trim().split("\n").at(-1));
  const kept = countPackets(filesIn(folder));
  rmSync(folder, { recursive: true });
  return { sent, lost: sent - kept, cpu, isSenderLate: took > seconds * SENDER_LATE };
}

function processorSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** The highest rate that held, twice. */
async function limit(tool) {
  let [held, lost, senderLimit, cpu] = [0, Number.POSITIVE_INFINITY, false, 0];
  const holds = async (rate) => {
    for (const _ of [1, 2]) {
      const one = await attempt(tool, rate);
      if (one.isSenderLate) senderLimit = true;
      const verdict = one.isSenderLate
        ? "the sender is late"
        : one.lost === 0
          ? "none lost"
          : `${one.lost} of ${one.sent} lost`;
      console.log(`  ${tool.name} at ${rate}/s: ${verdict}; ${(one.cpu / seconds).toFixed(2)} processors`);
      if (one.lost !== 0 || one.isSenderLate) return false;
      cpu = one.cpu;
    }
    return true;
  };
  const tidy = (rate) => Math.round(rate / TIDY) * TIDY;
  for (let rate = FIRST_RATE; lost === Number.POSITIVE_INFINITY; rate = tidy(rate * STEP)) {
    if (await holds(rate)) held = rate;
    else lost = rate;
  }
  for (let n = 0; n < HALVINGS; n++) {
    const middle = tidy((held + lost) / 2);
    if (await holds(middle)) held = middle;
    else lost = middle;
  }
  return { held, senderLimit, processors: cpu / seconds };
}

try {
  console.log(`${cpus()[0]?.model}, ${cpus().length} processors, Node ${process.version}; ${seconds} s at each rate`);
  const tools = [toFile, ...engines.map((engine) => ours(engine))];
  const results = [];
  for (const tool of tools) results.push({ name: tool.name, ...(await limit(tool)) });
  const against = results[0].held;
  console.log("\nhighest rate without loss");
  for (const { name, held, senderLimit, processors } of results) {
    const ratio = `${(held / against).toFixed(2)} ×`;
    const note = senderLimit ? "  (or more: the sender was at its end)" : "";
    console.log(
      `  ${name.padEnd(28)} ${String(held).padStart(8)} packets/s  ${ratio.padStart(7)}  ${processors.toFixed(2)} processors${note}`,
    );
  }
} finally {
  await room.close();
}
