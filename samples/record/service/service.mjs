// Which service fails by itself, with nothing behind it at fault? This one, in the manner that FAULT names.
//
// lock: every path takes one lock, and the order of article 13 returns without giving it back. GET /orders/N asks the cache
// before it takes the lock, GET /stock/N after; /healthz takes it only to renew a self-check that is two seconds old.
// burn: every order computes for BURN_MS without yielding. none: it does neither, and is frozen from outside.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { openJournal } from "../journal.mjs";
import { answer } from "./answer.mjs";
import { openCache } from "./cache.mjs";

const fault = process.env.FAULT;
const burnMs = Number(process.env.BURN_MS ?? 0);
const UNLUCKY_ARTICLE = 13;
const SELF_CHECK_MS = 2000;

const journal = openJournal(process.env.JOURNAL);
const cache = await openCache(Number(process.env.CACHE_PORT), Number(process.env.CACHE_CONNECTIONS), journal);

/** Resolves to the function that gives the lock back, when all who asked before have done so. Without that fault nobody waits. */
let tail = Promise.resolve();
function lock() {
  if (fault !== "lock") return () => {};
  const before = tail;
  let release;
  tail = new Promise((resolve) => {
    release = resolve;
  });
  return before.then(() => release);
}

/** A price is signed: as many rounds of hashing as fit into BURN_MS. */
function sign(text) {
  const end = performance.now() + burnMs;
  let digest = text;
  while (performance.now() < end) digest = createHash("sha256").update(digest).digest("hex");
  return digest;
}

let checkedAt = Number.NEGATIVE_INFINITY;
async function healthz(id, response) {
  if (fault === "lock" && performance.now() - checkedAt > SELF_CHECK_MS) {
    const release = await lock();
    checkedAt = performance.now();
    release();
  }
  answer(journal, id, response, { alive: true });
}

async function orders(article, id, response) {
  const price = await cache.get(`price:${article}`, id);
  const release = await lock();
  answer(journal, id, response, { article, price: Number(price), signature: burnMs > 0 ? sign(price) : undefined });
  if (fault === "lock" && article === UNLUCKY_ARTICLE) journal("kept_lock", { id });
  else release();
}

async function stock(article, id, response) {
  const release = await lock();
  const count = await cache.get(`stock:${article}`, id);
  release();
  answer(journal, id, response, { article, count: Number(count), signature: burnMs > 0 ? sign(count) : undefined });
}

const server = createServer((request, response) => {
  const id = request.headers["x-request-id"];
  journal("received", { id, target: request.url });
  const [, kind, article] = request.url.split("/");
  if (kind === "healthz") return healthz(id, response);
  return (kind === "orders" ? orders : stock)(Number(article), id, response);
});
server.on("connection", (socket) => journal("accepted", { port: socket.remotePort }));
// Idle time-outs are another sample's subject.
server.keepAliveTimeout = 65_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
