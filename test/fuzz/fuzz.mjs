// Does anything that comes from outside break the program? A fuzzer over the built dist/; README.md says how to run it.
//
//   node test/fuzz/fuzz.mjs --minutes N [--target NAME] [--seed S] [--inputs N]     every target in turn, or some
//   node test/fuzz/fuzz.mjs --target NAME --seed S --only K                        input K once more, minimised
//   node test/fuzz/fuzz.mjs --target NAME --file FILE                              an input that was written down

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { judge } from "./judge.mjs";
import { readBack } from "./minimise.mjs";
import { makeTargets } from "./targets.mjs";

/** One input, or one look at growth, that goes on for so long hangs. */
const HANG_MS = 60_000;
const LOOK_MS = 1000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    target: { type: "string", multiple: true, default: [] },
    seed: { type: "string" },
    inputs: { type: "string" },
    only: { type: "string" },
    file: { type: "string" },
    growth: { type: "boolean", default: false },
    dist: { type: "string" },
    corpus: { type: "string" },
    out: { type: "string", default: join(tmpdir(), "halfclose-fuzz") },
  },
});
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
const dist = pathToFileURL(resolve(values.dist ?? join(root, "dist"))).href;
const beside = join(root, "..", "shared", "corpus", "pcap");
const corpus = values.corpus !== undefined ? resolve(values.corpus) : existsSync(beside) ? beside : null;
const seed = values.seed === undefined ? (Math.random() * 2 ** 31) | 0 : Number(values.seed);
const failed = [];

if (!Number.isInteger(seed) || !(Number(values.minutes) > 0))
  usage("--seed wants a whole number, --minutes one above 0");
if (!existsSync(fileURLToPath(`${dist}/src/index.js`))) usage("build first: npm run build");
if (values.only !== undefined && values.target.length !== 1) usage("--only wants one --target");
if (values.file !== undefined) await fromFile();
else fuzz();

function usage(text) {
  console.error(`fuzz: ${text}`);
  process.exit(2);
}

async function fromFile() {
  const targets = await makeTargets(dist, { packets: [], streams: {}, captures: [], dumps: [] });
  const target = targets.get(values.target[0]);
  if (target === undefined) usage(`--file wants a --target: ${[...targets.keys()].join(", ")}`);
  const failure = await judge(target, readBack(readFileSync(values.file, "utf8")));
  console.log(failure === null ? "passes" : `${failure.kind}: ${failure.message}`);
  process.exitCode = failure === null ? 0 : 1;
}

function fuzz() {
  const beat = new SharedArrayBuffer(16);
  const worker = new Worker(new URL("./work.mjs", import.meta.url), {
    workerData: {
      dist,
      root,
      corpus,
      seed,
      beat,
      growthOnly: values.growth,
      only: values.only ?? null,
      minutes: Number(values.minutes),
      inputs: values.inputs === undefined ? null : Number(values.inputs),
      names: values.target,
    },
  });
  console.log(`fuzz: seed ${seed}${corpus === null ? "" : `, corpus ${corpus}`}`);
  const watched = new Int32Array(beat);
  let names = [];
  let last = -1;
  let since = Date.now();
  const watch = setInterval(() => {
    const now = Atomics.load(watched, 3);
    if (now !== last) {
      last = now;
      since = Date.now();
    } else if (names.length > 0 && Date.now() - since > HANG_MS) {
      const number = `${watched[2] === 1 ? "g" : ""}${watched[1]}`;
      failing({
        target: names[watched[0]],
        number,
        kind: "hangs",
        message: `goes on for more than ${HANG_MS / 1000} s`,
      });
      finish(1);
    }
  }, LOOK_MS);
  const finish = (code) => {
    clearInterval(watch);
    worker.terminate();
    process.exitCode = code;
  };
  worker.on("message", (m) => {
    if (m.type === "usage") {
      finish(2);
      console.error(`fuzz: ${m.text}`);
    } else if (m.type === "ready") names = m.names;
    else if (m.type === "failing") failing(m);
    else if (m.type === "failure") keep(m);
    else if (m.type === "done") {
      figures(m.figures);
      finish(failed.length > 0 ? 1 : 0);
    }
  });
  worker.on("error", (error) => {
    console.error(`fuzz: the fuzzer itself failed: ${error?.stack ?? error}`);
    finish(3);
  });
}

function failing({ target, number, kind, message }) {
  failed.push(target);
  console.log(`\n${target} ${number} ${kind}: ${message.split("\n").slice(0, 4).join("\n  ")}`);
  const where = values.corpus === undefined ? "" : ` --corpus ${values.corpus}`;
  console.log(`  again: node test/fuzz/fuzz.mjs --target ${target} --seed ${seed} --only ${number}${where}`);
}

function keep({ target, number, kind, input }) {
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, `${target}-${kind}-${seed}-${number}.json`);
  writeFileSync(file, input);
  console.log(`  least: node test/fuzz/fuzz.mjs --target ${target} --file ${file}   (${input.length} characters)`);
  if (input.length < 1500) console.log(`  ${input}`);
}

function figures(rows) {
  console.log("\ntarget        inputs   a second   growth   held KiB   failures");
  for (const f of rows)
    console.log(
      `${f.name.padEnd(12)}${String(f.inputs).padStart(8)}${String(f.perSecond).padStart(11)}${String(f.grown).padStart(9)}` +
        `${String(f.heldKiB).padStart(11)}${String(f.failures).padStart(11)}`,
    );
  const all = rows.reduce((n, f) => n + f.inputs, 0);
  console.log(`${all} inputs, ${failed.length} failures, seed ${seed}`);
}
