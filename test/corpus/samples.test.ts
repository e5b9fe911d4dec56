// Do the stream decoders find in the samples the commands and the answers that tshark finds, frame by frame, code by code?

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import { samples } from "../samples/samples.ts";
import { compareStreams, hasStreams, readStreams } from "./compare.mjs";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
if (!hasTshark) console.warn("tshark is not installed: the comparison with it is skipped");

/** What the samples' services speak beside HTTP/1. */
const SPOKEN = ["http2", "mysql", "postgresql", "redis"];

describe.skipIf(!hasTshark)("tshark", () => {
  const compared = new Set<string>();

  it.each(samples)("sees the same in $name", async ({ capture }) => {
    const ours = await readStreams(capture, analyze);
    if (!hasStreams(ours)) return;
    for (const [protocol, { commands, responses, differences }] of await compareStreams(capture, ours)) {
      expect(differences, protocol).toEqual([]);
      if (commands > 0 && responses > 0) compared.add(protocol);
    }
  });

  it("was asked about every protocol that the samples hold", () => {
    expect([...compared].sort()).toEqual(SPOKEN);
  });
});
