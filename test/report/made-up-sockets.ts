// A report of socket dumps written by hand, for renderers: every kind of field filled, names made up.

import type { ReportFinding } from "../../src/core/report.ts";
import type { SocketsObject } from "../../src/core/sockets-report.ts";
import type { SocketsReport } from "../../src/report/sockets-objects.ts";

export const HELD: ReportFinding = {
  id: "half-closed-connections#1",
  analysis: "half-closed-connections",
  severity: "critical",
  title: "java (pid 43210) holds 11,641 connections to 198.51.100.7:443 that the peer has closed",
  summary: "198.51.100.7:443 closed 11,641 connections; java (pid 43210) has not closed its side of any.",
  subject: { holder: { address: "192.0.2.10" }, peer: { address: "198.51.100.7", port: 443 } },
  count: 11_641,
  onset: null,
  metrics: { process: "java", pid: 43_210, growth_per_s: 1.5, held_s: null },
  evidence: [{ dump: "netstat.txt", lines: [5, 6, 7], note: "their receive queues hold the end of file, unread" }],
  advice: ["Close the client, or use one for all calls.", "A restart only frees the ports for a while."],
};

export const DUMP: SocketsObject = {
  schema: "halfclose.sockets/1",
  source: "netstat.txt",
  format: "netstat-linux",
  taken_at: "2026-03-01T18:34:05.000000000Z",
  zone_assumed: true,
  sockets: 12_731,
  counts: { CLOSE_WAIT: 11_641, ESTABLISHED: 1078, LISTEN: 12 },
  mirrored: 3,
  has_owners: true,
  by_process: [
    { process: "java", pid: 43_210, sockets: 12_700, ports: 12_680, counts: { CLOSE_WAIT: 11_641, ESTABLISHED: 1059 } },
    { process: null, pid: null, sockets: 31, ports: 4, counts: { ESTABLISHED: 19, LISTEN: 12 } },
  ],
  processes: 2,
  by_peer: [
    {
      local: { address: "192.0.2.10" },
      remote: { address: "198.51.100.7", port: 443 },
      sockets: 11_641,
      ports: 11_641,
      counts: { CLOSE_WAIT: 11_641 },
    },
    {
      local: { address: "2001:db8:1111:2222:3333:4444:5555:6666", port: 8280 },
      remote: { address: "2001:db8:1111:2222:3333:4444:5555:7777" },
      sockets: 1078,
      ports: 1,
      counts: { ESTABLISHED: 1078 },
    },
  ],
  peers: 14,
  summary: { established_and_close_wait: 12_719, closed: 7, orphaned: 0, time_wait: 7 },
  other_rows: 5,
  unread_lines: 7,
  unread: [{ line: 99, text: "tcp 0 0 what is this" }],
  not_kept: 10,
  findings: [
    HELD,
    { ...HELD, id: "time-wait-buildup#1", analysis: "time-wait-buildup", severity: "info", title: "7 in TIME_WAIT" },
  ],
  clear: [{ analysis: "port-exhaustion", because: "a third of the range is in use" }],
  unsure: [{ analysis: "bound-ports", needs: "ss -tanp with BOUND, which netstat does not list" }],
  failed: [{ analysis: "resets", error: "a fault" }],
};

export const CALM: SocketsObject = {
  ...DUMP,
  source: "calm.txt",
  sockets: 14,
  counts: { LISTEN: 12, ESTABLISHED: 2 },
  mirrored: 0,
  peers: 1,
  unread_lines: 0,
  unread: [],
  not_kept: 0,
  other_rows: 0,
  findings: [],
  failed: [],
};
delete CALM.summary;
delete CALM.zone_assumed;

/** Three dumps of one host, the last one in full, and a calm one of another. */
export function madeUpSockets(): SocketsReport {
  const point = (source: string, at: string, n: number) => ({
    source,
    taken_at: `2026-03-01T${at}.000000000Z`,
    sockets: n + 1090,
    counts: { CLOSE_WAIT: n, ESTABLISHED: 1078, LISTEN: 12 },
    findings: n > 5000 ? [HELD] : [],
  });
  const refused: ReportFinding = {
    ...HELD,
    id: "accept-backlog#1",
    analysis: "accept-backlog",
    severity: "high",
    title: "192.0.2.10:8280 did not accept connections",
    subject: { holder: { address: "192.0.2.10", port: 8280 }, peer: null },
  };
  return {
    version: "1.2.3",
    series: [
      {
        latest: DUMP,
        points: [
          { ...point("netstat-1.txt", "18:14:05", 141), findings: [refused] },
          point("netstat-2.txt", "18:24:05", 5641),
          { ...point("netstat.txt", "18:34:05", 11_641), findings: DUMP.findings },
        ],
      },
      { latest: CALM, points: [{ ...point("calm.txt", "18:34:05", 0), counts: CALM.counts, sockets: 14 }] },
    ],
    remarks: ["dumps: left out 1 hidden file in it"],
  };
}
