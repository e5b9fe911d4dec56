// What does the client see? Requests at a steady rate, whether or not the earlier ones have been answered.
//
// They come in pairs: PHASES is "5x4,30x5" for 5 a second for 4 s, then 30 for 5 s. BEFORE and AFTER are lists of paths that take
// turns, the second from FAULT_S on, which begins with FIRST_AFTER if that is given; {} is a number from 1 to 50.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";

const { JOURNAL, PORT, PHASES, FAULT_S, BEFORE, AFTER, FIRST_AFTER } = process.env;
const ROWS = 50;

const journal = openJournal(JOURNAL);
const agent = new Agent({ keepAlive: true });
const seen = new Set();

function call(n, path) {
  const id = `order-${String(n).padStart(4, "0")}`;
  const headers = { host: "shop.example", "x-request-id": id };
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: "127.0.0.1", port: Number(PORT), path, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        journal("response", { id, path, status: response.statusCode });
        resolve();
      });
    });
    outgoing.on("socket", (socket) => {
      if (seen.has(socket)) return;
      seen.add(socket);
      journal("connection");
    });
    journal("request", { id, path });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

const paths = { before: BEFORE.split(" "), after: AFTER.split(" ") };
const pathOf = (phase, turn) =>
  phase === "after" && turn === 0 && FIRST_AFTER ? FIRST_AFTER : paths[phase][turn % paths[phase].length];

const calls = [];
const started = performance.now();
journal("begins");
const turns = { before: 0, after: 0 };
let begins = 0;
for (const [rate, seconds] of PHASES.split(",").map((phase) => phase.split("x").map(Number))) {
  for (let pair = 0; pair < rate * seconds; pair++) {
    const due = begins + (pair * 1000) / rate;
    await sleep(Math.max(0, started + due - performance.now()));
    for (const _ of ["first", "second"]) {
      const phase = due < FAULT_S * 1000 ? "before" : "after";
      const n = calls.length + 1;
      calls.push(call(n, pathOf(phase, turns[phase]++).replace("{}", 1 + ((n * 7) % ROWS))));
    }
  }
  begins += seconds * 1000;
}
await Promise.all(calls);
agent.destroy();
