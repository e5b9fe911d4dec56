// What is true of a service whose upstream vanished, or did not? Which calls went out and were never answered, and who waited for them.

import { existsSync, readFileSync } from "node:fs";
import { isoFromSeconds, readJournal } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { byId, events, halfClosed, join, ofRequesters, SERVICE, sidecarAndService } from "../service/joined.mjs";
import { readSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";

const UPSTREAM = { address: "192.0.2.2", port: 9000 };
const [work, out] = process.argv.slice(2);
const logs = join(work);
const { service, requests } = logs;
const prices = readJournal(`${work}/prices.jsonl`);
const [atEnd] = readSnapshots(`${work}/ss-end.txt`);
const vanished = `${work}/vanished.txt`;

const sent = events(service, "call_sent");
const answered = byId(events(service, "call_answered"));
const timedOut = events(service, "call_timed_out");
const sentIds = byId(sent);
const open = sent.filter((one) => !answered.has(one.id));
const neverConnected = timedOut.filter((one) => !sentIds.has(one.id));
const reached = byId(events(prices, "received"));
const unanswered = open.filter((one) => reached.has(one.id));
/**
 * The service gave up these too, but they never reached the host: the FIN waits in the kernel behind bytes that nobody
 * acknowledges, for after a loss one segment may be under way. On the wire such a call is still waiting.
 */
const pending = open.filter((one) => !reached.has(one.id));

const HEALTHY = {
  diagnosis: { cause: null, holder: null, names: ["Nothing wrong was found"], not: [] },
};

const dead = () => ({
  diagnosis: {
    cause: "refused-connections",
    also_right: ["unanswered-requests", "stalled-services"],
    holder: UPSTREAM,
    names: [`${UPSTREAM.address}:${UPSTREAM.port}`],
    not: ["pool-starvation", "slow-answers", "half-closed-connections", "lossy-paths", "port-exhaustion"],
  },
  stall: {
    service: UPSTREAM,
    from: isoFromSeconds(readFileSync(vanished, "utf8").trim()),
    until: null,
    waiting: open.length + neverConnected.length,
    // It had the request when it vanished; the request went out on a connection that existed, and again and again; no connection came about.
    received_before: unanswered.length,
    sent_in_vain: pending.length,
    never_connected: neverConnected.length,
    first_id: open[0].id,
    timed_out_after_s: 3,
    behind_it: { service: SERVICE, waiting: requests.filter((one) => one.outcome !== "answered").length },
  },
});

writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "nginx", "tcpdump"], "tcpdump -i any"),
  ...(existsSync(vanished) ? dead() : HEALTHY),
  services: [
    ...sidecarAndService(logs, atEnd),
    {
      name: "upstream",
      server: UPSTREAM,
      connections: events(service, "connects").length,
      requests: sent.length,
      answered: answered.size,
      unanswered: unanswered.length,
      pending: pending.length,
      statuses: { 200: answered.size },
      half_closed_at_end: halfClosed(atEnd, UPSTREAM),
    },
  ],
  ...ofRequesters(logs),
  upstream: { received: reached.size, answered: events(prices, "answered").length },
  requests: requests.map(({ id, path, outcome, sent_at, answered_at, gave_up_at }) => ({
    id,
    path,
    outcome,
    sent_at,
    answered_at,
    gave_up_at,
    call: sentIds.has(id)
      ? answered.has(id)
        ? "answered"
        : "unanswered"
      : path.startsWith("/orders")
        ? "no connection"
        : null,
  })),
});
