// Are rewritten packets sound? A capture whose every packet was changed has no wrong checksum, though those of the sample are wrong.

import { expect, it } from "vitest";
import { analyze } from "../../src/index.ts";
import { samples } from "../samples/samples.ts";
import { CHANGES } from "./changes.ts";
import { Random } from "./random.ts";
import { segmentIn } from "./rewrite.ts";
import { readTrace } from "./trace.ts";

it.each([
  "renumbered: addresses and all ports",
  "sequence numbers shifted, to wrap within the flow",
  "other IP ids and TTL",
])("%s", async (name) => {
  const { make } = CHANGES.find((change) => change.name === name)!;
  const { capture } = samples.find((sample) => sample.name === "port-bursts")!;
  const { sources, traces } = make(readTrace(capture), new Random(1))!;
  const [trace] = traces.values();
  const segments = trace!.frames.filter((frame) => segmentIn(trace!, frame) !== null).length;
  const read = await analyze(sources, { verifyChecksums: true });
  expect(read.totals.tcp_segments).toBe(segments);
  expect(segments).toBeGreaterThan(4000);
});
