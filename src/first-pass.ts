// The first pass over captures, by one program in one thread.

import { CaptureSet } from "./capture/capture-set.ts";
import type { CaptureSource } from "./capture/source.ts";
import { CaptureClock } from "./core/clock.ts";
import { randomSeed } from "./core/random.ts";
import { BoundedFlows } from "./flow/bounded-flows.ts";
import { FlowTable } from "./flow/flow-table.ts";
import type { FlowLimit } from "./flow/memory-budget.ts";
import { Pass, type PassProgress, type PassResult } from "./pass.ts";
import type { PassParts } from "./pass-choices.ts";

export async function firstPass(
  sources: readonly CaptureSource[],
  { decoders, passOptions }: PassParts,
  keepExchanges: boolean,
  progress: PassProgress,
  limit: FlowLimit | null = null,
): Promise<PassResult> {
  const clock = new CaptureClock();
  const set = new CaptureSet(sources, clock);
  const table = new FlowTable({ decoders, keepExchanges, seed: randomSeed() });
  table.watchCopies = sources.length > 1;
  const bounded = limit === null ? null : new BoundedFlows(table, limit);
  const pass = new Pass(set, bounded ?? table, clock, passOptions);
  try {
    await pass.run(progress);
  } finally {
    await set.close();
  }
  table.end();
  const { packets, firstTime, lastTime } = pass;
  const summarised = bounded?.result() ?? null;
  return { table, clock, packets, firstTime, lastTime, quality: pass.quality(), captures: set.captures, summarised };
}
