// The thread that fuzzes: targets in turn, a slice of time each. The main thread watches it, for a hang cannot tell of itself.

import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { growthOf } from "./growth.mjs";
import { cpuMs, failureOf, judge, signatureOf } from "./judge.mjs";
import { minimise, written } from "./minimise.mjs";
import { Random } from "./random.mjs";
import { loadSeeds } from "./seeds.mjs";
import { makeTargets } from "./targets.mjs";

/** A target's turn. */
const TURN_MS = 2000;
/** One look at growth for so many inputs, and at most this share of a turn. */
const INPUTS_A_GROWTH = 400;
const GROWTH_SHARE = 0.15;
/** What a target may hold more after a turn than after its first ones, which fill caches and compile. */
const MEMORY_BUDGET = 48 << 20;
const WARM_TURNS = 2;
/** Failures told of one target; the same one is told once. */
const MAX_FAILURES = 20;

const { dist, root, corpus, seed, only, minutes, inputs, names, beat, growthOnly } = workerData;
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
// Watched from without: target, input, growth or not, a clock.
const watched = new Int32Array(beat);

const seeds = await loadSeeds(dist, root, corpus);
const targets = await makeTargets(dist, seeds);
const chosen = names.length === 0 ? [...targets.values()] : names.map((n) => targets.get(n)).filter(Boolean);
if (chosen.length < Math.max(1, names.length)) {
  parentPort.postMessage({ type: "usage", text: `targets are: ${[...targets.keys()].join(", ")}` });
} else {
  parentPort.postMessage({ type: "ready", names: chosen.map((t) => t.name) });
  const states = chosen.map((target) => ({
    target,
    next: 0,
    grown: 0,
    ms: 0,
    turns: 0,
    memory: 0,
    failures: new Set(),
  }));
  if (only !== null) await reproduce(states[0]);
  else await rounds(states);
  parentPort.postMessage({ type: "done", figures: states.map(figuresOf) });
}

function figuresOf({ target, next, grown, ms, memory: held, failures }) {
  return {
    name: target.name,
    inputs: next,
    grown,
    perSecond: ms === 0 ? 0 : Math.round((next / ms) * 1000),
    heldKiB: Math.round(held / 1024),
    failures: failures.size,
  };
}

async function rounds(states) {
  const until = performance.now() + minutes * 60_000;
  const isLeft = (s) => inputs === null || s.next < inputs;
  while (performance.now() < until && states.some(isLeft)) {
    for (const s of states) if (isLeft(s) && performance.now() < until) await turn(s, until);
  }
}

async function turn(s, until) {
  const begun = performance.now();
  const cpu = cpuMs();
  let growingCpu = 0;
  const stop = Math.min(until, begun + TURN_MS);
  let growing = 0;
  for (let now = begun; now < stop && (inputs === null || s.next < inputs); now = performance.now()) {
    if (!growthOnly) await one(s, s.next++);
    else if (s.target.grow === undefined) break;
    else await growth(s, s.grown++);
    if (
      !growthOnly &&
      s.target.grow !== undefined &&
      s.next / INPUTS_A_GROWTH > s.grown + 1 &&
      growing < TURN_MS * GROWTH_SHARE
    ) {
      const from = performance.now();
      const fromCpu = cpuMs();
      await growth(s, s.grown++);
      growing += performance.now() - from;
      growingCpu += cpuMs() - fromCpu;
    }
  }
  s.ms += cpuMs() - cpu - growingCpu;
  s.turns++;
  await memory(s);
}

function mark(s, number, isGrowth) {
  Atomics.store(watched, 1, number);
  Atomics.store(watched, 0, chosen.indexOf(s.target));
  Atomics.store(watched, 2, isGrowth ? 1 : 0);
  Atomics.add(watched, 3, 1);
}

async function one(s, number) {
  mark(s, number, false);
  const input = s.target.make(new Random(seed, s.target.name, number));
  const failure = await judge(s.target, input);
  if (failure !== null) await tell(s, failure, String(number), input, async (i) => await judge(s.target, i));
}

async function growth(s, number) {
  mark(s, number, true);
  const makeOf = (bytes) => s.target.grow(new Random(seed, `${s.target.name} grows`, number), bytes);
  try {
    const failure = await growthOf(s.target, makeOf);
    if (failure !== null) await tell(s, failure, `g${number}`, makeOf(256)(1), null);
  } catch (error) {
    await tell(s, failureOf(error), `g${number}`, makeOf(1 << 13)(1), async (i) => await judge(s.target, i));
  }
}

async function tell(s, failure, number, input, judged) {
  const signature = signatureOf(failure);
  if (s.failures.has(signature) || s.failures.size >= MAX_FAILURES) return;
  s.failures.add(signature);
  parentPort.postMessage({
    type: "failing",
    target: s.target.name,
    number,
    kind: failure.kind,
    message: failure.message,
  });
  const isSame = async (candidate) => {
    Atomics.add(watched, 3, 1);
    const now = await judged(candidate);
    return now !== null && signatureOf(now) === signature;
  };
  const from = cpuMs();
  const least = judged === null ? input : await minimise(input, isSame);
  // A look at growth is not counted, and what follows from it neither.
  if (!number.startsWith("g")) s.ms -= cpuMs() - from;
  parentPort.postMessage({ type: "failure", target: s.target.name, number, kind: failure.kind, input: written(least) });
}

/** What is held between turns, forced collections between. */
async function memory(s) {
  gc();
  // What is freed behind a promise, and buffers, which are freed later.
  await setTimeout(0);
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const held = heapUsed + arrayBuffers;
  if (s.turns > WARM_TURNS) s.memory += held - s.held;
  s.held = held;
  // Turns of other targets lie between: only what this one's turns added counts.
  if (s.memory > MEMORY_BUDGET && !s.failures.has("memory")) {
    s.failures.add("memory");
    parentPort.postMessage({
      type: "failing",
      target: s.target.name,
      number: String(s.next),
      kind: "memory",
      message: `holds ${(s.memory / 2 ** 20).toFixed(0)} MiB more after ${s.turns} turns`,
    });
  }
}

async function reproduce(s) {
  if (only.startsWith("g")) await growth(s, Number(only.slice(1)));
  else await one(s, Number(only));
}
