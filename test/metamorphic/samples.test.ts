// Does a change that says nothing new change what is found? By a seeded draw of samples a change, or with all of them
// (HALFCLOSE_METAMORPHIC=all); HALFCLOSE_SEED draws others.

import { describe, expect, it } from "vitest";
import type { Report } from "../../src/core/report.ts";
import { analyze } from "../../src/index.ts";
import { samples } from "../samples/samples.ts";
import { CHANGES } from "./changes.ts";
import { pcapOf, sourceOf } from "./formats.ts";
import { Random } from "./random.ts";
import { differences, storyOf, type WayBack } from "./story.ts";
import { readTrace, type Trace } from "./trace.ts";

const ALL = process.env.HALFCLOSE_METAMORPHIC === "all";
const SEED = Number(process.env.HALFCLOSE_SEED ?? 8);
/** So that all changes take half a minute together. */
const SAMPLES_DRAWN = 3;

const read = (sources: Parameters<typeof analyze>[0]): Promise<Report> => analyze(sources, { detail: true });

const traces = new Map<string, Trace>();
function traceOf(path: string): Trace {
  const trace = traces.get(path) ?? readTrace(path);
  traces.set(path, trace);
  return trace;
}

const reports = new Map<string, Report>();
async function reportOf(path: string): Promise<Report> {
  const report = reports.get(path) ?? (await read([sourceOf("sample", pcapOf(traceOf(path)))]));
  reports.set(path, report);
  return report;
}

describe.each(CHANGES)("$name", ({ name, make }) => {
  const drawn = new Random(SEED, name).shuffled(samples);
  it(`changes no finding of ${ALL ? "any sample" : `samples drawn by ${SEED}`}`, { timeout: 600_000 }, async () => {
    let left = ALL ? drawn.length : SAMPLES_DRAWN;
    let made = 0;
    const told: string[] = [];
    for (const { name: sample, capture } of drawn) {
      if (left === 0) break;
      const trace = traceOf(capture);
      const changed = make(trace, new Random(SEED, name, sample));
      if (changed === null) continue;
      left--;
      made++;
      const { sources, ...back } = changed;
      const plain: WayBack = { traces: new Map([["sample", trace]]), except: back.except ?? [] };
      const expected = storyOf(await reportOf(capture), plain);
      for (const difference of differences(expected, storyOf(await read(sources), back)))
        told.push(`${sample}: ${difference}`);
    }
    expect(told).toEqual([]);
    expect(made).toBeGreaterThan(0);
  });
});
