// What goes over keep-alive connections that are older than the capture? Six of them, and one that the capture sees born.
//
// Before the capture: two requests on each, and on the last a third that is answered within the capture. Then
// `before_capture_done` is logged and SIGUSR2 awaited. Half of the connections end within the capture.

import { setTimeout as sleep } from "node:timers/promises";
import { dial } from "../dial.mjs";
import { openJournal } from "../journal.mjs";
import { order } from "../orders.mjs";

const FIRST_PORT = 42001;
const OLD_CONNECTIONS = 6;
const ROUNDS = 5;
/** A pause of the service that nobody would be woken for. */
const FREEZE_MS = 400;
const FREEZE_IN_ROUND = 3;

const journal = openJournal(process.env.JOURNAL);
const ANSWER = /\r\n\r\n(?:a line of a body[^\n]*\n){12}$/;
const get = (target) =>
  `GET ${target} HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: midstream${target.replace("/", "-")}\r\n\r\n`;

const open = (n) => {
  const local = { address: "127.0.0.1", port: FIRST_PORT + n };
  const log = (event, facts) => journal(event, { port: local.port, ...facts });
  return dial(local, { address: "127.0.0.1", port: 8000 }, log);
};
async function ask(connection, n, target) {
  journal("request", { port: FIRST_PORT + n, method: "GET", target });
  await connection.send(get(target), ANSWER);
}

const connections = [];
for (let n = 0; n < OLD_CONNECTIONS; n++) {
  const connection = await open(n);
  connections.push(connection);
  for (let i = 1; i <= 2; i++) await ask(connection, n, `/old-${n}-${i}`);
}
const slow = ask(connections[OLD_CONNECTIONS - 1], OLD_CONNECTIONS - 1, "/slow");
const go = new Promise((resolve) => process.once("SIGUSR2", resolve));
await sleep(50);
journal("before_capture_done");
await go;
journal("capture_running");
await slow;

connections.push(await open(OLD_CONNECTIONS));
for (let round = 1; round <= ROUNDS; round++) {
  const thawed = round === FREEZE_IN_ROUND ? order(process.env.ORDERS, `SIGSTOP ${FREEZE_MS}`) : undefined;
  await sleep(100);
  await Promise.all(connections.map((connection, n) => ask(connection, n, `/round-${n}-${round}`)));
  await thawed;
}
for (const n of [0, 1, 2, OLD_CONNECTIONS]) {
  connections[n].fin();
  await connections[n].sawFin();
  await connections[n].closed();
}
journal("all_done");
// Holds the connections that stay open until the recording has ended.
setInterval(() => {}, 60_000);
