// A small HTTP server. SIGUSR2: from now on it reads requests and answers none; once more: it answers again.
//
// wishes: {host, port, bodyBytes}. A request for /bytes/N is answered with N bytes.

import { createServer } from "node:http";

const { host = "127.0.0.1", port = 8080, bodyBytes = 200 } = JSON.parse(process.argv[2] ?? "{}");
const KEEP_ALIVE_MS = 120_000;
let silent = false;
process.on("SIGUSR2", () => {
  silent = !silent;
});
const server = createServer((request, response) => {
  request.resume();
  if (silent) return;
  const asked = /^\/bytes\/(\d+)/.exec(request.url)?.[1];
  response.end(Buffer.alloc(asked === undefined ? bodyBytes : Number(asked), "x"));
});
server.keepAliveTimeout = KEEP_ALIVE_MS;
server.requestTimeout = 0;
server.maxRequestsPerSocket = 0;
server.listen(port, host, 4096, () => console.log("ready"));
