// Do socket dumps say what the kernel held, and do they find their connections in the capture beside them?

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import type { SocketsObject } from "../../src/core/sockets-report.ts";
import { readSockets } from "../../src/read-sockets.ts";
import { samples } from "./samples.ts";

/** `lsof` lists what processes hold, so neither TIME_WAIT nor an orphan. */
const OF_PROCESSES = ["ESTABLISHED", "CLOSE_WAIT"];

describe.each(samples.filter((s) => s.truth.dumps !== undefined))("$name", ({ capture, truth }) => {
  const { before, after, service } = truth.dumps!;
  const folder = join(dirname(capture), "dumps");
  const files = readdirSync(folder).map((file) => join(folder, file));
  const series = files.filter((file) => file.includes("series"));
  const single = files.filter((file) => !file.includes("series"));

  it.each(single)("%s counts as the kernel does", async (file) => {
    const read = await readSockets([file]);
    expect(read.problems).toEqual([]);
    const [dump, ...others] = [...read.dumps] as [SocketsObject, ...SocketsObject[]];
    expect(others).toEqual([]);
    expect(dump.unread_lines).toBe(0);
    const states = dump.format === "lsof" ? OF_PROCESSES : Object.keys({ ...before.counts, ...after.counts });
    for (const state of states) {
      const listed = dump.counts[state as keyof typeof dump.counts] ?? 0;
      const [a, b] = [before.counts[state] ?? 0, after.counts[state] ?? 0];
      expect(listed, state).toBeGreaterThanOrEqual(Math.min(a, b));
      expect(listed, state).toBeLessThanOrEqual(Math.max(a, b));
    }
  });

  it("beside the capture: every connection is found, every state agrees, the process is named", async () => {
    const report = await analyze([capture], { sockets: files });
    expect(report.failed).toEqual([]);
    for (const dump of report.sockets!) {
      const { connections, in_capture, differing, states, problems } = dump;
      expect({ problems, differing }).toEqual({ problems: [], differing: [] });
      // A name that is no address cannot be looked up; localhost can.
      expect(in_capture).toBe(connections);
      expect(states!.differ).toBe(0);
    }
    expect(report.diagnosis.summary).toContain(`is ${service.process}, process ${service.pid}.`);
    const held = report.findings.find((f) => f.analysis === "half-closed-connections")!;
    expect(held.subject.holder).toEqual({ address: service.address, port: service.port });
    expect(held.metrics).toMatchObject({ process: service.process, pid: service.pid });
    expect(held.metrics.in_dump).toBe(truth.kernel.service_close_wait);
  });

  it("as a series: what the service holds grows to what the kernel counts in the end", async () => {
    const read = await readSockets(series);
    const dumps = [...read.dumps];
    expect(dumps.length).toBeGreaterThan(3);
    expect(dumps.every((d) => d.taken_at !== null && d.unread_lines === 0)).toBe(true);
    const held = dumps.at(-1)!.findings.find((f) => f.analysis === "half-closed-connections")!;
    expect(held).toMatchObject({ count: truth.kernel.service_close_wait, metrics: { pid: service.pid } });
    expect(held.metrics.still_held).toBeGreaterThan(0);
  });
});
