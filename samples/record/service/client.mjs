// What does the client see? Requests at a steady rate, whether or not the earlier ones have been answered.
//
// PHASES is "10x4,34x4,8x6": 10 a second for 4 s, and so on. Kinds take turns: an order, then a stock. Request UNLUCKY, if
// given, orders article 13, which no other does.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";

const { JOURNAL, PORT, PHASES, UNLUCKY, NAME: name = "request", LOCAL_ADDRESS: localAddress } = process.env;
const ARTICLES = 12;

const journal = openJournal(JOURNAL);
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

function pathOf(n) {
  if (n === Number(UNLUCKY)) return "/orders/13";
  return `/${n % 2 === 0 ? "stock" : "orders"}/${1 + ((n * 7) % ARTICLES)}`;
}

function call(n) {
  const id = `${name}-${String(n).padStart(4, "0")}`;
  const path = pathOf(n);
  return new Promise((resolve, reject) => {
    const headers = { host: "shop.example", "x-request-id": id };
    const options = { agent, host: "127.0.0.1", port: Number(PORT), path, headers, localAddress };
    const outgoing = request(options, (response) => {
      const localPort = response.socket.localPort;
      let bytes = 0;
      response.on("data", (chunk) => {
        bytes += chunk.length;
      });
      response.on("end", () => {
        journal("response", { id, path, status: response.statusCode, bytes, local_port: localPort });
        resolve();
      });
    });
    journal("request", { id, path });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

const started = performance.now();
const calls = [];
let due = 0;
let n = 0;
for (const phase of PHASES.split(",")) {
  const [rate, seconds] = phase.split("x").map(Number);
  journal("phase", { rate, seconds });
  for (let i = 0; i < rate * seconds; i++) {
    await sleep(Math.max(0, started + due - performance.now()));
    calls.push(call(++n));
    due += 1000 / rate;
  }
}
await Promise.all(calls);
agent.destroy();
