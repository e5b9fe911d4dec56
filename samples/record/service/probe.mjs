// Is the service alive? Asked once a second over a connection of its own, as an orchestrator does, which waits one second.

import { request } from "node:http";
import { openJournal } from "../journal.mjs";

const INTERVAL_MS = 1000;
const TIMEOUT_MS = 1000;
const journal = openJournal(process.env.JOURNAL);
let sent = 0;

function probe() {
  const id = `probe-${String(++sent).padStart(4, "0")}`;
  const headers = { host: "shop.example", connection: "close", "x-request-id": id };
  const options = { host: "127.0.0.1", port: Number(process.env.PORT), path: "/healthz", headers };
  const outgoing = request(options, (response) => {
    response.resume();
    response.on("end", () => {
      clearTimeout(timer);
      journal("response", { id, status: response.statusCode });
    });
  });
  const timer = setTimeout(() => {
    journal("gave_up", { id });
    outgoing.destroy();
  }, TIMEOUT_MS);
  journal("request", { id });
  // What giving up raises, and what the service does when it is killed.
  outgoing.on("error", (error) => {
    clearTimeout(timer);
    journal("error", { id, code: error.code });
  });
  outgoing.end();
}

probe();
const interval = setInterval(probe, INTERVAL_MS);
// The probe under way, if any, is finished; then there is nothing left to do and the process ends.
process.once("SIGTERM", () => clearInterval(interval));
