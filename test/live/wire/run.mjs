// Does `halfclose capture` keep what was on the wire, notice what it is told to notice, and end well? `node run.mjs [SCENARIO…]`
//
// Each file of scenarios/ is one question. Those that measure ("alone") run by themselves, the others side by side, as their `load`
// allows. Exit code 1: something did not hold.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ENGINES } from "./program.mjs";
import { Room } from "./room.mjs";

/** Of two processors, all that the scenarios that run at the same time may ask for. */
const CAPACITY = 1.4;
const FOLDER = join(import.meta.dirname, "scenarios");

const wanted = process.argv.slice(2);
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".mjs"))
  .map((name) => name.slice(0, -".mjs".length))
  .filter((name) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no such scenario: ${unknown.join(", ")}`);
  process.exit(2);
}

const scenarios = await Promise.all(
  names.map(async (name) => ({ name, ...(await import(pathToFileURL(join(FOLDER, `${name}.mjs`)).href)) })),
);
const rooms = new Set();
let failed = 0;

async function play(scenario) {
  const room = new Room(scenario.name);
  rooms.add(room);
  const start = performance.now();
  try {
    await scenario.run(room, ENGINES);
  } catch (error) {
    room.faults.push(`it broke off: ${error.stack ?? error}`);
  }
  await room.close({ keep: process.env.WIRE_KEEP === "1" });
  rooms.delete(room);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `\n${room.faults.length === 0 ? "holds" : "FAILS"}  ${scenario.name}: ${scenario.question} (${seconds} s)`,
  );
  for (const [what, value] of room.figures) console.log(`       ${what.padEnd(56)} ${value}`);
  for (const fault of room.faults) console.log(`  ✗    ${fault}`);
  if (process.env.WIRE_KEEP === "1") console.log(`       kept: ${room.folder}`);
  if (room.faults.length > 0) failed++;
}

/** A signal to this program takes everything with it. */
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.on(signal, async () => {
    await Promise.all([...rooms].map((room) => room.close()));
    process.exit(code);
  });
}

console.log(`engines: ${ENGINES.join(", ") || "none"}`);
for (const scenario of scenarios.filter(({ load }) => load === "alone")) await play(scenario);

// The longest first; whatever fits beside those under way is begun.
const waiting = scenarios.filter(({ load }) => load !== "alone").sort((a, b) => b.seconds - a.seconds);
const running = new Map();
while (waiting.length > 0 || running.size > 0) {
  let used = [...running.keys()].reduce((sum, { load }) => sum + load, 0);
  for (const scenario of [...waiting]) {
    if (used > 0 && used + scenario.load > CAPACITY) continue;
    used += scenario.load;
    waiting.splice(waiting.indexOf(scenario), 1);
    running.set(
      scenario,
      play(scenario).then(() => running.delete(scenario)),
    );
  }
  await Promise.race(running.values());
}
console.log(`\n${scenarios.length - failed} of ${scenarios.length} scenarios hold`);
process.exitCode = failed === 0 ? 0 : 1;
