// Which service hides its rate limit from every alarm? This one: a client over ten requests a second gets 200 all the same.

import { createServer } from "node:http";
import { openJournal } from "../journal.mjs";

const PER_SECOND = 10;
const BURST = 10;
const LIMITED = JSON.stringify({ code: 4290, message: "too many requests, try again later" });
const ALIVE = JSON.stringify({ alive: true });

const journal = openJournal(process.env.JOURNAL);

/** A token bucket for each client address. */
const buckets = new Map();
function allowed(address) {
  const now = performance.now();
  const bucket = buckets.get(address) ?? { tokens: BURST, at: now };
  bucket.tokens = Math.min(BURST, bucket.tokens + ((now - bucket.at) / 1000) * PER_SECOND);
  bucket.at = now;
  buckets.set(address, bucket);
  if (bucket.tokens < 1) return false;
  bucket.tokens--;
  return true;
}

/** An article's page: 300 to 1,100 bytes, no two articles alike. */
function article(kind, number) {
  const words = Array.from(
    { length: 4 + number },
    (_, i) => `${kind} ${number} is good for many things, of which this is no. ${i}`,
  );
  return JSON.stringify({ article: number, kind, words });
}

const server = createServer((request, response) => {
  const id = request.headers["x-request-id"];
  const client = request.socket.remoteAddress;
  const [, kind, number] = request.url.split("/");
  const limited = kind !== "healthz" && !allowed(client);
  const body = limited ? LIMITED : kind === "healthz" ? ALIVE : article(kind, Number(number));
  journal("answered", { id, client, limited, body_bytes: body.length });
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
});
server.on("connection", (socket) => journal("accepted", { client: socket.remoteAddress, port: socket.remotePort }));
// Idle time-outs are another sample's subject.
server.keepAliveTimeout = 65_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
