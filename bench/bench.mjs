// How fast, against whom? Runs halfclose beside its peers on captures that it makes itself, in turn, several rounds, in one
// run, and prints medians as ratios, processor time and peak memory. It asserts that the answers agree, never how long
// anything took.
//
//   node bench/bench.mjs [--quick] [--rounds N]    --quick: small captures, one round
//   node bench/bench.mjs --clean                   removes the captures

import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA, makeCapture, sizeOf } from "./captures.mjs";
import { FORMS, makeFlood, makeForm, makeRotated } from "./forms.mjs";
import { canMeasure, run } from "./measured-process.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, "..", "dist", "src", "cli", "main.js");
const quick = process.argv.includes("--quick");
const roundsAt = process.argv.indexOf("--rounds");
const rounds = roundsAt > 0 ? Number(process.argv[roundsAt + 1]) : quick ? 1 : 3;

if (process.argv.includes("--clean")) {
  rmSync(DATA, { recursive: true, force: true });
  process.exit(0);
}
if (!existsSync(main)) {
  console.error("bench: build first: npm run build");
  process.exit(2);
}
if (!(rounds >= 1)) {
  console.error("bench: --rounds wants a number");
  process.exit(2);
}

const captures = quick
  ? [
      ["http", { connections: 200, bodySegments: 64 }],
      ["small", { connections: 2_000, bodySegments: 0 }],
    ]
  : [
      ["http", { connections: 23_000, bodySegments: 72 }],
      ["small", { connections: 500_000, bodySegments: 0 }],
    ];

/** The same program; its output must be the same, byte for byte. */
const TWO_WORKERS = "halfclose, two workers";

/** What each peer is run as, and what its output says that halfclose must say too. */
const peersOf = (file) => [
  {
    name: "halfclose analyze",
    command: oursOf([file]),
    says: saidOf,
  },
  { name: TWO_WORKERS, command: [...oursOf([file]), "--workers", "2"], says: saidOf },
  { name: "cat", command: ["cat", file], silent: true },
  {
    name: "capinfos -c",
    command: ["capinfos", "-M", "-c", file],
    says: (text) => ({ packets: Number(/Number of packets: *(\d+)/.exec(text)?.[1]) }),
  },
  {
    name: "tcptrace -n",
    command: ["tcptrace", "-n", file],
    says: (text) => ({
      packets: Number(/^(\d+) packets seen/m.exec(text)?.[1]),
      flows: countLines(text, /^ *\d+: /),
    }),
  },
  {
    name: "tshark -q -z conv,tcp",
    command: ["tshark", "-n", "-q", "-z", "conv,tcp", "-r", file],
    says: (text) => ({ flows: countLines(text, /<->/) }),
  },
  {
    name: "tshark, HTTP pairing",
    command: ["tshark", "-n", "-2", "-r", file, "-Y", "http", "-T", "fields", "-e", "http.request_in"],
    // A line a message: a response has the frame of its request, a request has nothing.
    says: (text) => ({ requests: countLines(text.slice(0, -1), /^$/), answered: countLines(text, /^\d+$/) }),
  },
];

let disagreements = 0;
const model = cpus()[0]?.model ?? "?";
console.log(`${model}, ${cpus().length} cores, Node ${process.version}, ${rounds} round(s), medians`);
if (!canMeasure) console.log("neither GNU time nor /proc: processor time and memory are not measured");
const plain = [];
for (const [name, shape] of captures) plain.push(await compare(name, shape));
await forms(plain[0]);
await flood(quick ? 5_000 : 5_000_000);
await startUp();
process.exitCode = disagreements === 0 ? 0 : 1;

async function compare(name, shape) {
  const file = makeCapture(name, shape);
  const megabytes = sizeOf(file) / 1e6;
  console.log(`\n${name}: ${megabytes.toFixed(0)} MB, ${shape.connections.toLocaleString("en-US")} connections`);
  const peers = peersOf(file).filter(({ command, name }) => {
    const there = command[0] === process.execPath || spawnSync("which", [command[0]]).status === 0;
    if (!there) console.log(`  ${name}: ${command[0]} is not installed`);
    return there;
  });
  const results = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { command, silent }] of peers.entries()) {
      await cached([file]);
      results[i].push(await run(command, { silent }));
    }
  }
  const medians = results.map(summary);
  const [ours] = medians;
  console.log("                              wall   ratio  processor   ratio  peak memory");
  for (const [i, { name }] of peers.entries()) {
    const s = medians[i];
    console.log(
      `  ${name.padEnd(23)}${s.wall.toFixed(2).padStart(7)} s ${ratio(s.wall, ours.wall)} ${s.cpu.toFixed(2).padStart(8)} s ${ratio(s.cpu, ours.cpu)} ${(s.kilobytes / 1024).toFixed(0).padStart(9)} MB`,
    );
  }
  const answers = peers.map(({ says }, i) => says?.(results[i].at(-1).output) ?? {});
  const [mine] = answers;
  const perSecond = `${(mine.packets / ours.wall / 1e6).toFixed(2)} M packets/s, ${(megabytes / ours.wall).toFixed(0)} MB/s`;
  console.log(`  halfclose: ${perSecond}`);
  const made = { flows: shape.connections, requests: shape.connections, answered: shape.connections };
  agree("the generator", made, mine);
  for (const [i, { name }] of peers.entries()) {
    agree(name, answers[i], mine);
    if (name === TWO_WORKERS) agree(name, { report: results[i].at(-1).output }, { report: results[0].at(-1).output });
  }
  return { file, mine };
}

/** The files are in the page cache for everybody: some machines take it away within a minute. */
function cached(files) {
  return run(["cat", ...files], { silent: true });
}

function oursOf(files) {
  return [process.execPath, main, "analyze", ...files, "--format", "json"];
}

function saidOf(output) {
  const { totals } = JSON.parse(output);
  return { packets: totals.packets, flows: totals.flows, requests: totals.requests, answered: totals.answered };
}

/** The packets of one capture, compressed, as pcapng and cut into a thousand files: the answer stays. */
async function forms({ file, mine }) {
  console.log(`\nthe first one in other forms          wall  processor  peak memory   what must be done anyway`);
  for (const form of FORMS) {
    const made = makeForm(form, file);
    if (made === null) console.log(`  ${form.name}: ${form.tool} is not installed`);
    else await one(form.name, [made], mine, form.alone(made));
  }
  const rotated = makeRotated(file, mine.packets);
  if (rotated === null) console.log("  rotated: editcap is not installed");
  else await one(`${rotated.length} files`, rotated, mine, ["cat", ...rotated]);
}

async function flood(connections) {
  console.log(`\na flood of ${connections.toLocaleString("en-US")} SYNs            wall  processor  peak memory   cat`);
  const file = makeFlood(connections);
  await one("flood", [file], { packets: connections, flows: connections, requests: 0, answered: 0 }, ["cat", file]);
}

async function one(name, files, expected, alone) {
  const [ours, theirs] = [[], []];
  for (let round = 0; round < rounds; round++) {
    await cached(files);
    ours.push(await run(oursOf(files)));
    await cached(files);
    theirs.push(await run(alone, { silent: true }));
  }
  const [s, least] = [summary(ours), summary(theirs)];
  const allowed = (150e6 + 300 * expected.flows) / 1e6;
  console.log(
    `  ${name.padEnd(28)}${s.wall.toFixed(2).padStart(10)} s ${s.cpu.toFixed(2).padStart(8)} s ${((s.kilobytes * 1024) / 1e6).toFixed(0).padStart(8)} MB (of ${allowed.toFixed(0)})   ${least.wall.toFixed(2)} s, ${(s.wall / least.wall).toFixed(1)} ×`,
  );
  agree(name, expected, saidOf(ours.at(-1).output));
}

/** What is waited for before anything happens: in turn, for the machine is not the same from one second to the next. */
async function startUp() {
  const megabyte = makeCapture("megabyte", { connections: 950, bodySegments: 0 });
  const recorded = join(here, "..", "samples", "leaked-pool", "capture.pcap.gz");
  const commands = [
    ["an empty Node program", [process.execPath, "-e", "0"]],
    ["--version", [process.execPath, main, "--version"]],
    [`${(sizeOf(megabyte) / 1e6).toFixed(1)} MB to text`, [process.execPath, main, "analyze", megabyte]],
    ["samples/leaked-pool to text", [process.execPath, main, "analyze", recorded]],
  ];
  const runs = commands.map(() => []);
  for (let i = 0; i < (quick ? 3 : 15); i++) {
    for (const [k, [, command]] of commands.entries()) runs[k].push(await run(command));
  }
  const results = runs.map(summary);
  console.log("\nstart-up                          wall  processor  of an empty Node program");
  for (const [k, [name]] of commands.entries()) {
    const { wall, cpu } = results[k];
    const times = `${(wall * 1e3).toFixed(0).padStart(7)} ms ${(cpu * 1e3).toFixed(0).padStart(7)} ms`;
    console.log(`  ${name.padEnd(28)}${times}  ${(wall / results[0].wall).toFixed(2)} ×`);
  }
}

function agree(who, theirs, ours) {
  for (const [what, n] of Object.entries(theirs)) {
    if (n === ours[what]) continue;
    disagreements++;
    const shown = (value) => String(value).slice(0, 40);
    console.log(`  DISAGREES: ${what}: ${who} says ${shown(n)}, halfclose ${shown(ours[what])}`);
  }
}

function countLines(text, pattern) {
  let n = 0;
  for (const line of text.split("\n")) if (pattern.test(line)) n++;
  return n;
}

function ratio(theirs, ours) {
  return (ours > 0 ? `${(theirs / ours).toFixed(2)} ×` : "?").padStart(8);
}

function summary(runs) {
  const median = (field) => runs.map((r) => r[field]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
  return { wall: median("wall"), cpu: median("cpu"), kilobytes: median("kilobytes") };
}
