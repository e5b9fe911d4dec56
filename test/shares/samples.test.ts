// Does it matter by how many a capture is read? Every sample in shares and in one, with all flows and exchanges, byte for byte.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import { SAMPLES, sample } from "../cli/samples.ts";
import { analyzeInShares } from "./in-shares.ts";

const all = { detail: true } as const;

describe.each(SAMPLES)("%s", (_, capture) => {
  it("has one report, in three shares and in one", async () => {
    expect(JSON.stringify(await analyzeInShares([capture], 3, all))).toBe(
      JSON.stringify(await analyze([capture], all)),
    );
  }, 60_000);
});

describe("one sample in shares", () => {
  const capture = sample("leaked-pool");

  it.each([1, 2, 7, 16])(
    "%i of them",
    async (of) => {
      expect(JSON.stringify(await analyzeInShares([capture], of, all))).toBe(
        JSON.stringify(await analyze([capture], all)),
      );
    },
    60_000,
  );

  it("with what is read of it chosen", async () => {
    const chosen = { ...all, filter: "port 8280", from: "+2s", to: "+9s", verifyChecksums: true };
    expect(JSON.stringify(await analyzeInShares([capture], 3, chosen))).toBe(
      JSON.stringify(await analyze([capture], chosen)),
    );
  }, 60_000);

  it("by names that one key gives", async () => {
    const strict = { ...all, redact: "strict", redactKey: "a key of the team" } as const;
    expect(JSON.stringify(await analyzeInShares([capture], 2, strict))).toBe(
      JSON.stringify(await analyze([capture], strict)),
    );
  }, 60_000);

  it("as several files, of which packets are in two", async () => {
    const folder = mkdtempSync(join(tmpdir(), "halfclose-shares-"));
    try {
      const bytes = gunzipSync(readFileSync(sample("healthy-pool")));
      const twice = [join(folder, "a.pcap"), join(folder, "b.pcap")];
      for (const path of twice) writeFileSync(path, bytes);
      const whole = await analyze(twice, all);
      expect(whole.captures.some(({ duplicates }) => duplicates > 100)).toBe(true);
      expect(JSON.stringify(await analyzeInShares(twice, 5, all))).toBe(JSON.stringify(whole));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
