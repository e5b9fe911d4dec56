// What became of each request behind a sidecar? Joins what its client, the probe, the sidecar and the service logged.
//
// `answered`: written while its requester was there. `late`: written, but the requester had given up. `unanswered`: never
// written, for the requester's end was seen first or the answer never came.

import { isoFromSeconds, readJournal, secondsBetween } from "../journal.mjs";

export const SIDECAR = { address: "127.0.0.1", port: 8080 };
export const SERVICE = { address: "127.0.0.1", port: 8280 };

export const events = (journal, name) => journal.filter((entry) => entry.event === name);
export const byId = (list) => new Map(list.map((entry) => [entry.id, entry]));

export function countBy(list, key) {
  const counts = {};
  for (const entry of list) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
  return counts;
}

export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** The logs of a recording, and `requests`: one entry for each request at the service, in order of sending. */
export function join(work) {
  const client = readJournal(`${work}/client.jsonl`);
  const probe = readJournal(`${work}/probe.jsonl`);
  const service = readJournal(`${work}/service.jsonl`);
  const proxy = readJournal(`${work}/nginx/access.log`);
  const proxyOf = byId(proxy);
  const answeredOf = byId(events(service, "answered"));
  const receivedOf = byId(events(service, "received"));
  const responseOf = byId([...events(client, "response"), ...events(probe, "response")]);
  const gaveUpOf = byId(events(probe, "gave_up"));

  const requests = [...events(client, "request"), ...events(probe, "request")]
    .map(({ id, time, path = "/healthz" }) => {
      const logged = proxyOf.get(id);
      const answered = answeredOf.get(id);
      const gaveUpAt = logged?.status === 504 ? isoFromSeconds(logged.at.toFixed(6)) : (gaveUpOf.get(id)?.time ?? null);
      const written = answered?.written === true;
      return {
        id,
        path,
        sent_at: time,
        received_at: receivedOf.get(id)?.time ?? null,
        answered_at: written ? answered.time : null,
        gave_up_at: gaveUpAt,
        outcome: !written ? "unanswered" : gaveUpAt === null ? "answered" : "late",
        waited_s: written ? secondsBetween(time, answered.time) : null,
        status: responseOf.get(id)?.status ?? null,
      };
    })
    .sort((a, b) => (a.sent_at < b.sent_at ? -1 : 1));
  return { client, probe, proxy, service, requests };
}

/** How many sockets of this server are in CLOSE_WAIT at either end, by the kernel. */
export function halfClosed(snapshot, server) {
  const at = `${server.address}:${server.port}`;
  return snapshot.sockets.filter((s) => s.state === "CLOSE_WAIT" && (s.local === at || s.remote === at)).length;
}

/** The lines of `services` for the sidecar and the service behind it. */
export function sidecarAndService({ client, service, requests }, atEnd) {
  const responses = events(client, "response");
  const count = (outcome) => requests.filter((one) => one.outcome === outcome).length;
  const answered = count("answered");
  const late = count("late");
  return [
    {
      name: "sidecar",
      server: SIDECAR,
      connections: new Set(responses.map((one) => one.local_port)).size,
      requests: events(client, "request").length,
      answered: responses.length,
      unanswered: 0,
      statuses: countBy(responses, (one) => one.status),
      half_closed_at_end: halfClosed(atEnd, SIDECAR),
    },
    {
      name: "service",
      server: SERVICE,
      connections: events(service, "accepted").length,
      requests: requests.length,
      answered,
      late: late === 0 ? undefined : late,
      unanswered: count("unanswered"),
      statuses: { 200: answered + late },
      half_closed_at_end: halfClosed(atEnd, SERVICE),
    },
  ];
}

/** What the requesters of the service lived to see. */
export function ofRequesters({ client, probe, proxy }) {
  const gaveUp = proxy.filter((entry) => entry.status === 504);
  return {
    client: {
      requests: events(client, "request").length,
      statuses: countBy(events(client, "response"), (one) => one.status),
    },
    proxy: {
      requests: proxy.length,
      statuses: countBy(proxy, (one) => one.status),
      first_504_at: gaveUp.length === 0 ? null : isoFromSeconds(gaveUp[0].at.toFixed(6)),
      gave_up_after_s: quantile(
        gaveUp.map((entry) => Number(entry.upstream_s)),
        0.5,
      ),
    },
    probe: {
      requests: events(probe, "request").length,
      statuses: countBy(events(probe, "response"), (one) => one.status),
      gave_up: events(probe, "gave_up").length,
      first_gave_up_at: events(probe, "gave_up")[0]?.time ?? null,
    },
  };
}
