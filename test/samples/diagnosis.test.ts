// Does the diagnosis name what was to blame, by the logs of the applications, and nothing else? Moments, counts and connections too.

import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import type { Report, ReportFinding } from "../../src/core/report.ts";
import { type Sample, samples } from "./samples.ts";

/** Between a log line and its packet lie a scheduler and, here, a busy machine. */
const NEAR_S = 0.1;
/** A stall begins with the first request that waits, and that comes when a client sends one. */
const NEXT_REQUEST_S = 0.5;

const told = ({ capture, truth }: Sample): Promise<Report> =>
  analyze([capture], truth.framings === undefined ? {} : { frames: truth.framings.map((f) => f.option) });
const secondsBetween = (a: unknown, b: string): number => Math.abs(Date.parse(String(a)) - Date.parse(b)) / 1000;
const one = (report: Report, analysis: string): ReportFinding => {
  const found = report.findings.filter((f) => f.analysis === analysis && f.severity !== "info");
  expect(found.map((f) => f.title)).toHaveLength(1);
  return found[0]!;
};
const select = <K extends keyof Sample["truth"]>(key: K) =>
  samples.filter((s) => s.truth[key] !== undefined) as (Sample & { truth: Required<Pick<Sample["truth"], K>> })[];

describe.each(select("diagnosis"))("$name", (sample) => {
  const { cause, also_right, holder, names, not } = sample.truth.diagnosis;

  it("is explained by its true cause, first", async () => {
    const report = await told(sample);
    expect(report.failed).toEqual([]);
    const causes = report.diagnosis.chain.filter((c) => c.role === "cause").map((c) => c.finding.split("#")[0]!);
    for (const analysis of not) expect(causes).not.toContain(analysis);
    if (cause === null) {
      expect(report.diagnosis.summary).toMatch(/^Nothing wrong was found/);
      return;
    }
    const right = [cause, ...(also_right ?? [])];
    for (const analysis of causes) expect(right).toContain(analysis);
    const [first] = report.diagnosis.summary.split(/(?<=[.;:]) (?=[A-Z0-9])/);
    for (const name of names) expect(first).toContain(name);
    const lead = report.findings.filter((f) => right.includes(f.analysis));
    expect(lead.map((f) => f.subject.holder)).toContainEqual(holder);
  });
});

describe.each(select("pool"))("$name", (sample) => {
  const { server, dry_at, connections, size, pool_size } = sample.truth.pool;

  it("tells the pool, when it ran dry, and when each connection was used last", async () => {
    const report = await told(sample);
    if (sample.name.startsWith("healthy")) {
      expect(report.findings.filter((f) => f.analysis === "pool-starvation")).toEqual([]);
      return;
    }
    const f = one(report, "pool-starvation");
    expect(f.metrics.pool_size).toBe(size ?? pool_size);
    expect(f.subject.peer).toEqual(server);
    expect(secondsBetween(f.metrics.dry_at, dry_at)).toBeLessThan(NEAR_S);
    const used = new Map(
      f.evidence.map((e) => {
        const [, port, time] = /^port (\d+) last used at ([\d:]+\.\d+)/.exec(e.note!)!;
        return [Number(port), time!];
      }),
    );
    const day = dry_at.slice(0, 11);
    for (const c of connections) {
      const at = used.get(c.client_port ?? c.client!.port);
      expect(at).toBeDefined();
      expect(secondsBetween(`${day}${at}Z`, c.last_used_at ?? c.last_query_at!)).toBeLessThan(NEAR_S);
    }
    expect(f.metrics.leaked_by).toMatch(/^GET \/orders\/\*\?coupon/);
  });
});

describe.each(select("stall"))("$name", (sample) => {
  const { service, from, until, waiting } = sample.truth.stall;
  const isNamed = sample.truth.diagnosis?.cause === "stalled-services";

  it.runIf(isNamed)("tells who stood still, from when, until when, and how many waited", async () => {
    const report = await told(sample);
    const f = one(report, "stalled-services");
    expect(f.subject.holder).toEqual(service);
    expect(secondsBetween(f.metrics.stalled_at, from)).toBeLessThan(NEXT_REQUEST_S);
    if (until === null) expect(f.metrics.healed_at).toBeNull();
    else expect(secondsBetween(f.metrics.healed_at, until)).toBeLessThan(NEAR_S);
    expect(f.count).toBe(waiting);
  });
});

describe.each(select("slow"))("$name", (sample) => {
  const { service, from, median_s, waited_s, commands } = sample.truth.slow;
  const middle = median_s ?? waited_s!.during.p50;
  // One slow statement takes its time; under overload times run from little to much, and the log's span ends where the load does.
  const near = median_s !== undefined ? 0.1 : 0.3;

  it("tells who became slow, since when, and how slow", async () => {
    const report = await told(sample);
    const f = report.findings.find(
      (x) => x.analysis === "slow-answers" && x.subject.holder.port === service.port && x.severity !== "info",
    )!;
    expect(secondsBetween(f.onset, from)).toBeLessThan(NEXT_REQUEST_S);
    expect(Math.abs((f.metrics.waited_s as number) - middle)).toBeLessThan(near * middle);
    if (commands !== undefined) expect(f.count).toBe(commands);
  });
});

describe.each(select("overload"))("$name", (sample) => {
  const { service, pool, in_use, command_s } = sample.truth.overload;

  it("tells that the pool was full and moved, with the database as quick as before", async () => {
    const report = await told(sample);
    const f = report.findings.find((x) => x.analysis === "slow-answers" && x.metrics.pool_size !== undefined)!;
    expect(f.subject.holder).toEqual(service);
    expect(f.metrics).toMatchObject({ pool_size: pool.size, because_of: null });
    expect(f.metrics.pool_of).toBe(`${pool.server.address}:${pool.server.port}`);
    expect(f.summary).toContain("as before");
    expect(Math.abs((f.metrics.pool_in_use as number) - in_use)).toBeLessThan(0.1);
    expect(Math.abs((f.metrics.command_s as number) - command_s.during)).toBeLessThan(0.1 * command_s.during);
    const named = report.findings.filter((x) => x.severity !== "info" && x.subject.holder.port === pool.server.port);
    expect(named).toEqual([]);
    const { ruled_out } = report.diagnosis;
    expect(ruled_out.map((r) => r.what)).toContain(`a slow database (${f.metrics.pool_of})`);
  });
});

describe.each(select("small_200s"))("$name", (sample) => {
  const { service, client, count, body_bytes, from } = sample.truth.small_200s;

  it("hints at the answers that are all alike, and at no others", async () => {
    const report = await told(sample);
    const found = report.findings.filter((f) => f.analysis === "uniform-answers");
    expect(found).toMatchObject([
      { severity: "info", count, subject: { holder: service, peer: client }, metrics: { body_bytes } },
    ]);
    expect(secondsBetween(found[0]!.onset, from)).toBeLessThan(NEAR_S);
  });
});

describe.each(select("framings"))("$name", (sample) => {
  it("finds every frame that was sent, and where one was broken", async () => {
    const report = await told(sample);
    const sent = sample.truth.framings.flatMap((f) =>
      f.connections.flatMap((c) => [c.sent.client, c.sent.server].map((d) => ({ ...d, port: f.port }))),
    );
    const broken = sent.filter((d) => d.broken_at !== null);
    const found = report.findings.filter((f) => f.analysis === "broken-framing");
    expect(found).toHaveLength(broken.length);
    for (const [n, d] of broken.entries()) {
      expect(found[n]!.summary).toContain(`${d.broken_at!.toLocaleString("en-US")} bytes into what it sent`);
      expect(found[n]!.subject.peer).toMatchObject({ port: d.port });
    }
    // The service whose receiver misreads intact frames is told to be intact, with their number.
    for (const f of sample.truth.framings) {
      const of = sent.filter((d) => d.port === f.port);
      const frames = of.reduce((sum, d) => sum + d.frames, 0);
      if (broken.length > 0 && of.every((d) => d.broken_at === null))
        expect(found[0]!.summary).toContain(`all ${frames} frames were intact`);
    }
    if (broken.length === 0) {
      const frames = sent.reduce((sum, d) => sum + d.frames, 0);
      const bill = report.clear.find((c) => c.analysis === "broken-framing");
      expect(bill?.because).toContain(`${frames} frames intact on the wire`);
    }
    const without = await analyze([sample.capture], { only: ["broken-framing"] });
    expect(without.findings).toEqual([]);
  });
});

describe.each(select("paths"))("$name", (sample) => {
  const { paths, kernel } = sample.truth;
  const lossy = paths.find((p) => p.firewall.to_client.dropped > 0)!;

  it("finds the lossy path, its share within what the firewall dropped, and leaves the clean one alone", async () => {
    const report = await told(sample);
    const f = one(report, "lossy-paths");
    expect(f.subject).toMatchObject({ holder: { address: lossy.server.address }, peer: lossy.client });
    const share = lossy.firewall.to_client.share;
    const said = f.metrics.loss_share as number;
    expect(f.metrics.loss_share_at_least as number).toBeLessThanOrEqual(share);
    expect(said / share).toBeGreaterThan(0.5);
    expect(said / share).toBeLessThan(1.3);
    const again = (f.metrics.retransmissions as number) + (f.metrics.doubtful_retransmissions as number);
    expect(again).toBeLessThanOrEqual(kernel.client!.retransmitted + lossy.kernel.server.retransmitted);
  });
});

describe.each(select("readers"))("$name", (sample) => {
  const { readers, kernel } = sample.truth;

  it("finds who did not read, by how they failed to, with the kernel's count of zero windows", async () => {
    const report = await told(sample);
    const found = report.findings.filter((f) => f.analysis === "stalled-readers");
    const unwell = readers.filter((r) => r.kind !== "healthy");
    expect(found).toHaveLength(unwell.length);
    for (const r of unwell) {
      const f = found.find((x) => x.subject.peer?.port === r.server.port)!;
      expect(f.metrics.kind).toBe(r.kind);
      expect(f.severity).toBe(r.kind === "slow" ? "info" : "medium");
      if (r.stops_reading_at === null) continue;
      // Its buffers fill up first.
      expect(Date.parse(f.onset!)).toBeGreaterThan(Date.parse(r.stops_reading_at));
      expect(secondsBetween(f.onset, r.stops_reading_at)).toBeLessThan(2);
      if (r.reads_again_at === null) continue;
      const longest = f.metrics.longest_s as number;
      expect(longest).toBeGreaterThanOrEqual(r.feed_stood_still_s.longest);
      expect(longest).toBeLessThanOrEqual(secondsBetween(r.reads_again_at, r.stops_reading_at));
    }
    const windows = found.reduce((sum, f) => sum + (f.metrics.zero_windows as number), 0);
    expect(windows).toBe(kernel.client!.zero_windows_advertised);
  });
});

describe.each(samples.filter((s) => !s.name.startsWith("leaked-pool")))("$name", (sample) => {
  it("has no leaked pool", async () => {
    const report = await told(sample);
    expect(report.findings.filter((f) => f.analysis === "pool-starvation")).toEqual([]);
  });
});
