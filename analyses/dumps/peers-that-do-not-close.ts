// Which peer was told that we are done, and does not close? FIN_WAIT_2 here is CLOSE_WAIT there.

import type { DumpFinding } from "../../src/core/analysis.ts";
import type { DumpView } from "../../src/core/dump-view.ts";
import type { SocketRow } from "../../src/core/socket-table.ts";
import { name, plural } from "../grouping.ts";
import { citeLines, countsByHolder, holdingsOf, largest, ownerMetrics } from "./holders.ts";
import { hostSettings } from "./host.ts";
import { rounded } from "./series.ts";

/** Fewer are a burst of callers that went away; so many towards one service, within the minute that they last, are its habit. */
const MANY = 100;
const VERY_MANY = 1000;

const isWaiting = ({ state }: SocketRow): boolean => state === "FIN_WAIT_2";

/** Where both ends are listed (loopback), the CLOSE_WAIT itself is told. */
export function peersThatDoNotClose(view: DumpView): DumpFinding[] {
  const dump = view.latest;
  if ((dump.counts.get("FIN_WAIT_2") ?? 0) < MANY) return [];
  const keys = largest(countsByHolder(dump, view.hosts, isWaiting), MANY);
  const here = new Set<string>();
  for (const { local, state } of dump.rows()) if (state !== "LISTEN") here.add(local.address);
  const { finTimeout } = hostSettings(dump, view.hosts);
  return holdingsOf(dump, view.hosts, isWaiting, keys, Number.POSITIVE_INFINITY)
    .filter((h) => !h.atService && h.peer !== null && !here.has(h.peer.address))
    .map((h) => ({
      severity: h.count >= VERY_MANY ? ("low" as const) : ("info" as const),
      title: `${name(h.peer!)} does not close ${plural(h.count, "connection")} that ${name(h.holder)} has closed`,
      summary:
        `${plural(h.count, "connection")} of ${name(h.holder)} to ${name(h.peer!)} ${h.count === 1 ? "is" : "are"} in FIN_WAIT_2: closed here, acknowledged there, and not closed there. ` +
        `There they are in CLOSE_WAIT. Here they last ${rounded(finTimeout / 1e9)} s once the process has closed; there, until its process closes.`,
      subject: { holder: h.peer!, peer: h.holder },
      count: h.count,
      onset: null,
      metrics: { count: h.count, peer_state: "FIN_WAIT_2", distinct_ports: h.ports.size, ...ownerMetrics(null) },
      evidence: [citeLines(dump, h.lines, "FIN_WAIT_2")],
      advice: [
        `Count CLOSE_WAIT on ${name(h.peer!)}: ss -tanp state close-wait (as root) names the process that does not close.`,
      ],
    }));
}
