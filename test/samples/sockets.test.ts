// Does the program find what the kernel's sockets went through? Who holds what the peer closed, after how long idle; whose
// TIME_WAIT, how many and in which rhythm; when the ports ran out; what was written onto closed connections.
//
// Every figure comes from truth.json: from the programs' own logs, and from `ss` several times a second.

import { describe, expect, it } from "vitest";
import { type AnalyzeOptions, analyze } from "../../src/analyze.ts";
import type { Party } from "../../src/core/analysis.ts";
import type { Report, ReportFinding } from "../../src/core/report.ts";
import { samples } from "./samples.ts";

/** Inferred times: idle time-outs and periods. */
const TOLERANCE = 0.05;
/** When something happened: a snapshot, a log line and a packet are different moments. */
const MOMENT_S = 1;

const told = samples.filter(
  (s) => s.truth.half_closed ?? s.truth.time_wait ?? s.truth.port_exhaustion ?? s.truth.pools,
);
const cases = told.flatMap((s) => [
  { ...s, how: "by itself", options: {} as AnalyzeOptions },
  ...(s.truth.options === undefined ? [] : [{ ...s, how: "told the port range", options: s.truth.options }]),
]);

describe.each(cases)("$name, $how", ({ capture, truth, options }) => {
  const report = analyze([capture], { ...options, redact: "none", detail: true });

  it("runs every analysis", async () => {
    expect((await report).failed).toEqual([]);
  });

  const { half_closed: held, idle_timeout: idle, time_wait: kept, port_exhaustion: ports, pools } = truth;

  if (held !== undefined) {
    it("finds who holds what the peer closed, as many as the kernel", async () => {
      const finding = only(await report, "half-closed-connections", held.holder, held.peer);
      expect(finding).toMatchObject({ count: held.peak.count, metrics: { still_held: held.at_end } });
      expect(within(finding.metrics.growth_per_s, held.growth_per_s)).toBe(true);
      const flows = (await report).flows!.filter((f) => f.state.client === "CLOSE_WAIT");
      expect(flows.map((f) => f.client.port).sort((a, b) => a - b)).toEqual(held.ports_at_end);
      expect(new Set(flows.map((f) => f.closed_first))).toEqual(new Set([held.closed_first]));
    });
  }

  if (idle !== undefined) {
    it("infers the server's idle time-out", async () => {
      const finding = between(await report, "idle-timeouts", idle.closer, idle.peer);
      expect(finding).toHaveLength(1);
      expect(within(finding[0]!.metrics.idle_s, idle.idle_s)).toBe(true);
    });
  }

  if (kept !== undefined) {
    it("finds whose TIME_WAIT, the kernel's peak, and the period of the bursts", async () => {
      const finding = only(await report, "time-wait-buildup", kept.holder, kept.peer);
      expect(finding.metrics.peak).toBe(kept.peak.count);
      expect(apart(finding.metrics.peak_at, kept.peak.at!)).toBeLessThanOrEqual(MOMENT_S);
      expect(within(finding.metrics.period_s, kept.period_s)).toBe(true);
    });
  }

  if (ports !== undefined) {
    it("finds when the ports ran out, how many there were, and when it healed", async () => {
      const finding = only(await report, "port-exhaustion", ports.holder, ports.peer);
      const { exhausted_at, healed_at, ports_in_use, range } = finding.metrics;
      expect({ ports_in_use, range }).toEqual({ ports_in_use: ports.ports_in_use, range: ports.range });
      expect(apart(exhausted_at, ports.exhausted_at)).toBeLessThanOrEqual(MOMENT_S);
      if (ports.healed_at === null) {
        expect(healed_at).toBeNull();
      } else {
        // A port is free when the first TIME_WAIT ends; that it is, shows with the next connection.
        expect(seconds(healed_at)).toBeGreaterThanOrEqual(seconds(ports.first_free_at!) - MEANTIME_S - MOMENT_S);
        expect(seconds(healed_at)).toBeLessThanOrEqual(seconds(ports.healed_at) + MOMENT_S);
      }
    });
  }

  for (const pool of pools ?? []) {
    it(`counts what ${pool.name} wrote onto connections that its server had closed`, async () => {
      const r = await report;
      const findings = between(r, "stale-connections", { address: pool.pool[0]!.client.address }, pool.server);
      expect(findings.reduce((sum, f) => sum + f.count, 0)).toBe(pool.stale_writes);
      for (const f of findings) expect(f.subject.holder).toEqual({ address: pool.pool[0]!.client.address });
    });

    it(`infers the idle time-out of ${pool.name}, which ends connections with ${pool.server_ends_with}`, async () => {
      const findings = between(await report, "idle-timeouts", { address: pool.pool[0]!.client.address }, pool.server);
      expect(findings).toHaveLength(1);
      expect(within(findings[0]!.metrics.idle_s, pool.idle_timeout_s)).toBe(true);
    });
  }
});

/** The kernel's timer for TIME_WAIT comes this late after its minute (its wheel's grain at HZ 250 and 1000: 2.0 and 4.1 s). */
const MEANTIME_S = 4.1;

/** The one finding of an analysis about holder and peer. */
function only(report: Report, analysis: string, holder: Party, peer: Party): ReportFinding {
  const about = report.findings.filter((f) => f.analysis === analysis && isAbout(f.subject, holder, peer));
  expect(about, `${analysis}: ${JSON.stringify(report.findings.map((f) => [f.id, f.subject]))}`).toHaveLength(1);
  return about[0]!;
}

/** Findings about two parties, whichever of them should act. */
function between(report: Report, analysis: string, a: Party, b: Party): ReportFinding[] {
  return report.findings.filter(
    (f) => f.analysis === analysis && (isAbout(f.subject, a, b) || isAbout(f.subject, b, a)),
  );
}

function isAbout(subject: ReportFinding["subject"], holder: Party, peer: Party): boolean {
  return isSame(subject.holder, holder) && isSame(subject.peer, peer);
}

const isSame = (a: Party | null, b: Party): boolean => a?.address === b.address && a.port === b.port;
const seconds = (time: unknown): number => Date.parse(String(time)) / 1000;
const apart = (a: unknown, b: string): number => Math.abs(seconds(a) - seconds(b));
const within = (value: unknown, truth: number): boolean => Math.abs(Number(value) - truth) <= truth * TOLERANCE;
