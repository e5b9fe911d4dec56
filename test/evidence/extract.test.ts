// Is a slice the same connections to Wireshark, the same findings to halfclose, and nothing to a thief?

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import type { Report } from "../../src/core/report.ts";
import { type EvidenceSlice, extractFrom } from "../../src/extract.ts";
import { investigate } from "../../src/investigate.ts";
import { samples } from "../samples/samples.ts";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "halfclose-slice-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LEVELS = ["none", "default", "strict"] as const;
type Level = (typeof LEVELS)[number];

function tshark(path: string, fields: readonly string[], more: readonly string[] = []): string[][] {
  const run = spawnSync("tshark", ["-n", "-r", path, ...more, "-T", "fields", ...fields.flatMap((f) => ["-e", f])], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(run.status, run.stderr).toBe(0);
  return run.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));
}

/** What a report found, without what a slice cannot know: its own names, numbers of frames, and words about the file. */
function essence(report: Report, isNamed: boolean) {
  const blank = (text: string): string => (isNamed ? text : text.replace(/[0-9a-f.:[\]]*[0-9][0-9a-f.:[\]]*/gi, "#"));
  return {
    totals: { ...report.totals },
    findings: report.findings.map((f) => ({
      id: f.id,
      severity: f.severity,
      count: f.count,
      onset: f.onset,
      title: blank(f.title),
      evidence: f.evidence.map((e) => ("flow" in e ? [e.flow, ...e.frames] : [])),
      metrics: Object.fromEntries(Object.entries(f.metrics).map(([k, v]) => [k, typeof v === "string" ? blank(v) : v])),
    })),
    clear: report.clear.map((c) => c.analysis),
    unsure: report.unsure.map((c) => c.analysis),
    failed: report.failed,
    chain: report.diagnosis.chain.map((c) => [c.finding, c.role, c.at]),
  };
}

describe.each(samples)("$name", ({ name, capture, truth }) => {
  const frames = (truth.framings ?? []).map((f) => f.option);
  const slices = new Map<Level, EvidenceSlice>();

  it("is analysed to the same findings, redacted or not", { timeout: 120_000 }, async () => {
    const reports = new Map<Level, Report>();
    for (const redact of LEVELS) {
      const investigation = await investigate([capture], { redact, redactKey: "the key of a test", frames });
      const { flows } = investigation.citedAll();
      const slice = await extractFrom(investigation, { flows, maxBytes: 8_000_000 }, { frames });
      await investigation.close();
      slices.set(redact, slice);
      expect(slice.bytes.length).toBeLessThanOrEqual(8_000_000);
      if (flows.length === 0) continue;
      reports.set(redact, await analyze([slice.bytes], { redact: "none", frames, detail: true }));
    }
    const plain = reports.get("none");
    if (plain === undefined) return;
    expect(essence(reports.get("default")!, true)).toEqual(essence(plain, true));
    expect(essence(reports.get("strict")!, false)).toEqual(essence(plain, false));
  });

  it.skipIf(!hasTshark)("is the same streams to tshark, each packet with its comment", { timeout: 120_000 }, () => {
    const fields = ["tcp.stream", "tcp.srcport", "tcp.flags", "tcp.seq", "tcp.ack", "tcp.len", "frame.time_epoch"];
    const seen = new Map<Level, string[][]>();
    for (const level of LEVELS) {
      const slice = slices.get(level)!;
      if (slice.packets === 0) return;
      const path = join(folder, `${name}-${level}.pcapng`);
      writeFileSync(path, slice.bytes);
      const only = level === "none" ? [] : ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
      seen.set(level, tshark(path, fields, only));
      const comments = tshark(path, ["frame.comment"]);
      expect(comments.length).toBe(slice.packets);
      expect(comments.filter(([text]) => !/connection \d+: .*\(frame \d+ of /.test(text ?? ""))).toEqual([]);
      const sums = tshark(
        path,
        ["tcp.checksum.status", "ip.checksum.status"],
        ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"],
      );
      seen.set(
        `${level}` as Level,
        seen.get(level)!.map((row, n) => [...row, ...sums[n]!]),
      );
    }
    expect(seen.get("default")).toEqual(seen.get("none"));
    expect(seen.get("strict")).toEqual(seen.get("none"));
  });
});
