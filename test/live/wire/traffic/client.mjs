// A small HTTP client, in one of three manners:
//   {requests, atOnce, perConnection}             so many requests, so many connections at once, as fast as it goes
//   {perSecond, seconds, timeoutMs}               a new connection for each request, evenly in time; gives up after timeoutMs
//   {…, leakAfterS}                               from then on it does not close what the server has closed
// and {host, port, path}. Last line: JSON of what became of them. "leaking" is said when that begins.

import { Agent, get } from "node:http";
import { connect } from "node:net";

const wishes = JSON.parse(process.argv[2] ?? "{}");
const { host = "127.0.0.1", port = 8080, path = "/", timeoutMs = 10_000 } = wishes;
const counts = { asked: 0, answered: 0, givenUp: 0, failed: 0, leaked: 0 };
/** Held, so that nothing collects them. */
const leaked = [];

function ask(agent) {
  counts.asked++;
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent, headers: agent ? {} : { connection: "close" } }, (response) => {
      response.resume().on("end", () => {
        counts.answered++;
        resolve();
      });
    });
    request.setTimeout(timeoutMs, () => {
      counts.givenUp++;
      request.destroy();
      resolve();
    });
    request.on("error", () => {
      if (counts.asked > counts.answered + counts.givenUp + counts.failed) counts.failed++;
      resolve();
    });
  });
}

/** Reads the answer and the end of it, and keeps the socket: CLOSE_WAIT. */
function leak() {
  counts.asked++;
  const socket = connect({ host, port, allowHalfOpen: true }, () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`);
  });
  socket.resume().on("end", () => {
    counts.answered++;
    counts.leaked++;
  });
  socket.on("error", () => counts.failed++);
  leaked.push(socket);
}

async function asFastAsItGoes({ requests, atOnce, perConnection = 1 }) {
  let left = requests;
  const worker = async () => {
    while (left > 0) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let n = 0; n < perConnection && left > 0; n++) {
        left--;
        await ask(agent);
      }
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function evenly({ perSecond, seconds, leakAfterS = Number.POSITIVE_INFINITY }) {
  const TICK_MS = 10;
  const start = performance.now();
  let [begun, leaking] = [0, false];
  const pending = new Set();
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsed = (performance.now() - start) / 1000;
      if (!leaking && elapsed >= leakAfterS) {
        leaking = true;
        console.log("leaking");
      }
      for (const due = Math.min(elapsed, seconds) * perSecond; begun < due; begun++) {
        if (leaking) leak();
        else {
          const one = ask(false);
          pending.add(one);
          one.finally(() => pending.delete(one));
        }
      }
      if (elapsed >= seconds) {
        clearInterval(timer);
        resolve();
      }
    }, TICK_MS);
  });
  await Promise.all(pending);
}

console.log("ready");
await (wishes.perSecond === undefined ? asFastAsItGoes(wishes) : evenly(wishes));
console.log(JSON.stringify(counts));
// What leaked is closed by the end of this process, and not before somebody ends it.
if (leaked.length === 0) process.exit(0);
setInterval(() => {}, 1 << 30);
