// Which gRPC service forgets to answer? /shop.Inventory/Reserve, for articles that ran out with call FORGETS_FROM_CALL: its
// handler returns without calling back. Everything else is answered, some of it with an error. `never`: all of it is.

import { createServer } from "node:http2";
import { openJournal } from "../journal.mjs";
import { decode, encode, NOT_FOUND, OK, UNAVAILABLE } from "./wire.mjs";

const UNKNOWN_ARTICLE = 9;
const CROWDED_ARTICLE = 4;
const FORGOTTEN_ARTICLES = [2, 6, 7, 10];
/** NaN, of `never`, is no call. */
const FORGETS_FROM_CALL = Number(process.env.FORGETS_FROM_CALL);

const journal = openJournal(process.env.JOURNAL);
const server = createServer();
let calls = 0;

server.on("session", (session) => journal("accepted", { port: session.socket.remotePort }));
server.on("stream", (stream, headers) => {
  const facts = { id: headers["x-request-id"], method: headers[":path"], port: stream.session.socket.remotePort };
  calls++;
  const forgetful = calls >= FORGETS_FROM_CALL;
  stream.on("aborted", () => journal("cancelled", facts));
  stream.on("error", (error) => journal("error", { ...facts, code: error.code }));
  const chunks = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("end", () => {
    const article = decode(Buffer.concat(chunks));
    journal("received", { ...facts, article });
    const reserves = facts.method.endsWith("/Reserve");
    if (reserves && FORGOTTEN_ARTICLES.includes(article) && forgetful) {
      journal("forgotten", facts);
    } else if (reserves && article === CROWDED_ARTICLE) {
      fail(stream, facts, UNAVAILABLE, "the warehouse is busy");
    } else if (article === UNKNOWN_ARTICLE) {
      fail(stream, facts, NOT_FOUND, "no such article");
    } else {
      succeed(stream, facts, article * 11);
    }
  });
});

function succeed(stream, facts, value) {
  journal("answered", { ...facts, grpc_status: OK });
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": OK }));
  stream.end(encode(value));
}

/** Trailers only: one HEADERS frame, without a message. */
function fail(stream, facts, status, text) {
  journal("answered", { ...facts, grpc_status: status });
  const headers = { ":status": 200, "content-type": "application/grpc", "grpc-status": status, "grpc-message": text };
  stream.respond(headers, { endStream: true });
}

server.listen(Number(process.env.PORT), "127.0.0.1");
