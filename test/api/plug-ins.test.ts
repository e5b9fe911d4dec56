// Can a program bring its own analysis, its own protocol, its own bytes?

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Analysis, analyze, type StreamDecoder, sourceFromBytes, UsageError } from "../../src/index.ts";

const CAPTURE = new URL("../../samples/leaked-pool/capture.pcap.gz", import.meta.url);

describe("analyze", () => {
  it("takes bytes, compressed only with a source that can look through it", async () => {
    const bytes = gunzipSync(readFileSync(CAPTURE));
    const report = await analyze([bytes]);
    expect(report.totals.unanswered).toBe(130);
    const named = await analyze([sourceFromBytes("incident.pcap", bytes)]);
    expect(named.captures[0]!.path).toBe("incident.pcap");
  });

  it("reads a capture in pieces as it reads it whole", async () => {
    const bytes = gunzipSync(readFileSync(CAPTURE));
    const third = Math.floor(bytes.length / 3);
    const whole = await analyze([sourceFromBytes("a", bytes)]);
    const slow = {
      path: "a",
      size: bytes.length,
      open: () => {
        let at = 0;
        return {
          read: async (into: Uint8Array, offset: number, length: number) => {
            const part = bytes.subarray(at, at + Math.min(length, third, 1000));
            into.set(part, offset);
            at += part.length;
            return part.length;
          },
          close: () => {},
        };
      },
    };
    expect(await analyze([slow])).toEqual(whole);
  });

  it("runs an analysis of one's own", async () => {
    const mine: Analysis = {
      id: "flow-count",
      title: "Flows",
      question: "How many?",
      why: "To show that it can be done.",
      run: (view) => ({ kind: "clear", because: `${view.flowCount} flows` }),
    };
    const report = await analyze([CAPTURE.pathname], { analyses: [mine], only: ["flow-count"] });
    expect(report.clear).toEqual([{ analysis: "flow-count", because: "265 flows" }]);
  });

  it("makes the failure of one analysis its own result, and goes on", async () => {
    const broken: Analysis = {
      id: "broken",
      title: "Broken",
      question: "?",
      why: "-",
      run: () => {
        throw new Error("no luck");
      },
    };
    const report = await analyze([CAPTURE.pathname], { analyses: [broken] });
    expect(report.failed).toEqual([{ analysis: "broken", error: "no luck" }]);
    expect(report.findings.length).toBeGreaterThan(0);
  });

  it("offers every stream to a decoder of one's own first", async () => {
    const seen = new Set<number>();
    const greedy: StreamDecoder = {
      protocol: "framed",
      probe: (bytes, start) => {
        seen.add(bytes[start]!);
        return "no";
      },
      open: () => ({ data() {}, gap() {}, end() {} }),
    };
    const report = await analyze([CAPTURE.pathname], { decoders: [greedy] });
    expect(report.totals.requests).toBe(567);
    expect(seen.has("G".charCodeAt(0))).toBe(true);
  });

  it("says what cannot be", async () => {
    await expect(analyze([])).rejects.toThrow(UsageError);
    await expect(analyze([CAPTURE.pathname], { from: "yesterday" })).rejects.toThrow(/--from "yesterday": not a time/);
    await expect(analyze([CAPTURE.pathname], { filter: "host" })).rejects.toThrow(/host needs a value/);
  });
});
