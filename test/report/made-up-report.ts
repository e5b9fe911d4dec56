// A report written by hand, for renderers: every kind of field filled, names made up.

import type { Report, ReportFinding } from "../../src/core/report.ts";

export const FINDING: ReportFinding = {
  id: "unanswered-requests#1",
  analysis: "unanswered-requests",
  severity: "critical",
  title: "192.0.2.7:8280 did not answer 9640 requests from 192.0.2.8",
  summary: "192.0.2.7:8280 left 9,640 requests without a response. 192.0.2.8 gave up after 1.000 s each time.",
  subject: { holder: { address: "192.0.2.7", port: 8280 }, peer: { address: "192.0.2.8" } },
  count: 9640,
  onset: "2026-03-01T18:34:05.123456789Z",
  metrics: {
    waited_s: 1.000042,
    gave_up_after_s: 1,
    requests: 12000,
    growth_per_s: 6.7654,
    last_answer: "2026-03-01T18:34:04.000000000Z",
    range_used_up_at: null,
    kind: "hang",
    peer_state: "FIN_WAIT_2",
  },
  evidence: [
    { flow: 17, frames: [211, 260], wireshark: "frame.number == 211 || frame.number == 260" },
    { flow: 18, frames: [212], wireshark: "frame.number == 212" },
    {
      flow: 19,
      frames: [213, 214, 215],
      wireshark: "frame.number == 213 || frame.number == 214 || frame.number == 215",
    },
    { flow: 20, frames: [999], wireshark: "frame.number == 999" },
  ],
  advice: ["Take a stack dump of the service while it hangs.", "Raising the time-out does not help."],
  timeline: [0, 0, 1, 2, 4, 8, 4, 0],
};

export function madeUpReport(change: Partial<Report> = {}): Report {
  return {
    schema: "halfclose.report/1",
    version: "1.2.3",
    captures: [
      {
        path: "incident.pcap",
        format: "pcap",
        link_types: ["ETHERNET"],
        packets: 123456,
        first_time: "2026-03-01T18:30:00.000000000Z",
        last_time: "2026-03-01T18:40:00.500000000Z",
        duplicates: 2,
        truncated_packets: 0,
        dropped_packets: null,
        problems: [{ code: "record-cut-short", offset: 99, message: "the last record is cut short at byte 99" }],
        more_problems: 0,
        comments: ["taken on web-1"],
      },
    ],
    totals: {
      packets: 123456,
      tcp_segments: 123400,
      flows: 9700,
      requests: 12000,
      answered: 2350,
      late: 3,
      unanswered: 9640,
      pending: 4,
      unknown: 3,
      other_packets: { arp: 56 },
      malformed_packets: 0,
    },
    findings: [
      FINDING,
      {
        ...FINDING,
        id: "half-closed-connections#1",
        analysis: "half-closed-connections",
        severity: "low",
        title: "192.0.2.7:8280 holds 2 connections half-closed",
        count: 2,
        onset: null,
      },
      { ...FINDING, id: "resets#1", analysis: "resets", severity: "info", title: "192.0.2.8 reset 3 connections" },
      {
        ...FINDING,
        id: "capture-blind-spots#1",
        analysis: "capture-blind-spots",
        severity: "info",
        title: "6 connections began before the capture",
        subject: { holder: { address: "capture" }, peer: null },
      },
    ],
    clear: [{ analysis: "late-answers", because: "every requester was still there" }],
    unsure: [{ analysis: "unbalanced-closes", needs: "capture for longer" }],
    failed: [{ analysis: "refused-connections", error: "a fault" }],
    topology: {
      links: 2,
      calls: [
        {
          client: "192.0.2.8",
          caller: null,
          service: { address: "192.0.2.7", port: 8280 },
          protocol: "http",
          requests: 130,
          basis: null,
          share: 1,
          waited_s: null,
          waited_p99_s: null,
          longest_s: null,
        },
        {
          client: "192.0.2.7",
          caller: { address: "192.0.2.7", port: 8280 },
          service: { address: "192.0.2.9", port: 3306 },
          protocol: "mysql",
          requests: 1200,
          basis: "time",
          share: 0.98,
          waited_s: 0.0004,
          waited_p99_s: 0.002,
          longest_s: 0.013,
        },
      ],
    },
    diagnosis: {
      confidence_because: "130 cases",
      summary: "192.0.2.7:8280 stopped answering 192.0.2.8 at 18:34:05.123.",
      confidence: "high",
      chain: [
        {
          finding: "unanswered-requests#1",
          role: "symptom",
          at: "2026-03-01T18:34:05.123456789Z",
          text: "192.0.2.7:8280 did not answer 9640 requests",
        },
        {
          finding: "half-closed-connections#1",
          role: "mechanism",
          at: null,
          text: "it holds 2 connections half-closed",
        },
      ],
      ruled_out: [{ what: "packet loss", because: "0 of 120,000 segments were sent again" }],
    },
    ...change,
  };
}

/** The same report with `text` put into every free text; names with a fixed set of values stay. */
export function withEveryText(report: Report, text: string): Report {
  const fixed = new Set(["schema", "id", "analysis", "severity", "role", "confidence", "finding"]);
  const put = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return fixed.has(key) ? value : text;
    if (Array.isArray(value)) return value.map((item) => put(item, key));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, put(v, k)]));
    }
    return value;
  };
  return put(report, "") as Report;
}
