// Is the process alive? A readiness probe asks the service itself once a second, as an orchestrator does, until stopped.
//
// It needs no database connection, so it is answered all through the incident: that tells a leaked pool from a frozen
// process. And its last packets show that the capture went on for seconds after the last request.

import { request } from "node:http";
import { openJournal } from "../journal.mjs";

const INTERVAL_MS = 1000;
const journal = openJournal(process.env.JOURNAL);
let sent = 0;

function probe() {
  const id = `probe-${String(++sent).padStart(4, "0")}`;
  const headers = { host: "shop.example", connection: "close", "x-request-id": id };
  const outgoing = request(
    { host: "127.0.0.1", port: Number(process.env.PORT), path: "/healthz", headers },
    (response) => {
      response.resume();
      response.on("end", () => journal("response", { id, status: response.statusCode }));
    },
  );
  journal("request", { id });
  outgoing.on("error", (error) => journal("error", { id, code: error.code }));
  outgoing.end();
}

probe();
const timer = setInterval(probe, INTERVAL_MS);
// The probe under way, if any, is finished; then there is nothing left to do and the process ends.
process.once("SIGTERM", () => clearInterval(timer));
