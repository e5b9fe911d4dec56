// How fast, against whom? Runs halfclose beside its peers on captures that it makes itself, in turn, several rounds, in one
// run, and prints medians as ratios, and peak memory. It asserts that the answers agree, never how long anything took.
//
//   node bench/bench.mjs [--quick] [--rounds N] [--clean]

import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA, makeCapture, sizeOf } from "./captures.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, "..", "dist", "src", "cli", "main.js");
const quick = process.argv.includes("--quick");
const roundsAt = process.argv.indexOf("--rounds");
const rounds = roundsAt > 0 ? Number(process.argv[roundsAt + 1]) : quick ? 1 : 3;
const TIME = "/usr/bin/time";

if (process.argv.includes("--clean")) {
  rmSync(DATA, { recursive: true, force: true });
  process.exit(0);
}
if (!existsSync(main)) {
  console.error("bench: build first: npm run build");
  process.exit(2);
}

const captures = quick
  ? [
      ["http", { connections: 200, bodySegments: 64 }],
      ["small", { connections: 2_000, bodySegments: 0 }],
    ]
  : [
      ["http", { connections: 20_000, bodySegments: 72 }],
      ["small", { connections: 110_000, bodySegments: 0 }],
    ];

const peersOf = (file) => [
  { name: "halfclose analyze", command: [process.execPath, main, "analyze", file, "--format", "json"] },
  { name: "cat", command: ["cat", file] },
  { name: "capinfos -c", command: ["capinfos", "-c", file] },
  { name: "tcptrace -n", command: ["tcptrace", "-n", file] },
  { name: "tshark -q -z conv,tcp", command: ["tshark", "-n", "-q", "-z", "conv,tcp", "-r", file] },
  {
    name: "tshark, HTTP pairing",
    command: ["tshark", "-n", "-2", "-r", file, "-Y", "http", "-T", "fields", "-e", "http.request_in"],
  },
];

console.log(`${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}, ${rounds} round(s), medians`);
let disagreements = 0;
for (const [name, shape] of captures) {
  const file = makeCapture(name, shape);
  console.log(
    `\n${name}: ${(sizeOf(file) / 1e6).toFixed(0)} MB, ${shape.connections.toLocaleString("en-US")} connections`,
  );
  const peers = peersOf(file).filter(({ command, name }) => {
    const there = command[0] === process.execPath || spawnSync("which", [command[0]]).status === 0;
    if (!there) console.log(`  ${name}: not installed`);
    return there;
  });
  run(peers[0].command); // the file is in the page cache for everybody
  const results = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    peers.forEach(({ command }, i) => {
      results[i].push(run(command));
    });
  }
  const ours = summary(results[0]);
  console.log("                             wall      ratio to halfclose      peak memory");
  peers.forEach(({ name }, i) => {
    const s = summary(results[i]);
    const ratio = (s.wall / ours.wall).toFixed(2).padStart(8);
    console.log(
      `  ${name.padEnd(24)}${s.wall.toFixed(2).padStart(7)} s ${ratio} ×               ${(s.kilobytes / 1024).toFixed(0).padStart(6)} MB`,
    );
  });
  const { totals } = JSON.parse(results[0].at(-1).output);
  console.log(
    `  halfclose: ${(totals.packets / ours.wall / 1e6).toFixed(2)} M packets/s, ${(sizeOf(file) / ours.wall / 1e6).toFixed(0)} MB/s`,
  );
  agree("connections", shape.connections, totals.flows);
  agree("requests", shape.connections, totals.requests);
  agree("answered", shape.connections, totals.answered);
  for (const [peer, count] of [
    ["tshark -q -z conv,tcp", (text) => text.split("\n").filter((line) => line.includes("<->")).length],
    ["tshark, HTTP pairing", (text) => text.split("\n").filter((line) => /^\d+$/.test(line)).length],
  ]) {
    const at = peers.findIndex((p) => p.name === peer);
    if (at >= 0) agree(peer, count(results[at].at(-1).output), totals.flows);
  }
}

const startUp = ["--version", "-e 0"].map((argument) => {
  const command =
    argument === "--version" ? [process.execPath, main, argument] : [process.execPath, ...argument.split(" ")];
  return summary(Array.from({ length: quick ? 3 : 15 }, () => run(command)));
});
console.log(
  `\nstart-up: --version ${(startUp[0].wall * 1e3).toFixed(0)} ms, an empty Node program ${(startUp[1].wall * 1e3).toFixed(0)} ms, ratio ${(startUp[0].wall / startUp[1].wall).toFixed(2)}`,
);
process.exitCode = disagreements === 0 ? 0 : 1;

function agree(what, expected, found) {
  if (expected === found) return;
  disagreements++;
  console.log(`  DISAGREES: ${what}: ${expected}, halfclose says ${found}`);
}

/** One run as a whole process: wall seconds, and peak memory where GNU time is installed. */
function run(command) {
  const measured = existsSync(TIME) ? [TIME, "-f", "\nPEAK %M", ...command] : command;
  const start = process.hrtime.bigint();
  const done = spawnSync(measured[0], measured.slice(1), {
    encoding: "latin1",
    maxBuffer: 1 << 30,
    stdio: ["ignore", command[0] === "cat" ? "ignore" : "pipe", "pipe"],
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.status !== 0) throw new Error(`${command.join(" ")}: exit ${done.status}: ${done.stderr.slice(-500)}`);
  const kilobytes = Number(/PEAK (\d+)/.exec(done.stderr)?.[1] ?? 0);
  return { wall, kilobytes, output: done.stdout ?? "" };
}

function summary(runs) {
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return { wall: median(runs.map((r) => r.wall)), kilobytes: median(runs.map((r) => r.kilobytes)) };
}
