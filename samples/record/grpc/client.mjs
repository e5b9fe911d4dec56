// What does a gRPC client see? Unary calls at a steady rate over three connections, each with a deadline of one second.

import { once } from "node:events";
import { connect, constants } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";
import { encode } from "./wire.mjs";

const CONNECTIONS = 3;
const CALLS = 240;
const INTERVAL_MS = 50;
const DEADLINE_MS = 1000;
const ARTICLES = 11;
/** Three of eight reserve, one of eight asks for the health: by a fixed pattern, so that runs are alike. */
const METHODS = ["GetStock", "Reserve", "GetStock", "Reserve", "GetStock", "Reserve", "GetStock", "Check"];

const journal = openJournal(process.env.JOURNAL);
const address = `http://127.0.0.1:${process.env.PORT}`;
const sessions = Array.from({ length: CONNECTIONS }, () => connect(address));
await Promise.all(sessions.map((session) => once(session, "connect")));

function call(n) {
  const session = sessions[n % CONNECTIONS];
  const id = `call-${String(n).padStart(4, "0")}`;
  const method = METHODS[n % METHODS.length];
  const path = method === "Check" ? "/grpc.health.v1.Health/Check" : `/shop.Inventory/${method}`;
  const article = method === "Check" ? 1 : 1 + (n % ARTICLES);
  return new Promise((resolve) => {
    journal("request", { id, path, article, local_port: session.socket.localPort });
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      ":authority": "inventory.example",
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "1S",
      "x-request-id": id,
    });
    const deadline = setTimeout(() => {
      journal("deadline_exceeded", { id });
      stream.close(constants.NGHTTP2_CANCEL);
    }, DEADLINE_MS);
    let status;
    let code;
    stream.on("response", (headers) => {
      status = headers[":status"];
      code = headers["grpc-status"];
    });
    stream.on("trailers", (trailers) => {
      code = trailers["grpc-status"];
    });
    stream.resume();
    stream.on("error", (error) => journal("error", { id, code: error.code }));
    stream.on("close", () => {
      clearTimeout(deadline);
      if (status !== undefined) journal("response", { id, status, grpc_status: code });
      resolve();
    });
    stream.end(encode(article));
  });
}

const started = performance.now();
const calls = [];
for (let n = 1; n <= CALLS; n++) {
  await sleep(Math.max(0, started + n * INTERVAL_MS - performance.now()));
  calls.push(call(n));
}
await Promise.all(calls);
for (const session of sessions) session.close();
