// How does a test come by what the pictures are made from? The flows of a sample, and its report.

import type { CaptureView } from "../../src/core/flow-view.ts";
import type { Report } from "../../src/core/report.ts";
import { investigate } from "../../src/investigate.ts";
import { type Sample, samples } from "../samples/samples.ts";

export interface Read {
  view: CaptureView;
  report: Report;
  sample: Sample;
}

export async function readSample(name: string): Promise<Read> {
  const sample = samples.find((s) => s.name === name);
  if (sample === undefined) throw new Error(`no sample ${name}`);
  const { view, report, close } = await investigate([sample.capture]);
  await close();
  return { view, report, sample };
}
