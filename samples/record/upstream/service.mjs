// Which service waits for another? GET /orders/N asks the price service, for at most three seconds; GET /stock/N and
// /healthz answer by themselves.

import { Agent, request as call, createServer } from "node:http";
import { connect } from "node:net";
import { openJournal } from "../journal.mjs";
import { answer } from "../service/answer.mjs";

const UPSTREAM = { host: "192.0.2.2", port: 9000 };
/** More than the sidecar waits for, as is usual: whoever is behind gives up last. */
const TIMEOUT_MS = 3000;

const journal = openJournal(process.env.JOURNAL);
const agent = new Agent({ keepAlive: true });
agent.createConnection = (options) => {
  journal("connects");
  return connect({ ...UPSTREAM, noDelay: options.noDelay });
};

/** Resolves to the price, null when there was no answer in time. What was written to a connection that exists is logged. */
function price(article, id) {
  return new Promise((resolve) => {
    const headers = { host: "prices.example", "x-request-id": id };
    const outgoing = call({ agent, ...UPSTREAM, path: `/prices/${article}`, headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        clearTimeout(timer);
        journal("call_answered", { id, status: response.statusCode });
        resolve(JSON.parse(text).price);
      });
    });
    outgoing.on("socket", (socket) => {
      const sent = () => journal("call_sent", { id, local_port: socket.localPort });
      if (socket.connecting) socket.once("connect", sent);
      else sent();
    });
    const timer = setTimeout(() => {
      journal("call_timed_out", { id });
      outgoing.destroy();
      resolve(null);
    }, TIMEOUT_MS);
    outgoing.on("error", (error) => journal("call_error", { id, code: error.code }));
    outgoing.end();
  });
}

const server = createServer(async (request, response) => {
  const id = request.headers["x-request-id"];
  journal("received", { id, target: request.url });
  const [, kind, article] = request.url.split("/");
  if (kind === "healthz") return answer(journal, id, response, { alive: true });
  if (kind === "stock") return answer(journal, id, response, { article, count: Number(article) * 11 });
  return answer(journal, id, response, { article, price: await price(article, id) });
});
server.on("connection", (socket) => journal("accepted", { port: socket.remotePort }));
// Idle time-outs are another sample's subject.
server.keepAliveTimeout = 65_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
