// What does the client see? CONCURRENCY callers share a list of REQUESTS, each request logged with its status and times.
//
// From request FIRST_COUPON on, every third one carries a coupon, and so takes the service's error path.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";

const port = Number(process.env.PORT);
const requests = Number(process.env.REQUESTS);
const concurrency = Number(process.env.CONCURRENCY);
const firstCoupon = Number(process.env.FIRST_COUPON);
const COUPON_EVERY = 3;

/** A caller pauses between calls: 80 to 320 ms, by a fixed pattern so that runs are alike. */
const pauseMs = (n) => 80 + ((n * 37) % 241);

const journal = openJournal(process.env.JOURNAL);
const agent = new Agent({ keepAlive: true, maxSockets: concurrency });

function call(n) {
  const coupon = n >= firstCoupon && (n - firstCoupon) % COUPON_EVERY === COUPON_EVERY - 1;
  const id = `order-${String(n).padStart(4, "0")}`;
  const path = `/orders/${1 + (n % 50)}${coupon ? "?coupon=SPRING" : ""}`;
  return new Promise((resolve, reject) => {
    const headers = { host: "shop.example", "x-request-id": id };
    const outgoing = request({ agent, host: "127.0.0.1", port, path, headers }, (response) => {
      const localPort = response.socket.localPort;
      response.resume();
      response.on("end", () => {
        journal("response", { id, path, coupon, status: response.statusCode, local_port: localPort });
        resolve();
      });
    });
    journal("request", { id, path, coupon });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

let next = 1;
async function caller() {
  while (next <= requests) {
    const n = next++;
    await call(n);
    await sleep(pauseMs(n));
  }
}

await Promise.all(Array.from({ length: concurrency }, caller));
agent.destroy();
