// How do servers fail to answer? One port per manner; everything they do is logged by client port.
//
// 8000 answers · 8010 never answers, but closes when the client does · 8011 reads the request and closes · 8012 answers
// after 2 s, whoever is still there · 8013 closes without having read · 8014 and 8015 are processes of their own, to be
// frozen and killed by order · 8016 stops inside a response's body.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openJournal } from "../journal.mjs";
import { takeOrders } from "../orders.mjs";

const ADDRESS = "192.0.2.2";
const LATE_MS = 2000;
const UNREAD_MS = 200;

const journal = openJournal(process.env.JOURNAL);

function watch(server) {
  server.on("connection", (socket) => {
    const port = socket.remotePort;
    journal("accepted", { port });
    socket.on("end", () => journal("saw_fin", { port }));
    socket.on("close", (hadError) => journal("closed", { port, had_error: hadError }));
    socket.on("error", (error) => journal("error", { port, code: error.code }));
  });
  server.on("clientError", (error, socket) => {
    journal("error", { port: socket.remotePort, code: error.code });
    socket.destroy();
  });
  return server;
}

const log = (event, request, facts = {}) =>
  journal(event, { port: request.socket.remotePort, method: request.method, target: request.url, ...facts });

function answering(request, response) {
  log("received", request);
  log("answered", request, { status: 200 });
  response.writeHead(200, { "content-type": "text/plain", "content-length": "6" });
  response.end("hello\n");
}

/** A process of its own: this same file with a port to serve. `/hold…` is never answered. */
if (process.env.VICTIM_PORT !== undefined) {
  const victim = watch(
    createServer((request, response) => {
      if (request.url.startsWith("/hold")) log("received", request);
      else answering(request, response);
    }),
  );
  victim.listen(Number(process.env.VICTIM_PORT), ADDRESS);
} else {
  serve();
}

function serve() {
  watch(createServer(answering)).listen(8000, ADDRESS);

  watch(createServer((request) => log("received", request))).listen(8010, ADDRESS);

  watch(
    createServer((request) => {
      log("received", request);
      journal("sends_fin", { port: request.socket.remotePort });
      request.socket.end();
    }),
  ).listen(8011, ADDRESS);

  const late = watch(
    createServer(async (request, response) => {
      log("received", request);
      await sleep(LATE_MS);
      log("answered", request, { status: 200, socket_gone: request.socket.destroyed });
      response.writeHead(200, { "content-type": "text/plain", "content-length": "9" });
      response.end("too late\n");
    }),
  );
  late.httpAllowHalfOpen = true;
  late.listen(8012, ADDRESS);

  watch(
    createTcpServer({ pauseOnConnect: true }, async (socket) => {
      await sleep(UNREAD_MS);
      journal("closes_unread", { port: socket.remotePort });
      socket.destroy();
    }),
  ).listen(8013, ADDRESS);

  watch(
    createServer(async (request, response) => {
      log("received", request);
      log("answered", request, { status: 200 });
      response.writeHead(200, { "content-type": "text/plain", "content-length": "5000" });
      response.write("the first of many lines\n");
      await sleep(100);
      journal("sends_fin", { port: request.socket.remotePort });
      request.socket.end();
    }),
  ).listen(8016, ADDRESS);

  const victims = new Map();
  for (const port of [8014, 8015]) {
    victims.set(
      String(port),
      spawn(process.execPath, [fileURLToPath(import.meta.url)], {
        env: { ...process.env, VICTIM_PORT: String(port) },
        stdio: "inherit",
      }),
    );
  }
  process.on("SIGTERM", () => {
    for (const victim of victims.values()) victim.kill("SIGKILL");
    process.exit(0);
  });
  takeOrders(process.env.ORDERS, (text) => {
    const [signal, port] = text.split(" ");
    journal("signals", { service: Number(port), signal });
    victims.get(port).kill(signal);
  });
}
