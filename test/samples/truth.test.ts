// Does the program say what the applications and the kernel logged? Every count here comes from truth.json, which the
// recording scripts wrote from the logs of client, proxy, server and database, and from ss.

import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import type { ReportExchange, ReportFlow } from "../../src/core/report.ts";
import { samples } from "./samples.ts";

const healthy = new Set([
  "healthy-pool",
  "healthy-pool-postgres",
  "healthy-closes",
  "healthy-service",
  "healthy-upstream",
  "healthy-grpc",
  "healthy-framing",
  "healthy-locks",
  "frozen-service-midstream",
  "rate-limited",
]);
const detailed = (capture: string) => analyze([capture], { detail: true, redact: "none" });
const flowsOf = (flows: ReportFlow[], port: number) => flows.filter((f) => f.server.port === port);

describe.each(samples)("$name", ({ name, capture, truth }) => {
  it("agrees with each service's own log", async () => {
    const report = await detailed(capture);
    for (const s of truth.services ?? []) {
      const flows = flowsOf(report.flows!, s.server.port);
      const exchanges = report.exchanges!.filter((e) => flows.some((f) => f.flow === e.flow));
      const count = (outcome: string) => exchanges.filter((e) => e.outcome === outcome).length;
      const statuses: Record<string, number> = {};
      for (const e of exchanges) {
        const status = e.response?.status;
        if (status != null) statuses[status] = (statuses[status] ?? 0) + 1;
      }
      expect({
        connections: flows.length,
        requests: exchanges.length,
        answered: count("answered"),
        unanswered: count("unanswered"),
        late: count("late"),
        pending: count("pending"),
        ...(s.statuses === undefined ? {} : { statuses }),
        half_closed_at_end: flows.filter((f) => [f.state.server, f.state.client].includes("CLOSE_WAIT")).length,
      }).toEqual({
        connections: s.connections,
        requests: s.requests,
        answered: s.answered,
        unanswered: s.unanswered,
        late: s.late ?? count("late"),
        pending: s.pending ?? count("pending"),
        ...(s.statuses === undefined ? {} : { statuses: s.statuses }),
        half_closed_at_end: s.half_closed_at_end,
      });
    }
  });

  it("agrees with what was done on each connection", async () => {
    const report = await detailed(capture);
    for (const c of truth.connections ?? []) {
      const flow = report.flows!.find(
        (f) =>
          f.client.port === c.client.port && f.client.address === c.client.address && f.server.port === c.server.port,
      )!;
      expect(flow, c.name).toBeDefined();
      expect({ ending: flow.ending, closed_first: flow.closed_first }, c.name).toEqual({
        ending: c.ending,
        closed_first: c.closed_first,
      });
      const seen = report.exchanges!.filter((e) => e.flow === flow.flow);
      const expected = c.exchanges.filter((e) => e.request_captured !== false);
      expect(
        seen.filter((e) => e.request !== null).map((e) => brief(e)),
        c.name,
      ).toEqual(expected.map((e) => `${e.method} ${e.target} ${e.status ?? "-"} ${e.outcome}`));
    }
  });

  if (healthy.has(name)) {
    it("is healthy: nothing above info, and the diagnosis says so", async () => {
      const report = await detailed(capture);
      expect(report.findings.filter((f) => f.severity !== "info")).toEqual([]);
      expect(report.diagnosis.summary).toMatch(/^Nothing wrong was found/);
      expect(report.failed).toEqual([]);
    });
  }

  const { proxy, service: log, client } = truth;
  if (proxy !== undefined && log !== undefined && client !== undefined && log.unanswered > 0) {
    it("finds the hang and the held connections, with the counts of proxy, service and kernel", async () => {
      const report = await detailed(capture);
      const service = truth.services!.find((s) => s.name === "service")!.server;
      const unanswered = report.findings.filter((f) => f.analysis === "unanswered-requests");
      expect(unanswered).toHaveLength(1);
      expect(unanswered[0]).toMatchObject({
        count: log.unanswered,
        subject: { holder: service, peer: { address: "127.0.0.1" } },
        severity: "critical",
        metrics: { requests: log.requests },
      });
      const gaveUp = unanswered[0]!.metrics.gave_up_after_s as number;
      expect(Math.abs(gaveUp - proxy.gave_up_after_s)).toBeLessThan(0.05);
      const onset = Date.parse(unanswered[0]!.onset!) - Date.parse(log.first_hang_at);
      expect(Math.abs(onset)).toBeLessThan(50);

      const held = report.findings.filter((f) => f.analysis === "half-closed-connections");
      expect(held).toHaveLength(1);
      expect(held[0]).toMatchObject({
        count: truth.kernel.service_close_wait,
        subject: { holder: service, peer: { address: "127.0.0.1" } },
        metrics: { still_held: truth.kernel.service_close_wait, peer_state: "FIN_WAIT_2" },
      });
      const ports = report
        .flows!.filter((f) => f.state.server === "CLOSE_WAIT")
        .map((f) => f.client.port)
        .sort((a, b) => a - b);
      expect(ports).toEqual([...truth.kernel.service_close_wait_ports].sort((a, b) => a - b));
      const ids = report.exchanges!.filter((e) => e.outcome === "unanswered").map((e) => e.request!.id);
      expect(ids.sort()).toEqual([...client.unanswered_ids!].sort());
      expect(report.diagnosis.chain.find((c) => c.finding.startsWith("half-closed"))?.role).not.toBe("cause");
    });
  }
});

const brief = (e: ReportExchange): string =>
  `${e.request!.method} ${e.request!.target} ${e.response?.status ?? "-"} ${e.outcome}`;
