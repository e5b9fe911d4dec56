// Which service freezes for a moment and goes on? This one, by order, as under a long garbage collection.
//
// Answers everything: /slow after 1.5 s, the rest at once. The order "SIGSTOP MILLISECONDS" freezes it for that long.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openJournal } from "../journal.mjs";
import { takeOrders } from "../orders.mjs";

const SLOW_MS = 1500;
/** Longer than the snap length leaves of a segment, so that every response is cut. */
const BODY = "a line of a body that is longer than the snap length\n".repeat(12);

const journal = openJournal(process.env.JOURNAL);

if (process.env.ORDERS !== undefined) {
  // The parent takes orders; the child, without orders, serves and is frozen.
  const { ORDERS, ...env } = process.env;
  const service = spawn(process.execPath, [fileURLToPath(import.meta.url)], { env, stdio: "inherit" });
  process.on("SIGTERM", () => {
    service.kill("SIGKILL");
    process.exit(0);
  });
  takeOrders(ORDERS, async (text) => {
    const [signal, milliseconds] = text.split(" ");
    journal("signals", { signal });
    service.kill(signal);
    await sleep(Number(milliseconds));
    journal("signals", { signal: "SIGCONT" });
    service.kill("SIGCONT");
  });
} else {
  const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
    const facts = { port: request.socket.remotePort, method: request.method, target: request.url };
    journal("received", facts);
    if (request.url === "/slow") await sleep(SLOW_MS);
    journal("answered", { ...facts, status: 200 });
    response.writeHead(200, { "content-type": "text/plain", "content-length": BODY.length });
    response.end(BODY);
  });
  server.listen(8000, "127.0.0.1");
}
