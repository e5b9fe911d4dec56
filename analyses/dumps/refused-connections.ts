// Which service gives no answer to connection attempts? Many sockets in SYN_SENT towards it: an answer takes one round trip.

import type { DumpFinding, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis, DumpView } from "../../src/core/dump-view.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketRow } from "../../src/core/socket-table.ts";
import { name, plural } from "../grouping.ts";
import { citeLines, countsByHolder, type Holding, holdingsOf, largest, ownerMetrics } from "./holders.ts";
import { whatIsMissing } from "./quality.ts";

/** A busy client has a few attempts under way at any moment. */
const SEVERAL = 20;
const MANY = 100;
/** As many connections as this, for each attempt, and it is a busy service far away. */
const ANSWERED = 5;

const isAttempt = ({ state }: SocketRow): boolean => state === "SYN_SENT";
const isOpen = ({ state }: SocketRow): boolean => state === "ESTABLISHED";

export const refusedConnections: DumpAnalysis = {
  id: "refused-connections",
  title: "Unanswered connection attempts",
  question: "Which service gives no answer to connection attempts?",
  why:
    "SYN_SENT lasts one round trip where somebody answers, a minute or two where nobody does: a firewall that drops, a host that is gone, a full queue (tcp(7), tcp_syn_retries). " +
    "Each attempt keeps a port and a caller waiting.",
  run(view) {
    const dump = view.latest;
    const keys = largest(countsByHolder(dump, view.hosts, isAttempt), SEVERAL);
    const open = countsByHolder(dump, view.hosts, isOpen);
    const findings = holdingsOf(dump, view.hosts, isAttempt, keys, Number.POSITIVE_INFINITY)
      .filter((h) => !h.atService && h.peer !== null)
      .map((h) => describe(h, open.get(h.key) ?? 0, view));
    if (findings.length > 0) return { kind: "found", findings };
    const missing = whatIsMissing(dump, view, "to see attempts that wait");
    if (missing.length > 0) return { kind: "unsure", needs: missing.join("; ") };
    const all = dump.counts.get("SYN_SENT") ?? 0;
    return {
      kind: "clear",
      because:
        all === 0
          ? "no connection attempt is waiting for its answer"
          : `${plural(all, "connection attempt")} under way, and nowhere ${formatWhole(SEVERAL)} to one service`,
    };
  },
};

function severityOf(count: number, open: number): Severity {
  if (open >= count * ANSWERED) return "info";
  return count >= MANY && open < count ? "high" : "medium";
}

function describe(h: Holding, open: number, view: DumpView): DumpFinding {
  const peer = h.peer!;
  const owner = h.ownerText();
  return {
    severity: severityOf(h.count, open),
    title: `${name(peer)} has not answered ${plural(h.count, "connection attempt")} of ${name(h.holder)}`,
    summary: `${name(h.holder)}${owner === "" ? "" : `, ${owner},`} has ${plural(h.count, "connection")} to ${name(peer)} in SYN_SENT, ${open === 0 ? "and none that is established" : `beside ${formatWhole(open)} established`}: ${name(peer)} does not answer, or something in between drops the SYN or its answer.`,
    subject: { holder: peer, peer: h.holder },
    count: h.count,
    onset: null,
    metrics: { count: h.count, established: open, distinct_ports: h.ports.size, ...ownerMetrics(h.owner) },
    evidence: [citeLines(view.latest, h.lines, "SYN_SENT")],
    advice: [
      `See whether the SYNs are answered at all: tcpdump -ni any 'host ${peer.address}${peer.port === undefined ? "" : ` and port ${peer.port}`} and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0'.`,
      `On ${name(peer)}: does it listen, and is its queue full (ss -ltn: Recv-Q at Send-Q)? A firewall in between drops without a word.`,
    ],
  };
}
