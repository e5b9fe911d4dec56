// How many sockets does `ss -s` count? It lists none.
//
// Source: `print_summary` of iproute2's misc/ss.c. Old versions: `Total: 184 (kernel 0)`, `TCP: 12 (estab 3, closed 2, orphaned
// 0, synrecv 0, timewait 2/0), ports 0`; since 5.x without what the kernel no longer tells. `estab` is the kernel's
// TCP_MIB_CURRESTAB: ESTABLISHED and CLOSE_WAIT (RFC 4022, tcpCurrEstab).

import type { SocketSummary } from "../core/socket-table.ts";
import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading } from "./dump-format.ts";

const TOTAL = /^Total: +\d{1,15}(?: +\(kernel \d{1,15}\))?\s*$/;
const TCP = /^TCP: +\d{1,15} +\(([^()]{1,200})\)/;
const TABLE = /^(?:Transport\s+Total\s+IP\s+IPv6|(?:\*|RAW|UDP|TCP|INET|FRAG)\s+(?:\d+|-)\s+(?:\d+|-)\s+(?:\d+|-))\s*$/;

export const ssSummary: DumpReader = {
  format: "ss-summary",
  system: "linux",
  // Its first line alone is no dump yet.
  begins: (line) => (TOTAL.test(line) || summaryOf(line) !== null ? "row" : null),
  open: () => new SummarySession(),
};

class SummarySession implements DumpSession {
  private hasSummary = false;

  read(line: string, into: DumpBuilder): Reading {
    const summary = summaryOf(line);
    if (summary !== null) {
      // A second one without its first line: another run.
      if (this.hasSummary) return "foreign";
      this.hasSummary = true;
      into.summary = summary;
      return "part";
    }
    if (TOTAL.test(line)) return this.hasSummary ? "foreign" : "part";
    return line.trim() === "" || TABLE.test(line) ? "part" : "foreign";
  }

  end(): void {}
}

/** Null: not the line that counts TCP's. */
function summaryOf(line: string): SocketSummary | null {
  const m = line.startsWith("TCP:") ? TCP.exec(line) : null;
  if (m === null) return null;
  const counts = new Map<string, number>();
  for (const part of m[1]!.split(",")) {
    const [name, count] = part.trim().split(" ");
    // `timewait 2/0`: the second number counts those that outlived their namespace.
    const n = /^(\d{1,15})(?:\/\d+)?$/.exec(count ?? "");
    if (name !== undefined && n !== null) counts.set(name, Number(n[1]));
  }
  const [established, closed, orphaned, timeWait] = ["estab", "closed", "orphaned", "timewait"].map(
    (name) => counts.get(name) ?? null,
  ) as [number | null, number | null, number | null, number | null];
  return established === null && timeWait === null ? null : { established, closed, orphaned, timeWait };
}
