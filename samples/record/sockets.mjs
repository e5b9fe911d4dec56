// What did the kernel hold, and when? Reads the snapshots that stage.sh takes with `ss -Htan`.

import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { isoFromSeconds } from "./journal.mjs";

/** ss's spelling → RFC 9293's with underscores. */
const STATE = {
  LISTEN: "LISTEN",
  "SYN-SENT": "SYN_SENT",
  "SYN-RECV": "SYN_RECEIVED",
  ESTAB: "ESTABLISHED",
  "FIN-WAIT-1": "FIN_WAIT_1",
  "FIN-WAIT-2": "FIN_WAIT_2",
  "CLOSE-WAIT": "CLOSE_WAIT",
  CLOSING: "CLOSING",
  "LAST-ACK": "LAST_ACK",
  "TIME-WAIT": "TIME_WAIT",
  UNCONN: "CLOSED",
};

/** Snapshots as `{at, until, counts, sockets: [{state, recv_q, local, remote}]}`: taken between the two times; `counts` has no listeners. */
export function readSnapshots(path) {
  const snapshots = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line.startsWith("@ ")) {
      snapshots.push({ at: isoFromSeconds(line.slice(2)), until: null, counts: {}, sockets: [] });
      continue;
    }
    if (line.startsWith("= ")) {
      if (snapshots.length > 0) snapshots.at(-1).until = isoFromSeconds(line.slice(2));
      continue;
    }
    const [state, recvQ, , local, remote] = line.trim().split(/\s+/);
    const snapshot = snapshots.at(-1);
    if (remote === undefined || snapshot === undefined) continue;
    const name = STATE[state] ?? state;
    snapshot.sockets.push({ state: name, recv_q: Number(recvQ), local, remote });
    if (name !== "LISTEN") snapshot.counts[name] = (snapshot.counts[name] ?? 0) + 1;
  }
  // The last one may have been cut off when the scenario ended.
  return snapshots.filter((snapshot) => snapshot.until !== null);
}

/** The snapshots of several namespaces in order of time, each with its `namespace`. */
export function mergeSnapshots(byNamespace) {
  return Object.entries(byNamespace)
    .flatMap(([namespace, snapshots]) => snapshots.map(({ at, until, ...rest }) => ({ at, until, namespace, ...rest })))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** ss.jsonl.gz: one snapshot a line. */
export function writeSnapshots(path, snapshots) {
  const lines = snapshots.map((snapshot) => `${JSON.stringify(snapshot)}\n`).join("");
  writeFileSync(path, gzipSync(lines, { level: 9 }));
}

/** Per state, the most sockets that any snapshot shows and when: `{STATE: {count, at}}`. `only` chooses sockets. */
export function peaks(snapshots, only = () => true) {
  const found = {};
  for (const { at, sockets } of snapshots) {
    const counts = {};
    for (const socket of sockets) {
      if (socket.state !== "LISTEN" && only(socket)) counts[socket.state] = (counts[socket.state] ?? 0) + 1;
    }
    for (const [state, count] of Object.entries(counts)) {
      if (count > (found[state]?.count ?? 0)) found[state] = { count, at };
    }
  }
  return found;
}

/** The state of the socket `local` ↔ `remote` ("address:port") in a snapshot, null when the kernel has none. */
export function stateOf(snapshot, local, remote) {
  return snapshot.sockets.find((s) => s.local === local && s.remote === remote)?.state ?? null;
}
