// What is true of a service that fails by itself? When it stopped or slowed down, who waited, and that its cache was well.

import { readFileSync } from "node:fs";
import { isoFromSeconds } from "../journal.mjs";
import { origin } from "../origin.mjs";
import { readSnapshots } from "../sockets.mjs";
import { writeTruth } from "../truth-file.mjs";
import { events, halfClosed, join, ofRequesters, quantile, SERVICE, sidecarAndService } from "./joined.mjs";

const CACHE = { address: "127.0.0.1", port: 6379 };
const [work, out] = process.argv.slice(2);
const logs = join(work);
const { client, service, requests } = logs;
const [atEnd] = readSnapshots(`${work}/ss-end.txt`);
const asked = events(service, "asked_cache");
const [holder, name] = [SERVICE, `${SERVICE.address}:${SERVICE.port}`];

/** What must be said of a service that answers nothing; `waited` chooses who waited. */
function stalled(from, until, waited, more) {
  const waiting = requests.filter(waited);
  const kinds = [...new Set(waiting.map((one) => one.path.split("/")[1]))].sort();
  return {
    diagnosis: {
      cause: "stalled-services",
      holder,
      names: [name],
      not: ["pool-starvation", "slow-answers", "half-closed-connections", "lossy-paths", "stale-connections"],
    },
    stall: { service: SERVICE, from, until, waiting: waiting.length, first_id: waiting[0].id, kinds, ...more },
  };
}

const FAULTS = {
  "healthy-service": () => ({ diagnosis: { cause: null, holder: null, names: ["Nothing wrong was found"], not: [] } }),
  "hung-service": () => {
    const kept = events(service, "kept_lock")[0];
    const waited = (one) => one.received_at > kept.time && one.outcome === "unanswered";
    const from = requests.filter(waited).map((one) => one.received_at)[0];
    const health = requests.find((one) => one.path === "/healthz" && waited(one));
    return stalled(from, null, waited, {
      every_kind_from: health.received_at,
      lock_kept_at: kept.time,
      lock_kept_by: kept.id,
    });
  },
  "frozen-service": () => {
    const [from, until] = readFileSync(`${work}/frozen.txt`, "utf8").trim().split("\n").map(isoFromSeconds);
    const waited = (one) => one.sent_at < until && one.answered_at > until;
    return stalled(from, until, waited, {
      late: requests.filter((one) => one.outcome === "late").map((one) => one.id),
    });
  },
  "overloaded-cpu": () => {
    const [, overload, after] = events(client, "phase").map((phase) => phase.time);
    const waits = (list) => list.filter((one) => one.waited_s !== null).map((one) => one.waited_s);
    const before = waits(requests.filter((one) => one.sent_at < overload));
    const during = waits(requests.filter((one) => one.sent_at >= overload && one.sent_at < after));
    const usual = Math.max(...before);
    const slow = requests.filter((one) => one.sent_at >= overload && (one.waited_s === null || one.waited_s > usual));
    const ends = slow.map((one) => one.answered_at ?? one.gave_up_at).sort();
    return {
      diagnosis: {
        cause: "slow-answers",
        holder,
        names: [name],
        not: ["stalled-services", "pool-starvation", "half-closed-connections", "lossy-paths", "stale-connections"],
      },
      slow: {
        service: SERVICE,
        from: slow[0].sent_at,
        until: ends.at(-1),
        computes_ms: 50,
        waited_s: {
          before: { p50: quantile(before, 0.5), p95: quantile(before, 0.95), max: usual },
          during: { p50: quantile(during, 0.5), p95: quantile(during, 0.95), max: Math.max(...during) },
        },
        answered_during: events(service, "answered").filter((one) => one.time >= overload && one.time < after).length,
      },
    };
  },
};

const { diagnosis, ...fault } = FAULTS[process.env.NAME]();
writeTruth(`${out}/truth.json`, {
  schema: "halfclose.sample-truth/1",
  sample: process.env.NAME,
  origin: origin(["node", "nginx", "redis", "tcpdump"], "tcpdump -i lo"),
  diagnosis,
  ...fault,
  services: [
    ...sidecarAndService(logs, atEnd),
    {
      name: "cache",
      protocol: "redis",
      server: CACHE,
      connections: new Set(asked.map((one) => one.local_port)).size,
      requests: asked.length,
      answered: events(service, "cache_replied").length,
      unanswered: 0,
      statuses: {},
      half_closed_at_end: halfClosed(atEnd, CACHE),
    },
  ],
  ...ofRequesters(logs),
  cache: {
    commands_logged_by_redis: Number(
      /cmdstat_get:calls=(\d+)/.exec(readFileSync(`${work}/commandstats.txt`, "utf8"))[1],
    ),
    last_asked_at: asked.at(-1).time,
    pending_at_end: asked.length - events(service, "cache_replied").length,
  },
  requests: requests.map(({ id, outcome, sent_at, answered_at, gave_up_at }) => ({
    id,
    outcome,
    sent_at,
    answered_at,
    gave_up_at,
  })),
});
