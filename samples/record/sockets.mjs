// What did the kernel hold, and when? Reads the snapshots that stage.sh takes with `ss -Htan`.

import { readFileSync } from "node:fs";
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

/** Snapshots as `{at, counts, sockets: [{state, recv_q, local, remote}]}`; `counts` has no listeners. */
export function readSnapshots(path) {
  const snapshots = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line.startsWith("@ ")) {
      snapshots.push({ at: isoFromSeconds(line.slice(2)), counts: {}, sockets: [] });
      continue;
    }
    const [state, recvQ, , local, remote] = line.trim().split(/\s+/);
    const snapshot = snapshots.at(-1);
    if (remote === undefined || snapshot === undefined) continue;
    const name = STATE[state] ?? state;
    snapshot.sockets.push({ state: name, recv_q: Number(recvQ), local, remote });
    if (name !== "LISTEN") snapshot.counts[name] = (snapshot.counts[name] ?? 0) + 1;
  }
  return snapshots;
}

/** The state of the socket `local` ↔ `remote` ("address:port") in a snapshot, null when the kernel has none. */
export function stateOf(snapshot, local, remote) {
  return snapshot.sockets.find((s) => s.local === local && s.remote === remote)?.state ?? null;
}
