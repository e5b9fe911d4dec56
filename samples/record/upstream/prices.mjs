// What does an article cost? The service behind the service; its host vanishes, it knows nothing of that.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournal } from "../journal.mjs";

const journal = openJournal(process.env.JOURNAL);
/** A look into a slow catalogue: several calls are under way at any time, each on a connection of its own. */
const TAKES_MS = 250;

const server = createServer(async (request, response) => {
  const id = request.headers["x-request-id"];
  const article = Number(request.url.split("/")[2]);
  journal("received", { id });
  await sleep(TAKES_MS);
  journal("answered", { id });
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ article, price: 1000 + article * 37 }));
});
server.keepAliveTimeout = 65_000;
server.listen(9000, "192.0.2.2");
